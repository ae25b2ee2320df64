"""MGAN: makers are told apart, belong to their fakes, and specialise."""

import jax
import jax.numpy as jnp
import numpy as np
import pytest

import jaxgan
from jaxgan import Batch, losses, networks, optimizers, techniques
from jaxgan.types import Own
from tests.helpers import jit, perceptron, played
from tests.techniques.examples import Example

EXAMPLE = Example("mgan:2,weight=1.0")
COUNT = 4


def make(*chosen):
    return jaxgan.gan(
        generator=networks.several_generators(perceptron([8], out=2), COUNT),
        discriminator=perceptron([16], out=1),
        loss=losses.non_saturating(),
        generator_optimizer=optimizers.adam(3e-3),
        discriminator_optimizer=optimizers.adam(3e-3),
        latent_dim=2,
        techniques=chosen,
    )


def test_cost_of_a_classifier_that_knows_nothing_is_log_count(x64):
    technique = techniques.mgan(COUNT, 0.5)
    own = Own(discriminator={"kernel": np.zeros((2, COUNT)), "bias": np.zeros(COUNT)}, state=np.float64(0.0))
    latent = np.concatenate([np.zeros((8, 2)), np.repeat(np.eye(COUNT), 2, axis=0)], axis=1)

    @jit
    def run(own, fake, latent):
        play = played(lambda x: x[:, 0], fake, fake, latent=latent, features=lambda x: x, columns={"mgan": slice(2, 6)})
        hooks = technique.discriminator_loss, technique.generator_loss
        return [hook(own, jax.random.key(0), play) for hook in hooks], technique.update(own, None, play, None)

    terms, state = run(own, np.ones((8, 2)), latent)
    np.testing.assert_allclose(terms, 0.5 * np.log(COUNT), rtol=1e-12)
    np.testing.assert_allclose(state, 0.0, atol=1e-12)


@pytest.mark.parametrize("n", [1, 3, 8, 10])
def test_the_choice_is_one_generator_each_in_blocks_where_they_fit(n):
    @jit
    @jax.vmap
    def draw(seed):
        z = Batch(jnp.zeros((n, 6)))
        return techniques.mgan(COUNT).latent(Own(), jax.random.key(seed), z, slice(2, 6)).data[:, 2:]

    counts = np.zeros(COUNT)
    for choice in np.asarray(draw(np.arange(40))):
        assert np.all(np.sum(choice, axis=1) == 1.0) and set(np.unique(choice)) == {0.0, 1.0}
        if n == 8:
            np.testing.assert_array_equal(choice, np.repeat(np.eye(COUNT), 2, axis=0))
        counts += np.sum(choice, axis=0)
    np.testing.assert_allclose(counts / counts.sum(), 1 / COUNT, atol=0.12)


@pytest.mark.slow
def test_generators_specialise_with_replay_and_r1():
    """Old fakes keep their maker: with wrong makers the classifier could not learn them."""
    gan = make(techniques.mgan(COUNT, 1.0), techniques.replay(64), techniques.r1(0.1))
    key, batch = jax.random.key(1), jax.random.normal(jax.random.key(2), (32, 2))

    def train():
        def step(state, _):
            state, info = gan.step(key, state, batch)
            return state, info.reports["mgan"]["information"]

        return jax.lax.scan(step, gan.init(key, batch), length=800)

    _, information = jit(train)()
    assert information[0] < 0.3 and np.mean(information[-50:]) > 0.5
    assert np.max(information) <= np.log(COUNT) + 1e-6


def test_arguments_are_checked():
    with pytest.raises(ValueError, match="generators of mgan must be a whole number of at least 2, got 1"):
        techniques.mgan(1)
    with pytest.raises(ValueError, match=r"weight of mgan must be at least 0, got -0\.1"):
        techniques.mgan(2, -0.1)
