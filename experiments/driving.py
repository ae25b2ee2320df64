"""What experiments share that train by themselves: the programs of a model on a task, and how long a step takes."""

import sys
import time
from collections.abc import Sequence
from typing import Any, NamedTuple

import numpy as np
from tqdm import tqdm

from jaxgan.training.seeds import Seeds, in_turn, programs
from jaxgan.types import Model


class Started(NamedTuple):
    """Compiled programs, what they read, and the states that they begin with."""

    several: Seeds
    feeds: list[Any]
    states: Any


def started(
    model: Model, task: Any, batch_size: int, length: int, chunk: int, seeds: Sequence[int], classes: int | None = None
) -> Started:
    """The programs of `length` steps of a model, and of `chunk` samples, one seed after the other."""
    several = in_turn(programs(model, task.draw, batch_size, length, chunk, classes=classes), seeds)
    feeds = [lambda: task.arrays for _ in seeds]
    states = several.begin(feeds)
    several.compile(states, feeds)
    return Started(several, feeds, states)


def relative_time(first: Started, second: Started, times: int, repeats: int) -> float:
    """Time of the second over that of the first, median of alternating runs of so many programs each."""
    pair, ratios = [first, second], []
    for _ in tqdm(range(repeats), desc="cost", disable=not sys.stderr.isatty(), leave=False):
        taken = []
        for i, (several, feeds, states) in enumerate(pair):
            began = time.perf_counter()
            states, _ = several.advance(states, feeds, times)
            taken.append(time.perf_counter() - began)
            pair[i] = Started(several, feeds, states)
        ratios.append(taken[1] / taken[0])
    return float(np.median(ratios))
