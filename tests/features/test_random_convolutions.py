"""The random convolutional network against an explicit one, and what a metric expects of it."""

import jax
import jax.numpy as jnp
import numpy as np
import pytest
from numpy.lib.stride_tricks import sliding_window_view

from jaxgan import features
from tests.helpers import fetched, jit


@pytest.fixture
def images():
    return np.random.default_rng(0).uniform(-1, 1, (3, 9, 9, 2)).astype(np.float32)


def explicit(images: np.ndarray, *, size: int, seed: int, width: int) -> np.ndarray:
    """The network in NumPy and float64, for images that have the right size already."""
    random = np.random.RandomState(seed)
    x, means, deviations = images.astype(np.float64), [], []
    while x.shape[1] >= 4:
        inputs = x.shape[3]
        kernel = np.sqrt(2 / (1.04 * 9 * inputs)) * random.standard_normal((3, 3, inputs, width))
        windows = sliding_window_view(np.pad(x, ((0, 0), (1, 1), (1, 1), (0, 0))), (3, 3), axis=(1, 2))
        y = np.einsum("nhwcab,abco->nhwo", windows, kernel)
        y = np.where(y > 0, y, 0.2 * y)
        means.append(y.mean(axis=(1, 2)))
        deviations.append(np.sqrt(y.var(axis=(1, 2)) + 1e-6))
        even = y.shape[1] // 2 * 2
        x = (
            y[:, 0:even:2, 0:even:2] + y[:, 1:even:2, 0:even:2] + y[:, 0:even:2, 1:even:2] + y[:, 1:even:2, 1:even:2]
        ) / 4
    return np.concatenate(means + deviations, axis=1)


def test_explicit_network(images):
    extract = features.random_convolutions(channels=2, size=9, seed=3, width=5)
    found = jit(extract)(images)
    assert (found.shape, found.dtype) == ((3, 20), jnp.float32)
    np.testing.assert_allclose(found, explicit(images, size=9, seed=3, width=5), rtol=1e-4, atol=1e-5)


@pytest.mark.parametrize(("size", "stages"), [(4, 1), (7, 1), (8, 2), (15, 2), (16, 3), (32, 4), (64, 5)])
def test_number_of_features(size, stages):
    low, wide = jax.ShapeDtypeStruct((2, 28, 28, 1), jnp.bfloat16), jax.ShapeDtypeStruct((1, 32, 32, 3), jnp.float32)
    extract = features.random_convolutions(channels=1, size=size, width=3)
    assert jax.eval_shape(extract, low).shape == (2, 2 * 3 * stages)
    assert jax.eval_shape(features.random_convolutions(channels=3), wide).shape == (1, 512)


def test_the_function_never_changes():
    # Numbers that were published with this extractor hang on these values.
    image = np.linspace(-1, 1, 64, dtype=np.float32).reshape(1, 8, 8, 1)
    found = fetched(features.random_convolutions(channels=1, size=8, width=2))(image)
    expected = [0.4706267, 0.2378865, -0.0846599, 0.3758277, 0.9174951, 0.4971339, 0.3808004, 0.5746068]
    np.testing.assert_allclose(found[0], expected, rtol=1e-4)


def test_seeds_differ_and_equal_seeds_do_not(images):
    def extract(seed):
        return fetched(features.random_convolutions(channels=2, size=8, seed=seed, width=4))(images)

    np.testing.assert_array_equal(extract(1), extract(1))
    assert np.abs(extract(1) - extract(2)).max() > 0.1


@pytest.mark.parametrize("value", [-1.0, 0.0, 1.0])
def test_constant_images_have_finite_features_and_gradients(value):
    extract = features.random_convolutions(channels=1, size=8, width=4)
    images = np.full((2, 8, 8, 1), value, np.float32)
    found = fetched(lambda images: (extract(images), jax.grad(lambda images: extract(images).sum())(images)))(images)
    assert all(np.isfinite(a).all() for a in found)


def test_what_is_wrong_is_named(images):
    for arguments, message in (
        ({"channels": 0}, "got 0 and 64"),
        ({"channels": 1, "width": 0}, "got 1 and 0"),
        ({"channels": 1, "size": 3}, "size must be at least 4 pixels, got 3"),
        ({"channels": 1, "seed": -1}, "seed must not be negative, got -1"),
    ):
        with pytest.raises(ValueError, match=message):
            features.random_convolutions(**arguments)
    with pytest.raises(ValueError, match=r"must have 3 channels, got shape \(3, 9, 9, 2\)"):
        features.random_convolutions(channels=3)(images)
