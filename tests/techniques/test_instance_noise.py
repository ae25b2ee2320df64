"""Instance noise: how large it is, and when."""

import jax
import jax.numpy as jnp
import numpy as np
import optax
import pytest

import jaxgan
from jaxgan import losses, techniques
from tests.helpers import jit, perceptron

X = jnp.full((100, 50), 3.0)


def level(technique, state, hook="real"):
    noise = getattr(technique, hook)(jnp.asarray(state, jnp.int32), jax.random.key(0), X) - X
    assert abs(np.mean(noise)) < 0.05
    return float(np.std(noise))


@pytest.mark.parametrize("hook", ["real", "fake"])
def test_noise_falls_linearly_to_zero(hook):
    technique = techniques.instance_noise(0.8, steps=4)
    levels = [level(technique, step, hook) for step in (0, 1, 2, 3, 4, 100)]
    np.testing.assert_allclose(levels, [0.8, 0.6, 0.4, 0.2, 0.0, 0.0], rtol=0.05)


def test_noise_stays_without_an_end():
    np.testing.assert_allclose([level(techniques.instance_noise(0.8), step) for step in (0, 1000)], 0.8, rtol=0.05)


def test_generators_gradient_passes_through():
    fake = techniques.instance_noise(0.8).fake
    gradient = jax.grad(lambda x: jnp.sum(fake(jnp.zeros((), jnp.int32), jax.random.key(0), x)))(X)
    np.testing.assert_array_equal(gradient, 1.0)


def test_steps_of_the_gan_are_counted():
    players = jaxgan.gan(
        generator=perceptron([4], out=2),
        discriminator=perceptron([4], out=1),
        loss=losses.hinge(),
        generator_optimizer=optax.sgd(0.1),
        discriminator_optimizer=optax.sgd(0.1),
        latent_dim=2,
        techniques=(techniques.instance_noise(0.5, steps=10),),
        discriminator_steps=3,
    )
    key, batch = jax.random.key(0), jnp.ones((4, 2))
    state, step = jit(players.init)(key, batch), jit(players.step)
    for i in range(3):
        assert state.techniques.stats["instance_noise"] == i
        state, _ = step(key, state, batch)


@pytest.mark.parametrize(("std", "steps"), [(-0.1, 0), (0.1, -1)])
def test_arguments_are_checked(std, steps):
    with pytest.raises(ValueError, match=f"0 or more, not {std} and {steps}"):
        techniques.instance_noise(std, steps=steps)
