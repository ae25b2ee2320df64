"""The zero-centred penalty in closed form, and a game that it brings to rest, unlike WGAN-GP."""

import jax
import jax.numpy as jnp
import numpy as np
import pytest

from jaxgan import Own, techniques
from tests.helpers import jit, played
from tests.techniques.examples import Example

EXAMPLE = Example("zero_centred_penalty:1.0")
A = np.array([[1.0, 0.5, -0.3], [0.5, 2.0, 0.0], [-0.3, 0.0, 0.7]])
REAL = np.random.default_rng(0).standard_normal((6, 3))


def penalty(technique, discriminate, real, fake):
    play = played(discriminate, real, fake)
    return technique.discriminator_loss(Own(), jax.random.key(0), play)


def test_penalty_of_a_quadratic_discriminator_between_real_and_fake(x64):
    """D(x) = xᵀ A x / 2 has the gradient A x; with equal examples and fakes every point between them is the example."""

    def quadratic(x):
        return jnp.einsum("ni,ij,nj->n", x, A, x) / 2

    technique = techniques.zero_centred_penalty(0.7)
    at_data = 0.7 * np.mean(np.sum((REAL @ A) ** 2, axis=1))
    run = jit(lambda real, fake: penalty(technique, quadratic, real, fake))
    np.testing.assert_allclose(run(REAL, REAL), at_data, rtol=1e-12)
    assert 0.0 < float(run(REAL, 0.0 * REAL)) < at_data  # at ε x, with ε in [0, 1)


def test_the_slope_has_no_half_in_front_and_is_pulled_to_zero(x64):
    """The Dirac GAN's D(x) = ψ x: gradient 2 ψ of the penalty, where WGAN-GP's pushes |ψ| to one."""

    def value(technique):
        return jit(jax.value_and_grad(lambda psi, x: penalty(technique, lambda x: psi * x[:, 0], x, 0 * x)))

    x, zero_centred = REAL[:, :1], value(techniques.zero_centred_penalty(1.0))
    np.testing.assert_allclose(zero_centred(0.5, x), (0.25, 1.0), rtol=1e-12)
    np.testing.assert_allclose(zero_centred(0.0, x), (0.0, 0.0))
    assert float(value(techniques.gradient_penalty(1.0))(0.5, x)[1]) < 0.0


def test_weight_is_checked():
    with pytest.raises(ValueError, match="weight of zero_centred_penalty must be at least 0, got -1"):
        techniques.zero_centred_penalty(-1)
