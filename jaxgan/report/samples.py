"""Pictures of samples: points, images, or projections of longer vectors."""

import math
from collections.abc import Sequence
from typing import NamedTuple

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from sklearn.decomposition import PCA

from jaxgan.report.files import Run, finite_examples
from jaxgan.report.maps import draw_map
from jaxgan.report.style import COLOURS, SEEDS, in_colour, label_axes, mosaic, note
from jaxgan.report.words import number, value
from jaxgan.runs.summary import Summary
from jaxgan.types import Kind

_SNAPSHOTS, _POINTS, _TILES = 6, 2500, 6  # at most so many are drawn (tiles: along each side)
TILED: tuple[Kind, ...] = ("images", "sequences")  # kinds whose examples are small pictures
_ROWS = 12  # sequences below each other, at most
_PANEL = 160  # pixels along a picture's side that its tiles may have together, unless they are large


class View(NamedTuple):
    """How examples are shown: images and sequences as tiles, all else as points inside `limits`, `[axes, 2]`.

    Attributes:
      kind: what an example is.
      pca: what projects points of more than two dimensions.
      labels: of both axes of points.
      limits: `[x and y, low and high]` of points; `[0, low and high]` of the values of sequences.
    """

    kind: Kind
    pca: PCA | None
    labels: tuple[str, str]
    limits: np.ndarray

    @property
    def tiled(self) -> bool:
        """Whether every example is a small picture by itself."""
        return self.kind in TILED


def view_of(kind: Kind, reference: np.ndarray) -> View:
    """The view of examples of a kind, fitted to the real ones, `[n, ...]`."""
    if kind == "sequences":
        finite = reference[np.isfinite(reference)]
        low, high = (finite.min(), finite.max()) if finite.size else (-1.0, 1.0)
        return View(kind, None, ("", ""), np.array([[low, max(high, low + 1e-6)]]))
    if kind == "images":
        return View(kind, None, ("", ""), np.array([[-1.0, 1.0]]))
    flat = reference[finite_examples(reference)].reshape(-1, math.prod(reference.shape[1:]))
    pca, labels = None, ("x", "y")
    if flat.shape[1] > 2 and len(flat) > 1 and np.ptp(flat, axis=0).any():
        pca = PCA(2, svd_solver="full").fit(flat)
        shares = [100 * float(share) for share in pca.explained_variance_ratio_]
        labels = (
            f"first principal component of real data ({shares[0]:.0f} % of variance)",
            f"second principal component ({shares[1]:.0f} %)",
        )
    view = View(kind, pca, labels, np.zeros((2, 2)))
    points = _points(view, flat) if len(flat) else np.zeros((1, 2))
    low, high = points.min(0), points.max(0)
    half = 0.75 * max(float(np.max(high - low)), 1e-3)
    return view._replace(limits=((low + high) / 2)[:, None] + np.array([-half, half]))


def _points(view: View, x: np.ndarray) -> np.ndarray:
    """`[n, ...] -> [k, 2]`: where the finite ones of the examples lie in the plane."""
    flat = x[finite_examples(x)].reshape(-1, math.prod(x.shape[1:]))
    if view.pca is None or not len(flat):
        return np.pad(flat, ((0, 0), (0, max(0, 2 - flat.shape[1]))))[:, :2]
    return view.pca.transform(flat)


def as_images(kind: Kind, examples: np.ndarray, limits: np.ndarray) -> np.ndarray:
    """Examples that are shown as small pictures, as images `[n, h, w, c]` in [-1, 1].

    A sequence `[time, channels]` becomes a grey picture of them: time runs to the right, each channel is a row, and the
    values between `limits`, `[..., low and high]`, run from black to white.
    """
    if kind == "images":
        return examples
    low, high = limits[0]
    return (2 * (examples - low) / (high - low) - 1).swapaxes(1, 2)[..., None]


def _tiled(view: View, examples: np.ndarray) -> np.ndarray:
    """Small pictures side by side, with white lines between them; NaN in vermillion."""
    images = as_images(view.kind, examples, view.limits)
    if view.kind == "sequences":
        rows = max(3, min(_ROWS, round(images.shape[2] / images.shape[1] * 3)))
        columns = max(1, round(rows * images.shape[1] / images.shape[2]))
        return mosaic(in_colour(images[: rows * columns]), columns)
    side = min(max(3, min(_TILES, _PANEL // images.shape[1])), math.isqrt(len(images)))
    return mosaic(in_colour(images[: side * side]), side)


def draw_examples(axes: Axes, view: View, real: np.ndarray, fake: np.ndarray | None) -> None:
    """Draws the examples `fake` over `real`, or `real` alone."""
    shown = real if fake is None else fake
    notes = []
    if view.tiled:
        axes.set(xticks=[], yticks=[])
        axes.imshow(_tiled(view, shown), interpolation="auto", aspect="auto" if view.kind == "sequences" else "equal")
    else:
        for x, colour, size in ((real, "#BDBDBD", 5.0), (shown, COLOURS[0], 3.0)):
            points = _points(view, x) if len(x) else np.zeros((0, 2))
            inside = ((points >= view.limits[:, 0]) & (points <= view.limits[:, 1])).all(1)
            axes.scatter(
                *points[inside][:_POINTS].T,
                s=size,
                color="#444444" if fake is None else colour,
                alpha=0.5,
                linewidths=0,
            )
            if x is shown and not inside.all():
                # At the edge where they would leave the view, so that a panel is never empty.
                edge = np.clip(points[~inside][:_POINTS], view.limits[:, 0], view.limits[:, 1])
                axes.scatter(*edge.T, s=14, color=COLOURS[1], alpha=0.5, linewidths=0, clip_on=False, zorder=4)
                notes.append(f"{100 - 100 * np.mean(inside):.3g} % outside")
        axes.set(xlim=view.limits[0], ylim=view.limits[1], aspect="equal")
    if broken := 1 - np.mean(finite_examples(shown)):
        notes.append(f"{100 * broken:.3g} % not finite")
    if notes:
        note(axes, "\n".join(notes))


def grid_of_cells(
    shape: tuple[int, int], side: float, across: tuple[float, float], down: tuple[float, float]
) -> tuple[Figure, np.ndarray]:
    """Square cells `[lines, columns]` with the same axes, in a figure with margins left and right, bottom and top.

    All sizes are in inches. Matplotlib's own layout, which fits itself to the content, takes longer than all drawing
    for so many cells, and jumps from frame to frame of an animation.
    """
    lines, columns = shape
    width, height = side * columns + sum(across), side * lines + sum(down)
    figure = Figure((width, height), dpi=110)
    cells = figure.subplots(
        lines,
        columns,
        squeeze=False,
        sharex=True,
        sharey=True,
        gridspec_kw={
            "left": across[0] / width,
            "right": 1 - across[1] / width,
            "bottom": down[0] / height,
            "top": 1 - down[1] / height,
            "wspace": 0.12,
            "hspace": 0.12,
        },
    )
    return figure, cells


def label_figure(figure: Figure, view: View) -> None:
    """Names the two directions of points, once for all cells."""
    if view.kind == "sequences":
        figure.supxlabel("time", fontsize=9, y=0.06 / figure.get_figheight(), va="bottom")
    elif not view.tiled:
        figure.supxlabel(view.labels[0], fontsize=9, y=0.06 / figure.get_figheight(), va="bottom")
        figure.supylabel(view.labels[1], fontsize=9, x=0.06 / figure.get_figwidth(), ha="left")


def _gallery(kind: Kind, rows: dict[str, list[np.ndarray]], titles: Sequence[str], real: np.ndarray) -> Figure:
    """Samples `rows[name][column]`, `[n, ...]` each, and the real examples at the right of the first row."""
    view = view_of(kind, real if len(real) else next(iter(rows.values()))[-1])
    columns = len(titles) + 1
    left, bottom, top = (0.35, 0.3 if kind == "sequences" else 0.1, 0.35) if view.tiled else (0.85, 0.55, 0.65)
    figure, grid = grid_of_cells((len(rows), columns), 1.65, (left, 0.1), (bottom, top))
    for i, (name, row) in enumerate(rows.items()):
        for j, axes in enumerate(grid[i]):
            label_axes(axes, [*titles, "real data"][j] if i == 0 else "", y=name if j == 0 else "")
            if j < len(row):
                draw_examples(axes, view, real, row[j])
            elif i == 0 and j == columns - 1 and len(real):
                draw_examples(axes, view, real, None)
            else:
                axes.set_axis_off()
    if not view.tiled:
        figure.suptitle(
            "Generated (blue; orange at the edge: outside) over real (grey)",
            fontsize=10,
            y=1 - 0.08 / figure.get_figheight(),
            va="top",
        )
    label_figure(figure, view)
    return figure


def seed_names(summary: Summary, count: int) -> list[str]:
    seeds = [seed.seed for seed in summary.seeds]
    return [f"seed {seed}" for seed in (seeds if len(seeds) == count else range(count))][:SEEDS]


def samples_through_training(run: Run) -> Figure | None:
    steps, snapshots = run.steps, run.snapshots
    if not snapshots.size:
        steps, snapshots = np.array([value(run.summary.steps)]), run.samples[None]
    if not snapshots.size:
        return None
    chosen = np.unique(np.linspace(0, len(snapshots) - 1, _SNAPSHOTS).round().astype(int))
    names = seed_names(run.summary, snapshots.shape[1])
    rows = {name: [snapshots[t, i] for t in chosen] for i, name in enumerate(names)}
    return _gallery(run.kind, rows, [f"step {number(float(steps[t]))}" for t in chosen], run.real)


def map_of_samples(run: Run) -> Figure | None:
    """Principal components and t-SNE of the real samples and of each seed's, as vectors of pixels or coordinates."""
    sets = [x[finite_examples(x)].reshape(-1, math.prod(x.shape[1:])) for x in (run.real, *run.samples)]
    real, *fakes = sets
    names = seed_names(run.summary, len(fakes))
    named = {name: x for name, x in zip(names, fakes, strict=False) if len(x)}
    if not named or len(real) < 2 or not np.ptp(real, axis=0).any():
        return None
    return draw_map(real, named)


def final_samples(names: Sequence[str], runs: Sequence[Run]) -> Figure | None:
    rows = {name: list(run.samples[:SEEDS]) for name, run in zip(names, runs, strict=True) if run.samples.size}
    if not rows:
        return None
    longest = max(runs, key=lambda run: len(run.samples))
    real = next((run.real for run in runs if run.real.size), np.zeros(0))
    return _gallery(longest.kind, rows, seed_names(longest.summary, len(longest.samples)), real)
