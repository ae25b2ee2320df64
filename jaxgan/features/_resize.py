"""Bilinear resizing as TensorFlow 1 did it, which the Inception network of the Fréchet distance was used with."""

import jax
import jax.numpy as jnp
import numpy as np

from jaxgan.types import Array


def resize_bilinear(images: Array, height: int, width: int) -> Array:
    """Resizes images bilinearly with `align_corners=False`, without half-pixel centres and without antialiasing.

    Along each axis, output pixel `i` lies at `i * old / new` of the input, between the pixels `floor` and
    `floor + 1` of it, where one beyond the last is the last. Pictures shift by up to half a pixel, and a larger one
    aliases: this is the convention `inception-v3-compat` of the published distances, a correct resize is
    `jax.image.resize`. Parmar, Zhang, Zhu, "On Aliased Resizing and Surprising Subtleties in GAN Evaluation", 2022.

    Args:
      images: `[n, old height, old width, channels]`.
      height: new height, at least 1.
      width: new width, at least 1.

    Returns:
      `[n, height, width, channels]` in the dtype of the images.
    """
    rows = jnp.asarray(_matrix(images.shape[1], height), images.dtype)
    columns = jnp.asarray(_matrix(images.shape[2], width), images.dtype)
    highest = jax.lax.Precision.HIGHEST
    images = jnp.einsum("ab,nbwc->nawc", rows, images, precision=highest)
    return jnp.einsum("ab,nhbc->nhac", columns, images, precision=highest)


def _matrix(old: int, new: int) -> np.ndarray:
    """The `[new, old]` matrix of one axis, float32; positions are rounded to float32 as TensorFlow rounds them."""
    position = np.arange(new, dtype=np.float32) * (np.float32(old) / np.float32(new))
    # Rounding could carry the last position of a strong enlargement to the end of the axis.
    low = np.minimum(np.floor(position).astype(np.int64), old - 1)
    share = position - low.astype(np.float32)
    matrix = np.zeros((new, old), np.float32)
    index = np.arange(new)
    np.add.at(matrix, (index, low), 1 - share)
    np.add.at(matrix, (index, np.minimum(low + 1, old - 1)), share)
    return matrix
