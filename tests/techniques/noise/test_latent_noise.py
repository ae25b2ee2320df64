"""Latent noise: how large it is, when, where, and that sampling has none."""

import jax
import jax.numpy as jnp
import numpy as np
import pytest

from jaxgan import Batch, Own, techniques
from tests.helpers import constant_latent, jit, small_gan
from tests.techniques.examples import Example

EXAMPLE = Example("latent_noise:0.3,steps=10", constant=True)
Z = np.full((200, 30), 3.0, np.float32)


def added(std, steps, state):
    shift = techniques.latent_noise(std, steps=steps).shift
    moved = jit(lambda state, z: shift(Own(state=state), jax.random.key(0), Batch(z, z[:, 0]), slice(0, 25), None))
    z = moved(np.int32(state), Z)
    np.testing.assert_array_equal(z.label, Z[:, 0])
    np.testing.assert_array_equal(z.data[:, 25:], Z[:, 25:])  # the columns of techniques
    return np.asarray(z.data[:, :25]) - 3.0


@pytest.mark.parametrize(
    ("steps", "state", "level"), [(0, 0, 0.8), (0, 1000, 0.8), (4, 0, 0.8), (4, 1, 0.6), (4, 3, 0.2), (4, 4, 0.0)]
)
def test_noise_is_normal_and_falls_linearly_to_zero(steps, state, level):
    noise = added(0.8, steps, state)
    np.testing.assert_allclose(np.std(noise), level, rtol=0.03)
    assert abs(np.mean(noise)) < 0.05
    np.testing.assert_allclose(np.mean(noise**4), 3 * level**4, rtol=0.15)


def test_a_step_sees_it_and_sampling_does_not():
    """The latents of a step are given: what the discriminator saw is made of others, what is sampled is not."""
    z = jnp.asarray(np.random.default_rng(0).standard_normal((8, 3)), jnp.float32)

    def watched(own, key, play, info):
        return {
            "latent": play.fake.latent,
            "before": play.generated.latent,
            "made": play.generate(play.fake.latent).data,
        }

    def attach(own, key, shapes):
        zeros = jnp.zeros((8, 3))
        return own._replace(state={"latent": zeros, "before": zeros, "made": jnp.zeros((8, 2))})

    watch = techniques.instance_noise(0.0)._replace(name="watch", meet=None, init=None, attach=attach, update=watched)
    noisy, plain = (
        small_gan(*chosen, watch, latent_distribution=constant_latent(z))
        for chosen in ((techniques.latent_noise(0.5),), ())
    )
    key, data = jax.random.key(0), np.ones((8, 2), np.float32)
    state = jit(noisy.init)(key, data)
    seen = jit(noisy.step)(key, state, data)[0].techniques["watch"]
    np.testing.assert_array_equal(seen["before"], z)
    assert 0.3 < np.std(seen["latent"] - z) < 0.7
    without = state._replace(techniques={"watch": state.techniques["watch"]})
    np.testing.assert_array_equal(
        jit(noisy.sample, static_argnums=2)(key, state, 8), jit(plain.sample, static_argnums=2)(key, without, 8)
    )


@pytest.mark.parametrize(("std", "steps"), [(-0.1, 0), (0.1, -1)])
def test_arguments_are_checked(std, steps):
    with pytest.raises(ValueError, match=f"of latent_noise must be .*at least 0, got {min(std, steps)}"):
        techniques.latent_noise(std, steps=steps)
