"""Instance noise: how large it is, and when."""

import functools

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
X = np.full((100, 50), 3.0, np.float32)


def added(technique, state):
    """What is added to real examples and to fakes."""
    return [np.asarray(x.data) - X for x in meet(technique)(np.int32(state), X)]


@functools.cache
def meet(technique):
    return jit(lambda state, x: technique.meet(Own(state=state), jax.random.key(0), Batch(x), Batch(x), None))


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
    technique = techniques.instance_noise(0.8)
    np.testing.assert_allclose([level(technique, step) for step in (0, 1000)], 0.8, rtol=0.05)


def test_generators_gradient_passes_through():
    total = lambda x: jnp.sum(meet(techniques.instance_noise(0.8))(np.int32(0), x)[1].data)  # noqa: E731
    np.testing.assert_array_equal(jit(jax.grad(total))(X), 1.0)


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

    @jit
    def run(key, batch):
        def one(state, _):
            return players.step(key, state, batch)[0], state.techniques["instance_noise"]

        return jax.lax.scan(one, players.init(key, batch), length=3)[1]

    assert run(jax.random.key(0), np.ones((4, 2), np.float32)).tolist() == [0, 1, 2]


@pytest.mark.parametrize(("std", "steps"), [(-0.1, 0), (0.1, -1)])
def test_arguments_are_checked(std, steps):
    with pytest.raises(ValueError, match=f"of instance_noise must be .*at least 0, got {min(std, steps)}"):
        techniques.instance_noise(std, steps=steps)
