import math

import numpy as np
import pytest
from scipy import stats
from sklearn.datasets import make_swiss_roll

from jaxgan import data
from tests.helpers import drawn


def moments(samples):
    """First and second moments of points [n, 2], and of their squared radius, each with its standard error."""
    x, y = np.asarray(samples, np.float64).T
    statistics = np.stack([x, y, x * x, y * y, x * y, (x * x + y * y) ** 2])
    return statistics.mean(axis=1), statistics.std(axis=1) / math.sqrt(len(x))


def test_swiss_roll_has_the_moments_of_scikit_learn(key):
    n = 40_000
    reference = make_swiss_roll(n, noise=0.25, random_state=0)[0][:, [0, 2]] / 7.5
    expected, expected_error = moments(reference)
    found, found_error = moments(drawn(data.swiss_roll(), key, n))
    np.testing.assert_array_less(np.abs(found - expected), 4.5 * np.hypot(expected_error, found_error))


def test_swiss_roll_without_noise_lies_on_the_curve(key):
    points = np.asarray(drawn(data.swiss_roll(noise=0.0, scale=2.0), key, 500), np.float64)
    angle = 2 * np.linalg.norm(points, axis=1)
    assert 1.5 * math.pi - 1e-3 <= angle.min() and angle.max() <= 4.5 * math.pi + 1e-3
    np.testing.assert_allclose(points, angle[:, None] * np.stack([np.cos(angle), np.sin(angle)], 1) / 2, atol=1e-4)
    assert stats.kstest((angle / (1.5 * math.pi) - 1) / 2, "uniform").pvalue > 1e-3


def test_spiral_without_noise_lies_on_the_curve(key):
    turns, radius = 3.0, 2.0
    points = np.asarray(drawn(data.spiral(turns, radius, std=0.0), key, 500), np.float64)
    share = np.linalg.norm(points, axis=1) / radius
    angle = 2 * math.pi * turns * share
    expected = radius * share[:, None] * np.stack([np.cos(angle), np.sin(angle)], 1)
    np.testing.assert_allclose(points, expected, atol=1e-4)
    assert stats.kstest(share**2, "uniform").pvalue > 1e-3


def test_spiral_noise(key):
    points = np.asarray(drawn(data.spiral(radius=1e-6, std=0.5), key, 5_000))
    assert stats.kstest(points.ravel() / 0.5, "norm").pvalue > 1e-3


@pytest.mark.parametrize(
    ("build", "message"),
    [
        (lambda: data.spiral(turns=0), "turns must be positive and finite, got 0"),
        (lambda: data.spiral(radius=-1), "radius must be positive and finite, got -1"),
        (lambda: data.spiral(std=math.inf), "std must be finite, got inf"),
        (lambda: data.swiss_roll(noise=-1), "noise must be at least 0, got -1"),
        (lambda: data.swiss_roll(scale=math.nan), "scale must be positive and finite, got nan"),
    ],
)
def test_errors(build, message):
    with pytest.raises(ValueError, match=message):
        build()
