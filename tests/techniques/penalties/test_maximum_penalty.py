"""The maximum penalty against the steepest of gradients that are known."""

import jax
import jax.numpy as jnp
import numpy as np
import pytest

from jaxgan import Own, techniques
from tests.helpers import played
from tests.techniques.examples import Example

EXAMPLE = Example("maximum_penalty:1.0")
REAL = np.random.default_rng(0).standard_normal((6, 3))


def penalty(real, fake):
    play = played(lambda x: jnp.sum(x**2, axis=1) / 2, jnp.asarray(real), jnp.asarray(fake))
    return techniques.maximum_penalty(0.7).discriminator_loss(Own(), jax.random.key(0), play)


def test_the_steepest_point_alone_counts(x64):
    """The gradient of half the square is x itself."""
    squares = np.sum(REAL**2, axis=1)
    np.testing.assert_allclose(penalty(REAL, REAL), 0.7 * np.max(squares), rtol=1e-12)
    gradient = jax.grad(lambda fake: penalty(fake, fake))(jnp.asarray(REAL))
    assert list(np.flatnonzero(np.any(gradient != 0.0, axis=1))) == [np.argmax(squares)]


def test_it_is_taken_between_real_and_fake(x64):
    assert 0.0 < penalty(REAL, 0.0 * REAL) < penalty(REAL, REAL)


def test_gradient_is_finite_where_all_points_are_equally_steep():
    assert np.all(np.isfinite(jax.grad(lambda x: penalty(x, x))(jnp.ones((4, 3)))))


def test_weight_is_checked():
    with pytest.raises(ValueError, match="weight of maximum_penalty must be at least 0, got -1"):
        techniques.maximum_penalty(-1)
