"""The looks that all figures share, and how a picture becomes a file."""

import io

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from PIL import Image

from jaxgan.backend.arrays import readable

# The colours of Okabe and Ito, which colour-blind readers can tell apart.
COLOURS = ("#0072B2", "#D55E00", "#009E73", "#CC79A7", "#E69F00", "#56B4E9")
DASHED = {"color": "#444444", "linestyle": "--", "linewidth": 1.3}
STATES = {"kept": COLOURS[0], "untested": "#BDBDBD", "starved": COLOURS[4], "lost": COLOURS[1]}  # of modes
SEEDS = 4  # at most so many are drawn
LONGEST = 24  # characters of a name in a picture
_NOT_FINITE = (0.84, 0.37, 0.0)
_LARGE = 800_000  # bytes; pictures of noise compress badly, so larger ones are stored in 256 colours


def label_axes(axes: Axes, title: str = "", x: str = "", y: str = "") -> None:
    axes.set_title(title, fontsize=10)
    axes.set_xlabel(x, fontsize=9)
    axes.set_ylabel(y, fontsize=9)
    axes.tick_params(labelsize=8)


def plain_text(name: str) -> str:
    """A name that comes from data as Matplotlib can draw it: no formula, nothing without a picture, not too long."""
    name = readable(name)
    return (name if len(name) <= LONGEST else f"{name[: LONGEST - 1]}…").replace("$", r"\$")


def note(axes: Axes, text: str) -> None:
    box = {"facecolor": "white", "edgecolor": "none", "alpha": 0.85, "pad": 1.5}
    axes.text(0.03, 0.03, text, transform=axes.transAxes, fontsize=8, color="black", bbox=box)


def in_colour(images: np.ndarray) -> np.ndarray:
    """Images `[n, h, w, c]` in [-1, 1] as red, green and blue `[n, h, w, 3]` in [0, 1]; NaN in vermillion.

    One channel is grey; of two the third is black, and of more than three the first three are shown.
    """
    images = images[..., :3]
    if images.shape[-1] == 2:
        images = np.concatenate([images, np.full_like(images[..., :1], -1)], axis=-1)
    return np.where(np.isfinite(images), np.clip((images + 1) / 2, 0, 1), _NOT_FINITE)


def mosaic(images: np.ndarray, columns: int, gap: int = 1) -> np.ndarray:
    """Images `[n, h, w, 3]` in [0, 1] in rows of so many `[height, width, 3]`, with white gaps of so many pixels."""
    lines = -(-len(images) // columns)
    padding = ((0, lines * columns - len(images)), (0, gap), (0, gap), (0, 0))
    shown = np.pad(images, padding, constant_values=1.0)
    _, h, w, c = shown.shape
    tiled = shown.reshape(lines, columns, h, w, c).swapaxes(1, 2).reshape(lines * h, columns * w, c)
    return tiled[: lines * h - gap, : columns * w - gap]


def png(figure: Figure) -> bytes:
    """The figure as a PNG file; the same figure gives the same bytes."""
    buffer = io.BytesIO()
    figure.savefig(buffer, format="png", metadata={"Software": None})
    if buffer.tell() > _LARGE:
        image = Image.open(buffer).convert("RGB").quantize(256)
        buffer = io.BytesIO()
        image.save(buffer, format="png", optimize=True)
    return buffer.getvalue()
