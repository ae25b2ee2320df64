"""How often each mode is reached: at the end as bars, and through training as a map of colours."""

import math
from collections.abc import Sequence
from typing import Any, NamedTuple

import numpy as np
from matplotlib.axes import Axes
from matplotlib.colors import BoundaryNorm, ListedColormap
from matplotlib.figure import Figure
from matplotlib.patches import Patch
from matplotlib.ticker import MaxNLocator
from scipy import stats

from jaxgan.report.curves import reached
from jaxgan.report.files import Run
from jaxgan.report.style import COLOURS, DASHED, SEEDS, STATES, label_axes, plain_text
from jaxgan.report.words import alarms
from jaxgan.runs.summary import SeedSummary

MANY = 100  # modes; more have no bar each
NAMED, LETTERS = 12, 14  # modes, and letters of a name; with more they are numbered
# Samples over what is expected, from each number up to the next: a mode without any has the colour of a lost one.
_CLASSES = {
    0.0: ("no sample", STATES["lost"]),
    1e-9: ("below half of what is expected", "#F3C98B"),
    0.5: ("half to 0.8", "#E4EDF5"),
    0.8: ("0.8 to 1.25, as expected", "#A6CBE3"),
    1.25: ("1.25 to 2 times", "#4A8FC2"),
    2.0: ("more than twice", "#0B3A66"),
}


class History(NamedTuple):
    """How often each mode was reached by one seed.

    Attributes:
      seed: its number.
      steps: `[t]`, increasing.
      ratio: `[k, t]`, samples over what is expected of as many like the data.
      alarms: the steps at which alarms were raised.
    """

    seed: int
    steps: np.ndarray
    ratio: np.ndarray
    alarms: list[int]


def histories(run: Run) -> list[History]:
    """Mode counts through training: those of the evaluations, or else those that the monitor made.

    Without known expectations (a run that is not finished) even use of the modes is expected.
    """
    lines = {(row["step"], row["seed"]): row for row in run.rows}
    watched, expected_counts = run.summary.watched, run.summary.modes_expected
    if any("counts" in row for row in run.rows):
        expected = np.array(list(expected_counts.values()), float)
        counted = {key: (row["counts"], expected) for key, row in lines.items() if "counts" in row}
    else:
        shares = np.array(() if watched is None else watched.shares, float)
        windows = {key: row["window"] for key, row in lines.items() if "window" in row}
        counted = {key: (window["counts"], window["effective"] * shares) for key, window in windows.items()}
    found = []
    for seed in sorted({seed for _, seed in counted}):
        steps = sorted(step for step, of in counted if of == seed)
        ratios = []
        for step in steps:
            counts, expected = counted[step, seed]
            counts = np.array(counts, float)
            usual = expected if len(expected) == len(counts) else np.full(len(counts), counts.mean())
            ratios.append(counts / np.maximum(usual, 1e-9))
        raised = [alarm["step"] for alarm in alarms(run.rows) if alarm["seed"] == seed]
        found.append(History(seed, np.array(steps), np.array(ratios).T, raised))
    return found


def modes_through_training(run: Run) -> Figure | None:
    """A map for each seed: modes over steps, coloured by how many samples each has of those expected."""
    drawn = histories(run)[:SEEDS]
    if not drawn:
        return None
    by_monitor = not any("counts" in row for row in run.rows)
    total = max(len(history.ratio) for history in drawn)
    columns = min(2, len(drawn))
    lines = -(-len(drawn) // columns)
    height = 1.0 + min(4.2, 0.5 + 0.045 * max(total, 20))
    figure = Figure((4.4 * columns + 1.2 * (columns == 1), height * lines + 0.6), dpi=110, layout="constrained")
    grid = figure.subplots(lines, columns, squeeze=False).ravel()
    for axes in grid[len(drawn) :]:
        axes.set_axis_off()
    for axes, history in zip(grid, drawn, strict=False):
        names = [] if by_monitor else list(run.summary.modes_expected)
        _draw_history(axes, history, names)
        kind = "cluster of the data" if by_monitor and total != run.summary.modes_total else "mode"
        label_axes(axes, x="step", y=kind)
        axes.set_title(f"seed {history.seed}", fontsize=10, loc="left", pad=10 if history.alarms else None)
    handles = [Patch(facecolor=colour, edgecolor="#777777", linewidth=0.4, label=x) for x, colour in _CLASSES.values()]
    marks = {label: handle for axes in grid for handle, label in zip(*axes.get_legend_handles_labels(), strict=True)}
    figure.legend(handles=[*handles, *marks.values()], loc="outside upper center", ncols=3, fontsize=8, frameon=False)
    return figure


def _draw_history(axes: Axes, history: History, names: Sequence[str]) -> None:
    steps, (total, times) = history.steps, history.ratio.shape
    # A column begins where the one before it ends, and ends at the step that it was counted at.
    first = steps[0] - (steps[1] - steps[0]) if times > 1 else 0
    edges = np.array([max(first, 0) if steps[0] > 0 else first, *steps], float)
    if edges[0] == edges[1]:
        edges[0] -= 1
    colours = ListedColormap([colour for _, colour in _CLASSES.values()])
    norm = BoundaryNorm([-1.0, *list(_CLASSES)[1:], 1e300], colours.N)
    lines = {"edgecolors": "white", "linewidth": 0.4} if total <= 30 and times <= 40 else {}
    axes.pcolormesh(edges, np.arange(total + 1) - 0.5, history.ratio, cmap=colours, norm=norm, rasterized=True, **lines)
    if history.alarms:
        for step in sorted(set(history.alarms)):
            axes.axvline(step, color="black", linewidth=1.0, linestyle=":")
        above = np.full(len(history.alarms), 1.015)
        where = axes.get_xaxis_transform()
        style = {"marker": "v", "s": 32, "color": "black", "clip_on": False, "zorder": 4}
        axes.scatter(history.alarms, above, transform=where, label="alarm", **style)
    axes.set_ylim(total - 0.5, -0.5)
    if _can_be_named(names, total):
        axes.set_yticks(range(total), [plain_text(name) for name in names])
    else:
        axes.yaxis.set_major_locator(MaxNLocator(min(total, 10), integer=True))
    axes.xaxis.set_major_locator(MaxNLocator(5, integer=True))
    axes.xaxis.set_major_formatter("{x:,.0f}")
    axes.set_xlim(edges[0], edges[-1])


def mode_counts(run: Run) -> Figure | None:
    """Samples in each mode beside what is expected; without counts, how many modes were reached."""
    seeds = [seed for seed in run.summary.seeds if seed.counts][:SEEDS]
    if not seeds:
        return reached(["modes"], [run])
    total = max(len(seed.counts) for seed in seeds)
    samples = int(run.summary.samples or max(sum(seed.counts) for seed in seeds))
    expected = np.array(list(run.summary.modes_expected.values()), float)
    if len(expected) != total:
        expected = np.full(total, samples / total)
    law = stats.binom(samples, np.minimum(expected / samples, 1))
    names = list(run.summary.modes_expected)
    return _sorted_counts(seeds, law) if total > MANY else _histogram(seeds, names, law)


def _histogram(seeds: Sequence[SeedSummary], names: Sequence[str], law: Any) -> Figure:
    low, high = law.ppf(0.025), law.ppf(0.975)
    total = len(low)
    figure = Figure((min(9.0, 0.2 * total + 4.4), 1.5 * len(seeds) + 1.0), dpi=110, layout="constrained")
    grid = figure.subplots(len(seeds), 1, squeeze=False, sharex=True)[:, 0]
    edges = np.arange(total + 1) - 0.5
    for axes, seed in zip(grid, seeds, strict=True):
        counts, states = np.array(seed.counts, float), _states(seed, names, total)
        for state in dict.fromkeys(states):
            of_state = np.flatnonzero(states == state)
            axes.bar(of_state, counts[of_state], color=STATES[state], width=0.75, label=f"{state} mode")
        axes.stairs(high, edges, baseline=low, fill=True, color="#444444", alpha=0.25, linewidth=0)
        axes.stairs(law.mean(), edges, baseline=None, label="expected of real data, with its 95 % range", **DASHED)
        if (lost := np.flatnonzero(states == "lost")).size:
            where = axes.get_xaxis_transform()
            axes.scatter(lost, [0.08] * len(lost), marker="x", color=COLOURS[1], s=40, linewidths=2, transform=where)
        axes.set_ylim(0, 1.1 * max(high.max(), counts.max()))
        if _can_be_named(names, total):
            axes.set_xticks(range(total), [plain_text(name) for name in names], rotation=30, ha="right")
        else:
            axes.set_xticks(range(0, total, -(-total // 25)))
        label_axes(axes, y=f"seed {seed.seed}\nsamples")
    label_axes(grid[-1], x="mode", y=grid[-1].get_ylabel())
    handles = {label: handle for axes in grid for handle, label in zip(*axes.get_legend_handles_labels(), strict=True)}
    figure.legend(handles.values(), handles.keys(), loc="outside upper center", ncols=3, fontsize=8, frameon=False)
    return figure


def _can_be_named(names: Sequence[str], total: int) -> bool:
    return len(names) == total <= NAMED and max(map(len, names)) <= LETTERS


def _states(seed: SeedSummary, names: Sequence[str], total: int) -> np.ndarray:
    """`[total]` words: which modes the verdict calls lost or starved; all are kept where it says nothing."""
    states = np.full(total, "kept", dtype=object)
    for state in ("lost", "starved") if seed.verdict is not None else ():
        states[[names.index(name) for name in getattr(seed.verdict, state)]] = state
    return states


def _sorted_counts(seeds: Sequence[SeedSummary], law: Any) -> Figure:
    figure = Figure((8.8, 3.5), dpi=110, layout="constrained")
    left, right = figure.subplots(1, 2)
    total = len(law.mean())
    # What a mixture of the modes' laws gives to the most frequent of them, the second, and so on.
    levels = 1 - (np.arange(total) + 0.5) / total
    counts = np.arange(math.ceil(law.ppf(1 - 1e-6).max()) + 1)
    below = np.mean([law.cdf(n) for n in counts], axis=1)
    usual = counts[np.minimum(np.searchsorted(below, levels), len(counts) - 1)]
    drawn = {f"seed {seed.seed}": np.array(seed.counts, float) for seed in seeds}
    for i, (name, x) in enumerate([*drawn.items(), ("expected of real data", usual)]):
        style = {"color": COLOURS[i], "linewidth": 1.6} if name in drawn else DASHED
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
