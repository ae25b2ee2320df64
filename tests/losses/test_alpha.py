"""The α-loss: known numbers, its limit, and logits at which a probability is lost."""

import jax
import jax.numpy as jnp
import numpy as np
import pytest

from jaxgan import losses
from tests.helpers import derivative

FAKE = np.log([4.0])  # σ is 0.8


@pytest.mark.parametrize(("alpha", "value"), [(0.5, 0.25), (1.0, 0.223144), (2.0, 0.211146)])
def test_known_numbers(alpha, value):
    loss = losses.alpha(1.0, alpha)
    fake = jnp.asarray(FAKE)
    np.testing.assert_allclose(loss.generator(fake, fake), [value], atol=1e-6)


def test_alpha_one_is_the_original_game():
    """To the last bit."""
    real, fake = jnp.array([0.3, -20.0, 50.0]), jnp.array([1.1, -3.0, 80.0])
    ours, original = losses.alpha(1.0, 1.0), losses.non_saturating()
    np.testing.assert_array_equal(ours.discriminator(real, fake), original.discriminator(real, fake))
    np.testing.assert_array_equal(ours.generator(real, fake), original.generator(real, fake))


@pytest.mark.parametrize("distance", [1e-9, 1e-6, 1e-4, 1e-3, 1e-2])
def test_near_one_it_is_near(x64, distance):
    """`ℓ_α = s - k s² / 2 + k² s³ / 6 - ...` with `s = -log p` and `k = 1 - 1/α`; the formula itself cancels there."""
    s = np.log1p(np.exp(-np.array([-3.0, 0.4, 2.0])))
    for alpha in (1.0 + distance, 1.0 - distance):
        k = 1.0 - 1.0 / alpha
        expected = sum((-k) ** n * s ** (n + 1) / np.prod(np.arange(1.0, n + 2)) for n in range(8))
        fake = jnp.array([-3.0, 0.4, 2.0])
        np.testing.assert_allclose(losses.alpha(2.0, alpha).generator(fake, fake), expected, rtol=1e-12)


def test_the_derivative_by_alpha_is_right_even_at_one(x64):
    def value(alpha):
        return losses.alpha(2.0, alpha).generator(jnp.asarray(FAKE), jnp.asarray(FAKE))[0]

    for alpha in (0.5, 1.0, 2.0):
        np.testing.assert_allclose(jax.grad(value)(alpha), derivative(value, alpha, 1e-3), rtol=1e-6)


def test_the_gradient_is_not_lost_where_a_probability_is():
    """`σ(fake)` is 1 - 3e-7 and 3e-7: the slope is `-p^(1 - 1/α) (1 - p)` all the same."""
    fake = jnp.array([15.0, -15.0])
    for alpha in (0.5, 2.0):
        loss = losses.alpha(1.0, alpha)
        slope = jax.grad(lambda f: jnp.sum(loss.generator(f, f)))(fake)  # noqa: B023
        p, q = 1.0 / (1.0 + np.exp(-np.array([15.0, -15.0]))), 1.0 / (1.0 + np.exp(np.array([15.0, -15.0])))
        np.testing.assert_allclose(slope, -(p ** (1.0 - 1.0 / alpha)) * q, rtol=1e-3)


def test_numbers_are_checked():
    with pytest.raises(ValueError, match="the discriminator's alpha must be positive and finite, got 0"):
        losses.alpha(0.0, 1.0)
    with pytest.raises(ValueError, match="the generator's alpha must be positive and finite, got -1"):
        losses.alpha(1.0, -1.0)
