"""The perceptron against numpy, the networks of the classic experiments by their parameter counts, the errors."""

import jax
import jax.numpy as jnp
import numpy as np
import pytest

from jaxgan import networks
from tests.helpers import fetched, standard_normal

normal = jax.nn.initializers.normal
orthogonal = jax.nn.initializers.orthogonal


def count(tree):
    return sum(a.size for a in jax.tree.leaves(tree))


def test_forward_equals_numpy():
    network = networks.mlp([5, 4], out=2, activation=jnp.tanh, output_activation=jnp.sin, input_scale=0.25)

    def run(key, x):
        params, stats = network.init(key, x)
        params = jax.tree.map(lambda a: a + 0.1, params)
        return params, network.apply(params, stats, x, train=True)[0], network.features(params, stats, x, train=False)

    x = standard_normal(6, 3)
    params, y, shown = fetched(run)(jax.random.key(0), x)
    layers = [params[f"Dense_{i}"] for i in range(3)]
    hidden = x / 4
    for layer in layers[:2]:
        hidden = np.tanh(hidden @ layer["kernel"] + layer["bias"])
    np.testing.assert_allclose(shown, hidden, rtol=1e-4, atol=1e-6)
    np.testing.assert_allclose(y, np.sin(hidden @ layers[2]["kernel"] + layers[2]["bias"]), rtol=1e-4, atol=1e-5)


def test_maxout_takes_the_place_of_the_activation():
    network = networks.mlp([3], out=1, maxout=5, activation=jnp.exp)

    def run(key, x):
        params, stats = network.init(key, x)
        return params, network.features(params, stats, x, train=True)

    x = standard_normal(6, 2)
    params, shown = fetched(run)(jax.random.key(0), x)
    pieces = x @ params["Dense_0"]["kernel"]
    expected = np.stack([pieces[:, 5 * unit : 5 * unit + 5].max(axis=1) for unit in range(3)], axis=1)
    np.testing.assert_allclose(shown, expected, rtol=1e-4, atol=1e-6)


def test_images_are_flattened():
    network = networks.mlp([3], out=1)

    def run(key, x):
        params, stats = network.init(key, x)
        return [network.apply(params, stats, a, train=True)[0] for a in (x, x.reshape(2, 48))]

    np.testing.assert_array_equal(*fetched(run)(jax.random.key(1), standard_normal(2, 4, 4, 3)))


def test_default_kernels_are_he_normal():
    params, _ = fetched(networks.mlp([400, 400], out=1).init)(jax.random.key(0), np.ones((1, 2), np.float32))
    np.testing.assert_allclose(np.std(params["Dense_1"]["kernel"]), np.sqrt(2 / 400), rtol=0.02)


def test_orthogonal_kernels_have_their_gain_as_singular_values():
    init = fetched(networks.mlp([8, 8], out=2, kernel_init=orthogonal(1.4)).init)
    params, _ = init(jax.random.key(0), np.ones((1, 2), np.float32))
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
    params, _ = jax.eval_shape(network.init, jax.random.key(0), np.ones((4, inputs), np.float32))
    assert count(params) == parameters


def test_dropout_keeps_the_mean_and_draws_only_in_training():
    network = networks.mlp([2000], out=1, dropout=0.25, activation=jnp.ones_like)

    def run(init_key, x, key):
        variables = network.init(init_key, x)
        return network.features(*variables, x, train=True, key=key), network.features(*variables, x, train=False)

    features, quiet = fetched(run)(jax.random.key(0), np.ones((1, 2), np.float32), jax.random.key(1))
    np.testing.assert_allclose(np.unique(features), [0.0, 4 / 3], rtol=1e-6)
    assert abs(np.mean(features == 0) - 0.25) < 0.04
    np.testing.assert_array_equal(quiet, 1.0)


def test_noise_is_of_the_given_size_and_drawn_only_in_training():
    network = networks.mlp([2000], out=1, noise=0.25, activation=jnp.ones_like)
    x = np.ones((1, 2), np.float32)

    def run(init_key, x, key):
        params, stats = network.init(init_key, x)
        features = network.features(params, stats, x, train=True, key=key)
        logits, _ = network.apply(params, stats, x, train=True, key=key)  # of the same noise
        return params["Dense_1"], features, logits, network.features(params, stats, x, train=False)

    last, features, logits, quiet = fetched(run)(jax.random.key(0), x, jax.random.key(1))
    np.testing.assert_allclose([np.mean(features), np.std(features)], [1.0, 0.25], rtol=0.05)
    np.testing.assert_allclose(logits, features @ last["kernel"] + last["bias"], rtol=1e-4)
    np.testing.assert_array_equal(quiet, 1.0)
    with pytest.raises(ValueError, match="draws noise when train=True and needs a key"):
        jax.eval_shape(lambda key, x: network.apply(*network.init(key, x), x, train=True), jax.random.key(0), x)
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
    network = networks.mlp([3], out=1, batch_norm=True, activation=jnp.tanh, classes=2)
    x, label = standard_normal(6, 2), np.array([0, 1, 1, 0, 0, 1])

    def run(key, x, label):
        params, stats = network.init(key, x, label=label)
        norm = {name: a + np.arange(6.0).reshape(2, 3) / 5 for name, a in params["ConditionalBatchNorm_0"].items()}
        params = {**params, "ConditionalBatchNorm_0": norm}
        return params, network.features(params, stats, x, train=True, label=label)

    params, shown = fetched(run)(jax.random.key(0), x, label)
    norm, hidden = params["ConditionalBatchNorm_0"], x @ params["Dense_0"]["kernel"]
    normal = (hidden - hidden.mean(axis=0)) / np.sqrt(hidden.var(axis=0) + 1e-5)
    np.testing.assert_allclose(shown, np.tanh(normal * norm["gain"][label] + norm["bias"][label]), rtol=1e-3, atol=1e-4)


def test_classes_need_a_normalisation():
    with pytest.raises(ValueError, match=r"classes=3 act on batch normalisation: take batch_norm=True"):
        networks.mlp([4], out=1, classes=3)
    with pytest.raises(ValueError, match="classes must be at least 2, got 1"):
        networks.mlp([4], out=1, batch_norm=True, classes=1)
