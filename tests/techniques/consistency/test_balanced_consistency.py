"""Consistency of both sides: numbers by hand, and each half alone."""

import jax
import jax.numpy as jnp
import numpy as np
import pytest

from jaxgan import Own, techniques
from tests.helpers import jit, perceptron, played, small_gan
from tests.techniques.examples import Example

EXAMPLE = Example("balanced_consistency:1.0")
REAL = np.random.default_rng(0).standard_normal((4000, 2))


def term(technique, play):
    return technique.discriminator_loss(Own(), jax.random.key(0), play)


def test_numbers_by_hand(x64):
    answers = iter(jnp.array([[1.5, 1.0], [0.0, 0.0], [1.0, 3.0]]))
    play = played(lambda x: x[:, 0], jnp.array([[1.0], [2.0]]), jnp.zeros((2, 1)))
    play = play._replace(discriminate=lambda x: next(answers))
    np.testing.assert_allclose(term(techniques.balanced_consistency(10.0, fake_weight=0.1), play), 6.25 + 0.5)


def test_each_half_is_of_its_own_side(x64):
    """The discriminator's slope is 1 at real examples, and 3 at fakes, which lie elsewhere."""

    def discriminate(x):
        return jnp.where(x[:, 1] < 50.0, x[:, 0], 3.0 * x[:, 0])

    play = played(discriminate, jnp.asarray(REAL), jnp.asarray(REAL + 100.0))
    for weights, expected in (((0.5, 0.0), 0.5), ((0.0, 0.5), 4.5), ((0.5, 0.5), 5.0)):
        technique = techniques.balanced_consistency(weights[0], fake_weight=weights[1], std=0.1)
        np.testing.assert_allclose(term(technique, play), 0.01 * expected, rtol=0.1)


def test_a_discriminator_that_draws_noise_draws_the_same_for_both_sides():
    """Where nothing is transformed, no answer differs."""
    technique, data = techniques.balanced_consistency(std=0.0), jnp.ones((4, 2))
    game = small_gan(technique, discriminator=perceptron([5], out=1, noise=0.5))
    _, info = jit(lambda key: game.step(key, game.init(key, data), data))(jax.random.key(3))
    np.testing.assert_allclose(info.terms.discriminator["balanced_consistency"], 0.0, atol=1e-10)


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ({"weight": -1}, "the weight of balanced_consistency must be at least 0, got -1"),
        ({"fake_weight": -1}, "the fake_weight of balanced_consistency must be at least 0, got -1"),
        ({"shift": 2}, r"the shift of balanced_consistency must be in \[0, 1\), got 2"),
    ],
)
def test_arguments_are_checked(arguments, message):
    with pytest.raises(ValueError, match=message):
        techniques.balanced_consistency(**arguments)
