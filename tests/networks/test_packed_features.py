"""Packing after the network, by hand."""

import jax
import numpy as np
import pytest

from jaxgan import networks
from tests.helpers import fetched, perceptron

INNER = perceptron([5], out=1)
NETWORK = networks.packed_features(INNER, 2, width=4)
X = np.linspace(-1.0, 1.0, 12, dtype=np.float32).reshape(6, 2)


def test_mean_of_the_logits_and_a_head_on_the_features_of_neighbours():
    def run(key, x):
        params, stats = NETWORK.init(key, x)
        inside = params["network"], stats, x
        alone = INNER.features(*inside, train=True), INNER.apply(*inside, train=True)[0]
        return (
            params,
            alone,
            NETWORK.apply(params, stats, x, train=True)[0],
            NETWORK.features(params, stats, x, train=True),
        )

    params, (shown, alone), logits, features = fetched(run)(jax.random.key(0), X)
    joined = np.stack([np.concatenate([shown[i], shown[i + 1]]) for i in (0, 2, 4)])
    hidden = np.maximum(joined @ params["hidden"]["kernel"] + params["hidden"]["bias"], 0.0)
    expected = alone.reshape(3, 2, 1).mean(axis=1) + hidden @ params["readout"]
    np.testing.assert_allclose(logits, expected, rtol=1e-5)
    expected = np.concatenate([shown.reshape(3, 2, 5).mean(axis=1), hidden], axis=1)
    np.testing.assert_allclose(features, expected, rtol=1e-5)


def test_each_example_has_its_own_label():
    network = networks.packed_features(networks.projection(networks.mlp([4], 1), 3), 2)

    def run(key, x, *labels):
        params, stats = network.init(key, x, label=labels[0])
        return [network.apply(params, stats, x, train=True, label=label)[0] for label in labels]

    labels = np.array([0, 1, 2, 0, 1, 2]), np.array([2, 1, 2, 0, 1, 2])
    logits, changed = fetched(run)(jax.random.key(0), X, *labels)
    assert network.conditional and logits.shape == (3, 1)
    assert logits[0, 0] != changed[0, 0]
    np.testing.assert_array_equal(logits[1:], changed[1:])


def test_parts_and_groups():
    several = networks.packed_features(perceptron([5], out=3), 3)
    logits = jax.eval_shape(lambda key: several.apply(*several.init(key, X), X, train=True)[0], jax.random.key(0))
    assert logits.shape == (2, 3)
    assert NETWORK.group is None
    assert networks.packed_features(networks.mlp([4], 1), 4).group == 4
    assert networks.packed_features(INNER, 1) is INNER


def test_errors():
    for call in (
        lambda: NETWORK.init(jax.random.key(0), X[:5]),
        lambda: jax.eval_shape(lambda key: NETWORK.apply(*NETWORK.init(key, X), X[:5], train=True), jax.random.key(0)),
    ):
        with pytest.raises(ValueError, match="a batch of 5 cannot be packed by 2"):
            call()
    with pytest.raises(ValueError, match="shows its features, got features=None"):
        networks.packed_features(INNER._replace(features=None), 2)
    with pytest.raises(ValueError, match="pack m of packed_features must be a whole number of at least 1, got 0"):
        networks.packed_features(INNER, 0)
    with pytest.raises(ValueError, match="width of packed_features must be a whole number of at least 1, got 0"):
        networks.packed_features(INNER, 2, width=0)
