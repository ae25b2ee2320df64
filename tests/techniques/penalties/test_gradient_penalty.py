"""WGAN-GP against explicit computations in NumPy."""

import jax
import jax.numpy as jnp
import numpy as np
import pytest

from jaxgan import Own, techniques
from tests.helpers import jit, played
from tests.techniques.examples import Example

EXAMPLE = Example("gradient_penalty:1.0")
REAL = np.random.default_rng(0).standard_normal((6, 3))
FAKE = np.random.default_rng(1).standard_normal((6, 3)) + 2.0
A = np.array([[1.0, 0.5, -0.3], [0.5, 2.0, 0.0], [-0.3, 0.0, 0.7]])
W = np.array([0.3, -1.0, 2.0])


def quadratic(x):
    """D(x) = xᵀ A x / 2 + sin(wᵀ x); written so that NumPy and JAX can both run it."""
    sin = jnp.sin if isinstance(x, jax.Array) else np.sin
    return ((x @ A) * x).sum(axis=1) / 2 + sin(x @ W)


def numerical_gradient(function, x, h=1e-5):
    """Central differences of a function from `[n, d]` to `[logits]`, each row moving one logit only: `[n, d]`."""
    gradient = np.zeros_like(x)
    for i in np.ndindex(x.shape):
        step = np.zeros_like(x)
        step[i] = h
        gradient[i] = (function(x + step) - function(x - step)).sum() / (2 * h)
    return gradient


def penalty(weight, discriminate, real, fake):
    """The penalty, and the points at which it was taken."""
    seen = []

    def watched(x):
        jax.debug.callback(lambda x: seen.append(np.array(x)), jax.lax.stop_gradient(x.data))
        return discriminate(x.data)

    @jit
    def run(real, fake):
        play = played(discriminate, real, fake)._replace(discriminate=watched)
        return techniques.gradient_penalty(weight).discriminator_loss(Own(), jax.random.key(0), play)

    value = run(real, fake)
    jax.effects_barrier()
    (points,) = seen
    return value, points


def test_linear_discriminator_pays_for_the_length_of_its_weights(x64):
    value, _ = penalty(0.7, lambda x: x @ W, REAL, FAKE)
    np.testing.assert_allclose(value, 0.7 * (np.linalg.norm(W) - 1.0) ** 2, rtol=1e-9)


@pytest.mark.parametrize("m", [1, 2, 3])
def test_penalty_between_real_and_fake(x64, m):
    """With `m` above 1 the discriminator is packed: one logit, one ε and one gradient for `m` neighbours."""

    def discriminate(x):
        return quadratic(x).reshape(-1, m).sum(axis=1) ** 2 / 10

    value, between = penalty(0.7, discriminate, REAL, FAKE)
    shares = (between - FAKE) / (REAL - FAKE)
    by_pack = shares.reshape(6 // m, m * 3)
    np.testing.assert_allclose(by_pack, np.broadcast_to(by_pack[:, :1], by_pack.shape), atol=1e-12)
    assert np.all((by_pack >= 0) & (by_pack < 1)) and len(set(by_pack[:, 0].round(9))) == 6 // m

    gradient = numerical_gradient(discriminate, between).reshape(6 // m, m * 3)
    expected = 0.7 * np.mean((np.linalg.norm(gradient, axis=1) - 1.0) ** 2)
    np.testing.assert_allclose(value, expected, rtol=1e-7)


def test_shares_are_uniform():
    real, fake = np.ones((10_000, 1, 1, 1), np.float32), np.zeros((10_000, 1, 1, 1), np.float32)
    _, shares = penalty(1.0, lambda x: jnp.sum(x, axis=(1, 2, 3)), real, fake)
    counts, _ = np.histogram(shares, bins=10, range=(0.0, 1.0))
    assert np.all(np.abs(counts - 1000) < 150)  # five standard deviations


def test_penalty_is_differentiable_where_the_gradient_vanishes():
    slope = jit(jax.grad(penalty_of_scaled))(0.0)
    assert np.isfinite(slope)


def penalty_of_scaled(w):
    play = played(lambda x: w * jnp.sum(x, axis=1), jnp.ones((4, 2)), jnp.zeros((4, 2)))
    return techniques.gradient_penalty(1.0).discriminator_loss(Own(), jax.random.key(0), play)


def test_weight_is_checked():
    with pytest.raises(ValueError, match="weight of gradient_penalty must be at least 0, got -10"):
        techniques.gradient_penalty(-10)
