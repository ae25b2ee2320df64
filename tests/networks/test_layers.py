"""Layers against numpy: maxout, nearest upsampling, minibatch standard deviation, spectral normalisation."""

import functools

import flax.linen as nn
import jax
import jax.numpy as jnp
import numpy as np
import pytest

from jaxgan import networks
from tests.helpers import fetched, jit, standard_normal


def test_maxout_takes_the_largest_piece_of_each_unit():
    x = np.array([[1.0, 5.0, -2.0, -7.0, -3.0, -9.0]])
    np.testing.assert_array_equal(networks.maxout(x, 3), [[5.0, -3.0]])
    np.testing.assert_array_equal(networks.maxout(x, 2), [[5.0, -2.0, -3.0]])


@pytest.mark.parametrize("pieces", [0, 4])
def test_maxout_names_the_shape_that_does_not_divide(pieces):
    with pytest.raises(ValueError, match=rf"{pieces} pieces, got shape \(1, 6\)"):
        networks.maxout(np.ones((1, 6)), pieces)


@pytest.mark.parametrize("factor", [1, 2, 3])
def test_upsample_nearest_equals_repeats(factor):
    x = np.arange(2 * 3 * 4 * 2, dtype=np.float32).reshape(2, 3, 4, 2)
    expected = x.repeat(factor, axis=1).repeat(factor, axis=2)
    np.testing.assert_array_equal(jit(networks.upsample_nearest, static_argnums=1)(x, factor), expected)


def test_upsample_nearest_needs_images():
    with pytest.raises(ValueError, match=r"got shape \(2, 3\)"):
        networks.upsample_nearest(np.ones((2, 3)))
    with pytest.raises(ValueError, match="factor must be at least 1, got 0"):
        networks.upsample_nearest(np.ones((2, 3, 3, 1)), 0)


@functools.cache
def with_stddev(shape):
    """Numbers, and what the minibatch standard deviation in groups of every size makes of them, by one program."""
    x, sizes = standard_normal(*shape), (1, 2, 3, 6, 10)
    return x, dict(zip(sizes, fetched(lambda x: [networks.minibatch_stddev(x, n) for n in sizes])(x), strict=True))


@pytest.mark.parametrize("shape", [(6, 5), (6, 4, 4, 3)])
@pytest.mark.parametrize("group_size", [1, 2, 3, 6, 10])
def test_minibatch_stddev_equals_numpy(shape, group_size):
    x, found = with_stddev(shape)
    y = found[group_size]
    assert y.shape == (*shape[:-1], shape[-1] + 1)
    np.testing.assert_array_equal(y[..., :-1], x)
    group = min(group_size, 6)
    for start in range(0, 6, group):
        members = slice(start, start + group)
        expected = np.sqrt(x[members].astype(np.float64).var(axis=0) + 1e-8).mean()
        np.testing.assert_allclose(y[members, ..., -1], expected, rtol=1e-6)


@pytest.mark.parametrize("batch", [1, 4])
def test_minibatch_stddev_has_a_finite_gradient_where_all_examples_are_equal(batch):
    gradient = jit(jax.grad(lambda x: networks.minibatch_stddev(x, 4)[..., -1].sum()))(np.ones((batch, 3), np.float32))
    np.testing.assert_array_equal(gradient, np.zeros((batch, 3)))


def test_minibatch_stddev_is_computed_in_float32():
    x = np.random.default_rng(0).normal(100.0, 1.0, (64, 8)).astype(jnp.bfloat16)
    y = fetched(networks.minibatch_stddev, static_argnums=1)(x, 64)
    assert y.dtype == jnp.bfloat16
    expected = np.sqrt(np.asarray(x, np.float64).var(axis=0) + 1e-8).mean()
    np.testing.assert_allclose(float(y[0, -1]), expected, rtol=4e-3)


def test_minibatch_stddev_layer_equals_the_function():
    layer = networks.MinibatchStddev(group_size=2)
    y, expected = jit(lambda x: (layer.apply({}, x), networks.minibatch_stddev(x, 2)))(standard_normal(8, 3))
    np.testing.assert_array_equal(y, expected)


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
        networks.minibatch_stddev(np.ones(shape, np.float32), group_size)


def test_gaussian_noise_is_drawn_in_training_only():
    layer, x = networks.GaussianNoise(0.5), np.full((40, 50), 3.0, jnp.bfloat16)

    def run(x, key):
        trained = layer.apply({}, x, train=True, rngs={"dropout": key})
        still = networks.GaussianNoise(0.0).apply({}, x, train=True)  # needs no key
        return trained, layer.apply({}, x, train=False), still

    y, quiet, still = fetched(run)(x, jax.random.key(0))
    assert y.dtype == x.dtype
    noise = np.asarray(y - x, np.float32)
    np.testing.assert_allclose([np.mean(noise), np.std(noise)], [0.0, 0.5], atol=0.05)
    np.testing.assert_array_equal(quiet, x)
    np.testing.assert_array_equal(still, x)


@pytest.mark.parametrize(
    ("layer", "shape"), [(nn.Dense(5), (2, 7)), (nn.Conv(5, (3, 3)), (2, 4, 4, 3))], ids=["dense", "convolution"]
)
def test_spectral_norm_converges_to_the_largest_singular_value(layer, shape):
    network = networks.from_linen(networks.SpectralNorm(layer))

    def run(key, x):
        params, stats = network.init(key, x)
        stats = jax.lax.fori_loop(0, 299, lambda _, stats: network.apply(params, stats, x, train=True)[1], stats)
        return params["weights"], network.apply(params, stats, x, train=True)[0]

    x = standard_normal(*shape)
    weights, y = fetched(run)(jax.random.key(1), x)
    sigma = np.linalg.svd(weights["kernel"].reshape(-1, 5), compute_uv=False)[0]
    plain = {"params": {**weights, "kernel": weights["kernel"] / sigma}}
    np.testing.assert_allclose(y, jit(layer.apply)(plain, x), rtol=1e-4, atol=1e-5)


def test_spectral_norm_gradient_is_that_of_the_paper_once_converged():
    network = networks.from_linen(networks.SpectralNorm(nn.Dense(3, use_bias=False)))
    x, kernel = standard_normal(5, 4, seed=1), standard_normal(4, 3)
    left, values, right = np.linalg.svd(kernel)
    v, sigma, u = left[:, 0], values[0], right[0]
    summed = jit(jax.grad(lambda p, stats, x: network.apply(p, stats, x, train=True)[0].sum()))
    gradient = summed({"weights": {"kernel": kernel}}, {"batch_stats": {"kernel_u": u}}, x)
    # d(sum(x W / sigma)) / dW with d(sigma) / dW = v u'.
    outer = x.sum(axis=0)[:, None] * np.ones((1, 3))
    expected = outer / sigma - (outer * kernel).sum() / sigma**2 * np.outer(v, u)
    np.testing.assert_allclose(gradient["weights"]["kernel"], expected, rtol=1e-4, atol=1e-5)


def test_spectral_norm_second_derivative_equals_finite_differences(x64):
    network = networks.from_linen(networks.SpectralNorm(nn.Dense(3, use_bias=False)))
    x, kernel, direction = (np.random.default_rng(seed).normal(size=(4, 3)) for seed in range(3))
    stats = {"batch_stats": {"kernel_u": np.linalg.svd(kernel)[2][0]}}

    def value(kernel, stats, x):
        return jnp.sum(jnp.sin(network.apply({"weights": {"kernel": kernel}}, stats, x.T, train=True)[0]))

    @fetched
    def run(kernel, direction, stats, x):
        def slope(kernel):
            return jax.grad(value)(kernel, stats, x)

        ends = [slope(kernel + h * direction) for h in (1e-5, -1e-5)]
        return jax.jvp(slope, (kernel,), (direction,))[1], (ends[0] - ends[1]) / 2e-5

    curvature, difference = run(kernel, direction, stats, x)
    np.testing.assert_allclose(curvature, difference, rtol=1e-6, atol=1e-8)


def test_spectral_norm_of_a_kernel_of_zeros_is_finite():
    network = networks.from_linen(networks.SpectralNorm(nn.Dense(2, kernel_init=nn.initializers.zeros)))

    def run(key, x):
        params, stats = network.init(key, x)
        y, stats = network.apply(params, stats, x, train=True)
        return y, stats, jax.grad(lambda p: network.apply(p, stats, x, train=True)[0].sum())(params)

    y, stats, gradient = fetched(run)(jax.random.key(0), np.ones((1, 3), np.float32))
    np.testing.assert_array_equal(y, [[0.0, 0.0]])
    assert all(np.all(np.isfinite(leaf)) for leaf in jax.tree.leaves((stats, gradient)))


@pytest.fixture(scope="module")
def conditional_norm():
    """A conditional batch normalisation of 3 classes with gains and biases of its own, and images."""
    layer = networks.ConditionalBatchNorm(3, momentum=0.75)
    x = 2 + standard_normal(6, 2, 2, 4)
    fresh = fetched(functools.partial(layer.init, train=True))(jax.random.key(1), x, np.zeros(6, np.int32))
    params = {name: a + standard_normal(3, 4, seed=seed) / 2 for seed, (name, a) in enumerate(fresh["params"].items())}
    return layer, fresh, {"params": params, "batch_stats": fresh["batch_stats"]}, x


def test_conditional_batch_norm_starts_as_batch_norm(conditional_norm):
    layer, fresh, _, x = conditional_norm
    assert {name: a.shape for name, a in fresh["params"].items()} == {"gain": (3, 4), "bias": (3, 4)}
    np.testing.assert_array_equal(fresh["params"]["gain"], 1.0)
    np.testing.assert_array_equal(fresh["params"]["bias"], 0.0)
    plain = nn.BatchNorm(use_running_average=False, momentum=0.75)

    def run(fresh, key, x, label):
        expected, _ = plain.apply(plain.init(key, x), x, mutable="batch_stats")
        return *layer.apply(fresh, x, label, train=True, mutable="batch_stats"), expected

    y, changed, expected = fetched(run)(fresh, jax.random.key(0), x, np.array([0, 1, 2, 2, 1, 0]))
    np.testing.assert_allclose(y, expected, rtol=1e-5, atol=1e-6)
    average = changed["batch_stats"]["statistics"]
    np.testing.assert_allclose(average["mean"], 0.25 * np.mean(x, axis=(0, 1, 2)), rtol=1e-5)


@pytest.mark.parametrize("train", [True, False])
def test_each_class_has_its_gain_and_bias_and_all_share_the_statistics(conditional_norm, train):
    layer, _, variables, x = conditional_norm
    label = np.array([0, 1, 2, 2, 1, 0])
    y, _ = jit(functools.partial(layer.apply, train=train, mutable="batch_stats"))(variables, x, label)
    mean, variance = (np.mean(x, axis=(0, 1, 2)), np.var(x, axis=(0, 1, 2))) if train else (0.0, 1.0)
    gain, bias = (variables["params"][name][label].reshape(6, 1, 1, 4) for name in ("gain", "bias"))
    normal = (x - mean) / np.sqrt(variance + 1e-5)
    np.testing.assert_allclose(y, normal * gain + bias, rtol=1e-4, atol=1e-5)


def test_soft_labels_mix_gains_and_biases(conditional_norm):
    layer, _, variables, x = conditional_norm
    soft = np.random.default_rng(3).dirichlet(np.ones(3), 6).astype(np.float32)

    def run(variables, x, soft, hard):
        return [layer.apply(variables, x, label, train=False) for label in (soft, *hard)]

    found, *each = fetched(run)(variables, x, soft, np.repeat(np.arange(3)[:, None], 6, axis=1))
    mixed = sum(soft[:, c].reshape(6, 1, 1, 1) * each[c] for c in range(3))
    np.testing.assert_allclose(found, mixed, rtol=1e-4, atol=1e-5)


@pytest.mark.parametrize(
    ("label", "message"),
    [
        (np.array([0, 1, 2, 3, 0, 0]), "got the label 3"),
        (np.zeros((6, 2), int), "takes one label for each example, got 2"),
        (None, "ConditionalBatchNorm needs label="),
    ],
)
def test_conditional_batch_norm_names_labels_of_another_form(conditional_norm, label, message):
    layer, _, variables, x = conditional_norm
    with pytest.raises(ValueError, match=message):
        layer.apply(variables, x, label, train=False)
