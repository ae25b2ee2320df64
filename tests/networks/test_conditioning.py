"""What makes a network conditional: projection and joined labels by closed forms, how labels are read, the errors."""

import jax
import jax.numpy as jnp
import numpy as np
import pytest

from jaxgan import networks, packed
from jaxgan.networks.labels import class_weights
from tests.helpers import compiled

CLASSES = 3


def drawn(*shape, seed=0):
    return jax.random.normal(jax.random.key(seed), shape)


@pytest.fixture(scope="module")
def projected():
    """A projection discriminator, its parameters, examples and what the network inside gives for them."""
    network = compiled(networks.mlp([4], out=2))
    conditional = compiled(networks.projection(network, CLASSES))
    x = drawn(6, 2)
    params, stats = conditional.init(jax.random.key(1), x, label=jnp.zeros(6, jnp.int32))
    logits, _ = network.apply(params["network"], stats, x, train=True)
    features = network.features(params["network"], stats, x, train=True)
    return conditional, params, stats, x, logits, features


def test_the_product_of_embedding_and_features_is_added_to_every_logit(projected):
    conditional, params, stats, x, logits, features = projected
    label = jnp.array([0, 1, 2, 2, 1, 0])
    y, _ = conditional.apply(params, stats, x, train=True, label=label)
    product = np.sum(np.asarray(params["embedding"])[label] * np.asarray(features), axis=1)
    np.testing.assert_allclose(y, np.asarray(logits) + product[:, None], rtol=1e-5, atol=1e-6)
    np.testing.assert_array_equal(conditional.features(params, stats, x, train=True, label=label), features)


def test_soft_labels_mix_embeddings(projected):
    conditional, params, stats, x, *_ = projected
    soft = jax.nn.softmax(drawn(6, CLASSES, seed=3))
    each = [conditional.apply(params, stats, x, train=True, label=jnp.full(6, c))[0] for c in range(CLASSES)]
    mixed = sum(soft[:, c, None] * each[c] for c in range(CLASSES))
    np.testing.assert_allclose(
        conditional.apply(params, stats, x, train=True, label=soft)[0], mixed, rtol=1e-4, atol=1e-5
    )


def test_the_embedding_starts_with_the_size_of_the_features():
    conditional = compiled(networks.projection(networks.mlp([64], out=1), 100))
    params, _ = conditional.init(jax.random.key(0), drawn(4, 2), label=jnp.zeros(4, jnp.int32))
    assert params["embedding"].shape == (100, 64)
    np.testing.assert_allclose(np.std(params["embedding"]), 1 / 8, rtol=0.05)


def test_in_a_pack_each_label_counts_for_its_own_example_in_either_order_of_wrapping():
    inner, x, label = networks.mlp([4], out=1), drawn(6, 2), jnp.array([0, 1, 2, 2, 1, 0])
    outside, inside = packed(networks.projection(inner, 3), 2), networks.projection(packed(inner, 2), 3)
    params, stats = outside.init(jax.random.key(1), x, label=label)
    same, _ = inside.init(jax.random.key(1), x, label=label)
    jax.tree.map(np.testing.assert_array_equal, params, same)
    y, _ = outside.apply(params, stats, x, train=True, label=label)
    np.testing.assert_allclose(y, inside.apply(params, stats, x, train=True, label=label)[0], rtol=1e-6)
    joined = x.reshape(3, 4)
    table = np.asarray(params["embedding"]).reshape(2, 3, 4)
    embedded = np.stack([table[0, a] + table[1, b] for a, b in label.reshape(3, 2)])
    features = inner.features(params["network"], stats, joined, train=True)
    expected = inner.apply(params["network"], stats, joined, train=True)[0][:, 0] + np.sum(embedded * features, axis=1)
    np.testing.assert_allclose(y[:, 0], expected, rtol=1e-5, atol=1e-6)


def test_a_conditional_network_inside_a_projection_sees_the_labels_too():
    x, label = drawn(6, 2), jnp.array([0, 1, 2, 2, 1, 0])
    network = compiled(networks.projection(networks.labelled(networks.mlp([4], out=1), 3), 3))
    params, stats = network.init(jax.random.key(1), x, label=label)
    assert params["network"]["Dense_0"]["kernel"].shape == (5, 4)
    without = {**params, "embedding": jnp.zeros_like(params["embedding"])}
    y, other = (network.apply(without, stats, x, train=True, label=a)[0] for a in (label, 2 - label))
    assert not np.allclose(y, other)


@pytest.mark.parametrize("shape", [(4, 2), (4, 5, 2), (4, 3, 3, 2)])
def test_labels_are_joined_along_the_channels(shape):
    seen = []
    spy = networks.mlp([3], out=1)
    spy = spy._replace(init=lambda key, x: (seen.append(x), ({}, {}))[1])
    x, label = drawn(*shape), jnp.array([2, 0, 1, 1])
    networks.labelled(spy, CLASSES).init(jax.random.key(0), x, label=label)
    maps = np.eye(CLASSES)[np.asarray(label)].reshape(4, *(1,) * (len(shape) - 2), CLASSES)
    np.testing.assert_array_equal(
        seen[0], np.concatenate([x, np.broadcast_to(maps, (*shape[:-1], CLASSES))], axis=-1, dtype=np.float32)
    )


def test_packed_labels_are_joined_in_the_order_of_the_examples():
    x, label = drawn(4, 2), jnp.array([2, 0, 1, 1])
    seen = []
    spy = networks.mlp([3], out=1)._replace(init=lambda key, x: (seen.append(x), ({}, {}))[1])
    packed(networks.labelled(spy, CLASSES), 2).init(jax.random.key(0), x, label=label)
    hot = np.eye(CLASSES, dtype=np.float32)[np.asarray(label)]
    np.testing.assert_array_equal(seen[0], np.concatenate([x.reshape(2, 4), hot.reshape(2, 6)], axis=1))


@pytest.mark.parametrize("dtype", [np.uint8, np.int8, np.int64])
def test_integers_of_every_width_are_read(dtype):
    weights = class_weights("net", np.array([0, 100], dtype), 300, 2, jnp.dtype("float32"))
    np.testing.assert_array_equal(weights[:, 0], np.eye(300)[[0, 100]])


def test_integers_become_one_hot_and_what_cannot_be_checked_becomes_nan():
    read = jax.jit(lambda label: class_weights("net", label, 3, 4, jnp.float32))
    weights = read(jnp.array([0, 2, 3, -1]))
    np.testing.assert_array_equal(weights[:2, 0], np.eye(3)[[0, 2]])
    assert np.isnan(weights[2:]).all()


@pytest.mark.parametrize(
    ("label", "message"),
    [
        (None, r"net needs label=, int \[4\] in \[0, 3\) or float \[4, 3\], got label=None"),
        ({"digit": 1}, "got dict"),
        (np.zeros(4, np.float32), r"got float32 \[4\]"),
        (np.zeros((4, 2), np.float32), r"got float32 \[4, 2\]"),
        (np.zeros(4, bool), r"got bool \[4\]"),
        (np.zeros(5, np.int32), r"got int32 \[5\]"),
        (np.array(1), r"got int64 \[\]"),
        (np.array([0, 1, 2, 3]), "got the label 3"),
        (np.array([0, -1, 2, 2]), "got the label -1"),
    ],
)
def test_labels_of_another_form_are_named(label, message):
    with pytest.raises(ValueError, match=message):
        class_weights("net", label, 3, 4, jnp.dtype("float32"))


@pytest.mark.parametrize(
    ("make", "message"),
    [
        (lambda: networks.projection(networks.mlp([4], 1), 1), "classes must be at least 2, got 1"),
        (lambda: networks.labelled(networks.mlp([4], 1), 0), "classes must be at least 2, got 0"),
        (
            lambda: networks.projection(networks.mlp([4], 1)._replace(features=None), 3),
            "projection needs a network that shows its features",
        ),
        (lambda: networks.labelled(networks.labelled(networks.mlp([4], 1), 3), 3), "not conditional"),
        (
            lambda: networks.labelled(networks.mlp([4], 1), 3).init(
                jax.random.key(0), {"a": jnp.ones((2, 2))}, label=jnp.zeros(2, int)
            ),
            r"one array \[n, ..., channels\], got \{'a': \(2, 2\)\}",
        ),
    ],
)
def test_errors_name_what_is_wrong(make, message):
    with pytest.raises(ValueError, match=message):
        make()
