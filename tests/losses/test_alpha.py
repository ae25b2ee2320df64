"""The α-loss: known numbers, its limit, and logits at which a probability is lost."""

import jax
import jax.numpy as jnp
import numpy as np
import pytest

from jaxgan import losses
from tests.helpers import derivative, jit

FAKE = np.log([4.0])  # σ is 0.8


@jit
def generator(alpha, fake):
    return losses.alpha(2.0, alpha).generator(fake, fake)


@pytest.mark.parametrize(("alpha", "value"), [(0.5, 0.25), (1.0, 0.223144), (2.0, 0.211146)])
def test_known_numbers(alpha, value):
    loss = losses.alpha(1.0, alpha)
    np.testing.assert_allclose(jit(loss.generator)(FAKE, FAKE), [value], atol=1e-6)


def test_alpha_one_is_the_original_game():
    """To the last bit."""
    logits = np.array([0.3, -20.0, 50.0], np.float32), np.array([1.1, -3.0, 80.0], np.float32)
    ours, original = losses.alpha(1.0, 1.0), losses.non_saturating()
    np.testing.assert_array_equal(jit(ours.discriminator)(*logits), jit(original.discriminator)(*logits))
    np.testing.assert_array_equal(jit(ours.generator)(*logits), jit(original.generator)(*logits))


@pytest.mark.parametrize("distance", [1e-9, 1e-6, 1e-4, 1e-3, 1e-2])
def test_near_one_it_is_near(x64, distance):
    """`ℓ_α = s - k s² / 2 + k² s³ / 6 - ...` with `s = -log p` and `k = 1 - 1/α`; the formula itself cancels there."""
    fake = np.array([-3.0, 0.4, 2.0])
    s = np.log1p(np.exp(-fake))
    for alpha in (1.0 + distance, 1.0 - distance):
        k = 1.0 - 1.0 / alpha
        expected = sum((-k) ** n * s ** (n + 1) / np.prod(np.arange(1.0, n + 2)) for n in range(8))
        np.testing.assert_allclose(generator(alpha, fake), expected, rtol=1e-12)


def test_the_derivative_by_alpha_is_right_even_at_one(x64):
    both = jit(jax.value_and_grad(lambda alpha: generator(alpha, FAKE)[0]))
    for alpha in (0.5, 1.0, 2.0):
        np.testing.assert_allclose(both(alpha)[1], derivative(lambda a: both(a)[0], alpha, 1e-3), rtol=1e-6)


def test_the_gradient_is_not_lost_where_a_probability_is():
    """`σ(fake)` is 1 - 3e-7 and 3e-7: the slope is `-p^(1 - 1/α) (1 - p)` all the same."""
    fake = np.array([15.0, -15.0], np.float32)
    slopes = jit(jax.grad(lambda fake, alpha: jnp.sum(generator(alpha, fake))))
    for alpha in (0.5, 2.0):
        slope = slopes(fake, alpha)
        p, q = 1.0 / (1.0 + np.exp(-np.array([15.0, -15.0]))), 1.0 / (1.0 + np.exp(np.array([15.0, -15.0])))
        np.testing.assert_allclose(slope, -(p ** (1.0 - 1.0 / alpha)) * q, rtol=1e-3)


def test_numbers_are_checked():
    with pytest.raises(ValueError, match="the discriminator's alpha must be positive and finite, got 0"):
        losses.alpha(0.0, 1.0)
    with pytest.raises(ValueError, match="the generator's alpha must be positive and finite, got -1"):
        losses.alpha(1.0, -1.0)
