"""How the players take turns: closed forms on the bilinear game, and what every way of it promises."""

import functools

import chex
import jax
import jax.numpy as jnp
import numpy as np
import optax
import pytest

from jaxgan import Technique, dynamics, techniques
from jaxgan.types import Own
from tests.helpers import bilinear_gan, bilinear_path, counted, jit, relative_error, small_gan

RATE = 0.1
EVERY = {
    "alternating": dynamics.alternating(),
    "simultaneous": dynamics.simultaneous(),
    "extragradient": dynamics.extragradient(),
    "extragradient from the past": dynamics.extragradient(from_the_past=True),
    "consensus": dynamics.consensus(0.5),
}


@functools.cache
def path(name):
    """The points (x, y) of the bilinear game after each of 2000 steps, the start first."""
    return bilinear_path(bilinear_gan(dynamics=EVERY[name]), 2000)


# The first step in closed form: x - η y, y + η x and what follows from it. Alternating play moves y first.
FIRST = {
    "alternating": (1 - RATE * (1 + RATE), 1 + RATE),
    "simultaneous": (0.9, 1.1),
    "extragradient": (0.89, 1.09),
    "extragradient from the past": (0.9, 1.1),
    "consensus": (0.85, 1.05),
}


@pytest.mark.parametrize("name", EVERY)
def test_first_step_on_the_bilinear_game(name):
    np.testing.assert_allclose(path(name)[1], FIRST[name], rtol=1e-6)


@pytest.mark.parametrize(
    ("name", "factor"),
    [
        ("simultaneous", np.sqrt(1 + RATE**2)),
        ("extragradient", np.sqrt((1 - RATE**2) ** 2 + RATE**2)),
        ("consensus", np.sqrt((1 - 0.5 * RATE) ** 2 + RATE**2)),
    ],
)
def test_distance_to_the_equilibrium_changes_by_a_constant_factor(name, factor):
    radius = np.linalg.norm(path(name)[:201], axis=1)
    np.testing.assert_allclose(radius[1:] / radius[:-1], factor, rtol=1e-5)


def test_extrapolation_from_the_past_is_the_optimistic_step():
    """For gradient descent it equals θ - 2 η v + η v_last at the point ahead: a recursion in NumPy."""
    x, y, last = 1.0, 1.0, (0.0, 0.0)
    points = [(x, y)]
    for _ in range(20):
        ahead = x - RATE * last[0], y + RATE * last[1]
        last = ahead[1], ahead[0]
        x, y = x - RATE * last[0], y + RATE * last[1]
        points.append((x, y))
    np.testing.assert_allclose(path("extragradient from the past")[:21], points, rtol=1e-5)


def test_alternating_play_circles_where_extragradient_converges():
    circling = np.linalg.norm(path("alternating"), axis=1)
    assert circling.min() > 1.0 and circling.max() < 2.0
    for name in ("extragradient", "extragradient from the past", "consensus"):
        assert np.linalg.norm(path(name), axis=1)[-1] < 1e-3


# With networks

BATCH = 8


def players(how, *chosen, **options):
    return small_gan(*chosen, dynamics=how, **options)


def real():
    return jax.random.normal(jax.random.key(5), (BATCH, 2)) + 1.0


# Alternating play and the composition of two gradients; the others are made of the same parts.
DEFAULT = ("alternating", "extragradient")


@pytest.mark.parametrize(
    "name", [name if name in DEFAULT else pytest.param(name, marks=pytest.mark.slow) for name in EVERY]
)
def test_steps_are_finite_take_one_trace_and_effects_tell_what_matters(name):
    gan = players(EVERY[name], techniques.r1(0.0), techniques.mode_seeking(0.5), techniques.replay(8))
    step, traces = counted(gan.step)
    state = start = jit(gan.init)(jax.random.key(0), real())
    compiled = jit(step)
    for _ in range(3):
        state, info = compiled(jax.random.key(0), state, real())
        chex.assert_trees_all_equal_shapes_and_dtypes(state, start)
        chex.assert_tree_all_finite((state, info))
    assert len(traces) == 1
    effects = jit(gan.effects)(jax.random.key(0), state, real())
    assert effects["r1"] == 0.0 and effects["mode_seeking"] > 1e-3 and effects["replay"] > 1e-3


def test_extragradient_is_composed_of_gradients_and_apply():
    """The same step by hand, with a constant latent so that both ways see the same fakes."""
    z = jax.random.normal(jax.random.key(8), (BATCH, 3))
    options = {
        "latent_distribution": lambda key, shape, dtype: z,
        "generator_optimizer": optax.sgd(0.1),
        "discriminator_optimizer": optax.sgd(0.2),
    }
    gan, key = players(dynamics.extragradient(), **options), jax.random.key(0)
    state = jit(gan.init)(key, real())
    stepped, _ = jit(gan.step)(key, state, real())

    def by_hand(state):
        ahead = gan.apply(state, gan.gradients(key, state, real()))
        return gan.apply(state, gan.gradients(key, ahead, real()))

    assert relative_error(stepped.generator.params, jit(by_hand)(state).generator.params) < 1e-6
    assert relative_error(stepped.discriminator.params, jit(by_hand)(state).discriminator.params) < 1e-6


def test_gradients_are_those_of_a_simultaneous_step():
    gan, key = players(dynamics.simultaneous(), techniques.r1(0.3)), jax.random.key(0)
    state = jit(gan.init)(key, real())
    stepped, info = jit(gan.step)(key, state, real())
    gradients = jit(gan.gradients)(key, state, real())
    jax.tree.map(np.testing.assert_array_equal, gradients.generator_loss, info.generator_loss)
    applied = jit(gan.apply)(state, gradients)
    assert relative_error(applied.generator, stepped.generator) < 1e-6
    assert relative_error(applied.discriminator, stepped.discriminator) < 1e-6
    assert applied.step == 1


def test_the_gradient_of_the_joint_gradients_length_equals_finite_differences(x64):
    """`gradients` may be differentiated, as consensus does."""
    gan, key = players(None, techniques.r1(0.3)), jax.random.key(0)
    batch = real().astype(jnp.float64)
    state = jit(gan.init)(key, batch)

    @jax.jit
    @jax.value_and_grad
    def length(w):
        start = state._replace(discriminator=state.discriminator._replace(params=w))
        found = gan.gradients(key, start, batch)
        return optax.tree.norm((found.generator, found.discriminator), squared=True)

    w = state.discriminator.params
    one = jax.tree.map(lambda a: jax.random.normal(jax.random.key(a.size), a.shape, a.dtype), w)
    exact = optax.tree.vdot(length(w)[1], one)
    h = 1e-4
    near, far = (length(jax.tree.map(lambda a, d, s=s: a + s * d, w, one))[0] for s in (-h, h))
    np.testing.assert_allclose(exact, (far - near) / (2 * h), rtol=1e-6)


@pytest.mark.slow
def test_what_techniques_train_moves_with_its_player_in_every_way():
    def technique():
        return Technique(
            "scales",
            init=lambda key, batch, width: Own({"g": jnp.ones(())}, {"d": jnp.ones(())}),
            discriminator_loss=lambda own, key, play: (own.discriminator["d"] - 3.0) ** 2,
            generator_loss=lambda own, key, play: (own.generator["g"] + 3.0) ** 2,
            optimizer=optax.sgd(0.1),
        )

    for name, how in EVERY.items():
        gan = players(how, technique())
        state = jit(gan.init)(jax.random.key(0), real())
        after, _ = jit(gan.step)(jax.random.key(0), state, real())
        assert after.generator.techniques["scales"].params["g"] < 0.95, name
        assert after.discriminator.techniques["scales"].params["d"] > 1.05, name


@pytest.mark.parametrize(
    ("make", "message"),
    [
        (functools.partial(dynamics.alternating, discriminator_steps=0), "discriminator_steps=0"),
        (functools.partial(dynamics.consensus, -1.0), "weight of consensus must be at least 0, got -1.0"),
        (lambda: players(dynamics.simultaneous(), discriminator_steps=2), "give them to dynamics.alternating"),
        (lambda: players(dynamics.simultaneous), "a value such as dynamics.alternating"),
    ],
    ids=["steps", "weight", "of alternating play", "not called"],
)
def test_arguments_are_checked(make, message):
    with pytest.raises(ValueError, match=message):
        make()
