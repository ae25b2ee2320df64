"""LOGAN: the step in closed form, and both players' gradients against differences of a game written out in NumPy."""

import jax
import numpy as np
import pytest

from jaxgan import Batch, Own, Unroll, techniques
from tests.helpers import constant_latent, jit, perceptron, recording, small_gan
from tests.techniques.examples import Example

EXAMPLE = Example("logan:0.9,share=0.5")
random = np.random.default_rng(0)
BATCH, NOISE = 6, 3
TECHNIQUE = {"rate": 0.7, "damping": 0.3, "weight": 0.2, "share": 1.0}


def moved(slope, z, *, columns=2, key=None, **options):
    """How far latents move where the discriminator's score of what is made of them is linear."""
    technique = techniques.logan(**options)

    def judge(z):
        return z.data @ slope

    def shift(key, z):
        return technique.shift(Own(), key, Batch(z, z[:, 0]), slice(0, columns), judge)

    after = jit(shift)(jax.random.key(0) if key is None else key, z)
    np.testing.assert_array_equal(after.label, z[:, 0])
    return np.asarray(after.data) - z


@pytest.mark.parametrize(
    ("form", "expected"),
    [("natural", 0.5 * np.array([3.0, 4.0]) / (2.0 + 25.0)), ("gradient", 0.5 * np.array([3.0, 4.0]))],
)
def test_step_of_a_linear_score_in_closed_form_leaves_the_columns_of_techniques(form, expected):
    z = random.standard_normal((5, 3)).astype(np.float32)
    delta = moved(np.array([3.0, 4.0, 9.0], np.float32), z, rate=0.5, damping=2.0, share=1.0, form=form)
    np.testing.assert_allclose(delta, np.tile([*expected, 0.0], (5, 1)), rtol=1e-4, atol=1e-6)


def test_natural_step_is_that_of_the_damped_fisher_matrix():
    g = random.standard_normal(4).astype(np.float32)
    delta = moved(g, np.zeros((1, 4), np.float32), columns=4, rate=0.8, damping=0.5, share=1.0)
    np.testing.assert_allclose(delta[0], 0.8 * np.linalg.solve(np.outer(g, g) + 0.5 * np.eye(4), g), rtol=1e-4)


def test_a_share_of_the_latents_moves_another_one_in_each_round():
    z, slope = np.zeros((4000, 2), np.float32), np.ones(2, np.float32)
    first, second = (np.any(moved(slope, z, share=0.8, key=jax.random.key(i)) != 0, axis=1) for i in range(2))
    assert abs(first.mean() - 0.8) < 0.03 and abs((first & second).mean() - 0.64) < 0.03


def score_and_slope(generator, discriminator, z):
    """D(G(z)) of two perceptrons of one hidden layer of tanh, and its gradient by z, by hand."""
    hidden = np.tanh(z @ generator[0]["w"] + generator[0]["b"])
    x = hidden @ generator[1]["w"] + generator[1]["b"]
    seen = np.tanh(x @ discriminator[0]["w"] + discriminator[0]["b"])
    logits = (seen @ discriminator[1]["w"] + discriminator[1]["b"])[:, 0]
    by_x = ((1 - seen**2) * discriminator[1]["w"][:, 0]) @ discriminator[0]["w"].T
    return logits, ((1 - hidden**2) * (by_x @ generator[1]["w"].T)) @ generator[0]["w"].T


def losses_of(generator, discriminator, real, z):
    """Both players' losses with latents that moved, as NumPy."""
    _, g = score_and_slope(generator, discriminator, z)
    delta = TECHNIQUE["rate"] * g / (TECHNIQUE["damping"] + np.sum(g**2, axis=1, keepdims=True))
    fake_logits, _ = score_and_slope(generator, discriminator, z + delta)
    seen = np.tanh(real @ discriminator[0]["w"] + discriminator[0]["b"])
    real_logits = (seen @ discriminator[1]["w"] + discriminator[1]["b"])[:, 0]
    length = TECHNIQUE["weight"] * np.mean(np.sum(delta**2, axis=1))
    of_discriminator = np.mean(np.logaddexp(0, -real_logits) + np.logaddexp(0, fake_logits)) + length
    return np.mean(np.logaddexp(0, -fake_logits)) + length, of_discriminator


def differences(function, tree, h=1e-6):
    """The gradient of a function of a tree of arrays, number by number."""
    leaves, structure = jax.tree.flatten(tree)
    gradient = [np.zeros_like(leaf) for leaf in leaves]
    for leaf, of_leaf in zip(leaves, gradient, strict=True):
        for index in np.ndindex(leaf.shape):
            at = leaf[index]
            ends = []
            for leaf[index] in (at + h, at - h):
                ends.append(function(jax.tree.unflatten(structure, leaves)))
            leaf[index] = at
            of_leaf[index] = (ends[0] - ends[1]) / (2 * h)
    return jax.tree.unflatten(structure, gradient)


@pytest.mark.parametrize("unroll", [Unroll(), Unroll(1)], ids=["plain", "lookahead"])
def test_both_players_gradients_go_through_the_step(x64, unroll):
    """With learning rates of zero the lookahead faces the same discriminator."""
    real, z = random.standard_normal((BATCH, 2)), random.standard_normal((BATCH, NOISE))
    players = small_gan(
        techniques.logan(**TECHNIQUE),
        generator=perceptron([4], out=2),
        discriminator=perceptron([5], out=1),
        generator_optimizer=recording(),
        discriminator_optimizer=recording(),
        latent_distribution=constant_latent(jax.numpy.asarray(z)),
        unroll=unroll,
    )
    state = jit(players.init)(jax.random.key(0), real)
    after, info = jit(players.step)(jax.random.key(0), state, real)
    generator, discriminator = (jax.tree.map(np.array, p.params) for p in (state.generator, state.discriminator))
    expected = losses_of(generator, discriminator, real, z)
    np.testing.assert_allclose((info.generator_loss, info.discriminator_loss), expected, rtol=1e-6)
    by_generator = differences(lambda params: losses_of(params, discriminator, real, z)[0], generator)
    by_discriminator = differences(lambda params: losses_of(generator, params, real, z)[1], discriminator)
    for player, wanted in ((after.generator, by_generator), (after.discriminator, by_discriminator)):
        jax.tree.map(lambda a, b: np.testing.assert_allclose(a, b, rtol=1e-5, atol=1e-8), player.opt_state, wanted)


def test_errors():
    for name, value in {"rate": -1.0, "damping": 0.0, "weight": -0.1, "share": 1.5}.items():
        with pytest.raises(ValueError, match=f"the {name} of logan must be .*got {value}"):
            techniques.logan(**{name: value})
    with pytest.raises(ValueError, match="form of logan is natural or gradient, not 'newton'"):
        techniques.logan(form="newton")  # pyright: ignore[reportArgumentType]
