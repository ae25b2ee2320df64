"""Minibatch discrimination against numbers by hand and loops, as a layer and around a network."""

import functools

import jax
import jax.numpy as jnp
import numpy as np
import pytest

from jaxgan import networks
from jaxgan.networks.minibatch_discrimination import closeness
from tests.helpers import compiled, fetched, jit, perceptron, standard_normal

NETWORK = compiled(networks.minibatch_discrimination(perceptron([5], out=1), 3, dimensions=2, group_size=2))
compared = fetched(closeness, static_argnums=1)


def test_three_examples_by_hand():
    """Distances 1, 2 and 3; the paper's sums, over the two other examples."""
    projected = np.array([[0.0, 0.0], [1.0, 0.0], [0.0, 2.0]])[:, None]
    expected = np.array([0.503215, 0.417667, 0.185122]) / 2
    np.testing.assert_allclose(compared(projected, 64)[:, 0], expected, rtol=1e-5)


@functools.cache
def in_groups():
    """Six projected examples, and what they see in groups of every size, by one program."""
    x, sizes = standard_normal(6, 4, 3), (1, 2, 3, 6, 10)
    return x, dict(zip(sizes, fetched(lambda x: [closeness(x, size) for size in sizes])(x), strict=True))


@pytest.mark.parametrize("group_size", [1, 2, 3, 6, 10])
def test_mean_over_the_others_of_a_contiguous_group(group_size):
    x, found = in_groups()
    group = min(group_size, 6)
    for i in range(6):
        others = [j for j in range(6) if j // group == i // group and j != i]
        expected = [np.exp(-np.abs(x[i] - x[j]).sum(axis=1)) for j in others] or [np.zeros(4)]
        np.testing.assert_allclose(found[group_size][i], np.mean(expected, axis=0), rtol=1e-5)


@pytest.mark.slow
def test_a_batch_repeated_hardly_changes_it_and_a_batch_of_one_gives_zeros():
    x = standard_normal(16, 2, 3)
    twice = compared(np.concatenate([x, x]), 32)[:16]
    assert np.max(np.abs(twice - compared(x, 32))) < 1 / 16  # a sum would double
    np.testing.assert_array_equal(compared(x[:1], 32), 0.0)
    np.testing.assert_allclose(compared(np.ones((4, 2, 3), np.float32), 32), 1.0)


@pytest.mark.parametrize("batch", [1, 4])
def test_gradients_are_finite_where_all_examples_are_equal(batch):
    gradient = jit(jax.grad(lambda x: jnp.sum(closeness(x, 4))))(np.ones((batch, 2, 3), np.float32))
    assert np.all(np.isfinite(gradient))


def test_computed_in_float32():
    x = standard_normal(64, 2, 3).astype(jnp.bfloat16)
    found = compared(x, 64)
    assert found.dtype == jnp.bfloat16
    expected = compared(x.astype(np.float32), 64).astype(jnp.bfloat16)
    np.testing.assert_allclose(found.astype(np.float32), expected.astype(np.float32))


def test_the_layer_joins_what_it_sees_to_its_input():
    layer, x = networks.MinibatchDiscrimination(kernels=3, dimensions=2, group_size=2), np.arange(8.0).reshape(4, 2)

    def run(key, x):
        variables = layer.init(key, x)
        weights = variables["params"]["weights"]
        return weights, layer.apply(variables, x), closeness((x @ weights).reshape(4, 3, 2), 2)

    weights, y, expected = fetched(run)(jax.random.key(0), x)
    assert weights.shape == (2, 6)
    np.testing.assert_array_equal(y[:, :2], x)
    np.testing.assert_allclose(y[:, 2:], expected, rtol=1e-6)


def test_the_network_is_given_what_the_layer_sees():
    """The same as a last layer that is linear in the features and the numbers of the layer, joined."""
    inner = perceptron([5], out=2)
    network = networks.minibatch_discrimination(inner, 3, dimensions=2)

    def run(key, x):
        params, stats = network.init(key, x)
        shown = inner.features(params["network"], stats, x, train=True)
        joined = networks.MinibatchDiscrimination(3, 2).apply({"params": {"weights": params["weights"]}}, shown)
        logits, _ = network.apply(params, stats, x, train=True)
        return params, shown, joined, logits, network.features(params, stats, x, train=True)

    params, shown, joined, logits, features = fetched(run)(jax.random.key(1), standard_normal(4, 3))
    last = np.concatenate([params["network"][-1]["w"], params["readout"]])
    np.testing.assert_allclose(logits, joined @ last + params["network"][-1]["b"], rtol=1e-5)
    np.testing.assert_array_equal(features, shown)


def test_it_sees_that_a_batch_lacks_variety():
    """The logit of the same example is another one among copies of it, and its group alone matters."""
    x = standard_normal(4, 3)
    params, stats = NETWORK.init(jax.random.key(1), x)
    logits = [
        NETWORK.apply(params, stats, x[rows], train=True)[0] for rows in ([0, 1, 2, 3], [0, 0, 2, 3], [0, 1, 2, 0])
    ]
    assert abs(logits[1][0, 0] - logits[0][0, 0]) > 1e-3
    np.testing.assert_array_equal(logits[2][:2], logits[0][:2])


def test_what_is_said_of_groups():
    assert NETWORK.group is None  # that of a network by hand is not known
    assert networks.minibatch_discrimination(networks.mlp([4], 1), 3, group_size=8).group == 8
    assert networks.minibatch_discrimination(networks.packed(networks.mlp([4], 1), 2), 3, group_size=8).group == 16
    assert networks.minibatch_discrimination(networks.projection(networks.mlp([4], 1), 3), 3).conditional


def test_errors():
    x = np.ones((3, 2), np.float32)
    params, stats = NETWORK.init(jax.random.key(0), x[:2])
    with pytest.raises(ValueError, match="divides into groups of 2, got a batch of 3"):
        NETWORK.apply(params, stats, x, train=True)
    with pytest.raises(ValueError, match="shows its features, got features=None"):
        networks.minibatch_discrimination(perceptron([5], out=1)._replace(features=None))
    for name in ("kernels", "dimensions", "group_size"):
        with pytest.raises(ValueError, match=f"{name} of minibatch_discrimination must be a whole number"):
            networks.minibatch_discrimination(perceptron([5], out=1), **{name: 0})
    with pytest.raises(ValueError, match="not conditional takes no label="):
        NETWORK.apply(params, stats, x[:2], train=True, label=np.zeros(2))
