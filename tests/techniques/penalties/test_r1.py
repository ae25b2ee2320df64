"""R1 in closed form for a quadratic discriminator, and the game for which it was invented."""

import jax
import jax.numpy as jnp
import numpy as np
import optax
import pytest

import jaxgan
from jaxgan import Network, Own, losses, packed, techniques
from tests.helpers import jit, perceptron, played
from tests.techniques.examples import Example

EXAMPLE = Example("r1:1.0")
A = np.array([[1.0, 0.5, -0.3], [0.5, 2.0, 0.0], [-0.3, 0.0, 0.7]])
B = np.array([0.2, -1.0, 0.4])
REAL = np.random.default_rng(0).standard_normal((6, 3))


def quadratic(x):
    """D(x) = xᵀ A x / 2 + bᵀ x, so that its gradient is A x + b."""
    return jnp.einsum("ni,ij,nj->n", x, A, x) / 2 + x @ B


def penalty(weight, discriminate, real, fake):
    @jit
    def run(real, fake):
        play = played(discriminate, real, fake)
        return techniques.r1(weight).discriminator_loss(Own(), jax.random.key(0), play)

    return run(real, fake)


def test_penalty_of_a_quadratic_discriminator(x64):
    actual = penalty(0.7, quadratic, REAL, np.full((6, 3), 50.0))
    expected = 0.7 / 2 * np.mean(np.sum((REAL @ A + B) ** 2, axis=1))
    np.testing.assert_allclose(actual, expected, rtol=1e-12)


def test_penalty_of_packs(x64):
    """The gradient of a packed discriminator is that of the whole pack: the squares of its examples add up."""
    actual = penalty(1.0, lambda x: quadratic(x).reshape(3, 2).sum(axis=1), REAL, REAL)
    np.testing.assert_allclose(actual, np.sum((REAL @ A + B) ** 2) / 3 / 2, rtol=1e-12)


def test_penalty_of_images_sums_over_all_pixels(x64):
    images = REAL.reshape(3, 2, 1, 3)
    actual = penalty(1.0, lambda x: jnp.sum(x**2, axis=(1, 2, 3)), images, images)
    np.testing.assert_allclose(actual, np.mean(np.sum((2 * REAL.reshape(3, 6)) ** 2, axis=1)) / 2, rtol=1e-12)


def dirac(chosen):
    """The Dirac GAN of Mescheder et al. (2018): all data at zero, a generator θ, a discriminator ψ x."""
    generator = Network(
        init=lambda key, z: (jnp.ones(()), {}),
        apply=lambda params, stats, z, *, train, key=None: (jnp.broadcast_to(params, (z.shape[0], 1)), stats),
    )
    discriminator = Network(
        init=lambda key, x: (jnp.ones(()), {}),
        apply=lambda params, stats, x, *, train, key=None: (params * x, stats),
    )
    players = jaxgan.gan(
        generator=generator,
        discriminator=discriminator,
        loss=losses.minimax(),
        generator_optimizer=optax.sgd(0.2),
        discriminator_optimizer=optax.sgd(0.2),
        latent_dim=1,
        techniques=chosen,
    )
    data, key = jnp.zeros((2, 1)), jax.random.key(0)

    def run():
        def step(state, _):
            return players.step(key, state, data)[0], (state.generator.params, state.discriminator.params)

        return jax.lax.scan(step, players.init(key, data), length=500)[1]

    return np.linalg.norm(np.stack(jit(run)()), axis=0)


def test_dirac_gan_circles_without_and_converges_with():
    """Mescheder et al. (2018), section 3: the distance to the equilibrium at the origin."""
    plain, penalised = dirac(()), dirac((techniques.r1(1.0),))
    assert np.min(plain[-100:]) > 1.0
    assert np.max(penalised[-100:]) < 1e-4 < penalised[0]


def test_penalty_inside_a_step_is_that_of_the_packed_discriminator():
    discriminator, weight = packed(perceptron([5], out=1), 2), 0.7
    players = jaxgan.gan(
        generator=perceptron([4], out=3),
        discriminator=discriminator,
        loss=losses.wasserstein(),
        generator_optimizer=optax.sgd(0.1),
        discriminator_optimizer=optax.sgd(0.1),
        latent_dim=2,
        techniques=(techniques.r1(weight),),
    )

    def logit_sum(x, params):
        return jnp.sum(discriminator.apply(params, {}, x, train=True)[0])

    @jit
    def run(key, data):
        state = players.init(key, data)
        return players.step(key, state, data)[1], jax.grad(logit_sum)(data, state.discriminator.params)

    info, gradient = run(jax.random.key(0), REAL.astype(np.float32))
    expected = weight / 2 * np.sum(np.asarray(gradient) ** 2) / 3
    np.testing.assert_allclose(info.terms.discriminator["r1"], expected, rtol=1e-5)


def test_weight_is_checked():
    with pytest.raises(ValueError, match="weight of r1 must be at least 0, got -1"):
        techniques.r1(-1)
