"""Packing after the network, by hand."""

import jax
import jax.numpy as jnp
import numpy as np
import pytest

from jaxgan import networks
from tests.helpers import compiled, perceptron

INNER = perceptron([5], out=1)
NETWORK = compiled(networks.packed_features(INNER, 2, width=4))
X = jnp.linspace(-1.0, 1.0, 12).reshape(6, 2)


def test_mean_of_the_logits_and_a_head_on_the_features_of_neighbours():
    params, stats = NETWORK.init(jax.random.key(0), X)
    shown = np.asarray(INNER.features(params["network"], stats, X, train=True))
    alone = np.asarray(INNER.apply(params["network"], stats, X, train=True)[0]).reshape(3, 2, 1).mean(axis=1)
    joined = np.stack([np.concatenate([shown[i], shown[i + 1]]) for i in (0, 2, 4)])
    kernel, bias = (np.asarray(params["hidden"][name]) for name in ("kernel", "bias"))
    hidden = np.maximum(joined @ kernel + bias, 0.0)
    logits, _ = NETWORK.apply(params, stats, X, train=True)
    np.testing.assert_allclose(logits, alone + hidden @ np.asarray(params["readout"]), rtol=1e-5)
    features = NETWORK.features(params, stats, X, train=True)
    expected = np.concatenate([shown.reshape(3, 2, 5).mean(axis=1), hidden], axis=1)
    np.testing.assert_allclose(features, expected, rtol=1e-5)


def test_each_example_has_its_own_label():
    network = compiled(networks.packed_features(networks.projection(networks.mlp([4], 1), 3), 2))
    label = jnp.array([0, 1, 2, 0, 1, 2])
    params, stats = network.init(jax.random.key(0), X, label=label)
    logits, _ = network.apply(params, stats, X, train=True, label=label)
    changed, _ = network.apply(params, stats, X, train=True, label=label.at[0].set(2))
    assert network.conditional and logits.shape == (3, 1)
    assert logits[0, 0] != changed[0, 0]
    np.testing.assert_array_equal(logits[1:], changed[1:])


def test_parts_and_groups():
    several = compiled(networks.packed_features(perceptron([5], out=3), 3))
    params, stats = several.init(jax.random.key(0), X)
    assert several.apply(params, stats, X, train=True)[0].shape == (2, 3)
    assert NETWORK.group is None
    assert networks.packed_features(networks.mlp([4], 1), 4).group == 4
    assert networks.packed_features(INNER, 1) is INNER


def test_errors():
    for call in (
        lambda: NETWORK.init(jax.random.key(0), X[:5]),
        lambda: NETWORK.apply(NETWORK.init(jax.random.key(0), X)[0], {}, X[:5], train=True),
    ):
        with pytest.raises(ValueError, match="a batch of 5 cannot be packed by 2"):
            call()
    with pytest.raises(ValueError, match="shows its features, got features=None"):
        networks.packed_features(INNER._replace(features=None), 2)
    with pytest.raises(ValueError, match="pack m of packed_features must be a whole number of at least 1, got 0"):
        networks.packed_features(INNER, 0)
    with pytest.raises(ValueError, match="width of packed_features must be a whole number of at least 1, got 0"):
        networks.packed_features(INNER, 2, width=0)
