"""Raw pixels as features."""

from collections.abc import Callable

import jax

from jaxgan.features._images import float_images
from jaxgan.types import Array


def pixels(size: int | None = None) -> Callable[[Array], Array]:
    """Makes an extractor of the pixels themselves, of images that are made smaller first if a size is given.

    It needs no weights and compares images position by position: good for low resolutions, blind to what a picture
    shows. Images larger than `size` are resized with a triangle filter that is widened until it covers every pixel,
    so that nothing aliases; smaller ones are interpolated linearly.

    Args:
      size: side in pixels of what is compared, at least 1; None takes the images as they are.

    Returns:
      `extract(images) -> features` for images `[n, height, width, channels]` in [-1, 1]. Features are float32
      `[n, size * size * channels]`, or `[n, height * width * channels]` without a size, in [-1, 1].

    Raises:
      ValueError: if `size` is below 1; from the extractor, if it is not given floating images.
    """
    if size is not None and size < 1:
        raise ValueError(f"size must be at least 1 pixel, got {size}")

    def extract(images: Array) -> Array:
        images = float_images(images)
        if size is not None:
            shape = (images.shape[0], size, size, images.shape[3])
            images = jax.image.resize(images, shape, "linear", antialias=True, precision=jax.lax.Precision.HIGHEST)
        return images.reshape(images.shape[0], -1)

    return extract
