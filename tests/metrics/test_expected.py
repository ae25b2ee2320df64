"""Ceilings and floors of real data against simulation, closed forms and published numbers."""

import numpy as np
import pytest

from jaxgan import metrics
from tests.helpers import jit


def simulated(weights: np.ndarray, n: int, runs: int, reference: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """The reverse KL and the number of modes of `runs` histograms of n real samples."""
    shares = np.random.default_rng(0).multinomial(n, weights, runs) / n
    terms = np.where(shares > 0, shares * np.log(np.where(shares > 0, shares, 1) / reference), 0)
    return terms.sum(axis=1), (shares > 0).sum(axis=1)


def assert_is_mean_of(value: float, runs: np.ndarray) -> None:
    np.testing.assert_allclose(value, runs.mean(), atol=5 * runs.std() / np.sqrt(len(runs)) + 1e-12)


@pytest.mark.parametrize(
    ("modes", "n", "printed", "digits"),
    [(1000, 26_000, 0.0193, 4), (8, 2500, 0.0014, 4), (25, 2500, 0.0048, 4), (100, 2500, 0.020, 3)],
)
def test_floor_of_uniform_modes(modes, n, printed, digits):
    floor = metrics.expected_reverse_kl(modes, n)
    kl, _ = simulated(np.full(modes, 1 / modes), n, 1000, np.full(modes, 1 / modes))
    assert_is_mean_of(floor, kl)
    assert round(floor, digits) == printed
    np.testing.assert_allclose(floor, (modes - 1) / (2 * n), rtol=0.03)


def test_floor_where_modes_are_rare_and_unequal():
    weights = np.random.default_rng(1).dirichlet(np.ones(60))
    uniform = np.full(60, 1 / 60)
    kl, modes = simulated(weights, 50, 20_000, weights)
    assert_is_mean_of(metrics.expected_reverse_kl(weights, 50), kl)
    assert_is_mean_of(metrics.expected_modes(weights, 50), modes)
    kl, _ = simulated(weights, 50, 20_000, uniform)
    assert_is_mean_of(metrics.expected_reverse_kl(3 * weights, 50, reference=uniform), kl)


def test_floor_with_the_digit_frequencies_of_mnist():
    digits = np.array([5923, 6742, 5958, 6131, 5842, 5421, 5918, 6265, 5851, 5949]) / 60_000
    weights = np.einsum("a,b,c->abc", digits, digits, digits).ravel()
    assert round(metrics.expected_reverse_kl(weights, 26_000, reference=np.ones(1000)), 4) == 0.0236


def test_high_quality_closed_forms():
    np.testing.assert_allclose(metrics.expected_high_quality(2), 1 - np.exp(-4.5), rtol=1e-12)
    np.testing.assert_allclose(metrics.expected_high_quality(2, 4.0), 1 - np.exp(-8.0), rtol=1e-12)
    np.testing.assert_allclose(metrics.expected_high_quality(1), 0.9973002, atol=1e-7)
    np.testing.assert_allclose(metrics.expected_high_quality(4, 2.0), 1 - 3 * np.exp(-2.0), rtol=1e-12)
    np.testing.assert_allclose(
        metrics.expected_high_quality(9, 1.5, metric="per_dimension"), metrics.expected_high_quality(9, 4.5)
    )


@pytest.mark.parametrize("metric", ["euclidean", "per_dimension"])
def test_high_quality_is_what_mode_coverage_counts(metric):
    samples = np.random.default_rng(2).standard_normal((20_000, 5)) * 0.2
    threshold = 2.0 if metric == "euclidean" else 0.9
    cover = jit(metrics.mode_coverage, static_argnames="metric")
    share = cover(samples, np.zeros((1, 5)), 0.2, threshold=threshold, metric=metric).high_quality
    np.testing.assert_allclose(share, metrics.expected_high_quality(5, threshold, metric=metric), atol=0.015)


def test_one_mode_has_nothing_to_miss():
    assert metrics.expected_modes(1, 7) == 1
    assert metrics.expected_reverse_kl(1, 7) == 0
    np.testing.assert_allclose(metrics.expected_modes(10, 1), 1)
    np.testing.assert_allclose(metrics.expected_reverse_kl(10, 1), np.log(10))


@pytest.mark.parametrize(
    ("call", "message"),
    [
        (lambda: metrics.expected_reverse_kl(0, 10), "got 0"),
        (lambda: metrics.expected_reverse_kl(3, 0), "got 0"),
        (lambda: metrics.expected_reverse_kl(3, 5, reference=[1.0, 1.0]), r"\(2,\)"),
        (lambda: metrics.expected_modes([0.5, 0.0], 3), "positive"),
        (lambda: metrics.expected_high_quality(0), "got 0"),
        (lambda: metrics.expected_high_quality(2, 0.0), "threshold"),
        (lambda: metrics.expected_high_quality(2, metric="box"), "box"),
    ],
)
def test_wrong_arguments_are_named(call, message):
    with pytest.raises(ValueError, match=message):
        call()
