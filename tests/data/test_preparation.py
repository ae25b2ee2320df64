"""Preparing arrays: scaling and its inverse, outliers, copies, mirrored images."""

import numpy as np
import pytest

from jaxgan import data
from jaxgan.data import preparation

RNG = np.random.default_rng(0)
POINTS = RNG.normal([3.0, -200.0, 0.0], [0.1, 40.0, 1.0], (500, 3)).astype(np.float32)
IMAGES = RNG.uniform(5, 9, (20, 4, 6, 3))
SCALINGS = [preparation.to_unit_variance, preparation.to_unit_range]


@pytest.mark.parametrize("together", [False, True])
@pytest.mark.parametrize("x", [POINTS, IMAGES, IMAGES[..., :1], POINTS[:, 0]], ids=["points", "images", "grey", "one"])
@pytest.mark.parametrize("scaling", SCALINGS)
def test_scaling_is_inverted(scaling, x, together):
    found = scaling(x, together=together)
    assert found(x).dtype == x.dtype and found(x).shape == x.shape
    np.testing.assert_allclose(found.inverse(found(x)), x, rtol=1e-5, atol=1e-5)
    # Samples of a generator are brought back by the same numbers.
    np.testing.assert_allclose(found(found.inverse(x[:3])), x[:3], rtol=1e-4, atol=1e-3)


def test_variance_is_one_in_each_channel():
    for x, axes in ((POINTS, 0), (IMAGES, (0, 1, 2))):
        y = preparation.to_unit_variance(x)(x)
        np.testing.assert_allclose(y.mean(axes), 0.0, atol=1e-5)
        np.testing.assert_allclose(y.std(axes), 1.0, rtol=1e-5)
    y = preparation.to_unit_variance(POINTS, together=True)(POINTS)
    np.testing.assert_allclose([y.mean(), y.std()], [0.0, 1.0], atol=1e-5)
    np.testing.assert_allclose(y[:, 1].std() / y[:, 0].std(), POINTS[:, 1].std() / POINTS[:, 0].std(), rtol=1e-4)


def test_range_is_that_of_tanh_in_each_channel():
    for x, axes in ((POINTS, 0), (IMAGES, (0, 1, 2))):
        y = preparation.to_unit_range(x)(x)
        np.testing.assert_allclose([y.min(axes), y.max(axes)], np.array([[-1.0] * 3, [1.0] * 3]), atol=1e-5)
    y = preparation.to_unit_range(POINTS, together=True)(POINTS)
    np.testing.assert_allclose([y.min(), y.max()], [-1.0, 1.0], atol=1e-6)
    assert y[:, 0].max() - y[:, 0].min() < 0.1


@pytest.mark.parametrize("scaling", SCALINGS)
def test_a_channel_that_does_not_vary_becomes_zero(scaling):
    x = np.stack([np.full(7, 0.1), np.arange(7.0)], axis=1)
    found = scaling(x)
    np.testing.assert_allclose(found(x)[:, 0], 0.0, atol=1e-12)
    np.testing.assert_allclose(found.inverse(np.zeros(2))[0], 0.1)


def test_whole_numbers_are_scaled_in_floating_point():
    x = np.array([[0], [255]], np.uint8)
    np.testing.assert_array_equal(preparation.to_unit_range(x)(x), [[-1.0], [1.0]])


def test_outliers_are_moved_to_the_quantiles():
    x = np.stack([np.arange(101.0), np.zeros(101)], axis=1)
    x[0, 0], x[100, 0] = -1e6, 1e6
    y = preparation.clipped(x, 0.01, 0.98)
    np.testing.assert_allclose(y[:, 0], np.clip(np.arange(101.0), 1, 98))
    np.testing.assert_array_equal(y[:, 1], 0.0)
    np.testing.assert_array_equal(preparation.clipped(x, 0, 1), x)
    np.testing.assert_array_equal(preparation.clipped(x, 0.25, 0.75, together=True).min(), np.quantile(x, 0.25))
    assert preparation.clipped(POINTS).dtype == np.float32


def test_the_first_of_equal_examples_is_kept_in_order():
    x = np.array([[2.0, 0.0], [1.0, 1.0], [2.0, -0.0], [1.0, 1.0], [0.0, 5.0]])
    assert preparation.distinct(x).tolist() == [0, 1, 4]
    images = RNG.integers(0, 2, (60, 2, 2, 1)).astype(np.uint8)
    rows = preparation.distinct(images)
    assert len(rows) == len(np.unique(images.reshape(60, -1), axis=0)) and rows.tolist() == sorted(rows)
    assert preparation.distinct(np.array([3.0, 3.0, 1.0])).tolist() == [0, 2]
    task = data.arrays(images[rows], label=np.arange(60)[rows])
    assert task.size == len(rows)


def test_mirrored_images_follow():
    both = preparation.with_mirrored(IMAGES)
    np.testing.assert_array_equal(both[:20], IMAGES)
    np.testing.assert_array_equal(both[20:], np.flip(IMAGES, 2))


@pytest.mark.parametrize(
    ("step", "message"),
    [
        (lambda: preparation.to_unit_variance(np.zeros((0, 2))), r"at least one example .* got shape \(0, 2\)"),
        (lambda: preparation.to_unit_range(np.array([[0.0, np.nan]])), r"finite, got nan at index \(0, 1\)"),
        (lambda: preparation.clipped(np.zeros(3), -0.1), r"the lower quantile must be in \[0, 1\], got -0.1"),
        (lambda: preparation.clipped(np.zeros(3), 0.5, 0.4), r"the upper quantile must be in \[0.5, 1\], got 0.4"),
        (lambda: preparation.distinct(np.zeros((0, 2))), "at least one example"),
        (lambda: preparation.with_mirrored(np.zeros((3, 2))), r"channels\], got shape \(3, 2\)"),
    ],
)
def test_errors(step, message):
    with pytest.raises(ValueError, match=message):
        step()
