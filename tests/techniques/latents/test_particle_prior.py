"""The particle prior: latents are of the learned points, which move where the generator's loss falls."""

import jax
import jax.numpy as jnp
import numpy as np
import optax
import pytest

from jaxgan import Batch, Network, Own, techniques
from tests.helpers import jit, recording, small_gan
from tests.techniques.examples import Example

EXAMPLE = Example("particle_prior:5", constant=True)
NOISE = 3


def test_latents_are_points_drawn_evenly_with_noise_around_them():
    points, n = np.arange(8.0, dtype=np.float32).reshape(4, 2), 20_000
    z = np.random.default_rng(1).standard_normal((n, 3)).astype(np.float32)

    @jit
    def made(std, points, z):
        technique = techniques.particle_prior(4, std=std)
        return technique.latent(Own(generator=points), jax.random.key(0), Batch(z), slice(1, 3)).data

    bare, noisy = (np.asarray(made(std, points, z)) for std in (0.0, 0.5))
    found, counts = np.unique(bare[:, 1:], axis=0, return_counts=True)
    np.testing.assert_array_equal(found, points)
    np.testing.assert_allclose(counts / n, 0.25, atol=0.015)
    np.testing.assert_array_equal(bare[:, 0], z[:, 0])
    np.testing.assert_allclose(noisy[:, 1:] - bare[:, 1:], 0.5 * z[:, 1:], atol=1e-6)


def test_points_begin_as_normal_numbers():
    batch = Batch(np.zeros((4, 2), jnp.bfloat16))
    own = jit(lambda key: techniques.particle_prior(5000, 3).init(key, batch, 9))(jax.random.key(0))
    points = np.asarray(own.generator)
    assert points.shape == (5000, 3) and points.dtype == np.float32
    np.testing.assert_allclose(points.mean(axis=0), 0.0, atol=0.05)
    np.testing.assert_allclose(points.std(axis=0), 1.0, atol=0.03)


def shower():
    """A generator that shows the technique's columns."""

    def apply(params, stats, z, *, train, key=None):
        return z[:, NOISE:] + 0.0 * params, stats

    return Network(lambda key, z: (jnp.zeros(()), {}), apply)


def judge():
    """A discriminator whose logit is the sum of an example."""

    def apply(params, stats, x, *, train, key=None):
        return jnp.sum(x, axis=1) + 0.0 * params, stats

    return Network(lambda key, x: (jnp.zeros(()), {}), apply)


def test_points_that_were_drawn_move_and_samples_are_of_them(x64):
    """Each by the share of its fakes in the batch times the slope of the loss there, and no other."""
    technique = techniques.particle_prior(12, optimizer=recording(0.5))
    gan = small_gan(technique, generator=shower(), discriminator=judge())

    @jit
    def run(data):
        state = gan.init(jax.random.key(1), data)
        after, _ = gan.step(jax.random.key(3), state, data)
        players = (each.generator.techniques["particle_prior"] for each in (state, after))
        return *players, gan.sample(jax.random.key(0), after, 100)

    before, learned, sampled = jax.tree.map(np.asarray, run(np.ones((8, 2))))
    points = before.params
    slopes = -1 / (1 + np.exp(np.sum(points, axis=1)))
    shares = learned.opt_state[:, 0] / slopes * 8
    np.testing.assert_allclose(shares, np.round(shares), atol=1e-9)
    assert np.sum(shares) == pytest.approx(8.0) and np.min(np.abs(shares)) < 1e-9 < np.max(shares)
    np.testing.assert_allclose(learned.opt_state[:, 0], learned.opt_state[:, 1])
    np.testing.assert_allclose(learned.params, points - 0.5 * learned.opt_state)
    assert {tuple(row) for row in sampled} == {tuple(row) for row in learned.params}


@pytest.mark.slow
def test_points_leave_the_place_where_no_data_are():
    """A generator that cannot learn shows the points; they go to one of two modes each, and stay apart."""
    gan = small_gan(
        techniques.particle_prior(32),
        generator=shower(),
        generator_optimizer=optax.adam(0.02),
        discriminator_optimizer=optax.adam(0.02),
    )
    key = jax.random.key(0)
    data = jnp.where(jnp.arange(64)[:, None] % 2 == 0, 3.0, -3.0) * jnp.ones((1, 2))
    state = jit(gan.init)(key, data)

    def step(state, _):
        return gan.step(key, state, data)[0], None

    state = jit(lambda s: jax.lax.scan(step, s, length=400)[0])(state)
    points = np.asarray(state.generator.techniques["particle_prior"].params)
    assert np.mean(np.abs(points)) > 1.5
    assert np.any(points.sum(axis=1) > 2.0) and np.any(points.sum(axis=1) < -2.0)


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ({"count": 0}, "count of particle_prior must be a whole number of at least 1, got 0"),
        ({"width": 0}, "width of particle_prior must be a whole number of at least 1, got 0"),
        ({"std": -0.1}, r"std of particle_prior must be at least 0, got -0\.1"),
    ],
)
def test_arguments_are_checked(arguments, message):
    with pytest.raises(ValueError, match=message):
        techniques.particle_prior(**{"count": 3, **arguments})
