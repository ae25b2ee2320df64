"""Anchored: its gradient in closed form, and a player that stays near what it was given."""

import jax
import jax.numpy as jnp
import numpy as np
import pytest

from jaxgan import techniques
from jaxgan.types import Own, Play
from tests.helpers import jit, played, relative_error, small_gan


def tree(w, b):
    return {"w": np.array(w, np.float32), "b": np.float32(b)}


ANCHOR, PARAMS, IMPORTANCE = tree([1.0, -2.0], 3.0), tree([1.5, 0.0], 2.0), tree([2.0, 0.0], 0.5)


def begun(technique, params=PARAMS):
    shapes = jax.eval_shape(lambda: params)
    whole = {**dict.fromkeys(Play._fields), "generator": shapes, "discriminator": shapes}
    return technique.attach(Own(), jax.random.key(0), Play(**whole))


def term(technique, player, params):
    play = played(lambda x: x[:, 0], jnp.ones((1, 1)), jnp.ones((1, 1)), **{player: params})
    return getattr(technique, f"{player}_loss")(begun(technique), jax.random.key(0), play)


@pytest.mark.parametrize("player", ["generator", "discriminator"])
def test_gradient_is_twice_the_weight_times_the_importance_times_the_distance(player):
    anchors = {"generator": None, "discriminator": None, player: ANCHOR}
    plain = techniques.anchored(**anchors, weight=0.5)
    _, gradient = jit(jax.value_and_grad(lambda params: term(plain, player, params)))(PARAMS)
    np.testing.assert_allclose(gradient["w"], [0.5, 2.0])  # θ - θ*, with F = 1 and λ = 1/2
    np.testing.assert_allclose(gradient["b"], -1.0)
    weighted = techniques.anchored(**anchors, weight=0.5, **{f"{player}_importance": IMPORTANCE})
    value, gradient = jit(jax.value_and_grad(lambda params: term(weighted, player, params)))(PARAMS)
    np.testing.assert_allclose(gradient["w"], [1.0, 0.0])
    np.testing.assert_allclose(gradient["b"], -0.5)
    np.testing.assert_allclose(value, 0.5 * (2.0 * 0.25 + 0.5))
    other = {"generator": "discriminator_loss", "discriminator": "generator_loss"}[player]
    assert getattr(plain, other) is None


def test_a_term_is_summed_in_float32():
    half = jax.tree.map(lambda a: a.astype(jnp.bfloat16), PARAMS)
    value = jit(lambda params: term(techniques.anchored(ANCHOR, None, 0.5), "generator", params))(half)
    assert value.dtype == jnp.float32
    np.testing.assert_allclose(value, 0.5 * (0.25 + 4.0 + 1.0))


@pytest.mark.slow
def test_players_that_are_anchored_stay_near():
    key, data = jax.random.key(0), jnp.ones((4, 2))
    start = jit(small_gan().init)(key, data)
    anchors = start.generator.params, start.discriminator.params
    moved = []
    for weight in (0.0, 1e4):
        gan = small_gan(techniques.anchored(*anchors, weight))
        state, step = jit(gan.init)(key, data), jit(gan.step)
        state = state._replace(generator=start.generator, discriminator=start.discriminator)
        for _ in range(8):
            state, info = step(key, state, data)
        assert (info.terms.generator["anchored"] > 0.0) == (weight > 0.0)
        ends = state.generator.params, state.discriminator.params
        moved.append([relative_error(end, anchor) for end, anchor in zip(ends, anchors, strict=True)])
    assert all(near < 0.5 * far for near, far in zip(moved[1], moved[0], strict=True))


@pytest.mark.parametrize(
    ("arguments", "options", "message"),
    [
        ((ANCHOR, None, -1.0), {}, "weight of anchored must be at least 0, got -1.0"),
        ((None, None, 1.0), {}, "needs the parameters of the generator, of the discriminator, or both"),
        ((ANCHOR, None, 1.0), {"discriminator_importance": ANCHOR}, "importance of the discriminator's parameters"),
    ],
)
def test_arguments_are_checked(arguments, options, message):
    with pytest.raises(ValueError, match=message):
        techniques.anchored(*arguments, **options)


def test_anchors_are_like_the_parameters():
    wrong = tree([1.0, 1.0, 1.0], 1.0)
    with pytest.raises(ValueError, match="the anchor of the discriminator must be a tree of the shapes of its param"):
        begun(techniques.anchored(None, wrong, 1.0))
    with pytest.raises(ValueError, match="the importance of the generator must be a tree of the shapes"):
        begun(techniques.anchored(ANCHOR, None, 1.0, generator_importance={"w": np.ones(2)}))
