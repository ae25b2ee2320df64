"""aw-GAN: the weights by hand for gradients that are given, and what they do to a step."""

import functools

import jax
import jax.numpy as jnp
import numpy as np
import pytest

from jaxgan import Own, losses, networks, techniques
from tests.helpers import jit, perceptron, played, small_gan
from tests.techniques.examples import Example

EXAMPLE = Example("adaptive_weights", constant=True)


def logit(score):
    return np.log(score / (1.0 - score))


def weights(score_real, score_fake=0.3, real=(3.0, 4.0), fake=(-1.0, 0.0), **options):
    """For a linear discriminator and the Wasserstein loss, whose halves have the gradients `real` and `fake`."""
    logits = np.full(4, logit(score_real)), np.full(4, logit(score_fake))
    examples = np.tile(-np.array(real), (4, 1)), np.tile(np.array(fake), (4, 1))
    return np.asarray(weighted(**options)(*logits, *examples))


@functools.cache
def weighted(**options):
    @jit
    def run(real_logits, fake_logits, real, fake):
        play = played(
            lambda x: x @ jnp.ones(2),
            real,
            fake,
            loss=losses.wasserstein(),
            judge=lambda params, x: x.data @ params,
            discriminator=jnp.array([0.3, -0.2]),
            real_logits=real_logits,
            fake_logits=fake_logits,
        )
        technique = techniques.adaptive_weights(**options)
        return jnp.stack(technique.discriminator_weights(Own(), jax.random.key(0), play))

    return run


@pytest.mark.parametrize(("score_real", "expected"), [(0.4, (0.25, 0.65)), (0.6, (0.25, 1.05)), (0.9, (0.17, 1.05))])
def test_weights_by_the_score_of_reals(x64, score_real, expected):
    np.testing.assert_allclose(weights(score_real), expected, rtol=1e-9)


def test_reals_come_first_where_fakes_score_higher(x64):
    np.testing.assert_allclose(weights(0.6, 0.7), (0.25, 0.65), rtol=1e-9)
    np.testing.assert_allclose(weights(0.9, 0.96), (0.25, 0.65), rtol=1e-9)
    np.testing.assert_allclose(weights(0.6, 0.64), (0.25, 1.05), rtol=1e-9)


def test_a_step_for_reals_does_not_harm_fakes(x64):
    """But for ε: without it the joint gradient is orthogonal to that of the fakes; one that agrees needs nothing."""
    of_real, of_fake = weights(0.4, epsilon=0.0)
    np.testing.assert_allclose((of_real * np.array([3.0, 4.0]) + of_fake * np.array([-1.0, 0.0]))[0], 0.0, atol=1e-9)
    np.testing.assert_allclose(weights(0.4, fake=(1.0, 0.0)), (0.25, 0.05), rtol=1e-9)


def test_not_normalised(x64):
    np.testing.assert_allclose(weights(0.4, normalised=False), (1.05, 3.05), rtol=1e-9)
    np.testing.assert_allclose(weights(0.9, normalised=False), (3.0 / 25.0 + 0.05, 1.05), rtol=1e-9)


def test_short_gradients_are_normalised_too(x64):
    """The authors' program adds 1e-4 to the squares, so that a gradient of length 0.001 would weigh 100, not 1000."""
    np.testing.assert_allclose(weights(0.6, real=(6e-4, 8e-4))[0], 1000.05, rtol=1e-5)
    assert np.all(np.isfinite(weights(0.6, real=(0.0, 0.0), fake=(0.0, 0.0))))


def test_the_gradient_is_the_weighted_sum_of_the_gradients_of_the_halves():
    technique = techniques.adaptive_weights(low=1.0)  # reals first, whatever they score
    data = np.random.default_rng(5).standard_normal((8, 2)).astype(np.float32)

    def gradient(technique, data):
        gan, key = small_gan(technique), jax.random.key(0)
        return gan.gradients(key, gan.init(key, data), data).discriminator

    @jit
    def half(data, real, fake):
        weigh = lambda own, key, play: (real, fake)  # noqa: E731
        return gradient(techniques.adaptive_weights()._replace(discriminator_weights=weigh), data)

    of_real, of_fake = (half(data, np.float32(real), np.float32(1 - real)) for real in (1, 0))
    of_real, of_fake, both = jax.tree.map(np.asarray, (of_real, of_fake, jit(lambda x: gradient(technique, x))(data)))

    def dot(a, b):
        return sum(np.sum(np.asarray(x) * np.asarray(y)) for x, y in zip(*map(jax.tree.leaves, (a, b)), strict=True))

    length, along = np.sqrt(dot(of_real, of_real)), dot(of_real, of_fake)
    w_real, w_fake = 1.0 / length + 0.05, max(-along, 0.0) / dot(of_fake, of_fake) / length + 0.05
    jax.tree.map(
        lambda a, b, c: np.testing.assert_allclose(c, w_real * a + w_fake * b, rtol=1e-4, atol=1e-6),
        of_real,
        of_fake,
        both,
    )


def test_mistakes_are_one_line():
    for name, value in (("low", 1.5), ("high", -0.1), ("margin", -1.0), ("epsilon", -1.0)):
        with pytest.raises(ValueError, match=f"the {name} of adaptive_weights must be .*, got {value}"):
            techniques.adaptive_weights(**{name: value})
    key, data = jax.random.key(0), np.ones((4, 2), np.float32)
    several = networks.several_discriminators(perceptron([5], out=1), 2)
    with pytest.raises(ValueError, match="adaptive_weights weighs the two halves of one discriminator"):
        jax.eval_shape(small_gan(techniques.adaptive_weights(), discriminator=several).init, key, data)
    with pytest.raises(ValueError, match="adaptive_weights takes the gradients of both halves"):
        jax.eval_shape(small_gan(techniques.adaptive_weights(), loss=losses.relativistic()).init, key, data)
