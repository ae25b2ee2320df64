"""What a long run costs beside its steps: how its memory grows, and how long a save keeps it waiting.

    python benchmarks/run_costs.py

Trains the plain GAN of the ring from one seed with everything that a run does: log, evaluations, watched modes and
checkpoints. Memory is the resident set of the process after each evaluation, on Linux. 50 000 steps on one shared core,
3 minutes: 656 MiB after a tenth, 691 after two, 702 at the end, 0.26 MiB in a thousand steps; a save keeps the loop
waiting for 0.06 s, 0.24 s at most, which is 0.4 % of the time between two.
"""

import dataclasses
import os
import sys
import tempfile
import time
from pathlib import Path
from typing import Any

import numpy as np
from jax.nn import initializers

import jaxgan
from jaxgan import data, losses, networks, optimizers
from jaxgan.commands.experiment import exit_status
from jaxgan.commands.parsing import parse
from jaxgan.diagnosis import alarms
from jaxgan.evaluation import evaluator, monitored_modes
from jaxgan.runs.checkpoints import Checkpoints
from jaxgan.runs.options import Run
from jaxgan.training import Point, fit


@dataclasses.dataclass(frozen=True)
class Options:
    """How long the run is."""

    steps: int = 50_000
    """Of the training; a hundredth between two lines of the log, a tenth between two saves."""

    def __post_init__(self):
        if self.steps < 100:
            raise ValueError(f"--steps is at least 100, not {self.steps}")


def resident() -> float:
    """Memory of this process in MiB."""
    pages = int(Path("/proc/self/statm").read_text().split()[1])
    return pages * os.sysconf("SC_PAGE_SIZE") / 2**20


def measure(options: Options) -> int:
    task = data.ring()
    modes = monitored_modes(task)
    assert modes is not None
    gan = jaxgan.gan(
        generator=networks.mlp([128, 128], out=2, kernel_init=initializers.orthogonal(1.4)),
        discriminator=networks.mlp([128, 128], out=1, kernel_init=initializers.orthogonal(1.4)),
        loss=losses.non_saturating(),
        generator_optimizer=optimizers.adam(1e-3, b1=0.5),
        discriminator_optimizer=optimizers.adam(1e-4, b1=0.5),
        latent_dim=64,
        techniques=(alarms.watch(modes.assign, len(modes.names)),),
    )
    memory: list[tuple[int, float]] = []
    saves: list[float] = []
    save = Checkpoints.save

    def timed(self: Checkpoints, step: int, arrays: Any, progress: Any) -> None:
        began = time.perf_counter()
        save(self, step, arrays, progress)
        saves.append(time.perf_counter() - began)

    def look(point: Point) -> None:
        if point.samples is not None:
            memory.append((point.step, resident()))

    Checkpoints.save = timed
    with tempfile.TemporaryDirectory() as folder:
        summary = fit(
            gan,
            task,
            evaluator(task),
            directory=Path(folder) / "run",
            config={"experiment": "ring", "options": {}},
            steps=options.steps,
            batch_size=512,
            run=Run(seeds=1),
            watched=modes,
            callbacks=[look],
        )
    interval = summary.train_seconds / len(saves)
    for step, mebibytes in memory:
        print(f"after {step} steps: {mebibytes:.0f} MiB")
    slope = np.polyfit([step for step, _ in memory[1:]], [mebibytes for _, mebibytes in memory[1:]], 1)[0]
    print(f"growth after the first tenth: {1000 * slope:.3f} MiB in a thousand steps")
    print(f"a save: median {np.median(saves):.3f} s, largest {max(saves):.3f} s")
    print(f"share of the {interval:.1f} s between two: {np.median(saves) / interval:.2%}")
    return 0


if __name__ == "__main__":
    sys.exit(exit_status(lambda: measure(parse(Options, sys.argv[1:], description=__doc__)), "stopped"))
