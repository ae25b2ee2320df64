"""Curves over steps, and how often each mode is reached."""

import math
from collections.abc import Mapping, Sequence
from typing import Any, NamedTuple

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.ticker import LogLocator, MaxNLocator, NullFormatter
from scipy import stats

from jaxgan.report.files import Run
from jaxgan.report.style import COLOURS, DASHED, SEEDS, label_axes, note
from jaxgan.report.words import column, real_value, value


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


def training(run: Run) -> Figure | None:
    players = ("generator", "discriminator")
    terms = dict.fromkeys(name for row in run.rows for name in row if name.startswith("term "))
    panels = [
        _Panel("Losses", "loss", {f"{player}_loss": player for player in players}),
        _Panel(
            "Discriminator accuracy", "share on the right side", {"discriminator_accuracy": "mean"}, (0.5, "chance")
        ),
        _Panel("Gradients", "Euclidean norm", {f"{player}_gradient_norm": player for player in players}, log=True),
        _Panel("Diversity of a batch", "spread / spread of real data", {"diversity": "mean"}, (1.0, "real data")),
    ]
    if terms:
        panels.append(_Panel("Terms of the techniques", "added to a loss", {name: name[5:] for name in terms}))
    return _plots(run.rows, panels, 2) if run.rows else None


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


def mode_counts(run: Run) -> Figure | None:
    """Samples in each mode beside what even use would give; without counts, how many modes were reached."""
    seeds = run.summary.get("seeds") or []
    counts = {f"seed {seed['seed']}": np.array(seed["counts"], float) for seed in seeds if seed.get("counts")}
    counts = dict(list(counts.items())[:SEEDS])
    if not counts:
        return reached(["modes"], [run])
    total = max(map(len, counts.values()))
    samples = int(run.summary.get("samples") or max(x.sum() for x in counts.values()))
    # Where quality is judged, only samples of high quality are counted.
    expected = stats.binom(samples, min(1.0, float(np.fmin(real_value(run.summary, "high_quality"), 1.0)) / total))
    return _sorted_counts(counts, expected) if total > 100 else _histogram(counts, expected)


def _histogram(counts: Mapping[str, np.ndarray], expected: Any) -> Figure:
    total = max(map(len, counts.values()))
    low, high = expected.ppf([0.025, 0.975])
    figure = Figure((min(9.0, 0.2 * total + 4.4), 1.5 * len(counts) + 1.0), dpi=110, layout="constrained")
    grid = figure.subplots(len(counts), 1, squeeze=False, sharex=True)[:, 0]
    for axes, (name, x) in zip(grid, counts.items(), strict=True):
        axes.bar(np.arange(len(x)), x, color=COLOURS[0], width=0.75)
        axes.axhspan(low, high, color="#444444", alpha=0.25, linewidth=0)
        axes.axhline(expected.mean(), label="expected of real data, with its 95 % range", **DASHED)
        if len(empty := np.flatnonzero(x == 0)):
            axes.scatter(
                empty,
                0.08 * np.ones(len(empty)),
                marker="x",
                color=COLOURS[1],
                s=40,
                linewidths=2,
                transform=axes.get_xaxis_transform(),
                label="lost mode",
            )
        axes.set_ylim(0, 1.1 * max(high, x.max()))
        axes.set_xticks(range(0, total, -(-total // 25)))
        label_axes(axes, y=f"{name}\nsamples")
    label_axes(grid[-1], x="mode", y=grid[-1].get_ylabel())
    handles = {label: handle for axes in grid for handle, label in zip(*axes.get_legend_handles_labels(), strict=True)}
    figure.legend(handles.values(), handles.keys(), loc="outside upper center", ncols=2, fontsize=8, frameon=False)
    return figure


def _sorted_counts(counts: Mapping[str, np.ndarray], expected: Any) -> Figure:
    figure = Figure((8.8, 3.5), dpi=110, layout="constrained")
    left, right = figure.subplots(1, 2)
    total = max(map(len, counts.values()))
    usual = expected.ppf(1 - (np.arange(total) + 0.5) / total)
    for i, (name, x) in enumerate([*counts.items(), ("expected of real data", usual)]):
        style = {"color": COLOURS[i], "linewidth": 1.6} if name in counts else DASHED
        descending = np.sort(x)[::-1]
        rank = np.arange(1, len(x) + 1)
        left.plot(rank, descending, label=name, **style)
        right.plot(rank, 100 * np.cumsum(descending) / max(x.sum(), 1.0), label=name, **style)
    label_axes(left, "Samples in each mode", "modes, the most frequent first", "samples")
    label_axes(right, "What the most frequent modes add up to", "modes, the most frequent first", "% of samples")
    for axes in (left, right):
        axes.grid(alpha=0.25)
        axes.legend(fontsize=8, framealpha=0.8)
    return figure


def reached(names: Sequence[str], runs: Sequence[Run]) -> Figure | None:
    """Modes reached: at the end, each seed as a dot and the mean as a bar, and over steps."""
    final = [np.array(column(run.summary, "modes")) for run in runs]
    if not any(np.isfinite(x).any() for x in final):
        return None
    figure = Figure((9.6, 2.6 + 0.3 * len(runs)), dpi=110, layout="constrained")
    left, right = figure.subplots(1, 2)
    for i, (name, run, x) in enumerate(zip(names, runs, final, strict=True)):
        offset = np.linspace(-0.25, 0.25, len(x)) if len(x) > 1 else np.zeros(len(x))
        left.scatter(x, i + offset, color=COLOURS[i % 6], s=24, zorder=3)
        if np.isfinite(x).any():
            left.plot([np.nanmean(x)] * 2, [i - 0.38, i + 0.38], color="#444444", linewidth=2, zorder=2)
        _curve(right, run.rows, "modes", COLOURS[i % 6], name)
    for draw in (left.axvline, right.axhline):
        draw(value(runs[0].summary.get("modes_total")), label="all modes", **DASHED)
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
