"""Latent descent: a linear judge of the latent itself moves the normal law by its slope."""

import jax
import jax.numpy as jnp
import numpy as np
import pytest

from jaxgan import samplers
from tests.helpers import jit
from tests.samplers.games import judged_by

N, SLOPE = 20_000, 1.5


def drawn(sampler, state):
    return np.asarray(jit(lambda key, state: sampler(key, state, N))(jax.random.key(1), state))


def test_the_stationary_law_is_normal_around_the_slope():
    """With D = a x and G = id: N(a, 1), of whose mean the steps leave (1 - ε/2)^k, with the variance 1 / (1 - ε/4)."""
    gan, state = judged_by(lambda x: SLOPE * x[:, 0])
    few = drawn(samplers.latent_descent(gan, steps=3, step=0.2), state)
    np.testing.assert_allclose(np.mean(few), SLOPE * (1 - 0.9**3), atol=0.03)
    many = drawn(samplers.latent_descent(gan, steps=80, step=0.2), state)
    np.testing.assert_allclose([np.mean(many), np.var(many)], [SLOPE, 1 / 0.95], atol=0.04)


def test_columns_that_are_not_noise_and_another_prior():
    gan, state = judged_by(lambda x: SLOPE * jnp.sum(x, axis=1), latent_dim=2)
    sampler = samplers.latent_descent(gan, steps=80, step=0.2, noise=1, log_prior=lambda z: -2.0 * z[:, 0] ** 2)
    found = drawn(sampler, state)
    latent = jit(lambda key, state: gan.latent(jax.random.split(key, 3)[0], state, N))(jax.random.key(1), state)
    np.testing.assert_allclose(found[:, 1], np.asarray(latent)[:, 1], rtol=1e-5, atol=1e-6)
    np.testing.assert_allclose(np.mean(found[:, 0]), SLOPE / 4, atol=0.03)  # of -2 z² + a z


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"steps": 0}, "steps of latent_descent must be a whole number of at least 1, got 0"),
        ({"step": 0.0}, "step of latent_descent must be positive and finite, got 0.0"),
        ({"noise": 0}, "noise of latent_descent must be a whole number of at least 1, got 0"),
    ],
)
def test_arguments_are_checked(options, message):
    with pytest.raises(ValueError, match=message):
        samplers.latent_descent(judged_by(lambda x: x[:, 0])[0], **options)
