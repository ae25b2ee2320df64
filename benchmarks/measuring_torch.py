"""One measurement of a PyTorch baseline in a process of its own, for `benchmark.py`: takes and prints JSON.

    pip install -e '.[bench]'
    python benchmarks/measuring_torch.py '{"baseline": "plain", "network": "mlp", "width": 128, ...}'

`BASELINES` names them.
"""

import json
import math
import sys
import time
from collections.abc import Callable, Mapping
from typing import Any

import numpy as np
import torch
from baselines import plain_gan, tuned_gan
from torch import Tensor

BASELINES = {"plain": (plain_gan, plain_gan.PlainGAN), "tuned": (tuned_gan, tuned_gan.TunedGAN)}


def build(spec: Mapping[str, Any]) -> tuple[Any, Callable[[], Tensor]]:
    """The GAN that is described, and a function that draws a batch of its data."""
    networks, make = BASELINES[spec["baseline"]]
    width, latent, batch = spec["width"], spec["latent"], spec["batch"]
    if spec["network"] == "mlp":
        players = networks.mlp(latent, [width, width], 2), networks.mlp(2, [width, width], 1)
        angles = 2 * math.pi * torch.arange(8) / 8
        means = torch.stack([angles.cos(), angles.sin()], 1)

        def draw() -> Tensor:
            return means[torch.randint(8, (batch,))] + 0.01 * torch.randn(batch, 2)
    else:
        players = networks.dcgan_generator(latent, width), networks.dcgan_discriminator(width)
        digits = torch.from_numpy(np.load(spec["digits"]))
        # The tuned baseline's kernels lie in memory with the channels last.
        memory = torch.channels_last if spec["baseline"] == "tuned" else torch.contiguous_format

        def draw() -> Tensor:
            images = digits[torch.randint(len(digits), (batch, 3))].float() / 127.5 - 1
            return images.contiguous(memory_format=memory)

    return make(*players, spec["lookahead"]), draw


def step(gan: Any, real: Tensor, latent: Tensor) -> None:
    """One step of both players."""
    gan.backward(real, latent)
    gan.generator_adam.step()
    gan.generator_adam.zero_grad()


def measure(spec: Mapping[str, Any]) -> dict[str, Any]:
    """Milliseconds of a training step, with drawing data and latents, one number for each chunk of steps."""
    torch.manual_seed(0)
    gan, draw = build(spec)

    def chunk() -> float:
        started = time.perf_counter()
        for _ in range(spec["chunk"]):
            step(gan, draw(), torch.randn(spec["batch"], spec["latent"]))
        return 1e3 * (time.perf_counter() - started) / spec["chunk"]

    chunk()  # the first steps choose kernels and fill the allocator
    times, started = [chunk()], time.perf_counter()
    while time.perf_counter() - started < spec["seconds"] or len(times) < 3:
        times.append(chunk())
    return {"milliseconds": times, "torch": torch.__version__, "threads": torch.get_num_threads()}


if __name__ == "__main__":
    print(json.dumps(measure(json.loads(sys.argv[1]))))
