import functools

import jax
import numpy as np
import pytest

from jaxgan import metrics
from tests.helpers import fetched

autocorrelation = fetched(metrics.autocorrelation, static_argnums=1)
distance = fetched(metrics.autocorrelation_distance, static_argnames="lags")


def regressive(coefficient, n=400, time=60, seed=0):
    """Stationary sequences `x_t = coefficient x_(t-1) + noise`, whose autocorrelation at lag i is coefficient^i."""
    random = np.random.default_rng(seed)
    x = np.empty((n, time, 1))
    x[:, 0] = random.normal(size=(n, 1)) / np.sqrt(1 - coefficient**2)
    for t in range(1, time):
        x[:, t] = coefficient * x[:, t - 1] + random.normal(size=(n, 1))
    return x


def test_equals_a_loop():
    x = np.random.default_rng(0).normal(size=(5, 7, 2)) + 3
    found = autocorrelation(x, 4)
    for channel in range(2):
        mean, variance = x[..., channel].mean(), x[..., channel].var()
        for lag in range(1, 5):
            pairs = [(s[t + lag] - mean) * (s[t] - mean) for s in x[..., channel] for t in range(7 - lag)]
            np.testing.assert_allclose(found[lag - 1, channel], np.mean(pairs) / variance, atol=1e-5)
    assert jax.eval_shape(metrics.autocorrelation, x).shape == (6, 2)
    assert jax.eval_shape(metrics.autocorrelation, np.zeros((1, 99, 1))).shape == (64, 1)


def test_autoregression_falls_geometrically():
    found = autocorrelation(regressive(0.8), 5)[:, 0]
    np.testing.assert_allclose(found, 0.8 ** np.arange(1, 6), atol=0.03)


def test_a_constant_channel_has_none_and_different_levels_are_correlated():
    assert np.all(autocorrelation(np.full((3, 5, 1), 2.0)) == 0)
    levels = np.repeat(np.array([0.0, 1.0])[:, None, None], 6, axis=1)  # each sequence is constant
    np.testing.assert_allclose(autocorrelation(levels), 1, rtol=1e-6)


def test_distance():
    real = regressive(0.8)
    assert distance(real, real) == 0
    alike = distance(real, regressive(0.8, seed=1), lags=10)
    other = distance(real, regressive(-0.8, seed=1), lags=10)
    lags = np.arange(1, 11)
    np.testing.assert_allclose(other, np.sqrt(np.sum((0.8**lags - (-0.8) ** lags) ** 2)), rtol=0.05)
    assert alike < 0.1 < other
    # The mean over channels.
    both = [np.concatenate([real, x], axis=2) for x in (real, regressive(-0.8, seed=1))]
    np.testing.assert_allclose(distance(*both, lags=10), other / 2, rtol=1e-4)
    np.testing.assert_allclose(distance(*both), metrics.autocorrelation_distance(*both), rtol=1e-4)


@pytest.mark.parametrize(
    ("real", "fake", "lags", "message"),
    [
        (np.zeros((2, 3)), np.zeros((2, 3)), None, r"\[n, time, channels\].*\(2, 3\)"),
        (np.zeros((2, 1, 1)), np.zeros((2, 1, 1)), None, "at least 2 time steps"),
        (np.zeros((2, 4, 1)), np.zeros((2, 4, 1)), 4, r"\[1, 4\) for 4 time steps, got 4"),
        (np.zeros((2, 4, 1)), np.zeros((2, 5, 1)), 2, "share time and channels"),
        (np.zeros((2, 4, 1)), np.zeros((2, 4, 2)), 2, "share time and channels"),
    ],
)
def test_errors(real, fake, lags, message):
    with pytest.raises(ValueError, match=message):
        jax.eval_shape(functools.partial(metrics.autocorrelation_distance, lags=lags), real, fake)
