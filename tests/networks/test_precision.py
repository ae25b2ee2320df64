"""What computes in bfloat16, and what stays in float32."""

import re

import jax
import jax.numpy as jnp
import numpy as np
import optax
import pytest

import jaxgan
from jaxgan import Unroll, losses, networks, optimizers, packed, techniques
from tests.helpers import compiled, fetched, standard_normal

NETWORKS = {
    "mlp": (networks.mlp([32, 32], out=1, batch_norm=True), (16, 3)),
    "discriminator": (networks.dcgan_discriminator(width=4, spectral_norm=True, minibatch_stddev=4), (16, 8, 8, 3)),
    "generator": (networks.dcgan_generator(8, 3, width=4), (16, 5)),
}


@pytest.mark.parametrize(
    "name", [name if name == "mlp" else pytest.param(name, marks=pytest.mark.slow) for name in NETWORKS]
)
def test_only_the_products_are_in_bfloat16(name):
    network, shape = NETWORKS[name]
    low, x = networks.in_bfloat16(network), standard_normal(*shape)

    def run(key, x):
        params, stats = low.init(key, x)
        return params, stats, *(one.apply(params, stats, x, train=True) for one in (low, network))

    params, stats, (y, changed), (expected, expected_stats) = fetched(run)(jax.random.key(0), x)
    assert {a.dtype for a in jax.tree.leaves((y, changed, params))} == {jnp.dtype("float32")}
    scale = np.abs(expected).max()
    np.testing.assert_allclose(y / scale, expected / scale, atol=0.06)
    assert np.abs(y - expected).max() > 0
    for a, b in zip(jax.tree.leaves(changed), jax.tree.leaves(expected_stats), strict=True):
        np.testing.assert_allclose(a, b, rtol=0.1, atol=0.02)
    text = jax.jit(lambda p, s, x: low.apply(p, s, x, train=True)).lower(params, stats, x).as_text()
    products = re.findall(r"stablehlo\.(?:dot_general|convolution).*->\s*tensor<\S*?x?(bf16|f32)>", text)
    assert products.count("bf16") >= 3
    if name != "discriminator":  # its power iteration is in float32
        assert set(products) == {"bf16"}


@pytest.mark.slow
def test_a_gan_of_both_keeps_everything_else_in_float32_and_learns():
    players = jaxgan.gan(
        generator=networks.in_bfloat16(networks.mlp([16], out=2)),
        discriminator=packed(networks.in_bfloat16(networks.mlp([16], out=1)), 2),
        loss=losses.minimax(),
        generator_optimizer=optax.adam(1e-3),
        discriminator_optimizer=optimizers.adam(1e-3),
        latent_dim=4,
        techniques=[techniques.r1(0.1)],
        unroll=Unroll(2),
    )
    key = jax.random.key(0)
    batch = jax.random.normal(key, (32, 2)) + 3.0
    state = jax.jit(players.init)(key, batch)
    step = jax.jit(players.step)
    for _ in range(200):
        state, info = step(key, state, batch)
    floating = {a.dtype for a in jax.tree.leaves((state, info)) if jnp.issubdtype(a.dtype, jnp.floating)}
    assert floating == {jnp.dtype("float32")}
    assert all(bool(jnp.isfinite(a).all()) for a in jax.tree.leaves(info))
    assert np.abs(np.mean(players.sample(key, state, 500), 0) - 3.0).max() < 1.5


def test_labels_stay_as_they_are_and_trees_come_back_in_float32():
    seen = {}

    def apply(params, stats, x, *, train, key=None, label):
        seen.update(x=x["a"].dtype, index=x["index"].dtype, label=label.dtype)
        return {"b": x["a"], "index": x["index"]}, stats

    network = compiled(networks.in_bfloat16(jaxgan.Network(lambda key, x, label: ({}, {}), apply, conditional=True)))
    x = {"a": np.ones((2, 3), np.float32), "index": np.arange(2, dtype=np.int32)}
    assert network.conditional and network.init(jax.random.key(0), x, label=np.ones(2)) == ({}, {})
    y, _ = network.apply({}, {}, x, train=True, label=np.ones((2, 3), np.float32))
    assert seen == {"x": jnp.bfloat16, "index": jnp.int32, "label": jnp.float32}
    assert (y["b"].dtype, y["index"].dtype) == (jnp.float32, jnp.int32)


def test_conditional_networks_compute_in_bfloat16_too():
    x, label = standard_normal(16, 3), np.arange(16) % 4
    for network in (
        networks.projection(networks.mlp([32], out=1), 4),
        networks.mlp([32], out=1, batch_norm=True, classes=4),
    ):

        def run(key, x, label, network=network):
            low = networks.in_bfloat16(network)
            variables = low.init(key, x, label=label)
            return [one.apply(*variables, x, train=True, label=label)[0] for one in (low, network)]

        y, expected = fetched(run)(jax.random.key(0), x, label)
        assert y.dtype == jnp.float32 and np.abs(y - expected).max() > 0
        scale = np.abs(expected).max()
        np.testing.assert_allclose(y / scale, expected / scale, atol=0.06)
