"""R2 in closed form for a quadratic discriminator, and its gradient for the generator under a lookahead."""

import jax
import jax.numpy as jnp
import numpy as np
import pytest

from jaxgan import Own, techniques
from tests.helpers import jit, played
from tests.techniques.examples import Example

EXAMPLE = Example("r2:1.0")
A = np.array([[1.0, 0.5, -0.3], [0.5, 2.0, 0.0], [-0.3, 0.0, 0.7]])
FAKE = np.random.default_rng(1).standard_normal((6, 3))


@jit
@jax.value_and_grad
def penalty(fake):
    play = played(lambda x: jnp.einsum("ni,ij,nj->n", x, A, x) / 2, jnp.full((6, 3), 50.0), fake)
    return techniques.r2(0.7).discriminator_loss(Own(), jax.random.key(0), play)


def test_penalty_of_a_quadratic_discriminator(x64):
    expected = 0.7 / 2 * np.mean(np.sum((FAKE @ A) ** 2, axis=1))
    np.testing.assert_allclose(penalty(FAKE)[0], expected, rtol=1e-12)


def test_gradient_by_the_fakes(x64):
    """A lookahead passes it on to the generator: d/dx of γ/2 ‖A x‖² is γ A² x."""
    np.testing.assert_allclose(penalty(FAKE)[1], 0.7 * FAKE @ A @ A / 6, rtol=1e-10)


def test_weight_is_checked():
    with pytest.raises(ValueError, match="weight of r2 must be at least 0, got -1"):
        techniques.r2(-1)
