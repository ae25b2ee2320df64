"""DRAGAN for discriminators whose gradient is known."""

import jax
import jax.numpy as jnp
import numpy as np
import pytest

from jaxgan import Own, techniques
from tests.helpers import jit, played
from tests.techniques.examples import Example

EXAMPLE = Example("dragan:1.0")
REAL = np.random.default_rng(0).standard_normal((4000, 3)) * 2.0 + 5.0
FAR = np.full_like(REAL, 1e3)  # fakes take no part


def penalty(technique, discriminate):
    """The penalty, and the points at which it was taken."""
    seen = []

    def watched(x):
        jax.debug.callback(lambda x: seen.append(np.array(x)), jax.lax.stop_gradient(x.data))
        return discriminate(x.data)

    @jit
    def run(real, fake):
        play = played(discriminate, real, fake)._replace(discriminate=watched)
        return technique.discriminator_loss(Own(), jax.random.key(0), play)

    value = run(REAL, FAR)
    jax.effects_barrier()
    (points,) = seen
    return value, points


def test_linear_discriminator_pays_for_the_length_of_its_weights(x64):
    w = np.array([0.3, -1.0, 2.0])
    actual, _ = penalty(techniques.dragan(0.7, radius=3.0), lambda x: x @ w)
    np.testing.assert_allclose(actual, 0.7 * (np.linalg.norm(w) - 1.0) ** 2, rtol=1e-9)


def test_neighbourhood_is_as_wide_as_the_radius_says(x64):
    # The gradient of half the square is x itself.
    actual, around = penalty(techniques.dragan(2.0, radius=0.5), lambda x: jnp.sum(x**2, axis=1) / 2)
    np.testing.assert_allclose(actual, 2.0 * np.mean((np.linalg.norm(around, axis=1) - 1.0) ** 2), rtol=1e-6)
    noise = around - REAL
    np.testing.assert_allclose(np.std(noise, axis=0), 0.5 * np.std(REAL), rtol=0.05)
    np.testing.assert_allclose(np.mean(noise, axis=0), 0.0, atol=0.05)


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ({"weight": -1.0}, "weight of dragan must be at least 0, got -1.0"),
        ({"radius": 0.0}, "radius of dragan must be positive and finite, got 0.0"),
        ({"radius": -0.5}, "radius of dragan must be positive and finite, got -0.5"),
    ],
)
def test_arguments_are_checked(arguments, message):
    with pytest.raises(ValueError, match=message):
        techniques.dragan(**arguments)
