"""GMAN: the weights in closed form, the choice of λ, and the penalty beside it."""

import jax
import jax.numpy as jnp
import numpy as np
import optax
import pytest

from jaxgan import Own, losses, networks, techniques
from tests.helpers import derivative, jit, perceptron, played, small_gan
from tests.techniques.examples import Example

EXAMPLE = Example("gman:1.0", parts=3)


def weighted(technique, losses_of_parts, own=None):
    """The generator's loss that results, for discriminators whose losses are given: constant over the batch."""
    logits = np.tile(-np.log(np.expm1(losses_of_parts)), (4, 1))  # softplus(-logit) is the loss
    return np.mean(weights(technique, logits, own) * np.asarray(losses_of_parts)[None])


def weights(technique, logits, own=None, **others):
    @jit
    def run(logits, own):
        play = played(lambda x: x[:, 0], jnp.zeros((4, 1)), jnp.zeros((4, 1)), **others)
        return technique.generator_weights(own, jax.random.key(0), play._replace(fake_logits=logits))

    return np.asarray(run(logits, own or Own()))


@pytest.mark.parametrize(("sharpness", "value"), [(0.0, 1.5), (1.0, 1.731059), (100.0, 2.0)])
def test_mean_softmax_and_hardest(x64, sharpness, value):
    np.testing.assert_allclose(weighted(techniques.gman(sharpness), [1.0, 2.0]), value, rtol=1e-6)


def test_the_weights_are_those_of_the_loss_of_the_gan(x64):
    """A hinge generator minimises the negative logit."""
    found = weights(techniques.gman(1.0), np.tile([1.0, -2.0], (4, 1)), loss=losses.hinge())
    by_hand = np.exp([-1.0, 2.0]) / np.exp([-1.0, 2.0]).sum()
    np.testing.assert_allclose(found, 2 * by_hand[None], rtol=1e-6)


def test_a_chosen_sharpness_starts_where_the_paper_says(x64):
    technique = techniques.gman()
    own = technique.init(jax.random.key(0), None, 2)
    report, loss = jit(lambda own: (technique.report(own), technique.generator_loss(own, None, None)))(own)
    chosen = float(report["sharpness"])
    np.testing.assert_allclose(chosen, np.log1p(np.exp(-2.0)), rtol=1e-6)
    expected = (
        np.array([1.0, 2.0]) @ np.exp(chosen * np.array([1.0, 2.0])) / np.exp(chosen * np.array([1.0, 2.0])).sum()
    )
    np.testing.assert_allclose(weighted(technique, [1.0, 2.0], own), expected, rtol=1e-6)
    np.testing.assert_allclose(loss, -0.001 * chosen, rtol=1e-6)


def make(technique, **options):
    return small_gan(
        technique,
        techniques.r1(0.3),
        **{
            "discriminator": networks.several_discriminators(perceptron([5], out=1), 3),
            "generator_optimizer": optax.sgd(0.1),
            "discriminator_optimizer": optax.sgd(0.1),
            **options,
        },
    )


def batch():
    return np.random.default_rng(5).standard_normal((8, 2)).astype(np.float32) + 1.0


@pytest.mark.slow
def test_the_generator_trains_its_sharpness():
    """Up by a large reward, down without one, since the mean of the losses grows with λ."""
    key = jax.random.key(0)
    for reward, sign in ((10.0, 1.0), (0.0, -1.0)):
        gan = make(techniques.gman(reward=reward)._replace(optimizer=optax.sgd(1e4)))
        state = jit(gan.init)(key, batch())
        after, info = jit(gan.step)(key, state, batch())
        moved = after.generator.techniques["gman"].params["raw"] - state.generator.techniques["gman"].params["raw"]
        assert np.sign(moved) == sign and set(info.reports["gman"]) == {"sharpness"}


@pytest.mark.slow
def test_outer_gradient_by_the_sharpness_equals_finite_differences(x64):
    key = jax.random.key(0)

    def loss(sharpness):
        gan = make(techniques.gman(sharpness))
        state = gan.init(key, batch().astype(np.float64))
        for _ in range(2):
            state, info = gan.step(key, state, batch().astype(np.float64))
        return info.generator_loss

    both = jit(jax.value_and_grad(loss))
    gradient = both(1.5)[1]
    assert abs(gradient) > 1e-7
    np.testing.assert_allclose(gradient, derivative(lambda s: both(s)[0], 1.5, 1e-3), rtol=1e-5)


def test_mistakes_are_one_line():
    with pytest.raises(ValueError, match="sharpness of gman must be at least 0, got -1"):
        techniques.gman(-1.0)
    with pytest.raises(ValueError, match="reward of gman must be at least 0, got -1"):
        techniques.gman(reward=-1.0)
    with pytest.raises(ValueError, match="gman weighs several discriminators, and this one gives a single logit"):
        single = make(techniques.gman(1.0), discriminator=perceptron([5], out=1))
        jax.eval_shape(single.init, jax.random.key(0), batch())
    with pytest.raises(ValueError, match="the loss of their fakes, and this loss compares them with reals"):
        jax.eval_shape(make(techniques.gman(1.0), loss=losses.relativistic()).init, jax.random.key(0), batch())
