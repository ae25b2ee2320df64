"""What experiments share that train by themselves: programs, how long a step takes, and results that are kept."""

import sys
import time
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
from tqdm import tqdm

from jaxgan.backend.files import write_whole
from jaxgan.runs import folder
from jaxgan.training.arranging import labels_of
from jaxgan.training.results import interval
from jaxgan.training.seeds import Seeds, in_turn, programs
from jaxgan.types import Model


class Started(NamedTuple):
    """Compiled programs, what they read, and the states that they begin with."""

    several: Seeds
    feeds: list[Any]
    states: Any


def started(model: Model, task: Any, batch_size: int, length: int, chunk: int, seeds: Sequence[int]) -> Started:
    """The programs of `length` steps of a model, and of `chunk` samples, one seed after the other."""
    labels = labels_of(model, task, chunk)
    several = in_turn(programs(model, task.draw, batch_size, length, chunk, labels=labels), seeds)
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
            states, _, _ = several.advance(states, feeds, times)
            taken.append(time.perf_counter() - began)
            pair[i] = Started(several, feeds, states)
        ratios.append(taken[1] / taken[0])
    return float(np.median(ratios))


Results = dict[str, dict[int, dict[str, Any]]]
"""What was measured, by arm and seed."""


def kept(
    path: Path, settings: Mapping[str, Any], cells: Sequence[tuple[str, int]], measure: Callable[[str, int], Any]
) -> Results:
    """Measures each arm and seed that a file of results lacks, and saves it there at once; returns all that are asked.

    Args:
      path: a JSON file, which is made if missing.
      settings: what the results depend on.
      cells: pairs of an arm and a seed, in the order in which they are measured.
      measure: `measure(arm, seed) -> {name: number}`.

    Raises:
      ValueError: the file holds results of other settings.
    """
    settings = folder.plain(settings)
    known = folder.read_json(path) or {"settings": settings, "cells": {}}
    if changed := folder.differences(known["settings"], settings):
        raise ValueError(f"{path} holds results of other settings ({'; '.join(changed)}): choose another folder")
    path.parent.mkdir(parents=True, exist_ok=True)
    missing = [cell for cell in cells if str(cell[1]) not in known["cells"].get(cell[0], {})]
    for arm, seed in tqdm(missing, disable=not sys.stderr.isatty()):
        started = time.perf_counter()
        found = measure(arm, seed)
        known["cells"].setdefault(arm, {})[str(seed)] = folder.plain(found)
        folder.write_json(path, known)
        tqdm.write(f"{arm}, seed {seed}: {time.perf_counter() - started:.0f} s", file=sys.stderr)
    found: Results = {}
    for arm, seed in cells:
        found.setdefault(arm, {})[seed] = known["cells"][arm][str(seed)]
    return found


def written(values: Sequence[Any], digits: int = 2, sign: str = "") -> str:
    """The mean of the seeds, and half of its 95 % Student interval."""
    mean, half = interval(values)
    return f"{mean:{sign}.{digits}f} ± {half:.{digits}f}"


def publish(directory: Path, text: str) -> None:
    """Prints a table, and keeps it as `table.md` in the folder of the results."""
    write_whole(directory / "table.md", lambda file: file.write(text.encode()))
    print(text, end="")


def table(head: Sequence[str], rows: Sequence[Sequence[str]]) -> str:
    """A table in Markdown."""
    lines = [head, ["---"] * len(head), *rows]
    return "".join(f"| {' | '.join(line)} |\n" for line in lines)
