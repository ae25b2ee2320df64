"""How alike the rows of a generated table are: each column, and each two of them."""

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from jaxgan.report.files import Run
from jaxgan.report.style import COLOURS, DASHED, label_axes, plain_text
from jaxgan.runs.summary import Metric, Summary

MOST = 40  # columns that are shown, the worst ones
COLUMNS, PAIRS = "column_distances", "associations"


def columns_and_pairs(run: Run) -> Figure | None:
    """Each column's distance to the reals, and how strongly pairs go together, each beside other real rows."""
    found, real = _of_seeds(run.summary, COLUMNS), _real(run.summary, COLUMNS)
    if not found.size or len(real) != found.shape[1] or len(run.parts) != len(real):
        return None
    order = np.argsort(-found.mean(axis=0), kind="stable")[:MOST]
    pairs, expected = _of_seeds(run.summary, PAIRS), _real(run.summary, PAIRS)
    both = bool(pairs.size) and len(expected) == pairs.shape[1]
    figure = Figure((9.6 if both else 5.2, max(3.4, 1.4 + 0.24 * len(order))), dpi=110, layout="constrained")
    panels = figure.subplots(1, 1 + both, squeeze=False)[0]
    places = np.arange(len(order))
    panels[0].barh(places, found.mean(axis=0)[order], color=COLOURS[0], height=0.7, label="generated, mean of seeds")
    for of_seed in found if len(found) > 1 else ():
        panels[0].scatter(of_seed[order], places, color="black", s=8, zorder=3)
    panels[0].scatter(real[order], places, marker="|", color=COLOURS[1], s=120, linewidths=2, zorder=4, label="real")
    panels[0].set_yticks(places, [plain_text(run.parts[i]) for i in order])
    panels[0].set_ylim(len(order) - 0.4, -0.6)
    panels[0].set_xlim(left=0)
    label_axes(panels[0], "Distance of each column" + (", the worst" if len(order) < len(real) else ""), "0 is best")
    if both:
        _draw_pairs(panels[1], pairs, expected)
    for axes in panels:
        axes.grid(alpha=0.25)
        axes.legend(fontsize=8, framealpha=0.8)
    return figure


def _draw_pairs(axes: Axes, pairs: np.ndarray, expected: np.ndarray) -> None:
    low = min(0.0, float(expected.min()), float(pairs.min()))
    axes.plot([low, 1], [low, 1], label="as in real data", **DASHED)
    for i, of_seed in enumerate(pairs):
        label = "a pair of columns" if i == 0 else None
        axes.scatter(expected, of_seed, s=14, color=COLOURS[0], alpha=0.6, linewidths=0, label=label)
    axes.set_aspect("equal")
    label_axes(axes, "How strongly two columns go together", "in real data", "in generated data")


def _of_seeds(summary: Summary, name: str) -> np.ndarray:
    """`[seeds, k]`; nothing where it was not measured of every seed."""
    found = [seed.arrays.get(name, ()) for seed in summary.seeds]
    return np.array(found, float) if found and len({*map(len, found)}) == 1 else np.zeros((0, 0))


def _real(summary: Summary, name: str) -> np.ndarray:
    return np.atleast_1d(np.asarray(summary.metrics.get(name, Metric()).real, float))
