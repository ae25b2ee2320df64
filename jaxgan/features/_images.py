"""What every feature extractor asks of the images that it is given."""

import jax.numpy as jnp
from jax.typing import ArrayLike

from jaxgan.types import Array


def float_images(images: ArrayLike, *, channels: tuple[int, ...] = ()) -> Array:
    """Reads images as float32.

    Args:
      images: `[n, height, width, channels]`, floating, in [-1, 1].
      channels: how many channels they may have; empty for any number.

    Returns:
      The images in float32.

    Raises:
      ValueError: if they are no batch of images, have other channels, or hold integers, which are pixels in [0, 255].
    """
    images = jnp.asarray(images)
    if images.ndim != 4 or 0 in images.shape[1:]:
        raise ValueError(f"images must be [n, height, width, channels], got shape {images.shape}")
    if channels and images.shape[-1] not in channels:
        allowed = " or ".join(map(str, channels))
        raise ValueError(f"images must have {allowed} channels, got shape {images.shape}")
    if not jnp.issubdtype(images.dtype, jnp.floating):
        raise ValueError(f"images must be floating, in [-1, 1], got {images.dtype}")
    return images.astype(jnp.float32)
