"""Pixels as features."""

import jax
import jax.numpy as jnp
import numpy as np
import pytest

from jaxgan import features


@pytest.fixture
def images():
    return np.random.default_rng(0).uniform(-1, 1, (3, 8, 6, 2)).astype(np.float32)


def test_as_they_are(images):
    found = features.pixels()(images)
    assert found.dtype == jnp.float32
    np.testing.assert_array_equal(found, images.reshape(3, 96))


def test_of_size(images):
    found = jax.jit(features.pixels(4))(images)
    assert found.shape == (3, 32)
    # The triangle over four rows has the weights 1, 3, 3, 1 inside the image.
    column = np.repeat(np.linspace(-1, 1, 8, dtype=np.float32)[None, :, None, None] ** 3, 8, axis=2)
    resized = features.pixels(4)(jnp.asarray(column)).reshape(4, 4)
    inside = column[0, :, 0, 0]
    expected = (inside[1] + 3 * inside[2] + 3 * inside[3] + inside[4]) / 8
    np.testing.assert_allclose(resized[1], np.full(4, expected), rtol=1e-5)


def test_constant_images_stay_constant():
    for value in (-1.0, 0.3, 1.0):
        found = features.pixels(5)(jnp.full((2, 13, 9, 1), value))
        np.testing.assert_allclose(found, np.full((2, 25), value), rtol=1e-5)


def test_what_is_wrong_is_named():
    with pytest.raises(ValueError, match="size must be at least 1 pixel, got 0"):
        features.pixels(0)
    with pytest.raises(ValueError, match=r"got shape \(3, 4\)"):
        features.pixels()(jnp.zeros((3, 4)))
    with pytest.raises(ValueError, match="got int32"):
        features.pixels()(jnp.zeros((3, 4, 4, 1), jnp.int32))
