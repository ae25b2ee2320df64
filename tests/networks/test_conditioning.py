"""What makes a network conditional: projection and joined labels by closed forms, how labels are read, the errors."""

import jax
import jax.numpy as jnp
import numpy as np
import pytest

from jaxgan import networks, packed
from jaxgan.networks.labels import class_weights
from tests.helpers import fetched, jit, standard_normal

CLASSES = 3


def recording():
    """A network that keeps what it is initialised on, and where it keeps it."""
    seen = []
    return networks.mlp([3], out=1)._replace(init=lambda key, x: (seen.append(x), ({}, {}))[1]), seen


@pytest.fixture(scope="module")
def projected():
    """What a projection discriminator and the network inside give for examples, for labels of every kind."""
    network = networks.mlp([4], out=2)
    conditional = networks.projection(network, CLASSES)
    label, soft = np.array([0, 1, 2, 2, 1, 0]), np.random.default_rng(3).dirichlet(np.ones(CLASSES), 6)

    def run(key, x, label, soft, hard):
        params, stats = conditional.init(key, x, label=label)
        inside = params["network"], stats, x
        return {
            "embedding": params["embedding"],
            "logits": network.apply(*inside, train=True)[0],
            "features": network.features(*inside, train=True),
            "shown": conditional.features(params, stats, x, train=True, label=label),
            "judged": [conditional.apply(params, stats, x, train=True, label=a)[0] for a in (label, soft, *hard)],
        }

    hard = list(np.repeat(np.arange(CLASSES)[:, None], 6, axis=1))
    return label, soft, fetched(run)(jax.random.key(1), standard_normal(6, 2), label, soft.astype(np.float32), hard)


def test_the_product_of_embedding_and_features_is_added_to_every_logit(projected):
    label, _, found = projected
    product = np.sum(found["embedding"][label] * found["features"], axis=1)
    np.testing.assert_allclose(found["judged"][0], found["logits"] + product[:, None], rtol=1e-5, atol=1e-6)
    np.testing.assert_array_equal(found["shown"], found["features"])


def test_soft_labels_mix_embeddings(projected):
    _, soft, found = projected
    _, mixture, *each = found["judged"]
    mixed = sum(soft[:, c, None] * each[c] for c in range(CLASSES))
    np.testing.assert_allclose(mixture, mixed, rtol=1e-4, atol=1e-5)


def test_the_embedding_starts_with_the_size_of_the_features():
    conditional = networks.projection(networks.mlp([64], out=1), 100)
    params, _ = jit(conditional.init)(jax.random.key(0), standard_normal(4, 2), label=np.zeros(4, np.int32))
    assert params["embedding"].shape == (100, 64)
    np.testing.assert_allclose(np.std(np.asarray(params["embedding"])), 1 / 8, rtol=0.05)


def test_in_a_pack_each_label_counts_for_its_own_example_in_either_order_of_wrapping():
    inner, x, label = networks.mlp([4], out=1), standard_normal(6, 2), np.array([0, 1, 2, 2, 1, 0])
    outside, inside = packed(networks.projection(inner, 3), 2), networks.projection(packed(inner, 2), 3)

    def run(key, x, label):
        variables, same = (network.init(key, x, label=label) for network in (outside, inside))
        judged = [network.apply(*variables, x, train=True, label=label)[0] for network in (outside, inside)]
        joined = variables[0]["network"], variables[1], x.reshape(3, 4)
        plain = inner.features(*joined, train=True), inner.apply(*joined, train=True)[0]
        return variables[0], same[0], judged, plain

    params, same, (y, also), (features, logits) = fetched(run)(jax.random.key(1), x, label)
    jax.tree.map(np.testing.assert_array_equal, params, same)
    np.testing.assert_allclose(y, also, rtol=1e-6)
    table = params["embedding"].reshape(2, 3, 4)
    embedded = np.stack([table[0, a] + table[1, b] for a, b in label.reshape(3, 2)])
    expected = logits[:, 0] + np.sum(embedded * features, axis=1)
    np.testing.assert_allclose(y[:, 0], expected, rtol=1e-5, atol=1e-6)


def test_a_conditional_network_inside_a_projection_sees_the_labels_too():
    network = networks.projection(networks.labelled(networks.mlp([4], out=1), 3), 3)

    def run(key, x, label):
        params, stats = network.init(key, x, label=label)
        without = {**params, "embedding": jnp.zeros_like(params["embedding"])}
        return params, [network.apply(without, stats, x, train=True, label=a)[0] for a in (label, 2 - label)]

    params, (y, other) = fetched(run)(jax.random.key(1), standard_normal(6, 2), np.array([0, 1, 2, 2, 1, 0]))
    assert params["network"]["Dense_0"]["kernel"].shape == (5, 4)
    assert not np.allclose(y, other)


@pytest.mark.parametrize("shape", [(4, 2), (4, 5, 2), (4, 3, 3, 2)])
def test_labels_are_joined_along_the_channels(shape):
    x, label = standard_normal(*shape), np.array([2, 0, 1, 1])

    def run(key, x, label):
        network, seen = recording()
        networks.labelled(network, CLASSES).init(key, x, label=label)
        return seen

    maps = np.eye(CLASSES)[label].reshape(4, *(1,) * (len(shape) - 2), CLASSES)
    np.testing.assert_array_equal(
        jit(run)(jax.random.key(0), x, label)[0],
        np.concatenate([x, np.broadcast_to(maps, (*shape[:-1], CLASSES))], axis=-1, dtype=np.float32),
    )


def test_packed_labels_are_joined_in_the_order_of_the_examples():
    x, label = standard_normal(4, 2), np.array([2, 0, 1, 1])

    def run(key, x, label):
        network, seen = recording()
        packed(networks.labelled(network, CLASSES), 2).init(key, x, label=label)
        return seen

    hot = np.eye(CLASSES, dtype=np.float32)[label]
    found = jit(run)(jax.random.key(0), x, label)[0]
    np.testing.assert_array_equal(found, np.concatenate([x.reshape(2, 4), hot.reshape(2, 6)], axis=1))


@pytest.mark.parametrize("dtype", [np.uint8, np.int8, np.int64])
def test_integers_of_every_width_are_read(dtype):
    weights = class_weights("net", np.array([0, 100], dtype), 300, 2, jnp.dtype("float32"))
    np.testing.assert_array_equal(weights[:, 0], np.eye(300)[[0, 100]])


def test_integers_become_one_hot_and_what_cannot_be_checked_becomes_nan():
    read = fetched(lambda label: class_weights("net", label, 3, 4, jnp.float32))
    weights = read(np.array([0, 2, 3, -1]))
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
                jax.random.key(0), {"a": np.ones((2, 2))}, label=np.zeros(2, int)
            ),
            r"one array \[n, ..., channels\], got \{'a': \(2, 2\)\}",
        ),
    ],
)
def test_errors_name_what_is_wrong(make, message):
    with pytest.raises(ValueError, match=message):
        make()
