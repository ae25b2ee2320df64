"""Clusters as labels: the modes of the ring, Lloyd's iteration written out, and numbers that stay."""

import jax
import numpy as np
import pytest

from jaxgan import data, networks
from jaxgan.types import Classified, Finite
from tests.helpers import jit, small_gan

random = np.random.default_rng(0)
RING = data.ring()
POINTS = np.asarray(jax.jit(RING.draw, static_argnums=2)(RING.arrays, jax.random.key(0), 400))
MODES = np.asarray(jax.jit(RING.nearest_of)(POINTS))
TASK = data.clustered(data.arrays(POINTS), 8)


def lloyd(x, labels, clusters):
    """Means and nearest means in turns, from the means of the labels, until nothing changes."""
    while True:
        means = np.stack([x[labels == k].mean(axis=0) for k in range(clusters)])
        found = np.argmin(((x[:, None] - means) ** 2).sum(axis=-1), axis=1)
        if np.array_equal(found, labels):
            return labels
        labels = found


def test_clusters_of_the_ring_are_its_modes():
    number_of = {(mode, label) for mode, label in zip(MODES.tolist(), np.asarray(TASK.labels).tolist(), strict=True)}
    assert len(number_of) == 8  # each mode has one number, and each number one mode
    np.testing.assert_allclose(np.sort(TASK.shares), np.sort(np.bincount(MODES) / 400))
    assert (TASK.modes, TASK.name, TASK.kind, TASK.labels.dtype) == (8, "arrays, 8 clusters", "points", np.int32)
    assert isinstance(TASK, Classified) and isinstance(TASK, Finite)


def test_examples_are_drawn_with_the_number_of_their_cluster():
    batch = jit(TASK.draw, static_argnums=2)(TASK.arrays, jax.random.key(1), 64)
    rows = np.argmin(((np.asarray(batch.data)[:, None] - POINTS) ** 2).sum(axis=-1), axis=1)
    np.testing.assert_array_equal(batch.label, np.asarray(TASK.labels)[rows])


def test_features_decide():
    """By the first coordinate alone, in a set whose second one is spread more."""
    sides = random.permutation(np.repeat([-1.0, 1.0], 50))
    x = np.stack([sides + 0.1 * random.standard_normal(100), 9.0 * random.standard_normal(100)], axis=1)
    found = np.asarray(data.clustered(data.arrays(x), 2, x[:, :1]).labels)
    assert len(set(zip(sides.tolist(), found.tolist(), strict=True))) == 2


def test_from_a_clustering_before_it_is_lloyds_iteration():
    x = random.standard_normal((200, 3, 2)).astype(np.float32)  # one cloud: where the search starts matters
    before = random.integers(0, 5, 200)
    found = data.clustered(data.arrays(x, kind="sequences"), 5, before=before).labels
    expected = lloyd(x.reshape(200, 6).astype(float), before, 5)
    same = np.asarray(found)[:, None] == np.asarray(found)[None]
    np.testing.assert_array_equal(same, expected[:, None] == expected[None])


def test_a_cluster_keeps_its_number():
    before = np.random.default_rng(1).permutation(8)[np.asarray(TASK.labels)]
    turned = POINTS @ np.array([[0.96, 0.28], [-0.28, 0.96]], np.float32)
    wrong = np.where(np.arange(400) % 10 == 0, (before + 1) % 8, before)  # a tenth have moved to another cluster
    np.testing.assert_array_equal(data.clustered(data.arrays(turned), 8, before=wrong).labels, before)


def test_a_starved_cluster_is_given_examples():
    before = np.asarray(TASK.labels) % 7  # the eighth is empty
    assert len(np.unique(data.clustered(data.arrays(POINTS), 8, before=before).labels)) == 8


def test_a_conditional_gan_trains_on_them():
    players = small_gan(
        generator=networks.labelled(networks.mlp([4], 2), 8),
        discriminator=networks.projection(networks.mlp([5], 1), 8),
    )
    batch = TASK.at(np.arange(6))
    state = jit(players.init)(jax.random.key(0), batch)
    after, info = jit(players.step)(jax.random.key(0), state, batch)
    assert np.isfinite(info.discriminator_loss)
    network = networks.projection(networks.mlp([5], 1), 8)
    shown = network.features(
        after.discriminator.params, after.discriminator.stats, POINTS, train=False, label=TASK.labels
    )
    again = data.clustered(data.arrays(POINTS), 8, shown, before=TASK.labels)
    assert again.modes == 8


@pytest.mark.parametrize(
    ("task", "options", "says"),
    [
        (RING, {}, "clustered takes examples on the device, such as of data.arrays, not Mixture"),
        (data.arrays(POINTS), {"clusters": 1}, "number of clusters must be a whole number of at least 2, got 1"),
        (data.arrays(POINTS[:5]), {}, "there are 5 examples for 8 clusters"),
        (data.arrays(np.ones((9, 2)) * (np.arange(9) % 3)[:, None]), {}, "only 3 different features for 8 clusters"),
        (data.arrays(POINTS), {"features": POINTS[:9]}, r"each of the 400 examples, not of shape \(9, 2\)"),
        (data.arrays(POINTS), {"features": 0.0}, r"each of the 400 examples, not of shape \(\)"),
        (
            data.arrays(POINTS),
            {"features": np.where(np.arange(400) == 7, np.nan, 0.0)},
            "must be finite, and those of example 7 are not",
        ),
        (data.arrays(POINTS), {"before": np.zeros(400)}, r"whole numbers \[400\], one for each .*, not float64"),
        (data.arrays(POINTS), {"before": np.arange(400) % 9}, r"labels in \[0, 8\), not from 0 to 8"),
    ],
)
def test_mistakes(task, options, says):
    with pytest.raises(ValueError, match=says):
        data.clustered(task, **{"clusters": 8, **options})
