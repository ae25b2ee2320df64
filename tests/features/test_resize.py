"""The resize of TensorFlow 1 against an explicit loop."""

import math

import jax.numpy as jnp
import numpy as np
import pytest

from jaxgan.features._resize import resize_bilinear
from tests.helpers import fetched

resize = fetched(resize_bilinear, static_argnums=(1, 2))


def explicit(image: np.ndarray, height: int, width: int) -> np.ndarray:
    """One image, pixel by pixel."""
    old_height, old_width, channels = image.shape
    result = np.zeros((height, width, channels))
    for i in range(height):
        for j in range(width):
            y, x = i * old_height / height, j * old_width / width
            top, left = math.floor(y), math.floor(x)
            bottom, right = min(top + 1, old_height - 1), min(left + 1, old_width - 1)
            above = image[top, left] + (image[top, right] - image[top, left]) * (x - left)
            below = image[bottom, left] + (image[bottom, right] - image[bottom, left]) * (x - left)
            result[i, j] = above + (below - above) * (y - top)
    return result


@pytest.mark.parametrize(
    ("old", "new"), [((8, 6), (23, 31)), ((32, 32), (29, 29)), ((40, 17), (7, 50)), ((1, 3), (4, 1))]
)
def test_explicit_loop(old, new):
    images = np.random.default_rng(0).uniform(-1, 1, (2, *old, 3)).astype(np.float32)
    expected = np.stack([explicit(image.astype(np.float64), *new) for image in images])
    resized = resize(images, *new)
    assert resized.dtype == jnp.float32
    np.testing.assert_allclose(resized, expected, atol=1e-5)


def test_known_values():
    # Twice as large, every second pixel is an old one, and the last one is repeated.
    row = np.array([0.0, 2.0, 6.0], np.float32)[None, None, :, None]
    np.testing.assert_array_equal(resize(row, 1, 6)[0, 0, :, 0], [0, 1, 2, 4, 6, 6])
    # Half as large, every second pixel is dropped.
    row = np.arange(6.0, dtype=np.float32)[None, None, :, None]
    np.testing.assert_array_equal(resize(row, 1, 3)[0, 0, :, 0], [0, 2, 4])


def test_same_size_changes_nothing():
    images = np.random.default_rng(0).uniform(-1, 1, (1, 299, 299, 1)).astype(np.float32)
    np.testing.assert_array_equal(resize(images, 299, 299), images)
