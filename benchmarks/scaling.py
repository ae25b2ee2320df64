"""What one training step asks of a machine, read off its compiled program, and what that predicts for many chips.

    python benchmarks/scaling.py

Nothing is trained: the step of a DCGAN is built as for a TPU, with XLA's own convolutions and JAX's own random bits,
compiled for eight forced CPU devices that share a minibatch, and its operations, bytes and collectives are counted.
`docs/scaling.md` holds what it printed and what follows from it.
"""

import dataclasses
import math
import os
import re
import sys
from typing import Any

DEVICES = 8
os.environ["JAX_PLATFORMS"] = "cpu"
os.environ["XLA_FLAGS"] = f"{os.environ.get('XLA_FLAGS', '')} --xla_force_host_platform_device_count={DEVICES}".strip()

import jax  # noqa: E402 (it reads the environment)
import jax.numpy as jnp  # noqa: E402
from tqdm import tqdm  # noqa: E402

from jaxgan.adversarial.lookahead import Unroll  # noqa: E402
from jaxgan.backend import compiling_for  # noqa: E402
from jaxgan.commands.experiment import exit_status  # noqa: E402
from jaxgan.commands.parsing import parse  # noqa: E402
from jaxgan.runs.building import build  # noqa: E402
from jaxgan.runs.options import Architecture, Training  # noqa: E402
from jaxgan.training import placement  # noqa: E402

WIDTHS = {64: 64, 256: 16}  # by the side of the images: 1024 channels at 4 x 4 pixels, as in the paper of DCGAN
BYTES = {"f32": 4, "u32": 4, "s32": 4, "f64": 8, "bf16": 2, "pred": 1}


@dataclasses.dataclass(frozen=True)
class Options:
    """What is compiled, and for which chip times are predicted. The defaults are TPU v5e, by Google's documentation."""

    sides: tuple[int, ...] = (64, 256)
    """Sides of the images: 64 or 256 pixels."""
    lookaheads: tuple[int, ...] = (0, 1, 5)
    """Discriminator updates that the generator looks ahead."""
    batch: int = 32
    """Examples on each chip."""
    chips: tuple[int, ...] = (1, 8, 64, 256, 1024, 4096)
    """Numbers of chips that times are predicted for."""
    tera_operations: float = 197.0
    """Peak of a chip in bfloat16, in 10^12 operations a second."""
    used: float = 0.4
    """Share of the peak that is reached: assumed."""
    memory: float = 819.0
    """Bandwidth of a chip's memory, in 10^9 bytes a second."""
    links: float = 200.0
    """Bandwidth of a chip to its neighbours in one slice, in 10^9 bytes a second."""
    slice_chips: int = 256
    """Chips in a slice."""
    network: float = 3.1
    """Bandwidth of a chip to other slices, in 10^9 bytes a second: its share of the host's."""
    latency: float = 1.0
    """Time of one hop from chip to chip, in microseconds: assumed."""

    def __post_init__(self):
        if not set(self.sides) <= set(WIDTHS):
            raise ValueError(f"--sides are of {', '.join(map(str, WIDTHS))}, not {self.sides}")
        if min(self.lookaheads) < 0 or min(self.chips) < 1 or self.batch < 1:
            raise ValueError("--lookaheads are 0 or more, --chips and --batch 1 or more")


@dataclasses.dataclass(frozen=True)
class Step:
    """One compiled step, as one device sees it: operations, bytes, and the bytes of each all-reduce."""

    side: int
    lookahead: int
    operations: float
    touched: float
    temporary: int
    state: int
    reduced: tuple[int, ...]
    others: int


def size(shapes: str) -> int:
    """Bytes of the arrays in a piece of HLO, such as `(f32[3,4]{1,0}, f32[])`."""
    found = re.findall(r"\b(\w+)\[([\d,]*)\]", shapes)
    return sum(BYTES[kind] * math.prod(int(n) for n in dims.split(",") if n) for kind, dims in found if kind in BYTES)


def compiled(side: int, lookahead: int, batch: int) -> Step:
    """Compiles one step for all forced devices, and counts."""
    architecture = Architecture(generator_width=WIDTHS[side], discriminator_width=WIDTHS[side], latent_dim=128)
    training = Training(batch_size=batch * DEVICES, loss="minimax", unroll=Unroll(lookahead, scan_unroll=True))
    gan = build(architecture, training, (side, side, 3))
    mesh = placement.mesh(1, batch * DEVICES)
    whole, spread = placement.sharding(mesh), placement.sharding(mesh, placement.DATA)
    key = jax.random.key(0)
    images = jax.ShapeDtypeStruct((batch * DEVICES, side, side, 3), jnp.float32)
    state = jax.eval_shape(gan.init, key, images)
    step = jax.jit(gan.step, in_shardings=(whole, whole, spread), out_shardings=whole, donate_argnums=1)
    with compiling_for("tpu"):
        program: Any = step.lower(key, state, images).compile()
    lines = program.as_text().splitlines()
    made = re.compile(r" = (.*?) (all-reduce|all-gather|all-to-all|reduce-scatter|collective-permute)(?:-start)?\(")
    collectives = [found.groups() for line in lines if (found := made.search(line))]
    counted = program.cost_analysis()
    return Step(
        side,
        lookahead,
        counted["flops"],
        counted["bytes accessed"],
        program.memory_analysis().temp_size_in_bytes,
        sum(leaf.size * leaf.dtype.itemsize for leaf in jax.tree.leaves(state)),
        tuple(size(shapes) for shapes, kind in collectives if kind == "all-reduce"),
        sum(kind != "all-reduce" for _, kind in collectives),
    )


def seconds(step: Step, chips: int, options: Options) -> tuple[float, float]:
    """Predicted time of a step on so many chips: computing, and waiting for reductions (rings, nothing overlapped).

    Computing takes as long as the operations or the memory, whichever is slower.
    """
    computing = max(
        step.operations / (1e12 * options.tera_operations * options.used), step.touched / (1e9 * options.memory)
    )
    inside, slices = min(chips, options.slice_chips), -(-chips // options.slice_chips)
    waiting = 0.0
    for bytes_reduced in step.reduced:
        if inside > 1:  # a ring along each of the two axes of a torus: 4 sqrt(n) hops
            waiting += 2 * bytes_reduced * (inside - 1) / inside / (1e9 * options.links)
            waiting += 4e-6 * math.sqrt(inside) * options.latency
        if slices > 1:  # each chip sends its own part of the sum
            waiting += 2 * bytes_reduced / inside * (slices - 1) / slices / (1e9 * options.network) + 1e-4
    return computing, waiting


def tables(steps: list[Step], options: Options) -> str:
    """Two tables in Markdown: what was counted, and what is predicted."""
    counted = [
        "| side | k | 10^9 operations | touched, GB | temporary, GB | state, MB | all-reduces | reduced, MB | others |",
        "| --- | --- | --- | --- | --- | --- | --- | --- | --- |",
    ]
    for s in steps:
        large = [b for b in s.reduced if b > 1e4]
        counted.append(
            f"| {s.side} | {s.lookahead} | {s.operations / 1e9:.0f} | {s.touched / 1e9:.1f} | {s.temporary / 1e9:.2f} "
            f"| {s.state / 1e6:.0f} | {len(large)} | {sum(large) / 1e6:.1f} | {s.others} |"
        )
    predicted = ["| side | k | " + " | ".join(f"{n} chips" for n in options.chips) + " |"]
    predicted.append("| --- | --- |" + " --- |" * len(options.chips))
    for s in steps:
        cells = []
        for n in options.chips:
            computing, waiting = seconds(s, n, options)
            cells.append(f"{1e3 * (computing + waiting):.1f} ms, {100 * computing / (computing + waiting):.0f} %")
        predicted.append(f"| {s.side} | {s.lookahead} | " + " | ".join(cells) + " |")
    return "\n".join([*counted, "", *predicted])


def main(arguments: list[str] | None = None) -> int:
    """Prints the tables; returns the exit status."""

    def command_line() -> int:
        options = parse(Options, sys.argv[1:] if arguments is None else arguments, description=__doc__)
        cases = [(side, k) for side in options.sides for k in options.lookaheads]
        progress = tqdm(cases, unit="program", disable=not sys.stderr.isatty())
        print(tables([compiled(side, k, options.batch) for side, k in progress], options))
        return 0

    return exit_status(command_line, "stopped")


if __name__ == "__main__":
    sys.exit(main())
