"""What every network promises, over a table of all of them and one that is written by hand."""

from collections.abc import Callable
from typing import NamedTuple

import flax.linen as nn
import jax
import jax.numpy as jnp
import numpy as np
import pytest

from jaxgan import networks
from jaxgan.types import Network


def hand_written() -> Network:
    """A network without any library: a linear map of what is above the running mean of its inputs."""

    def init(key, x):
        return {"w": jax.random.normal(key, (x.shape[-1], 1))}, {"mean": jnp.zeros(x.shape[-1:])}

    def features(params, stats, x, *, train, key=None):
        return jax.nn.softplus(x - (jnp.mean(x, axis=0) if train else stats["mean"])[None])

    def apply(params, stats, x, *, train, key=None):
        y = features(params, stats, x, train=train) @ params["w"]
        return y, {"mean": 0.9 * stats["mean"] + 0.1 * jnp.mean(x, axis=0)} if train else stats

    return Network(init, apply, features)


everything = {"batch_norm": True, "spectral_norm": True, "dropout": 0.25}
flat, small, medium = (8, 5), (4, 8, 8, 2), (4, 28, 28, 1)

# name: (network, shape of the input, shape of one output, whether training draws noise, whether it changes the stats)
NETWORKS = {
    "hand_written": (hand_written(), flat, (1,), False, True),
    "from_linen": (networks.from_linen(nn.Dense(3)), flat, (3,), False, False),
    "mlp": (networks.mlp([6, 4], out=2), flat, (2,), False, False),
    "mlp_everything": (networks.mlp([6, 4], out=1, maxout=2, **everything), flat, (1,), True, True),
    "generator_8": (networks.dcgan_generator(8, 3, width=2), flat, (8, 8, 3), False, True),
    "generator_transpose": (
        networks.dcgan_generator(8, 1, width=1, upsample="transpose"),
        flat,
        (8, 8, 1),
        False,
        True,
    ),
    "discriminator_8": (networks.dcgan_discriminator(width=2), small, (1,), False, False),
    "discriminator_everything": (
        networks.dcgan_discriminator(width=2, minibatch_stddev=2, **everything),
        medium,
        (1,),
        True,
        True,
    ),
}


class Case(NamedTuple):
    """One network with all that the tests look at, computed once."""

    name: str
    network: Network
    params: dict
    stats: dict
    x: jax.Array
    apply: Callable  # (params, stats, x) -> (y, stats), in training mode, with a key where one is needed.
    trained: tuple  # What it returns.


@pytest.fixture(params=NETWORKS, scope="module")
def case(request):
    network, shape, _, noisy, _ = NETWORKS[request.param]
    x = jax.random.normal(jax.random.key(0), shape)
    params, stats = jax.jit(network.init)(jax.random.key(1), x)

    def apply(params, stats, x):
        return network.apply(params, stats, x, train=True, key=jax.random.key(2) if noisy else None)

    return Case(request.param, network, params, stats, x, apply, jax.jit(apply)(params, stats, x))


def assert_trees_close(a, b, rtol=1e-4, atol=1e-5):
    assert jax.tree.structure(a) == jax.tree.structure(b)
    jax.tree.map(lambda x, y: np.testing.assert_allclose(x, y, rtol=rtol, atol=atol), a, b)


def assert_finite(tree):
    assert all(bool(np.all(np.isfinite(leaf))) for leaf in jax.tree.leaves(tree))


def test_shape_and_dtype(case):
    y, _ = case.trained
    assert y.shape == (case.x.shape[0], *NETWORKS[case.name][2])
    assert y.dtype == case.x.dtype
    assert_finite(case.trained)


def test_features_are_a_finite_matrix(case):
    if case.network.features is None:
        pytest.skip("shows no features")
    key = jax.random.key(2) if NETWORKS[case.name][3] else None
    features = jax.jit(lambda: case.network.features(case.params, case.stats, case.x, train=True, key=key))()
    assert features.ndim == 2 and features.shape[0] == case.x.shape[0]
    assert_finite(features)


def test_training_changes_the_stats_and_keeps_their_structure(case):
    _, trained = case.trained
    assert jax.tree.structure(trained) == jax.tree.structure(case.stats)
    pairs = list(zip(jax.tree.leaves(trained), jax.tree.leaves(case.stats), strict=True))
    assert all((new.shape, new.dtype) == (old.shape, old.dtype) for new, old in pairs)
    assert any(bool(np.any(new != old)) for new, old in pairs) == NETWORKS[case.name][4]


def test_jit_equals_no_jit(case):
    assert_trees_close(case.apply(case.params, case.stats, case.x), case.trained)


def test_inference_leaves_the_stats_alone_and_needs_no_key(case):
    y, kept = case.network.apply(case.params, case.stats, case.x, train=False)
    assert y.shape == case.trained[0].shape
    assert_trees_close(kept, case.stats, rtol=0, atol=0)


def test_inference_treats_examples_separately(case):
    if case.name == "discriminator_everything":
        pytest.skip("a minibatch standard deviation compares examples by design")
    infer = jax.jit(lambda x: case.network.apply(case.params, case.stats, x, train=False)[0])
    np.testing.assert_allclose(infer(case.x)[:1], infer(case.x[:1]), rtol=1e-4, atol=1e-5)


def test_gradients_are_finite_and_reach_every_parameter(case):
    @jax.jit
    @jax.grad
    def gradient(params):
        y, _ = case.apply(params, case.stats, case.x)
        return jnp.sum(jnp.sin(y + jnp.arange(y.size, dtype=y.dtype).reshape(y.shape)))

    gradients = gradient(case.params)
    assert_finite(gradients)
    assert all(bool(np.any(leaf != 0)) for leaf in jax.tree.leaves(gradients))


def test_gradient_of_a_gradient_penalty_is_finite(case):
    def penalty(params):
        slope = jax.grad(lambda x: jnp.sum(jnp.sin(case.apply(params, case.stats, x)[0])))(case.x)
        return jnp.sum(jnp.square(slope))

    assert_finite(jax.jit(jax.grad(penalty))(case.params))


def test_vmap_over_seeds_equals_a_loop(case):
    train = jax.jit(lambda key: case.apply(*case.network.init(key, case.x), case.x))
    many = jax.jit(jax.vmap(train))(jax.random.split(jax.random.key(3), 2))
    for seed, key in enumerate(jax.random.split(jax.random.key(3), 2)):
        assert_trees_close(jax.tree.map(lambda a, seed=seed: a[seed], many), train(key))
