"""Adam against its published algorithm and its own derivative; weight clipping."""

import jax
import jax.numpy as jnp
import numpy as np
import optax
import pytest

from jaxgan import optimizers
from tests.helpers import derivative, jit, stepping


@pytest.mark.parametrize("b1", [0.5, -0.5])
@pytest.mark.parametrize("decay", [None, 0.0, 0.3])
def test_adam_follows_the_published_algorithm(x64, b1, decay):
    """Kingma and Ba (2015), algorithm 1, with epsilon_root added to the mean square inside the root.

    Weight decay is that of Loshchilov and Hutter (2019), algorithm 2: by the parameters before the update.
    """
    rate, b2, eps, eps_root = 0.1, 0.9, 1e-3, 1e-2
    optimizer = optimizers.adam(rate, b1, b2, eps=eps, eps_root=eps_root, weight_decay=decay)
    gradients = np.random.default_rng(0).standard_normal((5, 3))
    expected, mean, square = np.ones(3), np.zeros(3), np.zeros(3)
    params = np.ones(3)
    state, step = optimizer.init(params), stepping(optimizer)
    for t, gradient in enumerate(gradients, start=1):
        params, state = step(gradient, state, params)
        mean = b1 * mean + (1 - b1) * gradient
        square = b2 * square + (1 - b2) * gradient**2
        expected *= 1 - rate * (decay or 0.0)
        expected -= rate * (mean / (1 - b1**t)) / (np.sqrt(square / (1 - b2**t) + eps_root) + eps)
        np.testing.assert_allclose(params, expected, rtol=1e-12)


def test_adam_without_decay_is_bit_for_bit_that_of_optax():
    gradient = np.array([0.3, -2.0, 1e-6], np.float32)
    ours, theirs = optimizers.adam(0.1), optax.adam(0.1, b1=0.5, eps_root=1e-12)
    states = ours.init(gradient), theirs.init(gradient)
    assert jax.tree.structure(states[0]) == jax.tree.structure(states[1])
    updates = (jit(optimizer.update)(gradient, state) for optimizer, state in zip((ours, theirs), states, strict=True))
    jax.tree.map(np.testing.assert_array_equal, *updates)


def test_negative_momentum_takes_a_part_of_the_last_step_back(x64):
    """On a parabola whose minimum the first step hits, where the gradient is zero; positive momentum goes on."""
    for b1, sign in ((-0.5, 1.0), (0.0, 0.0), (0.5, -1.0)):
        optimizer = optimizers.adam(1.0, b1)
        x, state, step = np.float64(1.0), optimizer.init(np.float64(1.0)), stepping(optimizer)
        for _ in range(2):
            before = x
            x, state = step(x, state, x)
        np.testing.assert_allclose(before, 0.0, atol=1e-7)
        assert np.sign(np.round(float(x), 3)) == sign


def test_decay_can_be_traced_and_goes_through_a_schedule():
    def moved(decay):
        optimizer = optimizers.adam(lambda step: 0.1, weight_decay=decay)
        return optimizer.update(0.0, optimizer.init(2.0), 2.0)[0]

    np.testing.assert_allclose(jit(jax.value_and_grad(moved))(0.5), (-0.1 * 0.5 * 2.0, -0.2), rtol=1e-6)
    with pytest.raises(ValueError, match=r"weight_decay of adam must be at least 0, got -0\.1"):
        moved(-0.1)


def first_update(gradient, optimizer):
    return optimizer.update(gradient, optimizer.init(gradient), gradient)[0]


def test_adam_has_a_bounded_derivative_at_zero_where_optax_has_none():
    derivative = jit(jax.vmap(jax.grad(lambda g: first_update(g, optimizers.adam(1.0)))))
    at = np.asarray(derivative(np.array([0.0, 1e-20, 1e-9, -1e-7, 1.0], np.float32)))
    assert np.all(np.isfinite(at)) and np.all(np.abs(at) <= 1.01e6)
    np.testing.assert_allclose(at[0], -1e6, rtol=0.02)
    assert np.isnan(jit(jax.grad(lambda g: first_update(g, optax.adam(1.0))))(0.0))


def test_adam_leaves_ordinary_updates_as_they_are(x64):
    both = jit(lambda g: [first_update(g, optimizer) for optimizer in (optimizers.adam(1.0), optax.adam(1.0))])
    actual, expected = both(np.array([1e-5, -1e-4, 1e-2, 1.0]))
    np.testing.assert_allclose(actual, expected, rtol=0.01)


def test_derivative_of_adam_equals_finite_differences(x64):
    both = jit(jax.value_and_grad(lambda gradient: first_update(gradient, optimizers.adam(0.1))))
    for at in (0.0, 3e-7, 1e-3):
        expected = derivative(lambda gradient: both(gradient)[0], at, 1e-3 * max(at, 1e-6))
        np.testing.assert_allclose(both(at)[1], expected, rtol=1e-6)


def test_adam_takes_a_schedule_and_a_traced_rate():
    schedule = optax.piecewise_constant_schedule(1.0, {1: 0.1})
    optimizer = optimizers.adam(schedule)
    state, update = optimizer.init(0.0), jit(optimizer.update)
    first, state = update(np.float32(2.0), state)
    second, _ = update(np.float32(2.0), state)
    np.testing.assert_allclose([first, second], [-1.0, -0.1], rtol=1e-5)
    by_rate = jit(jax.grad(lambda rate: first_update(jnp.float32(2.0), optimizers.adam(rate))))(0.3)
    np.testing.assert_allclose(by_rate, -1.0, rtol=1e-5)


def test_adam_can_be_injected_into_its_state():
    """`optax.inject_hyperparams` turns every number into an array, which is traced under jit."""
    optimizer = optax.inject_hyperparams(optimizers.adam)(learning_rate=0.3)
    state = optimizer.init(jnp.float32(0.0))
    updates, _ = jax.jit(optimizer.update)(jnp.float32(2.0), state)
    np.testing.assert_allclose(updates, -0.3, rtol=1e-5)


@pytest.mark.parametrize("eps_root", [0.0, -1e-8, float("nan")])
def test_adam_needs_something_inside_the_root(eps_root):
    with pytest.raises(ValueError, match=f"eps_root > 0, not {eps_root}"):
        optimizers.adam(1e-3, eps_root=eps_root)


def test_weights_are_clipped_after_the_update(x64):
    optimizer = optax.chain(optax.sgd(1.0), optimizers.weight_clipping(0.5))
    params = {"a": np.array([0.4, -0.4, 0.1, 3.0]), "b": np.float64(0.2)}
    gradient = {"a": np.array([-1.0, 1.0, 0.2, 0.0]), "b": np.float64(0.1)}
    clipped, _ = stepping(optimizer)(gradient, optimizer.init(params), params)
    np.testing.assert_allclose(clipped["a"], [0.5, -0.5, -0.1, 0.5], rtol=1e-12)
    np.testing.assert_allclose(clipped["b"], 0.1, rtol=1e-12)


@pytest.mark.parametrize("limit", [0.0, -0.01, float("nan")])
def test_clipping_needs_a_limit(limit):
    with pytest.raises(ValueError, match=f"limit must be positive and finite, got {limit}"):
        optimizers.weight_clipping(limit)


def test_clipping_needs_the_parameters():
    clipping = optimizers.weight_clipping(1.0)
    with pytest.raises(ValueError, match="needs the parameters"):
        clipping.update(np.ones(2), clipping.init(np.ones(2)))
