"""The zero-centred penalty in closed form, and a game that it brings to rest, unlike WGAN-GP."""

import jax
import jax.numpy as jnp
import numpy as np
import pytest

from jaxgan import Own, techniques
from tests.helpers import played
from tests.techniques.examples import Example

EXAMPLE = Example("zero_centred_penalty:1.0")
A = np.array([[1.0, 0.5, -0.3], [0.5, 2.0, 0.0], [-0.3, 0.0, 0.7]])
REAL = np.random.default_rng(0).standard_normal((6, 3))


def penalty(technique, discriminate, real, fake):
    play = played(discriminate, jnp.asarray(real), jnp.asarray(fake))
    return technique.discriminator_loss(Own(), jax.random.key(0), play)


def test_penalty_of_a_quadratic_discriminator_between_real_and_fake(x64):
    """D(x) = xᵀ A x / 2 has the gradient A x; with equal examples and fakes every point between them is the example."""

    def quadratic(x):
        return jnp.einsum("ni,ij,nj->n", x, A, x) / 2

    technique = techniques.zero_centred_penalty(0.7)
    at_data = 0.7 * np.mean(np.sum((REAL @ A) ** 2, axis=1))
    np.testing.assert_allclose(penalty(technique, quadratic, REAL, REAL), at_data, rtol=1e-12)
    between = penalty(technique, quadratic, REAL, 0.0 * REAL)  # at ε x, with ε in [0, 1)
    assert 0.0 < between < at_data


def test_the_slope_has_no_half_in_front_and_is_pulled_to_zero(x64):
    """The Dirac GAN's D(x) = ψ x: gradient 2 ψ of the penalty, where WGAN-GP's pushes |ψ| to one."""

    def value(technique):
        return jax.value_and_grad(lambda psi: penalty(technique, lambda x: psi * x[:, 0], REAL[:, :1], 0 * REAL[:, :1]))

    np.testing.assert_allclose(value(techniques.zero_centred_penalty(1.0))(0.5), (0.25, 1.0), rtol=1e-12)
    np.testing.assert_allclose(value(techniques.zero_centred_penalty(1.0))(0.0), (0.0, 0.0))
    assert value(techniques.gradient_penalty(1.0))(0.5)[1] < 0.0


def test_weight_is_checked():
    with pytest.raises(ValueError, match="weight of zero_centred_penalty must be at least 0, got -1"):
        techniques.zero_centred_penalty(-1)
