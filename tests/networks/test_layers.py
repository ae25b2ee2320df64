"""Layers against numpy: maxout, nearest upsampling, minibatch standard deviation, spectral normalisation."""

import flax.linen as nn
import jax
import jax.numpy as jnp
import numpy as np
import pytest

from jaxgan import networks
from tests.helpers import jit

maxout, upsample_nearest, minibatch_stddev = (
    jit(function, static_argnums=1)
    for function in (networks.maxout, networks.upsample_nearest, networks.minibatch_stddev)
)


def test_maxout_takes_the_largest_piece_of_each_unit():
    x = np.array([[1.0, 5.0, -2.0, -7.0, -3.0, -9.0]])
    np.testing.assert_array_equal(maxout(x, 3), [[5.0, -3.0]])
    np.testing.assert_array_equal(maxout(x, 2), [[5.0, -2.0, -3.0]])


@pytest.mark.parametrize("pieces", [0, 4])
def test_maxout_names_the_shape_that_does_not_divide(pieces):
    with pytest.raises(ValueError, match=rf"{pieces} pieces, got shape \(1, 6\)"):
        networks.maxout(jnp.ones((1, 6)), pieces)


@pytest.mark.parametrize("factor", [1, 2, 3])
def test_upsample_nearest_equals_repeats(factor):
    x = np.arange(2 * 3 * 4 * 2, dtype=np.float32).reshape(2, 3, 4, 2)
    expected = x.repeat(factor, axis=1).repeat(factor, axis=2)
    np.testing.assert_array_equal(upsample_nearest(x, factor), expected)


def test_upsample_nearest_needs_images():
    with pytest.raises(ValueError, match=r"got shape \(2, 3\)"):
        networks.upsample_nearest(jnp.ones((2, 3)))
    with pytest.raises(ValueError, match="factor must be at least 1, got 0"):
        networks.upsample_nearest(jnp.ones((2, 3, 3, 1)), 0)


@pytest.mark.parametrize("shape", [(6, 5), (6, 4, 4, 3)])
@pytest.mark.parametrize("group_size", [1, 2, 3, 6, 10])
def test_minibatch_stddev_equals_numpy(shape, group_size):
    x = np.random.default_rng(0).normal(size=shape).astype(np.float32)
    y = np.asarray(minibatch_stddev(x, group_size))
    assert y.shape == (*shape[:-1], shape[-1] + 1)
    np.testing.assert_array_equal(y[..., :-1], x)
    group = min(group_size, 6)
    for start in range(0, 6, group):
        members = slice(start, start + group)
        expected = np.sqrt(x[members].astype(np.float64).var(axis=0) + 1e-8).mean()
        np.testing.assert_allclose(y[members, ..., -1], expected, rtol=1e-6)


@pytest.mark.parametrize("batch", [1, 4])
def test_minibatch_stddev_has_a_finite_gradient_where_all_examples_are_equal(batch):
    gradient = jax.grad(lambda x: minibatch_stddev(x, 4)[..., -1].sum())(jnp.ones((batch, 3)))
    np.testing.assert_array_equal(gradient, np.zeros((batch, 3)))


def test_minibatch_stddev_is_computed_in_float32():
    x = jnp.asarray(np.random.default_rng(0).normal(100.0, 1.0, (64, 8)), jnp.bfloat16)
    y = minibatch_stddev(x, 64)
    assert y.dtype == jnp.bfloat16
    expected = np.sqrt(np.asarray(x, np.float64).var(axis=0) + 1e-8).mean()
    np.testing.assert_allclose(float(y[0, -1]), expected, rtol=4e-3)


def test_minibatch_stddev_layer_equals_the_function():
    x = jax.random.normal(jax.random.key(0), (8, 3))
    y = networks.MinibatchStddev(group_size=2).apply({}, x)
    np.testing.assert_array_equal(y, minibatch_stddev(x, 2))


@pytest.mark.parametrize(
    ("shape", "group_size", "message"),
    [
        ((6, 5), 4, r"groups of 4, got shape \(6, 5\)"),
        ((6, 5), 0, "group_size of at least 1, got 0"),
        ((6,), 2, r"got shape \(6,\)"),
    ],
)
def test_minibatch_stddev_errors(shape, group_size, message):
    with pytest.raises(ValueError, match=message):
        networks.minibatch_stddev(jnp.ones(shape), group_size)


def test_gaussian_noise_is_drawn_in_training_only():
    layer, x = networks.GaussianNoise(0.5), jnp.full((40, 50), 3.0, jnp.bfloat16)
    rngs = {"dropout": jax.random.key(0)}
    y = layer.apply({}, x, train=True, rngs=rngs)
    assert y.dtype == x.dtype
    noise = np.asarray(y - x, np.float32)
    np.testing.assert_allclose([np.mean(noise), np.std(noise)], [0.0, 0.5], atol=0.05)
    np.testing.assert_array_equal(layer.apply({}, x, train=False), x)
    np.testing.assert_array_equal(networks.GaussianNoise(0.0).apply({}, x, train=True), x)  # needs no key


@pytest.mark.parametrize(
    ("layer", "shape"), [(nn.Dense(5), (2, 7)), (nn.Conv(5, (3, 3)), (2, 4, 4, 3))], ids=["dense", "convolution"]
)
def test_spectral_norm_converges_to_the_largest_singular_value(layer, shape):
    network = networks.from_linen(networks.SpectralNorm(layer))
    x = jax.random.normal(jax.random.key(0), shape)
    params, stats = jax.jit(network.init)(jax.random.key(1), x)
    step = jax.jit(lambda stats: network.apply(params, stats, x, train=True))
    for _ in range(300):
        y, stats = step(stats)
    kernel = np.asarray(params["weights"]["kernel"])
    sigma = np.linalg.svd(kernel.reshape(-1, 5), compute_uv=False)[0]
    plain = {"params": {**params["weights"], "kernel": kernel / sigma}}
    np.testing.assert_allclose(y, layer.apply(plain, x), rtol=1e-4, atol=1e-5)


def test_spectral_norm_gradient_is_that_of_the_paper_once_converged():
    network = networks.from_linen(networks.SpectralNorm(nn.Dense(3, use_bias=False)))
    x = jax.random.normal(jax.random.key(0), (5, 4))
    kernel = np.random.default_rng(0).normal(size=(4, 3)).astype(np.float32)
    left, values, right = np.linalg.svd(kernel)
    v, sigma, u = left[:, 0], values[0], right[0]
    stats = {"batch_stats": {"kernel_u": jnp.asarray(u)}}
    gradient = jax.grad(lambda p: network.apply(p, stats, x, train=True)[0].sum())({"weights": {"kernel": kernel}})
    # d(sum(x W / sigma)) / dW with d(sigma) / dW = v u'.
    outer = np.asarray(x).sum(axis=0)[:, None] * np.ones((1, 3))
    expected = outer / sigma - (outer * kernel).sum() / sigma**2 * np.outer(v, u)
    np.testing.assert_allclose(gradient["weights"]["kernel"], expected, rtol=1e-4, atol=1e-5)


def test_spectral_norm_second_derivative_equals_finite_differences(x64):
    network = networks.from_linen(networks.SpectralNorm(nn.Dense(3, use_bias=False)))
    x, kernel, direction = (np.random.default_rng(seed).normal(size=(4, 3)) for seed in range(3))
    stats = {"batch_stats": {"kernel_u": jnp.asarray(np.linalg.svd(kernel)[2][0])}}
    value = lambda w: jnp.sum(jnp.sin(network.apply({"weights": {"kernel": w}}, stats, x.T, train=True)[0]))  # noqa: E731
    slope = jax.jit(jax.grad(value))
    curvature = jax.jvp(slope, (kernel,), (direction,))[1]
    difference = (slope(kernel + 1e-5 * direction) - slope(kernel - 1e-5 * direction)) / 2e-5
    np.testing.assert_allclose(curvature, difference, rtol=1e-6, atol=1e-8)


def test_spectral_norm_of_a_kernel_of_zeros_is_finite():
    network = networks.from_linen(networks.SpectralNorm(nn.Dense(2, kernel_init=nn.initializers.zeros)))
    x = jnp.ones((1, 3))
    params, stats = network.init(jax.random.key(0), x)
    y, stats = network.apply(params, stats, x, train=True)
    np.testing.assert_array_equal(y, [[0.0, 0.0]])
    gradient = jax.grad(lambda p: network.apply(p, stats, x, train=True)[0].sum())(params)
    assert all(bool(jnp.all(jnp.isfinite(leaf))) for leaf in jax.tree.leaves((stats, gradient)))


@pytest.fixture(scope="module")
def conditional_norm():
    """A conditional batch normalisation of 3 classes with gains and biases of its own, and images."""
    layer = networks.ConditionalBatchNorm(3, momentum=0.75)
    x = 2 + jax.random.normal(jax.random.key(0), (6, 2, 2, 4))
    variables = jit(layer.init, static_argnames="train")(jax.random.key(1), x, np.zeros(6, np.int32), train=True)
    params = jax.tree.map(
        lambda a: a + jax.random.normal(jax.random.key(2), a.shape) * jnp.array(0.5), variables["params"]
    )
    return layer, {"params": params, "batch_stats": variables["batch_stats"]}, x


def test_conditional_batch_norm_starts_as_batch_norm(conditional_norm):
    layer, _, x = conditional_norm
    fresh = jit(layer.init, static_argnames="train")(jax.random.key(1), x, np.zeros(6, np.int32), train=True)
    assert {name: a.shape for name, a in fresh["params"].items()} == {"gain": (3, 4), "bias": (3, 4)}
    np.testing.assert_array_equal(fresh["params"]["gain"], 1.0)
    np.testing.assert_array_equal(fresh["params"]["bias"], 0.0)
    label = jnp.array([0, 1, 2, 2, 1, 0])
    y, changed = layer.apply(fresh, x, label, train=True, mutable="batch_stats")
    plain = nn.BatchNorm(use_running_average=False, momentum=0.75)
    expected, _ = plain.apply(plain.init(jax.random.key(0), x), x, mutable="batch_stats")
    np.testing.assert_allclose(y, expected, rtol=1e-5, atol=1e-6)
    average = changed["batch_stats"]["statistics"]
    np.testing.assert_allclose(average["mean"], 0.25 * np.mean(x, axis=(0, 1, 2)), rtol=1e-5)


@pytest.mark.parametrize("train", [True, False])
def test_each_class_has_its_gain_and_bias_and_all_share_the_statistics(conditional_norm, train):
    layer, variables, x = conditional_norm
    label = np.array([0, 1, 2, 2, 1, 0])
    y, _ = layer.apply(variables, x, jnp.asarray(label), train=train, mutable="batch_stats")
    mean, variance = (
        (np.mean(np.asarray(x), axis=(0, 1, 2)), np.var(np.asarray(x), axis=(0, 1, 2))) if train else (0.0, 1.0)
    )
    gain, bias = (np.asarray(variables["params"][name])[label].reshape(6, 1, 1, 4) for name in ("gain", "bias"))
    normal = (np.asarray(x) - mean) / np.sqrt(variance + 1e-5)
    np.testing.assert_allclose(y, normal * gain + bias, rtol=1e-4, atol=1e-5)


def test_soft_labels_mix_gains_and_biases(conditional_norm):
    layer, variables, x = conditional_norm
    soft = jax.nn.softmax(jax.random.normal(jax.random.key(3), (6, 3)))
    each = [layer.apply(variables, x, jnp.full(6, c), train=False) for c in range(3)]
    mixed = sum(soft[:, c].reshape(6, 1, 1, 1) * each[c] for c in range(3))
    np.testing.assert_allclose(layer.apply(variables, x, soft, train=False), mixed, rtol=1e-4, atol=1e-5)


@pytest.mark.parametrize(
    ("label", "message"),
    [
        (np.array([0, 1, 2, 3, 0, 0]), "got the label 3"),
        (np.zeros((6, 2), int), "takes one label for each example, got 2"),
        (None, "ConditionalBatchNorm needs label="),
    ],
)
def test_conditional_batch_norm_names_labels_of_another_form(conditional_norm, label, message):
    layer, variables, x = conditional_norm
    with pytest.raises(ValueError, match=message):
        layer.apply(variables, x, label, train=False)
