"""The perceptron against numpy, the networks of the classic experiments by their parameter counts, the errors."""

import jax
import jax.numpy as jnp
import numpy as np
import pytest

from jaxgan import networks
from tests.helpers import compiled

normal = jax.nn.initializers.normal
orthogonal = jax.nn.initializers.orthogonal


def count(tree):
    return sum(a.size for a in jax.tree.leaves(tree))


def test_forward_equals_numpy():
    network = compiled(networks.mlp([5, 4], out=2, activation=jnp.tanh, output_activation=jnp.sin, input_scale=0.25))
    x = np.random.default_rng(0).normal(size=(6, 3)).astype(np.float32)
    params, stats = jax.jit(network.init)(jax.random.key(0), x)
    params = jax.tree.map(lambda a: a + 0.1, params)
    y, _ = network.apply(params, stats, x, train=True)
    layers = [{name: np.asarray(a) for name, a in params[f"Dense_{i}"].items()} for i in range(3)]
    hidden = x / 4
    for layer in layers[:2]:
        hidden = np.tanh(hidden @ layer["kernel"] + layer["bias"])
    np.testing.assert_allclose(network.features(params, stats, x, train=False), hidden, rtol=1e-4, atol=1e-6)
    np.testing.assert_allclose(y, np.sin(hidden @ layers[2]["kernel"] + layers[2]["bias"]), rtol=1e-4, atol=1e-5)


def test_maxout_takes_the_place_of_the_activation():
    network = compiled(networks.mlp([3], out=1, maxout=5, activation=jnp.exp))
    x = np.random.default_rng(0).normal(size=(6, 2)).astype(np.float32)
    params, stats = jax.jit(network.init)(jax.random.key(0), x)
    pieces = x @ np.asarray(params["Dense_0"]["kernel"])
    expected = np.stack([pieces[:, 5 * unit : 5 * unit + 5].max(axis=1) for unit in range(3)], axis=1)
    np.testing.assert_allclose(network.features(params, stats, x, train=True), expected, rtol=1e-4, atol=1e-6)


def test_images_are_flattened():
    network = compiled(networks.mlp([3], out=1))
    x = jax.random.normal(jax.random.key(0), (2, 4, 4, 3))
    params, stats = jax.jit(network.init)(jax.random.key(1), x)
    flat, _ = network.apply(params, stats, x.reshape(2, 48), train=True)
    np.testing.assert_array_equal(network.apply(params, stats, x, train=True)[0], flat)


def test_default_kernels_are_he_normal():
    params, _ = networks.mlp([400, 400], out=1).init(jax.random.key(0), jnp.ones((1, 2)))
    np.testing.assert_allclose(np.std(params["Dense_1"]["kernel"]), np.sqrt(2 / 400), rtol=0.02)


def test_orthogonal_kernels_have_their_gain_as_singular_values():
    params, _ = networks.mlp([8, 8], out=2, kernel_init=orthogonal(1.4)).init(jax.random.key(0), jnp.ones((1, 2)))
    for layer in params.values():
        np.testing.assert_allclose(np.linalg.svd(layer["kernel"], compute_uv=False), 1.4, rtol=1e-5)


@pytest.mark.parametrize(
    ("network", "inputs", "parameters"),
    [
        # Metz et al. 2017, appendix A.
        (networks.mlp([128, 128], 2, kernel_init=orthogonal(0.8)), 256, 257 * 128 + 129 * 128 + 129 * 2),
        (networks.mlp([128], 1, input_scale=0.25, kernel_init=orthogonal(0.8)), 2, 3 * 128 + 129),
        # PacGAN: batch normalisation has a scale and an offset; the discriminator sees pairs of points.
        (
            networks.mlp([400] * 4, 2, batch_norm=True, bias=False, kernel_init=normal(0.02)),
            2,
            2 * 400 + 3 * 400 * 400 + 4 * 800 + 401 * 2,
        ),
        (
            networks.mlp([200] * 3, 1, maxout=5, kernel_init=normal(0.02)),
            4,
            5 * 1000 + 2 * 201 * 1000 + 201,
        ),
    ],
)
def test_parameter_counts_of_the_named_networks(network, inputs, parameters):
    params, _ = jax.eval_shape(network.init, jax.random.key(0), jnp.ones((4, inputs)))
    assert count(params) == parameters


def test_dropout_keeps_the_mean_and_draws_only_in_training():
    network = compiled(networks.mlp([2000], out=1, dropout=0.25, activation=jnp.ones_like))
    x = jnp.ones((1, 2))
    params, stats = jax.jit(network.init)(jax.random.key(0), x)
    features = network.features(params, stats, x, train=True, key=jax.random.key(1))
    np.testing.assert_allclose(np.unique(features), [0.0, 4 / 3], rtol=1e-6)
    assert abs(float(jnp.mean(features == 0)) - 0.25) < 0.04
    np.testing.assert_array_equal(network.features(params, stats, x, train=False), 1.0)


def test_noise_is_of_the_given_size_and_drawn_only_in_training():
    network = compiled(networks.mlp([2000], out=1, noise=0.25, activation=jnp.ones_like))
    x, key = jnp.ones((1, 2)), jax.random.key(1)
    params, stats = jax.jit(network.init)(jax.random.key(0), x)
    features = network.features(params, stats, x, train=True, key=key)
    np.testing.assert_allclose([np.mean(features), np.std(features)], [1.0, 0.25], rtol=0.05)
    last = params["Dense_1"]
    logits, _ = network.apply(params, stats, x, train=True, key=key)  # of the same noise
    np.testing.assert_allclose(logits, features @ last["kernel"] + last["bias"][None], rtol=1e-4)
    np.testing.assert_array_equal(network.features(params, stats, x, train=False), 1.0)
    with pytest.raises(ValueError, match="draws noise when train=True and needs a key"):
        network.apply(params, stats, x, train=True)
    assert network.group is None and networks.mlp([4], out=1).group == 1


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ({"widths": []}, r"widths must name at least one hidden layer, got \[\]"),
        ({"widths": [4, -1]}, "each of widths must be at least 1, got -1"),
        ({"out": 0}, "out must be at least 1, got 0"),
        ({"maxout": 0}, "maxout must be at least 1, got 0"),
        ({"dropout": 1.0}, r"dropout must be in \[0, 1\), got 1.0"),
        ({"dropout": -0.1}, r"dropout must be in \[0, 1\), got -0.1"),
        ({"noise": -0.1}, "noise must be at least 0, got -0.1"),
    ],
)
def test_errors_name_the_value(arguments, message):
    with pytest.raises(ValueError, match=message):
        networks.mlp(**{"widths": [4], "out": 1, **arguments})


def test_classes_choose_gain_and_bias_of_the_normalisation():
    network = compiled(networks.mlp([3], out=1, batch_norm=True, activation=jnp.tanh, classes=2))
    x, label = np.random.default_rng(0).normal(size=(6, 2)).astype(np.float32), np.array([0, 1, 1, 0, 0, 1])
    params, stats = network.init(jax.random.key(0), x, label=label)
    norm = {name: a + np.arange(6.0).reshape(2, 3) / 5 for name, a in params["ConditionalBatchNorm_0"].items()}
    params = {**params, "ConditionalBatchNorm_0": norm}
    hidden = x @ np.asarray(params["Dense_0"]["kernel"])
    normal = (hidden - hidden.mean(axis=0)) / np.sqrt(hidden.var(axis=0) + 1e-5)
    shown = network.features(params, stats, x, train=True, label=label)
    np.testing.assert_allclose(shown, np.tanh(normal * norm["gain"][label] + norm["bias"][label]), rtol=1e-3, atol=1e-4)


def test_classes_need_a_normalisation():
    with pytest.raises(ValueError, match=r"classes=3 act on batch normalisation: take batch_norm=True"):
        networks.mlp([4], out=1, classes=3)
    with pytest.raises(ValueError, match="classes must be at least 2, got 1"):
        networks.mlp([4], out=1, batch_norm=True, classes=1)
