"""Lookahead-minimax: where the bilinear game arrives, and what goes back and what does not."""

import jax
import jax.numpy as jnp
import numpy as np
import optax
import pytest

from jaxgan import Technique, dynamics, techniques
from jaxgan.types import Own
from tests.helpers import bilinear_gan, bilinear_path, jit, relative_error, small_gan
from tests.techniques.examples import Example

EXAMPLE = Example("lookahead_minimax:1")


def path(steps, *chosen):
    return bilinear_path(bilinear_gan(dynamics=dynamics.simultaneous(), techniques=chosen), steps)


def test_five_steps_on_the_bilinear_game_and_half_the_way_back():
    fast, found = path(5), path(5, techniques.lookahead_minimax())
    np.testing.assert_allclose(fast[-1], (0.41049, 1.39051), rtol=1e-5)
    np.testing.assert_allclose(found[:5], fast[:5], rtol=1e-6)
    np.testing.assert_allclose(found[-1], (0.705245, 1.195255), rtol=1e-5)


def test_every_period_is_one_linear_map_that_converges():
    turn = np.array([[1.0, -0.1], [0.1, 1.0]])
    whole = 0.75 * np.eye(2) + 0.25 * np.linalg.matrix_power(turn, 3)
    found = path(60, techniques.lookahead_minimax(3, 0.25))[::3]
    np.testing.assert_allclose(found, [np.linalg.matrix_power(whole, i) @ np.ones(2) for i in range(21)], rtol=1e-4)
    assert np.linalg.norm(path(2000, techniques.lookahead_minimax())[-1]) < 1e-2


def test_all_parameters_of_both_players_go_back_and_nothing_else():
    scales = Technique(
        "scales",
        init=lambda key, batch, width: Own({"g": jnp.ones(())}, {"d": jnp.ones(())}),
        discriminator_loss=lambda own, key, play: own.discriminator["d"],
        generator_loss=lambda own, key, play: own.generator["g"],
        optimizer=optax.sgd(0.1),
    )
    ends = []
    for own in ((), (techniques.lookahead_minimax(2, 0.25),)):
        gan = small_gan(scales, *own, average=0.9)
        key, data = jax.random.key(0), np.ones((4, 2), np.float32)
        step, states = jit(gan.step), [jit(gan.init)(key, data)]
        for _ in range(2):
            states.append(step(key, states[-1], data)[0])
        ends.append(jax.tree.map(np.asarray, states))
    (start, middle, fast), (_, between, slow) = ends
    assert relative_error(between.generator, middle.generator) < 1e-6  # two programs, which may round differently
    for player in ("generator", "discriminator"):
        begun, plain, back = (getattr(state, player) for state in (start, fast, slow))
        expected = jax.tree.map(lambda a, b: a + 0.25 * (b - a), begun.params, plain.params)
        assert relative_error(back.params, expected) < 1e-6 < relative_error(back.params, plain.params)
        assert relative_error(back.opt_state, plain.opt_state) < 1e-6
        np.testing.assert_allclose(jax.tree.leaves(back.techniques["scales"].params), 1.0 - 0.25 * 0.2, rtol=1e-6)
    assert relative_error(slow.average, fast.average) < 1e-6
    assert relative_error(slow.techniques["lookahead_minimax"].generator[0], slow.generator.params) < 1e-6


@pytest.mark.slow
def test_its_effect_is_zero_but_at_the_end_of_a_period():
    gan, key, data = small_gan(techniques.lookahead_minimax(2)), jax.random.key(0), jnp.ones((4, 2))
    state = jit(gan.init)(key, data)
    effects = jit(gan.effects)
    assert effects(key, state, data)["lookahead_minimax"] == 0.0
    state, _ = jit(gan.step)(key, state, data)
    assert effects(key, state, data)["lookahead_minimax"] > 0.1


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ((0,), "period of lookahead_minimax must be a whole number of at least 1, got 0"),
        ((5, 0.0), r"step of lookahead_minimax must be in \(0, 1\], got 0.0"),
        ((5, 1.5), r"step of lookahead_minimax must be in \(0, 1\], got 1.5"),
    ],
)
def test_arguments_are_checked(arguments, message):
    with pytest.raises(ValueError, match=message):
        techniques.lookahead_minimax(*arguments)
