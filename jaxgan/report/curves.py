"""Curves over steps, and how many modes are reached."""

import math
from collections.abc import Mapping, Sequence
from typing import Any, NamedTuple

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.ticker import LogLocator, MaxNLocator, NullFormatter

from jaxgan.report.files import Run
from jaxgan.report.style import COLOURS, DASHED, label_axes, note
from jaxgan.report.words import column, metric_names, real_value, value


def _series(rows: Sequence[Mapping[str, Any]], field: str) -> tuple[np.ndarray, np.ndarray]:
    """Steps `[t]` at which `field` was measured, and its values `[seeds, t]`; a resumed run's later line counts."""
    found = {(row["seed"], row["step"]): value(row[field]) for row in rows if field in row}
    seeds, steps = (sorted({key[i] for key in found}) for i in (0, 1))
    values = [[found.get((seed, step), math.nan) for step in steps] for seed in seeds]
    return np.array(steps), np.array(values).reshape(len(seeds), len(steps))


def _curve(axes: Axes, rows: Sequence[Mapping[str, Any]], field: str, colour: str, label: str) -> bool:
    """Draws each seed thin and the mean thick; returns whether there was anything to draw."""
    steps, values = _series(rows, field)
    known = np.isfinite(values)
    if not known.any():
        return False
    some = known.any(0)
    mean = np.where(known, values, 0).sum(0)[some] / known.sum(0)[some]
    marker = "o" if len(steps) <= 30 else ""
    for line in values if len(values) > 1 else ():
        axes.plot(steps, line, color=colour, linewidth=0.8, alpha=0.35)
    axes.xaxis.set_major_locator(MaxNLocator(5, integer=True))
    axes.xaxis.set_major_formatter("{x:,.0f}")
    axes.plot(steps[some], mean, color=colour, linewidth=2, marker=marker, markersize=3, label=label)
    return True


class _Panel(NamedTuple):
    """Curves over steps that share their axes."""

    title: str
    unit: str
    curves: Mapping[str, str]  # field: label
    reference: tuple[float, str] = (math.nan, "")
    log: bool = False


def _plots(rows: Sequence[Mapping[str, Any]], panels: Sequence[_Panel], columns: int) -> Figure:
    lines = -(-len(panels) // columns)
    figure = Figure((4.2 * columns, 3.0 * lines), dpi=110, layout="constrained")
    grid = figure.subplots(lines, columns, squeeze=False).ravel()
    for axes in grid[len(panels) :]:
        axes.set_axis_off()
    for axes, panel in zip(grid, panels, strict=False):
        label_axes(axes, panel.title, "step", panel.unit)
        curves = enumerate(panel.curves.items())
        if not any([_curve(axes, rows, field, COLOURS[i % 6], label) for i, (field, label) in curves]):
            axes.set(xticks=[], yticks=[])
            note(axes, "no finite value was recorded")
            continue
        if not math.isnan(panel.reference[0]):
            axes.axhline(panel.reference[0], label=panel.reference[1], **DASHED)
        if panel.log and axes.dataLim.ymax > 0:
            axes.set_yscale("log", nonpositive="mask")
            low, high = axes.get_ylim()
            axes.yaxis.set_major_locator(LogLocator(subs=(1, 2, 5) if high < 1000 * low else (1,)))
            axes.yaxis.set_major_formatter("{x:g}")
            axes.yaxis.set_minor_formatter(NullFormatter())
        axes.grid(alpha=0.25)
        axes.legend(fontsize=8, framealpha=0.8)
    return figure


_PANELS = {  # of what has a usual value
    "discriminator_accuracy": _Panel(
        "Discriminator accuracy", "share on the right side", {"discriminator_accuracy": "mean"}, (0.5, "chance")
    ),
    "diversity": _Panel(
        "Diversity of a batch", "spread / spread of real data", {"diversity": "mean"}, (1.0, "real data")
    ),
}


def training(run: Run) -> Figure | None:
    """Whatever scalars the model logs: losses together, gradient norms together, every other one by itself."""
    if not run.rows:
        return None
    logged = _logged(run)
    losses = {name: name.removesuffix("_loss") for name in logged if name.endswith("loss")}
    norms = {name: name.removesuffix("_gradient_norm") for name in logged if name.endswith("gradient_norm")}
    terms = {name: name[5:] for row in run.rows for name in row if name.startswith("term ")}
    panels = [
        _Panel("Losses", "loss", losses),
        _Panel("Gradients", "Euclidean norm", norms, log=True),
        *(
            _PANELS.get(name, _Panel(name.replace("_", " "), "", {name: "mean"}))
            for name in logged
            if name not in {*losses, *norms}
        ),
    ]
    if terms:
        panels.append(_Panel("Terms of the techniques", "added to a loss", terms))
    panels = [panel for panel in panels if panel.curves]
    return _plots(run.rows, panels, 2) if panels else None


def _logged(run: Run) -> list[str]:
    """Names of the scalars that the model itself logs, which are in the first line already; metrics come later."""
    others = {"step", "seed", "rolled_back_to", *metric_names(run.summary)}
    scalars = [name for name, x in run.rows[0].items() if x is None or isinstance(x, int | float)]
    return [name for name in scalars if name not in others and not name.startswith("term ")]


def coverage(run: Run) -> Figure | None:
    texts = {
        "modes": ("Modes", "modes reached"),
        "high_quality": ("Samples of high quality", "share of samples"),
        "reverse_kl": ("Divergence from even use", "reverse KL (nats)"),
    }
    panels = [
        _Panel(title, unit, {name: "mean"}, (real_value(run.summary, name), "real data"))
        for name, (title, unit) in texts.items()
        if np.isfinite(_series(run.rows, name)[1]).any()
    ]
    return _plots(run.rows, panels, len(panels)) if panels else None


def reached(names: Sequence[str], runs: Sequence[Run]) -> Figure | None:
    """Modes reached: at the end, each seed as a dot and the mean as a bar, and over steps."""
    final = [np.array(column(run.summary, "modes")) for run in runs]
    if not any(np.isfinite(x).any() for x in final):
        return None
    figure = Figure((9.6, 2.6 + 0.3 * len(runs)), dpi=110, layout="constrained")
    left, right = figure.subplots(1, 2)
    for i, (name, run, x) in enumerate(zip(names, runs, final, strict=True)):
        offset = np.linspace(-0.25, 0.25, len(x)) if len(x) > 1 else np.zeros(len(x))
        left.scatter(x, i + offset, color=COLOURS[i % 6], s=24, zorder=3, clip_on=False)
        if np.isfinite(x).any():
            left.plot([np.nanmean(x)] * 2, [i - 0.38, i + 0.38], color="#444444", linewidth=2, zorder=2)
        _curve(right, run.rows, "modes", COLOURS[i % 6], name)
    for draw in (left.axvline, right.axhline):
        draw(value(runs[0].summary.modes_total), label="all modes", **DASHED)
    left.set_xlim(left=0)
    right.set_ylim(bottom=0)
    left.set_yticks(range(len(runs)), names)
    left.set_ylim(len(runs) - 0.5, -0.5)
    label_axes(left, "At the end (dot: a seed, bar: their mean)", "modes reached")
    label_axes(right, "Through training", "step", "modes reached")
    figure.legend(*right.get_legend_handles_labels(), loc="outside lower center", ncols=4, fontsize=8, frameon=False)
    for axes in (left, right):
        axes.grid(alpha=0.25)
    return figure
