"""Missing mass in closed form."""

import jax
import numpy as np
import pytest

from jaxgan import metrics

missing_mass = jax.jit(metrics.missing_mass)


def test_by_hand():
    share, total = missing_mass(np.array([50, 50, 0, 100]), np.ones(4))
    np.testing.assert_allclose(share, [0, 0, 1, 0], atol=1e-6)
    np.testing.assert_allclose(total, 0.25, rtol=1e-6)
    share, total = metrics.missing_mass([10, 70, 20], [0.2, 0.5, 0.3])
    np.testing.assert_allclose(share, [0.5, 0, 1 / 3], rtol=1e-5, atol=1e-6)
    np.testing.assert_allclose(total, 0.2, rtol=1e-5)


def test_nothing_is_missing_of_the_expected_histogram():
    share, total = missing_mass(np.array([20, 50, 30]), np.array([2, 5, 3]))
    np.testing.assert_allclose([*share, total], np.zeros(4), atol=1e-6)


def test_all_is_missing_without_samples():
    share, total = missing_mass(np.zeros(2, int), np.full(2, 0.5))
    np.testing.assert_allclose([*share, total], np.ones(3))


@pytest.mark.parametrize("seed", range(3))
def test_total_is_the_total_variation_distance(seed):
    random = np.random.default_rng(seed)
    counts, expected = random.integers(0, 50, 8), random.dirichlet(np.ones(8))
    share, total = missing_mass(counts, expected)
    np.testing.assert_allclose(total, np.abs(counts / counts.sum() - expected).sum() / 2, rtol=1e-5)
    np.testing.assert_allclose(total, (share * expected).sum(), rtol=1e-5)


@pytest.mark.parametrize("q", [0.1, 0.5])
def test_what_real_samples_miss(q):
    random = np.random.default_rng(0)
    counts = random.binomial(2000, q, 500)
    share = [missing_mass(np.array([c, 2000 - c]), np.array([q, 1 - q])).share[0] for c in counts]
    np.testing.assert_allclose(np.mean(share), np.sqrt((1 - q) / (2 * np.pi * 2000 * q)), rtol=0.15)


@pytest.mark.parametrize(
    ("call", "message"),
    [
        (lambda: metrics.missing_mass([1, 2], [0.5, 0.2, 0.3]), r"\(2,\) and \(3,\)"),
        (lambda: metrics.missing_mass([1, -2], [0.5, 0.5]), r"negative, got \[1, -2\]"),
        (lambda: metrics.missing_mass([1, 2], [1.0, 0.0]), r"expected must be positive, got \[1.0, 0.0\]"),
        (lambda: metrics.missing_mass(np.ones((2, 2)), np.ones((2, 2))), r"\(2, 2\)"),
    ],
)
def test_wrong_arguments_are_named(call, message):
    with pytest.raises(ValueError, match=message):
        call()
