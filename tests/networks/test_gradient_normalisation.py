"""Gradient normalisation: numbers by hand, the Lipschitz bound, packs, and where it cannot be had."""

import flax.linen as nn
import jax
import jax.numpy as jnp
import numpy as np
import pytest

from jaxgan import Network, networks, packed
from tests.helpers import fetched, jit, perceptron, small_gan, standard_normal


def of(function, group=1):
    """A network without parameters that computes a function."""
    return Network(
        init=lambda key, x: ({}, {}),
        apply=lambda params, stats, x, *, train, key=None: (function(x), stats),
        group=group,
    )


def normalised(function, x, **options):
    return networks.gradient_normalised(of(function, **options)).apply({}, {}, x, train=True)[0]


def test_numbers_by_hand(x64):
    """D(x) = 2x + 1 at 1: 3 / (2 + 3), with the slope 2 · 2 / 5²."""

    def value(x):
        return normalised(lambda x: 2 * x[:, 0] + 1, x.reshape(1, 1))[0]

    np.testing.assert_allclose(jit(jax.value_and_grad(value))(np.float64(1.0)), (0.6, 0.16), rtol=1e-9)


def test_logits_are_bounded_and_their_gradient_is_at_most_one(x64):
    """With ReLU, whose network is piecewise linear; the gradient is (‖∇D‖ / (‖∇D‖ + |D|))², by the product rule."""
    network = perceptron([16, 16], out=1, activation=jax.nn.relu)._replace(group=1)

    def run(key, x):
        params, _ = network.init(key, x)

        def slopes(network):
            logits, pull_back = jax.vjp(lambda x: network.apply(params, {}, x, train=True)[0], x)
            return logits[:, 0], jnp.linalg.norm(pull_back(jnp.ones_like(logits))[0], axis=1)

        return slopes(network), slopes(networks.gradient_normalised(network))

    x = 3.0 * standard_normal(50, 4).astype(np.float64)
    (plain, steep), (logits, slope) = fetched(run)(jax.random.key(1), x)
    np.testing.assert_allclose(logits, plain / (steep + np.abs(plain)), rtol=1e-8)
    np.testing.assert_allclose(slope, (steep / (steep + np.abs(plain))) ** 2, rtol=1e-7)
    assert np.max(np.abs(logits)) < 1.0 and np.max(slope) <= 1.0


def test_a_pack_has_one_gradient(x64):
    x = np.arange(1.0, 9.0)
    network = networks.gradient_normalised(packed(of(lambda x: jnp.sum(x**2, axis=1)), 2))
    logits = jit(lambda x: network.apply({}, {}, x, train=True)[0])(x.reshape(4, 2))
    squares = np.sum(x.reshape(2, 4) ** 2, axis=1)
    np.testing.assert_allclose(logits, squares / (2 * np.sqrt(squares) + squares), rtol=1e-9)


def test_a_flat_discriminator_is_finite_with_its_derivatives():
    def value(w):
        return jnp.sum(normalised(lambda x: w * jnp.sum(x, axis=1), jnp.ones((2, 3))))

    assert np.all(np.isfinite(jit(lambda w: [value(w), jax.grad(value)(w), jax.grad(jax.grad(value))(w)])(0.0)))


def test_statistics_features_and_parameters_are_those_of_the_network():
    network = networks.mlp([6], out=1, spectral_norm=True)
    wrapped = networks.gradient_normalised(network)

    def run(key, x):
        params, stats = wrapped.init(key, x)
        return [
            (of_one.apply(params, stats, x, train=True)[1], of_one.features(params, stats, x, train=True))
            for of_one in (wrapped, network)
        ]

    jax.tree.map(np.testing.assert_array_equal, *fetched(run)(jax.random.key(1), standard_normal(4, 3)))
    assert wrapped.group == 1


@pytest.mark.slow
def test_a_game_is_played_with_it():
    """Real and fake go through in one pass, and the generator's gradient goes through the division."""
    discriminator = networks.gradient_normalised(perceptron([5], out=1)._replace(group=1))
    game, data, key = small_gan(discriminator=discriminator), jnp.ones((4, 2)), jax.random.key(0)
    state = jit(game.init)(key, data)
    state, info = jit(game.step)(key, state, data)
    assert np.log1p(np.exp(-1.0)) < info.generator_loss < np.log1p(np.exp(1.0))
    assert all(np.all(np.isfinite(leaf)) for leaf in jax.tree.leaves(state.generator.params))


@pytest.mark.parametrize(
    ("run", "message"),
    [
        (lambda: networks.gradient_normalised(networks.mlp([4], 1, batch_norm=True)), "the group of this one is None"),
        (lambda: networks.gradient_normalised(networks.mlp([4], 1, dropout=0.5)), "the group of this one is None"),
        (lambda: networks.gradient_normalised(networks.from_linen(nn.Dense(1))), "or say group=1"),
        (lambda: networks.gradient_normalised(of(jnp.sum), eps=0.0), "eps must be positive and finite, got 0.0"),
        (lambda: normalised(lambda x: x, np.ones((4, 2))), r"one logit per example, got \(4, 2\)"),
    ],
)
def test_mistakes_are_one_line(run, message):
    with pytest.raises(ValueError, match=message):
        run()
