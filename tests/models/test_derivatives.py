"""Derivatives of a whole step equal finite differences: by everything that a caller may differentiate by.

Each case is one GAN whose learning rates and strengths are arguments. Its outcome is a vector of random projections of
both players after the step, so that the mixed derivatives, of the one player by the other, are seen on their own.
"""

import functools
from typing import NamedTuple

import jax
import jax.numpy as jnp
import numpy as np
import optax
import pytest

import jaxgan
from jaxgan import Unroll, dynamics, losses, networks, optimizers, packed, techniques
from tests.helpers import directions, in_double, jit, perceptron

BATCH = 6


class Knobs(NamedTuple):
    """What a step is differentiated by, beside the players."""

    generator_rate: jax.Array
    discriminator_rate: jax.Array
    r1: jax.Array
    mode_seeking: jax.Array
    consensus: jax.Array


KNOBS = Knobs(*(jnp.float32(x) for x in (0.013, 0.017, 0.3, 0.2, 0.15)))


def build(knobs, *, with_terms=True, consensus=False, **options):
    chosen = (techniques.r1(knobs.r1), techniques.mode_seeking(knobs.mode_seeking)) if with_terms else ()
    if consensus:
        options["dynamics"] = dynamics.consensus(knobs.consensus)
    return jaxgan.gan(
        **{
            "generator": perceptron([4], out=2),
            "discriminator": perceptron([5], out=1),
            "loss": losses.non_saturating(),
            "generator_optimizer": optimizers.adam(knobs.generator_rate),
            "discriminator_optimizer": optimizers.adam(knobs.discriminator_rate),
            "latent_dim": 3,
            "techniques": chosen,
            **options,
        }
    )


def normalised():
    """Batch and spectral normalisation, in double precision."""
    return {
        "generator": in_double(networks.mlp([4], out=2, activation=jnp.tanh, batch_norm=True)),
        "discriminator": in_double(networks.mlp([5], out=1, activation=jnp.tanh, batch_norm=True, spectral_norm=True)),
        "with_terms": False,
    }


# name: what `build` is given beside the knobs; `packed(...)` and the like are values and may be shared.
CASES = {
    "plain": {"with_terms": False},
    "plain with terms": {},
    "two discriminator steps": {"discriminator_steps": 2},
    "first order": {"unroll": Unroll(2, gradient="first_order")},
    "lookahead": {"unroll": Unroll(2)},
    "lookahead with remat": {"unroll": Unroll(2, remat=True)},
    "fresh minibatches": {"unroll": Unroll(2, resample=True), "with_terms": False},
    "packed": {"discriminator": packed(perceptron([5], out=1), 2), "unroll": Unroll(1)},
    "normalised": normalised(),
    "normalised with lookahead": {**normalised(), "unroll": Unroll(2)},
    "replayed and averaged": {"techniques": (techniques.replay(12),), "average": 0.9},
    "latents that move": {"techniques": (techniques.logan(),), "unroll": Unroll(1)},
    "a direction apart": {
        "discriminator": networks.normalised_linear(perceptron([5], out=3)),
        "techniques": (techniques.san(),),
        "unroll": Unroll(1),
    },
    "relativistic": {"loss": losses.relativistic()},
    "simultaneous": {"dynamics": dynamics.simultaneous()},
    "extragradient": {"dynamics": dynamics.extragradient()},
    "extragradient from the past": {"dynamics": dynamics.extragradient(from_the_past=True)},
    "consensus": {"consensus": True},
}
SLOW = {
    "latents that move",
    "a direction apart",
    "lookahead with remat",
    "fresh minibatches",
    "relativistic",
    "normalised with lookahead",
}
SLOW |= {"plain with terms", "extragradient from the past", "replayed and averaged", "normalised", "packed"}
SLOW |= {"two discriminator steps", "first order", "simultaneous", "consensus", "extragradient"}


@functools.cache
def prepared(name):
    """A state after two steps (the first step of Adam is close to a sign, which has no derivative), and functions."""
    options, key = CASES[name], jax.random.key(3)
    knobs = jax.tree.map(lambda a: a.astype(jnp.float64), KNOBS)
    batch = jax.random.normal(jax.random.key(5), (BATCH, 2), jnp.float64) + 1.0
    players = build(knobs, **options)
    step = jit(players.step)
    state = jit(players.init)(key, batch)
    for i in range(2):
        state, _ = step(key, state, batch + 0.1 * i)

    def params(state):
        return state.generator.params, state.discriminator.params

    @jax.jit
    @jax.value_and_grad
    def outcome(point, which):
        of_generator, of_discriminator, knobs = point
        start = state._replace(
            generator=state.generator._replace(params=of_generator),
            discriminator=state.discriminator._replace(params=of_discriminator),
        )
        after, info = build(knobs, **options).step(key, start, batch)
        values = [
            optax.tree.vdot(directions(jax.random.key(8 + i), 1, tree), jax.tree.map(lambda a: a[None], tree))
            for i, tree in enumerate(params(after))
        ]
        return jnp.vdot(which, jnp.stack([jnp.sum(x) for x in (*values, info.generator_loss, info.discriminator_loss)]))

    point = (*params(state), knobs)
    rows = [outcome(point, which)[1] for which in jnp.eye(4)]
    return outcome, point, jax.tree.map(lambda *a: jnp.stack(a), *rows)


@pytest.mark.parametrize("name", [pytest.param(n, marks=pytest.mark.slow) if n in SLOW else n for n in CASES])
def test_derivatives_of_a_step_equal_finite_differences(name, x64):
    outcome, point, jacobian = prepared(name)
    towards = [tuple(jax.tree.map(jnp.zeros_like, part) for part in point) for _ in range(2 + len(KNOBS))]
    for i in range(2):
        one = jax.tree.map(lambda a: a[0], directions(jax.random.key(20 + i), 1, point[i]))
        towards[i] = (*towards[i][:i], one, *towards[i][i + 1 :])
    for i, field in enumerate(Knobs._fields):
        one = point[2]._replace(**{f: jnp.float64(f == field) for f in Knobs._fields})
        towards[2 + i] = (*towards[2 + i][:2], one)
    reached = 0
    for direction in towards:
        exact = sum(
            jnp.sum(j * d[None], axis=tuple(range(1, j.ndim)))
            for j, d in zip(jax.tree.leaves(jacobian), jax.tree.leaves(direction), strict=True)
        )
        numeric = by_differences(outcome, point, direction)
        assert np.all(np.isfinite(exact))
        np.testing.assert_allclose(exact, numeric, rtol=1e-6, atol=1e-8)
        reached += np.abs(exact) > 1e-6
    # Both players depend on both, also where the inner gradient does not go through what the outer one meets.
    assert np.all(reached >= 2)


def by_differences(function, point, direction, h=2e-4):
    """The derivatives along a direction, by central differences of fourth order."""

    def at(offset):
        near = jax.tree.map(lambda p, d: p + offset * d, point, direction)
        return np.array([function(near, which)[0] for which in jnp.eye(4)])

    return (8 * (at(h) - at(-h)) - (at(2 * h) - at(-2 * h))) / (12 * h)


def test_the_mixed_derivatives_of_a_plain_step_are_not_zero(x64):
    """The new generator depends on the old discriminator, and the new discriminator on the old generator."""
    _, _, jacobian = prepared("plain")
    for of, by in ((0, 1), (1, 0)):
        assert optax.tree.norm(jax.tree.map(lambda j, of=of: j[of], jacobian[by])) > 1e-4


@pytest.mark.slow
def test_a_derivative_through_several_steps_is_finite_with_dead_units():
    """A ReLU that never fires has a gradient of exactly zero, where the derivative of `optax.adam` is NaN."""
    batch = jax.random.normal(jax.random.key(5), (BATCH, 2))

    def final_loss(rate, adam):
        players = build(
            KNOBS,
            generator=perceptron([4], out=2, activation=lambda x: jax.nn.relu(x - 100.0)),
            generator_optimizer=adam(rate),
            with_terms=False,
        )
        state = players.init(jax.random.key(3), batch)
        for _ in range(3):
            state, info = players.step(jax.random.key(3), state, batch)
        return info.generator_loss

    gradient = jit(jax.grad(functools.partial(final_loss, adam=optimizers.adam)))(0.01)
    assert np.isfinite(gradient) and gradient != 0.0
    assert np.isnan(jit(jax.grad(functools.partial(final_loss, adam=optax.adam)))(0.01))
