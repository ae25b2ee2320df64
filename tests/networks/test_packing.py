"""Packing by hand, for vectors and for images."""

import jax
import numpy as np
import pytest

from jaxgan import Network, packed
from tests.helpers import jit, perceptron


def transparent() -> Network:
    """A network that returns its input, so that a test sees how it was packed."""
    return Network(
        init=lambda key, x: ({"seen": x}, {}),
        apply=lambda params, stats, x, *, train, key=None: (x, {"train": train, "key": key}),
    )


def test_vectors_are_joined_end_to_end():
    x = np.arange(12.0).reshape(6, 2)
    packs, _ = packed(transparent(), 3).apply({}, {}, x, train=True)
    np.testing.assert_array_equal(packs, [[0, 1, 2, 3, 4, 5], [6, 7, 8, 9, 10, 11]])


def test_images_are_joined_along_the_channels():
    x = np.random.default_rng(0).standard_normal((4, 5, 3, 2)).astype(np.float32)
    packs, _ = packed(transparent(), 2).apply({}, {}, x, train=True)
    expected = np.stack([np.concatenate([x[0], x[1]], axis=-1), np.concatenate([x[2], x[3]], axis=-1)])
    np.testing.assert_array_equal(packs, expected)


def test_everything_else_passes_through():
    x, key = np.arange(8.0).reshape(4, 2), jax.random.key(3)
    network = packed(transparent(), 2)
    np.testing.assert_array_equal(network.init(key, x)[0]["seen"], x.reshape(2, 4))
    assert network.apply({}, {}, x, train=False, key=key)[1] == {"train": False, "key": key}
    assert network.features is None


def test_one_logit_and_one_row_of_features_per_pack():
    inner = perceptron([5], out=1)
    network = packed(inner, 3)

    def run(key, x):
        params, stats = network.init(key, x)
        joined = params, stats, x.reshape(2, 6)
        expected = inner.apply(*joined, train=True)[0], inner.features(*joined, train=True)
        found = network.apply(params, stats, x, train=True)[0], network.features(params, stats, x, train=True)
        return params, found, expected

    x = np.linspace(-1.0, 1.0, 12, dtype=np.float32).reshape(6, 2)
    params, (logits, features), expected = jit(run)(jax.random.key(0), x)
    assert params[0]["w"].shape == (6, 5)
    np.testing.assert_array_equal(logits, expected[0])
    np.testing.assert_array_equal(features, expected[1])
    assert logits.shape == (2, 1) and features.shape == (2, 5)


def test_a_pack_of_one_is_the_network_itself():
    network = transparent()
    assert packed(network, 1) is network


def test_packs_nest():
    x = np.arange(16.0).reshape(8, 2)
    twice, _ = packed(packed(transparent(), 2), 2).apply({}, {}, x, train=True)
    np.testing.assert_array_equal(twice, packed(transparent(), 4).apply({}, {}, x, train=True)[0])


@pytest.mark.parametrize("m", [0, -2])
def test_a_pack_holds_something(m):
    with pytest.raises(ValueError, match=f"at least 1 example, not m={m}"):
        packed(transparent(), m)


def test_batch_must_divide_into_packs():
    network, x = packed(transparent(), 4), np.zeros((6, 2))
    for call in (lambda: network.init(jax.random.key(0), x), lambda: network.apply({}, {}, x, train=True)):
        with pytest.raises(ValueError, match="a batch of 6 cannot be packed by 4"):
            call()


def test_every_leaf_of_a_tree_is_packed_by_itself():
    x = {"points": np.arange(12.0).reshape(4, 3), "size": np.arange(4.0)}
    packs, _ = packed(transparent(), 2).apply({}, {}, x, train=True)
    np.testing.assert_array_equal(packs["points"], x["points"].reshape(2, 6))
    np.testing.assert_array_equal(packs["size"], [[0, 1], [2, 3]])


def test_labels_are_packed_apart_from_the_channels():
    seen = []

    def apply(params, stats, x, *, train, key=None, label):
        seen.append((x, label))
        return x, stats

    inner = transparent()._replace(
        init=lambda key, x, label: (seen.append((x, label)), ({}, {}))[1],
        apply=apply,
        features=lambda *a, **options: apply(*a, **options)[0],
        conditional=True,
    )
    network = packed(packed(inner, 2), 2)
    x, label = np.arange(16.0).reshape(8, 2), {"digit": np.arange(8), "soft": np.arange(24.0).reshape(8, 3)}
    assert network.conditional
    network.init(jax.random.key(0), x, label=label)
    network.apply({}, {}, x, train=True, label=label)
    network.features({}, {}, x, train=True, label=label)
    for packs, labels in seen:
        np.testing.assert_array_equal(packs, x.reshape(2, 8))
        np.testing.assert_array_equal(labels["digit"].reshape(2, 4), np.arange(8).reshape(2, 4))
        np.testing.assert_array_equal(labels["soft"].reshape(2, 4, 3), label["soft"].reshape(2, 4, 3))
    assert len(seen) == 3


def test_a_label_for_a_network_without_a_condition_raises():
    with pytest.raises(ValueError, match=r"not conditional takes no label=: wrap it in labelled or projection"):
        packed(transparent(), 2).apply({}, {}, np.ones((4, 2)), train=True, label=np.zeros(4))
