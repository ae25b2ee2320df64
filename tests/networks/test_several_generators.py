"""Several generators: who makes which example in both modes, against each generator alone."""

import jax
import jax.numpy as jnp
import numpy as np
import pytest

from jaxgan import networks
from tests.helpers import fetched, standard_normal

COUNT = 3


@pytest.fixture(scope="module")
def mixture():
    one = networks.mlp([4], out=2, batch_norm=True)
    network = networks.several_generators(one, COUNT)
    x = standard_normal(6, 5 + COUNT)
    return one, network, *fetched(network.init)(jax.random.key(1), x), x


def member(tree, k):
    return jax.tree.map(lambda a: a[k], tree["generators"])


def assert_trees_close(a, b):
    jax.tree.map(lambda a, b: np.testing.assert_allclose(a, b, rtol=1e-4, atol=1e-5), a, b)


def test_in_training_each_generator_makes_its_block(mixture):
    one, network, params, stats, x = mixture

    def run(params, stats, x):
        alone = []
        for k in range(COUNT):
            mine = member(params, k), member(stats, k), x[2 * k : 2 * k + 2, :5]
            alone.append((one.apply(*mine, train=True), one.features(*mine, train=True)))
        return network.apply(params, stats, x, train=True), network.features(params, stats, x, train=True), alone

    (y, changed), shown, alone = fetched(run)(params, stats, x)
    for k, ((expected, expected_stats), expected_features) in enumerate(alone):
        rows = slice(2 * k, 2 * k + 2)
        np.testing.assert_allclose(y[rows], expected, rtol=1e-4, atol=1e-5)
        assert_trees_close(member(changed, k), expected_stats)
        np.testing.assert_allclose(shown[rows], expected_features, rtol=1e-4, atol=1e-5)


def test_in_inference_the_last_columns_choose_for_any_number(mixture):
    one, network, params, stats, _ = mixture
    choices = [[0], [2, 0, 0, 1, 2], [0, 0, 1, 1, 2, 2]]
    latents = [standard_normal(len(choice), 5, seed=3) for choice in choices]

    def run(params, stats, latents):
        chosen = [jnp.concatenate([z, np.eye(COUNT)[c]], axis=1) for z, c in zip(latents, choices, strict=True)]
        made = [network.apply(params, stats, x, train=False) for x in chosen]
        alone = [
            jnp.stack([one.apply(member(params, k), member(stats, k), z, train=False)[0] for k in range(COUNT)])
            for z in latents
        ]
        return made, alone

    made, alone = fetched(run)(params, stats, latents)
    for choice, (y, kept), expected in zip(choices, made, alone, strict=True):
        assert len(y) == len(choice)
        for i, k in enumerate(choice):
            np.testing.assert_allclose(y[i], expected[k, i], rtol=1e-4, atol=1e-5)
        jax.tree.map(np.testing.assert_array_equal, kept, stats)


def test_blocks_are_what_training_does():
    calm = networks.several_generators(networks.mlp([4], out=2), COUNT)

    def run(key, x):
        params, stats = calm.init(key, x)
        chosen = jnp.concatenate([x[:, :5], networks.blocks(6, COUNT)], axis=1)
        return [calm.apply(params, stats, chosen, train=train)[0] for train in (True, False)]

    trained, inferred = fetched(run)(jax.random.key(1), standard_normal(6, 5 + COUNT))
    np.testing.assert_allclose(trained, inferred, rtol=1e-5, atol=1e-6)


def test_untouched_columns_choose_every_generator_alike():
    constant = networks.several_generators(networks.mlp([1], out=1), COUNT)

    def run(key, x):
        params, stats = constant.init(key, x)
        params = jax.tree.map(jnp.zeros_like, params)
        params["generators"]["Dense_1"]["bias"] = jnp.arange(3.0)[:, None]
        return constant.apply(params, stats, x, train=False)[0]

    y = fetched(run)(jax.random.key(1), standard_normal(3000, 1 + COUNT))
    np.testing.assert_allclose(np.bincount(np.asarray(y[:, 0], int)) / 3000, 1 / 3, atol=0.03)


def test_generators_start_differently_and_share_the_trunk():
    first, trunk = networks.mlp([4], out=3), networks.mlp([6], out=2, batch_norm=True)
    network = networks.several_generators(first, COUNT, shared=trunk)

    def run(key, x):
        params, stats = network.init(key, x)
        hidden = [first.apply(member(params, k), {}, x[2 * k : 2 * k + 2, :5], train=True)[0] for k in range(COUNT)]
        expected = trunk.apply(params["shared"], stats["shared"], jnp.concatenate(hidden), train=True)
        return params, network.apply(params, stats, x, train=True), expected

    params, (y, changed), (expected, expected_stats) = fetched(run)(jax.random.key(1), standard_normal(6, 5 + COUNT))
    kernels = params["generators"]["Dense_0"]["kernel"]
    assert kernels.shape == (COUNT, 5, 4) and not np.allclose(kernels[0], kernels[1])
    assert params["shared"]["Dense_0"]["kernel"].shape == (3, 6)
    np.testing.assert_allclose(y, expected, rtol=1e-4, atol=1e-5)
    assert_trees_close(changed["shared"], expected_stats)


def test_labels_go_with_their_examples():
    one = networks.labelled(networks.mlp([4], out=2), 3)
    network = networks.several_generators(one, 2)

    def run(key, x, label):
        params, stats = network.init(key, x, label=label)
        y, _ = network.apply(params, stats, x, train=True, label=label)
        return y, one.apply(member(params, 1), {}, x[2:, :3], train=True, label=label[2:])[0]

    y, expected = fetched(run)(jax.random.key(1), standard_normal(4, 5), np.array([0, 1, 2, 1]))
    np.testing.assert_allclose(y[2:], expected, rtol=1e-5)
    assert network.conditional and network.group is None


def test_each_generator_draws_its_own_noise():
    network = networks.several_generators(networks.mlp([400], out=1, dropout=0.5, activation=jnp.ones_like), 2)

    def run(key, x):
        return network.features(*network.init(key, x), x, train=True, key=jax.random.key(1))

    shown = fetched(run)(jax.random.key(0), np.ones((2, 4), np.float32))
    assert not np.array_equal(shown[0], shown[1])


@pytest.mark.parametrize(
    ("make", "message"),
    [
        (lambda n: networks.several_generators(n, 0), "count must be at least 1, got 0"),
        (lambda n: networks.blocks(5, 2), "a batch of 5 cannot be shared by 2 generators"),
        (
            lambda n: networks.several_generators(n, 2, shared=networks.labelled(n, 2)),
            "shared cannot be conditional",
        ),
        (
            lambda n: networks.several_generators(n, 2).init(jax.random.key(0), np.ones((4, 2), np.float32)),
            r"needs \[n, width \+ 2\], the choice in the last columns, got \(4, 2\)",
        ),
        (
            lambda n: networks.several_generators(n, 2).apply(*[{"generators": {}}] * 2, np.ones((3, 4)), train=True),
            "a batch of 3 cannot be shared by 2 generators",
        ),
    ],
)
def test_errors_name_what_is_wrong(make, message):
    with pytest.raises(ValueError, match=message):
        make(networks.mlp([2], out=1))
