"""Mixtures: shares of their parts, and weights by least squares and by AdaGAN's rule."""

import jax
import numpy as np
import pytest
from scipy.optimize import minimize

from jaxgan import samplers
from tests.helpers import jit
from tests.samplers.games import choices, shares

adagan, least_squares = jit(samplers.adagan_weights), jit(samplers.mixture_weights)


def test_examples_come_from_each_with_its_weight():
    gan, state = choices([0.0, 0.0])
    other, state_of_other = choices([0.0])
    sample = samplers.mixture([gan.sample, lambda *a: 2.0 + other.sample(*a)], [3.0, 1.0])
    found = jit(lambda key, states: sample(key, states, 20_000))(jax.random.key(1), (state, state_of_other))
    np.testing.assert_allclose(shares(found, 3), [0.375, 0.375, 0.25], atol=0.012)


def test_one_with_the_weight_zero_is_never_chosen():
    gan, state = choices([0.0])
    sample = samplers.mixture([gan.sample, lambda *a: 1.0 + gan.sample(*a)], [1.0, 0.0])
    found = jit(lambda key, states: sample(key, states, 50))(jax.random.key(1), [state, state])
    assert np.all(np.asarray(found) == 0.0)


def test_a_mixture_takes_a_weight_and_a_state_for_each():
    gan, state = choices([0.0])
    with pytest.raises(ValueError, match=r"weight for each of its 1 samplers, got shape \(2,\)"):
        samplers.mixture([gan.sample], [0.5, 0.5])
    with pytest.raises(ValueError, match="of 1 samplers, and takes as many states, not 2"):
        samplers.mixture([gan.sample], [1.0])(jax.random.key(0), [state, state], 3)


def test_weights_restore_the_counts_of_the_data():
    counts = np.array([[0.7, 0.3, 0.0, 0.0], [0.0, 0.2, 0.8, 0.0], [0.0, 0.0, 0.1, 0.9]])
    weights = np.array([0.5, 0.3, 0.2])
    np.testing.assert_allclose(least_squares(counts, weights @ counts), weights, atol=1e-3)


@pytest.mark.parametrize("seed", range(3))
def test_weights_are_those_of_least_squares_on_the_simplex(seed, x64):
    rng = np.random.default_rng(seed)
    rows, target = rng.standard_normal((4, 3)), 2.0 * rng.standard_normal(3)
    found = np.asarray(least_squares(rows, target))
    assert found.min() >= 0.0
    np.testing.assert_allclose(found.sum(), 1.0, rtol=1e-9)
    reference = minimize(
        lambda w: np.sum((w @ rows - target) ** 2),
        np.full(4, 0.25),
        bounds=[(0, 1)] * 4,
        constraints={"type": "eq", "fun": lambda w: w.sum() - 1},
        options={"ftol": 1e-14},
    )
    np.testing.assert_allclose(np.sum((found @ rows - target) ** 2), reference.fun, rtol=1e-6)


def test_equal_generators_share_alike():
    np.testing.assert_allclose(least_squares(np.ones((3, 2)), np.ones(2)), 1 / 3, rtol=1e-6)


def test_statistics_are_checked():
    with pytest.raises(ValueError, match=r"must share d, got \(2, 3\) and \(2,\)"):
        samplers.mixture_weights(np.ones((2, 3)), np.ones(2))


def test_adagan_weighs_what_the_mixture_makes_seldom():
    np.testing.assert_allclose(adagan(np.array([0.0, 0.0, 2.0, 2.0]), 0.5), [0.5, 0.5, 0.0, 0.0], atol=1e-6)
    np.testing.assert_allclose(adagan(np.array([5.0, 0.1, 2.0, 2.0]), 1.0), 0.25, rtol=1e-6)


@pytest.mark.parametrize("beta", [0.1, 0.5, 0.9])
def test_adagan_follows_the_formula_for_some_lambda(beta, x64):
    ratios = np.random.default_rng(0).exponential(size=50)
    found = np.asarray(adagan(ratios, beta))
    np.testing.assert_allclose(found.sum(), 1.0, rtol=1e-12)
    i = found.argmax()
    level = found[i] * 50 * beta + (1 - beta) * ratios[i]
    np.testing.assert_allclose(found, np.maximum(level - (1 - beta) * ratios, 0) / (50 * beta), atol=1e-12)


def test_adagan_checks_its_arguments():
    with pytest.raises(ValueError, match=r"share of the next generator must be in \(0, 1\], got 0"):
        samplers.adagan_weights([1.0], 0)
    with pytest.raises(ValueError, match=r"ratios must be \[N\], one for each example, got shape \(2, 2\)"):
        samplers.adagan_weights(np.ones((2, 2)), 0.5)


@pytest.mark.parametrize("weights", [[0.0, 0.0], [-1.0, 2.0], [np.nan, 1.0], [np.inf, 1.0]])
def test_weights_are_shares(weights):
    gan, _ = choices([0.0])
    with pytest.raises(ValueError, match="weight"):
        samplers.mixture([gan.sample, gan.sample], weights)
