"""The page of a sweep: how the numbers of its runs follow the options that were varied."""

import itertools
import math
import os
from collections.abc import Sequence
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
from matplotlib.figure import Figure

from jaxgan.report.files import Run, read_run
from jaxgan.report.page import write_page
from jaxgan.report.samples import draw_examples, grid_of_cells, view_of
from jaxgan.report.style import COLOURS, DASHED, label_axes, plain_text
from jaxgan.report.words import between, column, metric_names, number, real_value, sweep_verdict, value, verdict
from jaxgan.runs import folder
from jaxgan.runs.summary import Summary
from jaxgan.runs.sweeping import Axis, recorded_axes, setting_names
from jaxgan.types import Kind

SHOWN = ("modes", "high_quality", "reverse_kl")  # metrics that get a map, where they are measured; else the first ones
SMALL = {"reverse_kl"}  # of which less is better: what is better is always brighter
EMPTY = Run({}, Summary(), [], np.zeros(0), np.zeros(0), np.zeros(0), np.zeros(0))
MOST_CELLS = 100  # settings that still have a panel of samples


class Swept(NamedTuple):
    """The runs of a sweep.

    Attributes:
      axes: what was varied.
      names: of the folders, the last axis fastest.
      runs: what these hold.
    """

    axes: tuple[Axis, ...]
    names: list[str]
    runs: list[Run]


def write_sweep(directory: str | os.PathLike[str]) -> Path:
    """Writes `figures/` and `report.html` of a sweep from the files of its runs, also of those that are not finished.

    Args:
      directory: holds `config.json`, which names the axes, and a folder for each setting.

    Returns:
      The path of the page.

    Raises:
      ValueError: the directory holds no sweep.
    """
    directory = Path(directory)
    config = _config(directory)
    if (axes := recorded_axes(config.get("options"))) is None:
        raise ValueError(f"no sweep in {directory}: {folder.CONFIG} names no axes")
    names = setting_names(axes)
    there = [any((directory / name / file).exists() for file in (folder.CONFIG, folder.SUMMARY)) for name in names]
    if not any(there):
        raise ValueError(f"no sweep in {directory}: none of its {len(names)} settings has been trained yet")
    runs = [read_run(directory / name) if known else EMPTY for name, known in zip(names, there, strict=True)]
    swept = Swept(axes, names, runs)
    summaries = [run.summary for run in runs]
    metrics = _shown(runs)
    figures = {name: (_heading(name), response(swept, name)) for name in metrics}
    return write_page(
        directory,
        {**figures, "samples": ("Samples of the first seed", _samples(swept))},
        "sweep.html.jinja",
        title=f"{config.get('experiment') or directory.resolve().name}: {len(names)} settings",
        verdict=sweep_verdict(names, summaries, [verdict(summary) for summary in summaries]),
        axes=axes,
        config=config,
        settings=[
            (values, name, run.summary, verdict(run.summary), (directory / name / "report.html").exists())
            for values, name, run in zip(itertools.product(*(a.values for a in axes)), names, runs, strict=True)
        ],
        metrics=metric_names(*summaries),
        first=next((summary for summary in summaries if summary.seeds), None),
    )


def is_sweep(directory: Path) -> bool:
    """Whether a directory holds a sweep, and no single run."""
    return recorded_axes(_config(directory).get("options")) is not None


def _config(directory: Path) -> dict[str, Any]:
    config = folder.read_json(directory / folder.CONFIG)
    return config if isinstance(config, dict) else {}


def _shown(runs: Sequence[Run]) -> list[str]:
    measured = metric_names(*(run.summary for run in runs))
    return [name for name in SHOWN if name in measured] or measured[:3]


def _heading(metric: str) -> str:
    return {"modes": "Modes reached", "reverse_kl": "Divergence from even use (reverse KL, nats)"}.get(
        metric, metric.replace("_", " ").capitalize()
    )


def response(swept: Swept, metric: str) -> Figure | None:
    """A metric over the axes: a curve along one axis, a map over two, and one for each value of the others."""
    means = np.array([value(run.summary.mean.get(metric)) for run in swept.runs])
    if not np.isfinite(means).any():
        return None
    if len(swept.axes) == 1:
        return _curve(swept, metric)
    return _maps(swept, metric, means)


def _curve(swept: Swept, metric: str) -> Figure:
    (axis,), places = swept.axes, np.arange(len(swept.runs))
    figure = Figure((max(4.6, 0.9 * len(places) + 1.5), 3.4), dpi=110, layout="constrained")
    axes = figure.subplots()
    for place, run in zip(places, swept.runs, strict=True):
        seeds = np.array(column(run.summary, metric))
        across = np.linspace(-0.15, 0.15, len(seeds)) if len(seeds) > 1 else np.zeros(len(seeds))
        axes.scatter(place + across, seeds, color=COLOURS[0], s=22, zorder=3, clip_on=False)
    means = [value(run.summary.mean.get(metric)) for run in swept.runs]
    axes.plot(places, means, color=COLOURS[0], linewidth=1.6, zorder=2)
    if math.isfinite(real := real_value(swept.runs[0].summary, metric)):
        axes.axhline(real, label="real data", **DASHED)
        axes.legend(fontsize=8, framealpha=0.8)
    axes.set_xticks(places, [plain_text(x) for x in axis.values])
    axes.set_ylim(bottom=min(0.0, axes.get_ylim()[0]))
    axes.grid(alpha=0.25)
    label_axes(axes, "Each seed, and their mean", _words(axis), metric.replace("_", " "))
    return figure


def _maps(swept: Swept, metric: str, means: np.ndarray) -> Figure:
    """Maps of the last axis, to the right, against the one before it, downwards."""
    *others, down, across = swept.axes
    lines, columns = len(down.values), len(across.values)
    panels = list(itertools.product(*(axis.values for axis in others)))
    values = means.reshape(len(panels), lines, columns)
    ranges = np.array([between(column(run.summary, metric)) for run in swept.runs]).reshape(values.shape)
    wide = min(len(panels), max(1, 10 // columns))
    rows = -(-len(panels) // wide)
    size = (max(4.6, wide * (0.95 * columns + 1.2)), rows * (0.5 * lines + 1.2))
    figure = Figure(size, dpi=110, layout="constrained")
    grid = figure.subplots(rows, wide, squeeze=False).ravel()
    low, high = _limits(swept, metric, means)
    for axes in grid[len(panels) :]:
        axes.set_axis_off()
    for panel, axes, numbers, seeds in zip(panels, grid, values, ranges, strict=False):
        axes.imshow(numbers, cmap="cividis_r" if metric in SMALL else "cividis", vmin=low, vmax=high, aspect="auto")
        for (i, j), x in np.ndenumerate(numbers):
            bright = math.isnan(x) or ((x - low > 0.55 * (high - low)) != (metric in SMALL))
            text = number(float(f"{x:.3g}")) + (f"\n({seeds[i, j]})" if " to " in seeds[i, j] else "")
            axes.text(j, i, text, ha="center", va="center", fontsize=8, color="black" if bright else "white")
        axes.set_xticks(range(columns), [plain_text(x) for x in across.values])
        axes.set_yticks(range(lines), [plain_text(x) for x in down.values])
        title = ", ".join(f"{_words(axis)} {plain_text(x)}" for axis, x in zip(others, panel, strict=True))
        label_axes(axes, title, _words(across), _words(down))
    return figure


def _words(axis: Axis) -> str:
    return axis.name.removeprefix("technique.").replace("_", " ")


def _limits(swept: Swept, metric: str, means: np.ndarray) -> tuple[float, float]:
    """Between which values the colours run: modes and shares from none to all."""
    total = {"modes": value(swept.runs[0].summary.modes_total), "high_quality": 1.0}.get(metric, math.nan)
    finite = means[np.isfinite(means)]
    if math.isfinite(total):
        return 0.0, total
    low, high = float(finite.min()), float(finite.max())
    return low, max(high, low + 1e-9)


def _samples(swept: Swept) -> Figure | None:
    """The first seed's samples of each setting, the last axis to the right and all others downwards."""
    *others, across = swept.axes
    shown = [run.samples[0] if run.samples.size else None for run in swept.runs]
    if len(shown) > MOST_CELLS or not any(x is not None for x in shown):
        return None
    real = next((run.real for run in swept.runs if run.real.size), np.zeros(0))
    kind: Kind = next(run.kind for run in swept.runs if run.samples.size)
    view = view_of(kind, real if len(real) else next(x for x in shown if x is not None))
    downs = list(itertools.product(*(axis.values for axis in others)))
    figure, grid = grid_of_cells((len(downs), len(across.values)), 1.3, (0.4, 0.1), (0.1, 0.75))
    for i, line in enumerate(downs):
        for j, last in enumerate(across.values):
            axes = grid[i, j]
            label_axes(axes, plain_text(last) if i == 0 else "", y=plain_text(", ".join(line)) if j == 0 else "")
            axes.set(xticks=[], yticks=[])
            samples = shown[i * len(across.values) + j]
            if samples is not None:
                draw_examples(axes, view, real, samples)
    title = f"right: {_words(across)}" + (f"\ndown: {', '.join(map(_words, others))}" if others else "")
    figure.suptitle(title, fontsize=9, x=0.02, y=1 - 0.08 / figure.get_figheight(), ha="left", va="top")
    return figure
