"""Cycling: a histogram that rotates comes back, one that stays has nothing to tell."""

import numpy as np
import pytest

from jaxgan import metrics
from tests.helpers import fetched

cycling = fetched(metrics.cycling, static_argnums=1)


def rotating(period, time):
    """All samples in one mode, which moves on at each time."""
    return 100.0 * np.eye(period)[np.arange(time) % period]


def test_a_rotating_histogram_has_a_peak_at_its_period():
    found = cycling(rotating(4, 80), 8)
    # ⟨p, p'⟩ is 1 for the same mode and 0 for another, each less 1/4; in units of 3/4.
    np.testing.assert_allclose(found, [-1 / 3, -1 / 3, -1 / 3, 1.0] * 2, atol=1e-5)


def test_it_is_the_correlation_of_shares(x64):
    counts = np.random.default_rng(0).integers(1, 20, (12, 3))
    p = counts / counts.sum(axis=1, keepdims=True)
    p = p - p.mean(axis=0)
    expected = [np.mean(np.sum(p[i:] * p[:-i], axis=1)) / np.mean(np.sum(p**2, axis=1)) for i in range(1, 12)]
    np.testing.assert_allclose(cycling(counts), expected, rtol=1e-10)
    np.testing.assert_allclose(cycling(7 * counts, 4), expected[:4], rtol=1e-10)


@pytest.mark.parametrize("row", [[5, 5, 5], [9, 0, 1], [0, 0, 0]])
def test_a_constant_histogram_is_correlated_with_nothing(row):
    np.testing.assert_array_equal(cycling(np.tile(np.array(row, float), (10, 1)), 3), 0.0)


@pytest.mark.slow
def test_chance_alone_is_near_zero_and_a_drift_does_not_come_back():
    draws = np.random.default_rng(0).multinomial(200, [0.25] * 4, 400)
    assert np.all(np.abs(cycling(draws, 20)) < 0.15)
    share = np.linspace(0.0, 1.0, 100)
    drifting = cycling(np.stack([share, 1.0 - share], axis=1), 60)
    assert drifting[0] > 0.9 and np.all(np.diff(drifting) < 0.0)


def test_without_jit():
    counts = rotating(2, 10)
    np.testing.assert_allclose(metrics.cycling(counts), cycling(counts), atol=1e-5)
    np.testing.assert_allclose(cycling(counts)[:2], [-1.0, 1.0], atol=1e-5)


@pytest.mark.parametrize("shape", [(5,), (1, 3), (4, 0), (2, 2, 2)])
def test_shapes_are_checked(shape):
    with pytest.raises(ValueError, match="counts must be"):
        metrics.cycling(np.ones(shape))


def test_lags_are_checked():
    with pytest.raises(ValueError, match=r"lags must be in \[1, 4\) for 4 time steps, got 4"):
        metrics.cycling(rotating(2, 4), 4)
