"""Several discriminators: logits and features side by side, against each discriminator alone."""

import jax
import numpy as np
import pytest

from jaxgan import networks, packed
from tests.helpers import fetched, standard_normal


def test_copies_are_judged_by_each_alone():
    one = networks.mlp([4], out=2, batch_norm=True)
    network = networks.several_discriminators(one, 3)

    def run(key, x):
        params, stats = network.init(key, x)
        both = network.apply(params, stats, x, train=True), network.features(params, stats, x, train=True)
        members = [jax.tree.map(lambda a, k=k: a[k], (params, stats)) for k in range(3)]
        return params, both, [(one.apply(*m, x, train=True), one.features(*m, x, train=True)) for m in members]

    params, ((y, changed), shown), alone = fetched(run)(jax.random.key(1), standard_normal(6, 5))
    assert y.shape == (6, 6) and shown.shape == (6, 12)
    for k, ((logits, expected), features) in enumerate(alone):
        np.testing.assert_allclose(y[:, 2 * k : 2 * k + 2], logits, rtol=1e-4, atol=1e-5)
        np.testing.assert_allclose(shown[:, 4 * k : 4 * k + 4], features, rtol=1e-4, atol=1e-5)
        jax.tree.map(lambda a, b, k=k: np.testing.assert_allclose(a[k], b, rtol=1e-4, atol=1e-5), changed, expected)
    assert not np.allclose(params["Dense_0"]["kernel"][0], params["Dense_0"]["kernel"][1])


def test_different_networks_take_what_each_of_them_takes():
    plain, conditional = networks.mlp([4], out=1), networks.projection(networks.mlp([3], out=2), 3)
    network = networks.several_discriminators([plain, conditional])

    def run(key, x, label):
        params, stats = network.init(key, x, label=label)
        expected = [
            plain.apply(params[0], stats[0], x, train=True)[0],
            conditional.apply(params[1], stats[1], x, train=True, label=label)[0],
        ]
        shown = network.features(params, stats, x, train=True, label=label)
        return stats, network.apply(params, stats, x, train=True, label=label)[0], expected, shown

    label = np.array([0, 1, 2, 2, 1, 0])
    stats, y, expected, shown = fetched(run)(jax.random.key(1), standard_normal(6, 5), label)
    np.testing.assert_allclose(y, np.concatenate(expected, axis=1), rtol=1e-6)
    assert shown.shape == (6, 7)
    assert network.conditional and not jax.tree.leaves(stats)


def test_group_and_features_are_those_of_all_members():
    groups = [networks.mlp([4], out=1)._replace(group=group) for group in (4, 6, None)]
    assert networks.several_discriminators(groups[:2]).group == 12
    assert networks.several_discriminators(groups).group is None
    assert networks.several_discriminators(groups[0], 3).group == 4
    silent = groups[0]._replace(features=None)
    assert networks.several_discriminators([groups[0], silent]).features is None
    assert networks.several_discriminators(silent, 2).features is None


def test_members_of_one_pack_size_stand_side_by_side_and_others_do_not():
    one, x = networks.mlp([4], out=1), np.ones((6, 2), np.float32)

    def logits(network):
        run = lambda key, x: network.apply(*network.init(key, x), x, train=True)[0]  # noqa: E731
        return jax.eval_shape(run, jax.random.key(0), x)

    assert logits(networks.several_discriminators([packed(one, 2), packed(one, 2)])).shape == (3, 2)
    with pytest.raises(ValueError, match=r"equally many rows, got \[3, 6\]"):
        logits(networks.several_discriminators([packed(one, 2), one]))


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ((networks.mlp([2], 1),), "needs how many, count=, got None"),
        ((networks.mlp([2], 1), 0), "count must be at least 1, got 0"),
        (([networks.mlp([2], 1)], 2), "of a list takes no count, got 2"),
        (([],), "at least one network, got an empty list"),
    ],
)
def test_errors_name_what_is_wrong(arguments, message):
    with pytest.raises(ValueError, match=message):
        networks.several_discriminators(*arguments)
