"""Loop or straight-line code for the lookahead: what `Unroll(scan_unroll="auto")` decides, measured here.

    python benchmarks/lookahead_loop.py

Prints, for an MLP and a DCGAN and for several lookaheads, the time of one training step with a real loop and with
straight-line code, medians of 7 alternating runs, and what compiling costs. Three minutes on two CPU cores:

| network | steps | time with a loop over straight-line | compiling, loop | straight-line |
| --- | --- | --- | --- | --- |
| MLP | 2, 5, 10, 20 | 0.90, 1.08, 1.09, 1.05 | 4 to 7 s | 4, 7, 11, 21 s |
| DCGAN 8x8 | 2, 5 | 0.96, 1.09 | 11, 11 s | 10, 12 s |

So "auto" stops at 12 steps: straight-line code gains a tenth at most, and takes longer to compile with every step. Both
networks are jaxgan's own, whose convolutions are matrix products on a CPU; XLA's own convolutions are many times slower
in a loop there.
"""

import statistics
import sys
import time

import jax
import numpy as np
from tqdm import tqdm

from jaxgan.adversarial.lookahead import Unroll
from jaxgan.backend.compiler import compiled
from jaxgan.runs.building import build
from jaxgan.runs.options import Architecture, Training

CASES = {
    "mlp": ((2,), Architecture(), 128, (2, 5, 10, 20)),
    "dcgan 8x8": ((8, 8, 3), Architecture(generator_width=32, discriminator_width=8), 64, (2, 5)),
}
REPEATS = 7


def compiled_step(shape: tuple[int, ...], architecture: Architecture, batch_size: int, unroll: Unroll):
    """A training step as a compiled program with its arguments, and the seconds that compiling took."""
    gan = build(architecture, Training(loss="minimax", batch_size=batch_size, unroll=unroll), shape)
    key = jax.random.key(0)
    batch = jax.random.normal(jax.random.key(1), (batch_size, *shape))
    state = jax.jit(gan.init)(key, batch)
    started = time.perf_counter()
    program = compiled(jax.jit(gan.step).lower(key, state, batch))
    return lambda: jax.block_until_ready(program(key, state, batch)), time.perf_counter() - started


def seconds(run) -> float:
    started = time.perf_counter()
    run()
    return time.perf_counter() - started


def main() -> int:
    rows = []
    for name, (shape, architecture, batch_size, several) in CASES.items():
        for steps in tqdm(several, desc=name, disable=not sys.stderr.isatty()):
            forms = [
                compiled_step(shape, architecture, batch_size, Unroll(steps, scan_unroll=form)) for form in (1, True)
            ]
            times = np.array([[seconds(run) for run, _ in forms] for _ in range(REPEATS + 1)])[1:]
            loop, straight = (1e3 * statistics.median(column) for column in times.T)
            rows.append((name, steps, loop, straight, loop / straight, forms[0][1], forms[1][1]))
    print(f"{jax.devices()[0].device_kind}, medians of {REPEATS} alternating runs")
    print("network    steps  loop ms  straight ms  ratio  compile loop s  compile straight s")
    for name, steps, loop, straight, ratio, compile_loop, compile_straight in rows:
        print(
            f"{name:10} {steps:5d} {loop:8.2f} {straight:12.2f} {ratio:6.2f} {compile_loop:15.1f} "
            f"{compile_straight:19.1f}"
        )
    return 0


if __name__ == "__main__":
    sys.exit(main())
