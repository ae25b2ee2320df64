"""One measurement of jaxgan in a process of its own, for `benchmark.py`: takes and prints JSON.

    python benchmarks/measuring.py '{"measurement": "flops", "network": "mlp", "width": 128, ...}'

`MEASUREMENTS` names them; each takes a description of the networks and of what to measure.
"""

import json
import math
import sys
import time
from collections.abc import Callable, Mapping
from typing import Any

import jax
import jax.numpy as jnp
import numpy as np

from jaxgan import data
from jaxgan.adversarial.lookahead import Unroll
from jaxgan.backend.compiler import compiled, compiler_options
from jaxgan.data.stacked import Stacked
from jaxgan.runs.building import build
from jaxgan.runs.options import Architecture, Training
from jaxgan.training import placement
from jaxgan.training.seeds import in_turn, programs, vmapped
from jaxgan.types import Model

Spec = Mapping[str, Any]
MEBI, SAMPLES = 2**20, 64


def players(spec: Spec) -> tuple[Model, Any]:
    """The GAN that is described, and its task."""
    convolutional = spec["network"] == "dcgan"
    architecture = Architecture(
        generator_width=spec["width"],
        discriminator_width=spec["width"],
        activation="tanh",
        latent_dim=spec["latent"],
        batch_norm=convolutional,
    )
    unroll = Unroll(spec["lookahead"], remat=spec.get("remat", False), scan_unroll=spec.get("form", "auto"))
    training = Training(batch_size=spec["batch"], loss="minimax", unroll=unroll)
    if not convolutional:
        return build(architecture, training, (2,)), data.ring()
    images = np.load(spec["digits"])
    task = Stacked("digits of 28 pixels", jnp.asarray(images), jnp.zeros(len(images), jnp.int32))
    return build(architecture, training, task.shape), task


def repeated(run: Callable[[], Any], steps: int, seconds: float) -> list[float]:
    """Milliseconds of one of the `steps` steps that `run` takes, once for each run, for so many seconds."""
    run()
    times: list[float] = []
    until = time.perf_counter() + seconds
    while time.perf_counter() < until or len(times) < 3:
        started = time.perf_counter()
        run()
        times.append(1e3 * (time.perf_counter() - started) / steps)
    return times


def step(spec: Spec) -> dict[str, Any]:
    """Milliseconds of a training step as `jaxgan.training.fit` takes it, with drawing data and latents.

    Many steps are one program. `seeds` GANs of `how` many programs ("turn" or "vmap"), one if not given; the time is
    that of one step of one of them.
    """
    gan, task = players(spec)
    seeds = range(spec.get("seeds", 1))
    program = programs(gan, task.draw, spec["batch"], spec["chunk"], SAMPLES)
    trained = vmapped(program, seeds, shared_feed=True) if spec.get("how") == "vmap" else in_turn(program, seeds)
    feeds = [lambda: task.arrays for _ in seeds]
    started = time.perf_counter()
    states = trained.begin(feeds)
    trained.compile(states, feeds)
    compiling = time.perf_counter() - started

    def run() -> None:
        nonlocal states
        states, _, _ = trained.advance(states, feeds, 1)

    times = repeated(run, spec["chunk"] * len(seeds), spec["seconds"])
    return {"milliseconds": times, "compile_seconds": compiling}


def compiled_step(spec: Spec) -> tuple[Any, float]:
    """The program of one step on a given batch, and the seconds that tracing and compiling it took."""
    gan, task = players(spec)
    key = jax.random.key(0)
    batch = jax.eval_shape(lambda: task.draw(task.arrays, key, spec["batch"]))
    state = jax.eval_shape(gan.init, key, batch)
    started = time.perf_counter()
    program = compiled(jax.jit(gan.step, donate_argnums=1).lower(key, state, batch))
    return program, time.perf_counter() - started


def memory(spec: Spec) -> dict[str, Any]:
    """Temporary memory of a step, beside its arguments and results, and its milliseconds."""
    program, _ = compiled_step(spec)
    gan, task = players(spec)
    key = jax.random.key(0)
    batch = task.sample(key, spec["batch"])
    state = jax.jit(gan.init)(key, batch)

    def run() -> None:
        nonlocal state
        state, _ = jax.block_until_ready(program(key, state, batch))

    return {
        "mebibytes": program.memory_analysis().temp_size_in_bytes / MEBI,
        "milliseconds": repeated(run, 1, spec["seconds"]),
    }


def compiling(spec: Spec) -> dict[str, Any]:
    """Seconds to trace and compile a step; a small program goes first, so that starting JAX is not counted."""
    jax.jit(lambda x: x @ x)(jnp.ones((2, 2))).block_until_ready()
    return {"seconds": compiled_step(spec)[1]}


def flops(spec: Spec) -> dict[str, Any]:
    """What XLA counts in a step as straight-line code: it counts the body of a loop once, however often it runs."""
    program, _ = compiled_step({**spec, "form": True})
    return {"flops": program.cost_analysis()["flops"]}


def matmul(spec: Spec) -> dict[str, Any]:
    """Floating-point operations per second of this machine's own product of two square matrices of float32."""
    n = spec["size"]
    x = jnp.ones((n, n), jnp.float32)
    product = jax.jit(jnp.matmul)
    times = repeated(lambda: product(x, x).block_until_ready(), 1, spec["seconds"])
    return {"flops_per_second": [2e3 * n**3 / each for each in times]}


def devices(spec: Spec) -> dict[str, Any]:
    """Milliseconds of a step, as single dispatches, whose batch is spread over all devices."""
    gan, task = players(spec)
    mesh = placement.mesh(1, spec["batch"])
    replicated, spread = placement.sharding(mesh), placement.sharding(mesh, placement.DATA)
    key = jax.device_put(jax.random.key(0), replicated)
    batch = jax.device_put(task.sample(jax.random.key(1), spec["batch"]), spread)
    state = jax.jit(gan.init, out_shardings=replicated)(key, batch)
    advance = jax.jit(gan.step, donate_argnums=1, out_shardings=replicated, compiler_options=compiler_options())

    def run() -> None:
        nonlocal state
        for _ in range(spec["chunk"]):
            state, _ = advance(key, state, batch)
        jax.block_until_ready(state)

    times = repeated(run, spec["chunk"], spec["seconds"])
    if not all(math.isfinite(float(jnp.sum(leaf))) for leaf in jax.tree.leaves(state.generator.params)):
        raise ValueError("the sharded step trained to something that is not finite")
    return {"milliseconds": times, "devices": jax.device_count()}


MEASUREMENTS: dict[str, Callable[[Spec], dict[str, Any]]] = {
    "step": step,
    "memory": memory,
    "compile": compiling,
    "flops": flops,
    "matmul": matmul,
    "devices": devices,
}

if __name__ == "__main__":
    SPEC = json.loads(sys.argv[1])
    print(json.dumps({**MEASUREMENTS[SPEC["measurement"]](SPEC), "jax": jax.__version__}))
