"""What looking for numbers that are not finite costs a step, in alternating runs of programs with and without it.

    python benchmarks/check_costs.py

Prints, for each program, the median of the ratios of processor time and its 95 % interval; a third program, again
without it, says what the machine adds. On one shared core, with --pairs 150, the ring's plain step of 0.44 ms took
1.0125 of the time (1.0092 to 1.0166), and the third program 1.0055 (1.0031 to 1.0102); with 60 pairs the unrolled one
took 1.008 (1.002 to 1.012), and for stacked digits nothing could be told from 1.
"""

import dataclasses
import runpy
import sys
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import jax.numpy as jnp
import numpy as np
from scipy import stats
from tqdm import tqdm

from jaxgan import data
from jaxgan.commands.experiment import exit_status
from jaxgan.commands.parsing import parse
from jaxgan.runs.building import build
from jaxgan.training import seeds

EXPERIMENTS = Path(__file__).resolve().parents[1] / "experiments"
LENGTHS = {"ring:plain": 200, "ring:unrolled": 50, "stacked_digits:plain": 2}  # steps of one call


@dataclasses.dataclass(frozen=True)
class Options:
    """How much is measured."""

    pairs: int = 60
    """Of runs with and without, of about 0.2 s each."""

    programs: tuple[str, ...] = tuple(LENGTHS)
    """EXPERIMENT:ARM of those that are measured."""

    def __post_init__(self):
        if self.pairs < 6:
            raise ValueError(f"--pairs is at least 6, below which there is no interval, not {self.pairs}")
        if unknown := set(self.programs) - set(LENGTHS):
            raise ValueError(f"--programs has {min(unknown)}; known are {', '.join(LENGTHS)}")


def advancing(program: str, check: bool) -> Callable[[], float]:
    """A compiled program, whose call takes some steps and returns the processor time of each in seconds."""
    name, arm = program.split(":")
    task: Any = getattr(data, name)()
    settings = runpy.run_path(str(EXPERIMENTS / f"{name}.py"))["ARMS"][arm]
    model = build(settings.architecture, settings.training, task.shape, 1.0, kind=task.kind)
    kept = seeds.sums, seeds.finite, seeds.checked
    if not check:
        seeds.sums, seeds.finite = lambda state: [], lambda summed, info: jnp.ones((1, 1), bool)
        seeds.checked = lambda health, last, found: health
    programs = seeds.programs(model, task.draw, settings.training.batch_size, LENGTHS[program], 64, skip=False)
    several, feeds = seeds.in_turn(programs, [0]), [lambda: task.arrays]
    states: Any = several.begin(feeds)
    several.compile(states, feeds)
    seeds.sums, seeds.finite, seeds.checked = kept

    def advance() -> float:
        nonlocal states
        began = time.process_time()
        states, _, _ = several.advance(states, feeds, 2)
        return (time.process_time() - began) / (2 * LENGTHS[program])

    advance()
    return advance


def measure(options: Options) -> int:
    random = np.random.default_rng(0)
    for program in options.programs:
        runs = [advancing(program, check) for check in (False, True, False)]
        times = np.zeros((options.pairs, 3))
        for row in tqdm(times, desc=program, disable=not sys.stderr.isatty(), leave=False):
            for i in random.permutation(3):
                row[i] = runs[i]()
        for said, i in (("with", 1), ("without, again", 2)):
            ratios = times[:, i] / times[:, 0]
            low, high = stats.bootstrap((ratios,), np.median, rng=0).confidence_interval
            step = 1000 * np.median(times[:, 0])
            print(f"{program} of {step:.2f} ms, {said}: {np.median(ratios):.4f} ({low:.4f} to {high:.4f})", flush=True)
    return 0


if __name__ == "__main__":
    sys.exit(exit_status(lambda: measure(parse(Options, sys.argv[1:], description=__doc__)), "stopped"))
