"""Inference via optimisation, for generators whose nearest outputs are known."""

import jax
import jax.numpy as jnp
import numpy as np
import pytest

from jaxgan import metrics
from tests.helpers import jit


def distance(key, generate, held_out, **options):
    return jit(lambda k, x: metrics.inversion_distance(k, generate, x, **options))(key, held_out)


def test_linear_generator_leaves_the_least_squares_residual(x64, key):
    random = np.random.default_rng(0)
    weights, held_out = random.standard_normal((2, 5)), random.standard_normal((6, 5))
    projection = held_out @ np.linalg.pinv(weights) @ weights
    found = distance(key, lambda z: z @ jnp.asarray(weights), held_out, latent_dim=2, steps=600, restarts=2)
    np.testing.assert_allclose(found, ((held_out - projection) ** 2).mean(1), rtol=1e-3)


def test_a_lost_mode_stays_far(key):
    # Outputs lie on the unit circle around the one mode that is left; the other mode is at (10, 0).
    def generate(z):
        return z / jnp.sqrt(jnp.square(z).sum(axis=1, keepdims=True) + 1e-12)

    held_out = jnp.array([[1.0, 0.0], [0.0, -1.0], [10.0, 0.0]])
    found = distance(key, generate, held_out, latent_dim=2, steps=300)
    np.testing.assert_allclose(found, [0, 0, 81 / 2], atol=1e-2)


def test_more_steps_and_restarts_are_never_worse(key):
    def generate(z):  # many local minima
        return (jnp.sin(5 * z) + 0.1 * z)[:, :, None]

    held_out = np.random.default_rng(1).uniform(-1, 1, (20, 3, 1))
    short, long = (
        distance(jax.random.clone(key), generate, held_out, latent_dim=3, steps=steps, restarts=2) for steps in (5, 50)
    )
    assert (long <= short).all() and (long < short).any()
    # Each restart alone, with the key that it had.
    alone = [
        np.min([np.square(generate(np.asarray(z)) - held_out).mean(axis=(1, 2))], axis=0)
        for z in (jax.random.normal(k, (20, 3)) for k in jax.random.split(jax.random.clone(key), 4))
    ]
    starts = distance(key, generate, held_out, latent_dim=3, steps=0, restarts=4)
    np.testing.assert_allclose(starts, np.min(alone, axis=0), rtol=1e-4)


def test_without_jit(key):
    held_out = np.ones((2, 3))
    options = {"latent_dim": 3, "steps": 3, "restarts": 1}
    eager = metrics.inversion_distance(jax.random.clone(key), jnp.tanh, held_out, **options)
    np.testing.assert_allclose(eager, distance(key, jnp.tanh, held_out, **options), rtol=1e-5)


def test_errors_that_are_no_number_are_not_the_best(key):
    found = distance(key, lambda z: jnp.full_like(z, jnp.nan), np.ones((2, 3)), latent_dim=3, steps=2)
    np.testing.assert_array_equal(found, [np.inf, np.inf])


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"latent_dim": 0}, "latent_dim must be at least 1, got 0"),
        ({"steps": -1}, "steps must be at least 0, got -1"),
        ({"restarts": 0}, "restarts must be at least 1, got 0"),
        ({"learning_rate": 0.0}, "learning_rate must be positive, got 0.0"),
        ({"held_out": np.ones(3)}, r"held_out must be .*\(3,\)"),
        ({"held_out": np.ones((2, 4))}, r"like held_out \(2, 4\), got \(2, 3\)"),
    ],
)
def test_wrong_arguments_are_named(key, options, message):
    options = {"latent_dim": 3, "held_out": np.ones((2, 3))} | options
    with pytest.raises(ValueError, match=message):
        metrics.inversion_distance(key, jnp.tanh, options.pop("held_out"), **options)
