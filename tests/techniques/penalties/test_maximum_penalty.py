"""The maximum penalty against the steepest of gradients that are known."""

import jax
import jax.numpy as jnp
import numpy as np
import pytest

from jaxgan import Own, techniques
from tests.helpers import jit, played
from tests.techniques.examples import Example

EXAMPLE = Example("maximum_penalty:1.0")
REAL = np.random.default_rng(0).standard_normal((6, 3))


def penalty(real, fake):
    play = played(lambda x: jnp.sum(x**2, axis=1) / 2, real, fake)
    return techniques.maximum_penalty(0.7).discriminator_loss(Own(), jax.random.key(0), play)


@jit
@jax.value_and_grad
def of_equal(x):
    return penalty(x, x)


def test_the_steepest_point_alone_counts(x64):
    """The gradient of half the square is x itself."""
    squares = np.sum(REAL**2, axis=1)
    value, gradient = of_equal(REAL)
    np.testing.assert_allclose(value, 0.7 * np.max(squares), rtol=1e-12)
    assert list(np.flatnonzero(np.any(np.asarray(gradient) != 0.0, axis=1))) == [np.argmax(squares)]


def test_it_is_taken_between_real_and_fake(x64):
    between, there = (float(jit(penalty)(REAL, fake)) for fake in (0.0 * REAL, REAL))
    assert 0.0 < between < there


def test_gradient_is_finite_where_all_points_are_equally_steep():
    assert np.all(np.isfinite(of_equal(np.ones((4, 3), np.float32))[1]))


def test_weight_is_checked():
    with pytest.raises(ValueError, match="weight of maximum_penalty must be at least 0, got -1"):
        techniques.maximum_penalty(-1)
