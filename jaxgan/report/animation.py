"""Samples through training as an animation: one picture for each snapshot, all with the same axes."""

import io
from typing import NamedTuple

import numpy as np
from matplotlib.axes import Axes
from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.figure import Figure
from PIL import Image

from jaxgan.report.files import Run
from jaxgan.report.samples import View, draw_examples, seed_names, view_of
from jaxgan.report.style import label_axes
from jaxgan.report.words import number

FRAMES = 40  # at most so many
LARGE = 700_000  # bytes of all frames together; above it every second one is left out
_DPI = 110


class Animation(NamedTuple):
    """Pictures of one size.

    Attributes:
      width: inches, of `_DPI` pixels each.
      frames: of each picture its title and its bytes, a WebP file.
    """

    width: float
    frames: list[tuple[str, bytes]]


def samples_evolving(run: Run) -> Animation | None:
    """Draws every snapshot of a run, or as many as a page can carry; None with fewer than two."""
    if len(run.snapshots) < 2:
        return None
    names = seed_names(run.summary, run.snapshots.shape[1])
    view = view_of(run.real if len(run.real) else run.snapshots[-1, 0])
    chosen = np.unique(np.linspace(0, len(run.snapshots) - 1, FRAMES).round().astype(int))
    columns = min(2, len(names))
    lines = -(-len(names) // columns)
    side = 4.4 if columns == 1 else 3.3
    size = (side * columns + 0.3, side * lines + 0.6)
    figure, cells = _grid(size, (lines, columns), view, names)
    frames: list[tuple[str, bytes]] = []
    lossless = True
    for t in chosen:
        title = f"step {number(float(run.steps[t]))}"
        image = _drawn(figure, cells, view, run.snapshots[t], run.real, title)
        if not frames:  # points and digits are smaller without loss, photographs with it
            lossless = len(_webp(image, lossless=True)) <= len(_webp(image, lossless=False))
        frames.append((title, _webp(image, lossless=lossless)))
    while sum(len(data) for _, data in frames) > LARGE and len(frames) > 2:
        frames = frames[::-2][::-1]  # the last one stays
    return Animation(size[0], frames)


def _grid(size: tuple[float, float], grid: tuple[int, int], view: View, names: list[str]) -> tuple[Figure, list[Axes]]:
    """A figure with one cell for each seed, still empty."""
    figure = Figure(size, dpi=_DPI)
    cells = figure.subplots(*grid, squeeze=False).ravel()
    # Places in inches from the edges, the same in every frame: a layout that fits itself to the content would jump.
    left, bottom = (0.15, 0.15) if view.images else (0.55, 0.5)
    figure.subplots_adjust(
        left=left / size[0],
        right=1 - 0.1 / size[0],
        bottom=bottom / size[1],
        top=1 - 0.6 / size[1],
        wspace=0.12,
        hspace=0.16,
    )
    for axes in cells[len(names) :]:
        axes.set_axis_off()
    for i, (axes, name) in enumerate(zip(cells, names, strict=False)):
        label_axes(axes, name)
        if i % grid[1] and not view.images:
            axes.tick_params(labelleft=False)
        if i + grid[1] < len(names):
            axes.tick_params(labelbottom=False)
    if not view.images:
        figure.supxlabel(view.labels[0], fontsize=9, y=0.02)
        figure.supylabel(view.labels[1], fontsize=9, x=0.01)
    return figure, list(cells[: len(names)])


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
