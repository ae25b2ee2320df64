"""One picture of samples, as a file: images and sequences side by side, points in the plane."""

import io
import math

import numpy as np
from matplotlib.figure import Figure
from PIL import Image

from jaxgan.report.samples import as_images, draw_examples, label_figure, view_of
from jaxgan.report.style import in_colour, label_axes, mosaic, png
from jaxgan.types import Kind

SIDE = 64  # pixels that a small image is enlarged to, by a whole number
GAP = 2  # pixels between two images
LARGEST = 100_000_000  # pixels


def picture_of_samples(kind: Kind, samples: np.ndarray, real: np.ndarray) -> bytes:
    """Draws samples: all images, as a grid; up to 2500 points, over real ones, with more than two axes by components.

    Rows of a table are drawn as the points that encode them.

    Args:
      kind: what an example is, "images", "sequences", "points" or "tables".
      samples: `[n, ...]`, n at least 1; images in [-1, 1].
      real: `[m, ...]`, real examples, which decide what part of the plane is shown, or which values of sequences are
        black and white; `[0]` where none are at hand.

    Returns:
      The bytes of a PNG file.

    Raises:
      ValueError: there is no picture of such examples, or it would be too large.
    """
    if kind == "images":
        return _grid(samples)
    if kind == "sequences":
        limits = view_of(kind, real if len(real) else samples).limits
        return _grid(as_images(kind, samples, limits))
    if kind in ("points", "tables"):
        return png(_scatter(samples, real))
    raise ValueError(f"there is no picture of {kind}, only of images, sequences and points: take a .npz file")


def _grid(images: np.ndarray) -> bytes:
    height, width = images.shape[1:3]
    columns = max(1, math.ceil(math.sqrt(len(images) * height / width)))
    by = max(1, SIDE // max(height, width))
    if (pixels := len(images) * (by * height + GAP) * (by * width + GAP)) > LARGEST:
        raise ValueError(f"a picture of {len(images)} images would have {pixels:,} pixels: draw fewer, or a .npz file")
    enlarged = in_colour(images).repeat(by, axis=1).repeat(by, axis=2)
    buffer = io.BytesIO()
    shown = mosaic(enlarged, columns, GAP)
    Image.fromarray(np.rint(255 * shown).astype(np.uint8)).save(buffer, format="png", optimize=True)
    return buffer.getvalue()


def _scatter(points: np.ndarray, real: np.ndarray) -> Figure:
    view = view_of("points", real if len(real) else points)
    figure = Figure((5.2, 5.2), dpi=110)
    axes = figure.add_axes((0.14, 0.11, 0.82, 0.82))
    draw_examples(axes, view, real if len(real) else points[:0], points)
    label_axes(axes, "Generated (blue) over real (grey)" if len(real) else "Generated")
    label_figure(figure, view)
    return figure
