"""Instance noise: how large it is, and when."""

import jax
import jax.numpy as jnp
import numpy as np
import optax
import pytest

import jaxgan
from jaxgan import Batch, Own, losses, techniques
from tests.helpers import jit, perceptron
from tests.techniques.examples import Example

EXAMPLE = Example("instance_noise:0.3,steps=10")
X = jnp.full((100, 50), 3.0)


def added(technique, state):
    """What is added to real examples and to fakes."""
    own = Own(state=jnp.asarray(state, jnp.int32))
    return [x.data - X for x in technique.meet(own, jax.random.key(0), Batch(X), Batch(X), None)]


def level(technique, state):
    noise = np.stack(added(technique, state))
    assert abs(np.mean(noise)) < 0.05
    np.testing.assert_allclose(np.std(noise[0]), np.std(noise[1]), rtol=0.05)
    return float(np.std(noise))


def test_noise_falls_linearly_to_zero():
    technique = techniques.instance_noise(0.8, steps=4)
    levels = [level(technique, step) for step in (0, 1, 2, 3, 4, 100)]
    np.testing.assert_allclose(levels, [0.8, 0.6, 0.4, 0.2, 0.0, 0.0], rtol=0.05)


def test_real_examples_and_fakes_get_noise_of_their_own():
    real, fake = added(techniques.instance_noise(0.8), 0)
    assert abs(np.corrcoef(real.ravel(), fake.ravel())[0, 1]) < 0.05


def test_noise_stays_without_an_end():
    np.testing.assert_allclose([level(techniques.instance_noise(0.8), step) for step in (0, 1000)], 0.8, rtol=0.05)


def test_generators_gradient_passes_through():
    meet, own = techniques.instance_noise(0.8).meet, Own(state=jnp.zeros((), jnp.int32))
    gradient = jax.grad(lambda x: jnp.sum(meet(own, jax.random.key(0), Batch(X), Batch(x), None)[1].data))(X)
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
        assert state.techniques["instance_noise"] == i
        state, _ = step(key, state, batch)


@pytest.mark.parametrize(("std", "steps"), [(-0.1, 0), (0.1, -1)])
def test_arguments_are_checked(std, steps):
    with pytest.raises(ValueError, match=f"of instance_noise must be .*at least 0, got {min(std, steps)}"):
        techniques.instance_noise(std, steps=steps)
