"""The table and the picture of `compare_techniques.py`, from the cells that are measured."""

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np
from compare_techniques import Prepared, all_found
from matplotlib.figure import Figure

from jaxgan.backend.files import write_whole
from jaxgan.runs import folder
from jaxgan.training.results import interval

COLOURS = {"helps": "#0072B2", "harms": "#D55E00", "": "#777777"}


def cells(results: Path, task: str) -> dict[str, dict[str, Any]]:
    """What was measured on a task, by technique."""
    paths = sorted((results / "cells" / task).glob("*.json"))
    return {path.stem: folder.read_json(path) for path in paths}


def differences(prepared: Prepared, cell: Mapping[str, Any], plain: Mapping[str, Any], at: str) -> list[float]:
    """By how much each seed's score is above that of the plain GAN from the same seed."""
    score = prepared.setting.score
    return [score(of) - score(without) for of, without in zip(cell[at], plain[at], strict=True)]


def judged(values: Sequence[float]) -> str:
    """The protocol's word for paired differences."""
    mean, half = interval(values)
    return "helps" if mean - half > 0 else "harms" if mean + half < 0 else ""


def table(task: str, prepared: Prepared, found: Mapping[str, dict[str, Any]]) -> str:
    """One task as Markdown, best first; what was refused stands last, with its reason."""
    plain = found["plain"]
    names = sorted(found["plain"]["equal_steps"][0])
    able = [name for name in found if "refused" not in found[name]]
    able.sort(key=lambda name: -np.mean(differences(prepared, found[name], plain, "equal_steps")))
    head = ["technique", *names, "paired difference, equal steps", "equal time", "all modes", "cost of a step", ""]
    lines = [f"## {task}", "", "| " + " | ".join(head) + " |", "|" + " --- |" * len(head)]
    for name in able:
        cell = found[name]
        steps, same_time = (differences(prepared, cell, plain, at) for at in ("equal_steps", "equal_time"))
        hits, low, high = all_found(prepared, cell["equal_steps"])
        numbers = ["{:.4g} ± {:.2g}".format(*interval([end[key] for end in cell["equal_steps"]])) for key in names]
        both = ["{:+.4g} ± {:.2g}".format(*interval(x)) if name != "plain" else "" for x in (steps, same_time)]
        found_all = f"{hits} of {len(cell['seeds'])} ({low:.2f} to {high:.2f})"
        lines.append("| " + " | ".join([name, *numbers, *both, found_all, f"{cell['cost']:.2f}", judged(steps)]) + " |")
    lines += ["", *(f"- {name}: refused, {cell['refused']}" for name, cell in found.items() if "refused" in cell)]
    return "\n".join(lines)


def limits(intervals: Sequence[tuple[float, float]]) -> tuple[float, float]:
    """What the axis shows: every interval, unless a few are so far out that the others would become dots."""
    ends = np.array([(mean - half, mean + half) for mean, half in intervals])
    low, high = np.quantile(ends, 0.05), np.quantile(ends, 0.95)
    margin = 1.5 * (high - low)
    least, most = max(ends.min(), low - margin), min(ends.max(), high + margin)
    room = 0.04 * (most - least)
    return float(least - room), float(most + room)


def picture(shown: Mapping[str, tuple[Prepared, Mapping[str, dict[str, Any]]]]) -> Figure:
    """Paired differences at equal steps with their intervals, a column for each task, best on top."""
    rows = max(len(found) for _, found in shown.values())
    figure = Figure(figsize=(4.2 * len(shown), 0.21 * rows + 1.6), layout="constrained")
    figure.suptitle("Paired difference to the plain GAN, mean and 95 % interval; blue helps, orange harms", fontsize=10)
    for axes, (task, (prepared, found)) in zip(
        np.atleast_1d(figure.subplots(1, len(shown))), shown.items(), strict=True
    ):
        able = [name for name in found if "refused" not in found[name] and name != "plain"]
        values = {name: differences(prepared, found[name], found["plain"], "equal_steps") for name in able}
        able.sort(key=lambda name: float(np.mean(values[name])))
        intervals = [interval(values[name]) for name in able]
        least, most = limits(intervals)
        for y, (name, (mean, half)) in enumerate(zip(able, intervals, strict=True)):
            colour = COLOURS[judged(values[name])]
            if least <= mean <= most:
                axes.errorbar(mean, y, xerr=half, fmt="o", markersize=3, linewidth=1, color=colour)
            else:
                text, at, side = (f"◂ {mean:.2g}", least, "left") if mean < least else (f"{mean:.2g} ▸", most, "right")
                axes.text(at, y, text, fontsize=7, va="center", ha=side, color=colour)
        axes.set_xlim(least, most)
        axes.axvline(0, color="black", linewidth=0.8)
        axes.set_yticks(range(len(able)), able, fontsize=7)
        axes.set_ylim(-1, len(able))
        axes.set_title(task, fontsize=10)
        axes.set_xlabel("score above the plain GAN", fontsize=8)
        axes.tick_params(axis="x", labelsize=8)
    return figure


def write(results: Path, tasks: Mapping[str, Prepared]) -> None:
    """Writes `table.md` and `table.png`; a task whose plain GAN is not measured is left out."""
    shown = {task: (prepared, cells(results, task)) for task, prepared in tasks.items()}
    shown = {task: pair for task, pair in shown.items() if "plain" in pair[1]}
    if not shown:
        raise ValueError("nothing is measured yet: `compare_techniques.py run` comes before report")
    machines = sorted({cell["machine"] for _, found in shown.values() for cell in found.values() if "machine" in cell})
    head = (
        f"`python experiments/compare_techniques.py run`, then `report`; on {', '.join(machines)}, shared with others."
    )
    texts = [head, *(table(task, prepared, found) for task, (prepared, found) in shown.items())]
    write_whole(results / "table.md", lambda file: file.write(("\n\n".join(texts) + "\n").encode()))
    write_whole(results / "table.png", lambda file: picture(shown).savefig(file, format="png", dpi=110))
