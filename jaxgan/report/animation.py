"""Samples through training as an animation: one picture for each snapshot, all with the same axes."""

import io
from typing import NamedTuple

import numpy as np
from matplotlib.axes import Axes
from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.figure import Figure
from PIL import Image

from jaxgan.report.files import Run
from jaxgan.report.samples import View, draw_examples, grid_of_cells, label_figure, seed_names, view_of
from jaxgan.report.style import label_axes
from jaxgan.report.words import number

FRAMES = 40  # at most so many
LARGE = 700_000  # bytes of all frames together; above it every second one is left out


class Animation(NamedTuple):
    """Pictures of one size.

    Attributes:
      width: inches.
      frames: of each picture its title and its bytes, a WebP file.
    """

    width: float
    frames: list[tuple[str, bytes]]


def samples_evolving(run: Run) -> Animation | None:
    """Draws every snapshot of a run, or as many as a page can carry; None with fewer than two."""
    return _animated(run, run.snapshots, [f"step {number(float(step))}" for step in run.steps])


def interpolations(run: Run) -> Animation | None:
    """Draws what lies between latents, frame by frame; None where nothing was kept of it."""
    last = max(len(run.interpolations) - 1, 1)
    titles = [f"{100 * i / last:.0f} % of the way" for i in range(len(run.interpolations))]
    return _animated(run, run.interpolations, titles)


def _animated(run: Run, snapshots: np.ndarray, titles: list[str]) -> Animation | None:
    """A frame for each of `snapshots`, `[frames, seeds, n, ...]`, or for as many as a page can carry."""
    if len(snapshots) < 2:
        return None
    names = seed_names(run.summary, snapshots.shape[1])
    view = view_of(run.kind, run.real if len(run.real) else snapshots[-1, 0])
    chosen = np.unique(np.linspace(0, len(snapshots) - 1, FRAMES).round().astype(int))
    columns = min(2, len(names))
    lines = -(-len(names) // columns)
    figure, cells = _grid(4.0 if columns == 1 else 3.1, (lines, columns), view, names)
    frames: list[tuple[str, bytes]] = []
    lossless = True
    for t in chosen:
        image = _drawn(figure, cells, view, snapshots[t], run.real, titles[t])
        if not frames:  # points and digits are smaller without loss, photographs with it
            lossless = len(_webp(image, lossless=True)) <= len(_webp(image, lossless=False))
        frames.append((titles[t], _webp(image, lossless=lossless)))
    while sum(len(data) for _, data in frames) > LARGE and len(frames) > 2:
        frames = frames[::-2][::-1]  # the last one stays
    return Animation(figure.get_figwidth(), frames)


def _grid(side: float, grid: tuple[int, int], view: View, names: list[str]) -> tuple[Figure, list[Axes]]:
    """A figure with one cell for each seed, still empty."""
    left, bottom = (0.15, 0.35 if view.kind == "sequences" else 0.15) if view.tiled else (0.6, 0.5)
    figure, cells = grid_of_cells(grid, side, (left, 0.1), (bottom, 0.6))
    for axes in cells.flat[len(names) :]:
        axes.set_axis_off()
    for i, (axes, name) in enumerate(zip(cells.flat, names, strict=False)):
        label_axes(axes, name)
        if i + grid[1] >= len(names) and not view.tiled:  # the last one of its column
            axes.tick_params(labelbottom=True)
    label_figure(figure, view)
    return figure, list(cells.flat[: len(names)])


def _drawn(
    figure: Figure, cells: list[Axes], view: View, samples: np.ndarray, real: np.ndarray, title: str
) -> Image.Image:
    """One frame of the grid, from which the frame before is removed."""
    figure.suptitle(title, fontsize=12, y=1 - 0.1 / figure.get_figheight(), va="top")
    for axes, of_seed in zip(cells, samples, strict=False):
        for artist in [*axes.collections, *axes.images, *axes.texts]:
            artist.remove()
        draw_examples(axes, view, real, of_seed)
    canvas = FigureCanvasAgg(figure)
    canvas.draw()
    return Image.fromarray(np.ascontiguousarray(np.asarray(canvas.buffer_rgba())[..., :3]))


def _webp(image: Image.Image, lossless: bool) -> bytes:
    buffer = io.BytesIO()
    image.save(buffer, format="webp", lossless=lossless, quality=80, method=4)
    return buffer.getvalue()
