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


ANSWERS = np.array([[1.5, 1.0], [0.0, 0.0], [1.0, 3.0]])


def test_numbers_by_hand(x64):
    @jit
    def run(real, fake, answers):
        answers = iter(answers)
        play = played(lambda x: x[:, 0], real, fake)._replace(discriminate=lambda x: next(answers))
        return term(techniques.balanced_consistency(10.0, fake_weight=0.1), play)

    np.testing.assert_allclose(run(np.array([[1.0], [2.0]]), np.zeros((2, 1)), [*ANSWERS]), 6.25 + 0.5)


def test_each_half_is_of_its_own_side(x64):
    """The discriminator's slope is 1 at real examples, and 3 at fakes, which lie elsewhere."""

    def discriminate(x):
        return jnp.where(x[:, 1] < 50.0, x[:, 0], 3.0 * x[:, 0])

    @jit
    def run(weight, fake_weight, real):
        technique = techniques.balanced_consistency(weight, fake_weight=fake_weight, std=0.1)
        return term(technique, played(discriminate, real, real + 100.0))

    for weights, expected in (((0.5, 0.0), 0.5), ((0.0, 0.5), 4.5), ((0.5, 0.5), 5.0)):
        np.testing.assert_allclose(run(*weights, REAL), 0.01 * expected, rtol=0.1)


def test_a_discriminator_that_draws_noise_draws_the_same_for_both_sides():
    """Where nothing is transformed, no answer differs."""
    technique, data = techniques.balanced_consistency(std=0.0), np.ones((4, 2), np.float32)
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
