"""Several generators: who makes which example in both modes, against each generator alone."""

import jax
import jax.numpy as jnp
import numpy as np
import pytest

from jaxgan import networks
from tests.helpers import compiled

COUNT = 3


@pytest.fixture(scope="module")
def mixture():
    one = compiled(networks.mlp([4], out=2, batch_norm=True))
    network = compiled(networks.several_generators(one, COUNT))
    x = jax.random.normal(jax.random.key(0), (6, 5 + COUNT))
    return one, network, *network.init(jax.random.key(1), x), x


def member(tree, k):
    return jax.tree.map(lambda a: np.asarray(a)[k], tree["generators"])


def test_in_training_each_generator_makes_its_block(mixture):
    one, network, params, stats, x = mixture
    y, changed = network.apply(params, stats, x, train=True)
    for k in range(COUNT):
        rows = slice(2 * k, 2 * k + 2)
        expected, expected_stats = one.apply(member(params, k), member(stats, k), x[rows, :5], train=True)
        np.testing.assert_allclose(y[rows], expected, rtol=1e-4, atol=1e-5)
        jax.tree.map(
            lambda a, b: np.testing.assert_allclose(a, b, rtol=1e-4, atol=1e-5), member(changed, k), expected_stats
        )
    shown = network.features(params, stats, x, train=True)
    expected = one.features(member(params, 1), member(stats, 1), x[2:4, :5], train=True)
    np.testing.assert_allclose(shown[2:4], expected, rtol=1e-4, atol=1e-5)


@pytest.mark.parametrize("choice", [[0], [2, 0, 0, 1, 2], [0, 0, 1, 1, 2, 2]])
def test_in_inference_the_last_columns_choose_for_any_number(mixture, choice):
    one, network, params, stats, _ = mixture
    z = jax.random.normal(jax.random.key(3), (len(choice), 5))
    hot = jnp.eye(COUNT)[np.array(choice)]
    y, kept = network.apply(params, stats, jnp.concatenate([z, hot], axis=1), train=False)
    for i, k in enumerate(choice):
        expected, _ = one.apply(member(params, k), member(stats, k), z[i : i + 1], train=False)
        np.testing.assert_allclose(y[i], expected[0], rtol=1e-4, atol=1e-5)
    jax.tree.map(np.testing.assert_array_equal, kept, stats)


def test_blocks_are_what_training_does(mixture):
    x = mixture[-1]
    calm = compiled(networks.several_generators(networks.mlp([4], out=2), COUNT))
    params, stats = calm.init(jax.random.key(1), x)
    chosen = jnp.concatenate([x[:, :5], networks.blocks(6, COUNT)], axis=1)
    trained, inferred = (calm.apply(params, stats, chosen, train=train)[0] for train in (True, False))
    np.testing.assert_allclose(trained, inferred, rtol=1e-5, atol=1e-6)


def test_untouched_columns_choose_every_generator_alike():
    constant = compiled(networks.several_generators(networks.mlp([1], out=1), COUNT))
    x = jax.random.normal(jax.random.key(0), (3000, 1 + COUNT))
    params, stats = constant.init(jax.random.key(1), x)
    params = jax.tree.map(jnp.zeros_like, params)
    params["generators"]["Dense_1"]["bias"] = jnp.arange(3.0)[:, None]
    y, _ = constant.apply(params, stats, x, train=False)
    np.testing.assert_allclose(np.bincount(np.asarray(y[:, 0], int)) / 3000, 1 / 3, atol=0.03)


def test_generators_start_differently_and_share_the_trunk(mixture):
    x = mixture[-1]
    first, trunk = networks.mlp([4], out=3), networks.mlp([6], out=2, batch_norm=True)
    network = compiled(networks.several_generators(first, COUNT, shared=trunk))
    params, stats = network.init(jax.random.key(1), x)
    kernels = params["generators"]["Dense_0"]["kernel"]
    assert kernels.shape == (COUNT, 5, 4) and not np.allclose(kernels[0], kernels[1])
    assert params["shared"]["Dense_0"]["kernel"].shape == (3, 6)
    y, changed = network.apply(params, stats, x, train=True)
    hidden = [first.apply(member(params, k), {}, x[2 * k : 2 * k + 2, :5], train=True)[0] for k in range(COUNT)]
    expected, expected_stats = trunk.apply(params["shared"], stats["shared"], jnp.concatenate(hidden), train=True)
    np.testing.assert_allclose(y, expected, rtol=1e-4, atol=1e-5)
    jax.tree.map(lambda a, b: np.testing.assert_allclose(a, b, rtol=1e-4, atol=1e-5), changed["shared"], expected_stats)


def test_labels_go_with_their_examples():
    one = compiled(networks.labelled(networks.mlp([4], out=2), 3))
    network = compiled(networks.several_generators(one, 2))
    x, label = jax.random.normal(jax.random.key(0), (4, 5)), jnp.array([0, 1, 2, 1])
    params, stats = network.init(jax.random.key(1), x, label=label)
    y, _ = network.apply(params, stats, x, train=True, label=label)
    expected, _ = one.apply(member(params, 1), {}, x[2:, :3], train=True, label=label[2:])
    np.testing.assert_allclose(y[2:], expected, rtol=1e-5)
    assert network.conditional and network.group is None


def test_each_generator_draws_its_own_noise():
    network = compiled(
        networks.several_generators(networks.mlp([400], out=1, dropout=0.5, activation=jnp.ones_like), 2)
    )
    x = jnp.ones((2, 4))
    params, stats = network.init(jax.random.key(0), x)
    shown = network.features(params, stats, x, train=True, key=jax.random.key(1))
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
            lambda n: networks.several_generators(n, 2).init(jax.random.key(0), jnp.ones((4, 2))),
            r"needs \[n, width \+ 2\], the choice in the last columns, got \(4, 2\)",
        ),
        (
            lambda n: networks.several_generators(n, 2).apply(
                *networks.several_generators(n, 2).init(jax.random.key(0), jnp.ones((3, 4))),
                jnp.ones((3, 4)),
                train=True,
            ),
            "a batch of 3 cannot be shared by 2 generators",
        ),
    ],
)
def test_errors_name_what_is_wrong(make, message):
    with pytest.raises(ValueError, match=message):
        make(networks.mlp([2], out=1))
