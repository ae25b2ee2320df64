"""Minibatch discrimination against numbers by hand and loops, as a layer and around a network."""

import jax
import jax.numpy as jnp
import numpy as np
import pytest

from jaxgan import networks
from jaxgan.networks.minibatch_discrimination import closeness as eager_closeness
from tests.helpers import compiled, jit, perceptron

closeness = jit(eager_closeness, static_argnums=1)
NETWORK = compiled(networks.minibatch_discrimination(perceptron([5], out=1), 3, dimensions=2, group_size=2))


def test_three_examples_by_hand():
    """Distances 1, 2 and 3; the paper's sums, over the two other examples."""
    projected = np.array([[0.0, 0.0], [1.0, 0.0], [0.0, 2.0]], np.float32)[:, None]
    expected = np.array([0.503215, 0.417667, 0.185122]) / 2
    np.testing.assert_allclose(closeness(projected, 64)[:, 0], expected, rtol=1e-5)


@pytest.mark.parametrize("group_size", [1, 2, 3, 6, 10])
def test_mean_over_the_others_of_a_contiguous_group(group_size):
    x = np.random.default_rng(0).standard_normal((6, 4, 3)).astype(np.float32)
    found, group = closeness(x, group_size), min(group_size, 6)
    for i in range(6):
        others = [j for j in range(6) if j // group == i // group and j != i]
        expected = [np.exp(-np.abs(x[i] - x[j]).sum(axis=1)) for j in others] or [np.zeros(4)]
        np.testing.assert_allclose(found[i], np.mean(expected, axis=0), rtol=1e-5)


@pytest.mark.slow
def test_a_batch_repeated_hardly_changes_it_and_a_batch_of_one_gives_zeros():
    x = jax.random.normal(jax.random.key(0), (16, 2, 3))
    twice = closeness(jnp.concatenate([x, x]), 32)[:16]
    assert float(jnp.max(jnp.abs(twice - closeness(x, 32)))) < 1 / 16  # a sum would double
    np.testing.assert_array_equal(closeness(x[:1], 32), 0.0)
    np.testing.assert_allclose(closeness(jnp.ones((4, 2, 3)), 32), 1.0)


@pytest.mark.parametrize("batch", [1, 4])
def test_gradients_are_finite_where_all_examples_are_equal(batch):
    gradient = jit(jax.grad(lambda x: jnp.sum(closeness(x, 4))))(np.ones((batch, 2, 3), np.float32))
    assert np.all(np.isfinite(gradient))


def test_computed_in_float32():
    x = jnp.asarray(np.random.default_rng(0).standard_normal((64, 2, 3)), jnp.bfloat16)
    found = closeness(x, 64)
    assert found.dtype == jnp.bfloat16
    np.testing.assert_allclose(
        found.astype(jnp.float32), closeness(x.astype(jnp.float32), 64).astype(jnp.bfloat16).astype(jnp.float32)
    )


def test_the_layer_joins_what_it_sees_to_its_input():
    layer, x = networks.MinibatchDiscrimination(kernels=3, dimensions=2, group_size=2), jnp.arange(8.0).reshape(4, 2)
    variables = layer.init(jax.random.key(0), x)
    y = layer.apply(variables, x)
    weights = variables["params"]["weights"]
    assert weights.shape == (2, 6)
    np.testing.assert_array_equal(y[:, :2], x)
    np.testing.assert_allclose(y[:, 2:], closeness((x @ weights).reshape(4, 3, 2), 2), rtol=1e-6)


def test_the_network_is_given_what_the_layer_sees():
    """The same as a last layer that is linear in the features and the numbers of the layer, joined."""
    inner, x = perceptron([5], out=2), jax.random.normal(jax.random.key(0), (4, 3))
    network = compiled(networks.minibatch_discrimination(inner, 3, dimensions=2))
    params, stats = network.init(jax.random.key(1), x)
    shown = inner.features(params["network"], stats, x, train=True)
    joined = networks.MinibatchDiscrimination(3, 2).apply({"params": {"weights": params["weights"]}}, shown)
    last = jnp.concatenate([params["network"][-1]["w"], params["readout"]])
    logits, _ = network.apply(params, stats, x, train=True)
    np.testing.assert_allclose(logits, joined @ last + params["network"][-1]["b"][None], rtol=1e-5)
    np.testing.assert_array_equal(network.features(params, stats, x, train=True), shown)


def test_it_sees_that_a_batch_lacks_variety():
    """The logit of the same example is another one among copies of it, and its group alone matters."""
    x = jax.random.normal(jax.random.key(0), (4, 3))
    params, stats = NETWORK.init(jax.random.key(1), x)
    logits = [NETWORK.apply(params, stats, y, train=True)[0] for y in (x, x.at[1].set(x[0]), x.at[3].set(x[0]))]
    assert abs(float(logits[1][0, 0] - logits[0][0, 0])) > 1e-3
    np.testing.assert_array_equal(logits[2][:2], logits[0][:2])


def test_what_is_said_of_groups():
    assert NETWORK.group is None  # that of a network by hand is not known
    assert networks.minibatch_discrimination(networks.mlp([4], 1), 3, group_size=8).group == 8
    assert networks.minibatch_discrimination(networks.packed(networks.mlp([4], 1), 2), 3, group_size=8).group == 16
    assert networks.minibatch_discrimination(networks.projection(networks.mlp([4], 1), 3), 3).conditional


def test_errors():
    x = jnp.ones((3, 2))
    params, stats = NETWORK.init(jax.random.key(0), x[:2])
    with pytest.raises(ValueError, match="divides into groups of 2, got a batch of 3"):
        NETWORK.apply(params, stats, x, train=True)
    with pytest.raises(ValueError, match="shows its features, got features=None"):
        networks.minibatch_discrimination(perceptron([5], out=1)._replace(features=None))
    for name in ("kernels", "dimensions", "group_size"):
        with pytest.raises(ValueError, match=f"{name} of minibatch_discrimination must be a whole number"):
            networks.minibatch_discrimination(perceptron([5], out=1), **{name: 0})
    with pytest.raises(ValueError, match="not conditional takes no label="):
        NETWORK.apply(params, stats, x[:2], train=True, label=jnp.zeros(2))
