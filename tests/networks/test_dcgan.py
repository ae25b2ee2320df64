"""Convolutional networks: shapes and channels for every size, parameter counts, what the options change, the errors."""

import itertools

import jax
import jax.numpy as jnp
import numpy as np
import pytest

from jaxgan import networks
from tests.helpers import fetched, standard_normal

SIDES = {
    8: (4, 8),
    28: (4, 7, 14, 28),
    32: (4, 8, 16, 32),
    64: (4, 8, 16, 32, 64),
    128: (4, 8, 16, 32, 64, 128),
    256: (4, 8, 16, 32, 64, 128, 256),
}


def count(tree):
    return sum(a.size for a in jax.tree.leaves(tree))


def shapes(network, shape):
    """Shapes of parameters, output and features, without computing any."""

    def run(key, x):
        params, stats = network.init(key, x)
        return params, network.apply(params, stats, x, train=True)[0], network.features(params, stats, x, train=False)

    example = jax.ShapeDtypeStruct(shape, jnp.float32)
    params, y, features = jax.eval_shape(run, jax.eval_shape(lambda: jax.random.key(0)), example)
    return params, y.shape, features.shape


@pytest.mark.parametrize("upsample", ["resize", "transpose"])
@pytest.mark.parametrize("size", SIDES)
def test_generator_shapes_and_parameters(size, upsample):
    stages, width, latent, channels = len(SIDES[size]) - 1, 6, 10, 2
    network = networks.dcgan_generator(size, channels, width=width, upsample=upsample)
    params, output, features = shapes(network, (3, latent))
    assert output == (3, size, size, channels)
    assert features == (3, size * size * width)
    depths = [width * 2**stage for stage in reversed(range(stages + 1))]
    kernels = latent * 16 * depths[0] + sum(9 * a * b for a, b in itertools.pairwise(depths))
    assert count(params) == kernels + sum(2 * depth for depth in depths) + 9 * width * channels + channels


@pytest.mark.parametrize(("size", "stages", "last_side"), [(8, 2, 2), (28, 3, 4), (32, 3, 4), (64, 4, 4), (256, 6, 4)])
def test_discriminator_shapes_and_parameters(size, stages, last_side):
    width, channels = 6, 2
    params, output, features = shapes(networks.dcgan_discriminator(width=width), (3, size, size, channels))
    depths = [channels, *(width * 2**stage for stage in range(stages))]
    assert output == (3, 1)
    assert features == (3, last_side**2 * depths[-1])
    convolutions = sum((9 * a + 1) * b for a, b in itertools.pairwise(depths))
    assert count(params) == convolutions + last_side**2 * depths[-1] + 1


def test_parameter_counts_of_the_stacked_digits_networks():
    generator, *_ = shapes(networks.dcgan_generator(8, 3, width=32), (1, 64))
    full, *_ = shapes(networks.dcgan_discriminator(width=32), (1, 8, 8, 3))
    eighth, *_ = shapes(networks.dcgan_discriminator(width=4), (1, 8, 8, 3))
    assert (count(generator), count(full), count(eighth)) == (85027, 19649, 441)


def test_channels_of_the_unrolled_gan_paper():
    generator, *_ = shapes(networks.dcgan_generator(28, 3, width=8, upsample="transpose"), (1, 256))
    discriminator, *_ = shapes(networks.dcgan_discriminator(width=2), (1, 28, 28, 3))
    kernels = {layer["kernel"].shape for layer in generator.values() if "kernel" in layer}
    assert kernels == {(256, 64 * 4 * 4), (3, 3, 64, 32), (3, 3, 32, 16), (3, 3, 16, 8), (3, 3, 8, 3)}
    kernels = {layer["kernel"].shape for layer in discriminator.values()}
    assert kernels == {(3, 3, 3, 2), (3, 3, 2, 4), (3, 3, 4, 8), (8 * 4 * 4, 1)}


def test_pixels_are_in_the_range_of_the_output_activation():
    makers = [
        networks.dcgan_generator(8, 1, width=2, batch_norm=False, output_activation=activation)
        for activation in (jnp.tanh, None)
    ]

    def run(key, z):
        params, stats = makers[0].init(key, z)
        return stats, [network.apply(params, stats, z, train=True)[0] for network in makers]

    stats, made = fetched(run)(jax.random.key(1), 100 * standard_normal(4, 5))
    bounded, free = (np.abs(images).max() for images in made)
    assert 0.9 < bounded <= 1 < free and stats == {}


@pytest.mark.parametrize(
    ("option", "mixes"), [({}, False), ({"minibatch_stddev": 4}, True), ({"batch_norm": True}, True)]
)
def test_logits_depend_on_their_own_example_only_unless_asked(option, mixes):
    x = standard_normal(4, 8, 8, 1)
    changed = np.concatenate([x[:1] + 1, x[1:]])
    network = networks.dcgan_discriminator(width=2, **option)

    def run(key, x, changed):
        params, stats = network.init(key, x)
        return [network.apply(params, stats, images, train=True)[0] for images in (x, changed)]

    before, after = fetched(run)(jax.random.key(1), x, changed)
    assert np.any(np.abs(before - after)[1:] > 1e-6) == mixes


def test_noise_in_hidden_layers_is_the_same_in_the_features():
    network = networks.dcgan_discriminator(width=2, noise=0.3)

    @jax.jit
    def run(x, init_key, key):
        params, stats = network.init(init_key, x)
        features = network.features(params, stats, x, train=True, key=key)
        logits, _ = network.apply(params, stats, x, train=True, key=key)
        quiet, _ = network.apply(params, stats, x, train=False)
        return logits, features @ params["Dense_0"]["kernel"] + params["Dense_0"]["bias"][None], quiet

    logits, expected, quiet = run(standard_normal(2, 8, 8, 1), jax.random.key(1), jax.random.key(2))
    np.testing.assert_allclose(logits, expected, rtol=1e-4, atol=1e-5)
    assert np.all(np.asarray(logits) != np.asarray(quiet)) and network.group is None


def test_minibatch_stddev_adds_a_channel_before_the_last_convolution():
    plain, *_ = shapes(networks.dcgan_discriminator(width=4), (4, 28, 28, 1))
    params, *_ = shapes(networks.dcgan_discriminator(width=4, minibatch_stddev=2), (4, 28, 28, 1))
    assert plain["Conv_2"]["kernel"].shape == (3, 3, 8, 16)
    assert params["Conv_2"]["kernel"].shape == (3, 3, 9, 16)


def test_minibatch_stddev_raises_where_the_batch_does_not_divide():
    with pytest.raises(ValueError, match="groups of 4"):
        shapes(networks.dcgan_discriminator(width=2, minibatch_stddev=4), (6, 8, 8, 1))


@pytest.mark.parametrize("invariant", [False, True])
def test_spectral_norm_takes_the_scale_out_of_every_kernel(invariant):
    network = networks.dcgan_discriminator(width=2, spectral_norm=invariant)
    x = standard_normal(2, 8, 8, 3)
    params, stats = fetched(network.init)(jax.random.key(1), x)
    apply = fetched(lambda params, stats, x: network.apply(params, stats, x, train=False)[0])
    expected = apply(params, stats, x)
    for layer in params:
        scaled = {**params, layer: jax.tree.map(lambda a: 3 * a, params[layer])}
        assert np.allclose(apply(scaled, stats, x), expected, rtol=1e-4) == invariant


@pytest.mark.parametrize(
    ("make", "message"),
    [
        (lambda: networks.dcgan_generator(1, 3), "a side of the images must be at least 2, got 1"),
        (lambda: networks.dcgan_generator((8, 0), 3), "a side of the images must be at least 2, got 0"),
        (lambda: networks.dcgan_generator(8, 0), "channels must be at least 1, got 0"),
        (lambda: networks.dcgan_generator(8, 3, width=0), "width must be at least 1, got 0"),
        (lambda: networks.dcgan_generator(8, 3, upsample="bicubic"), "'resize' or 'transpose', got 'bicubic'"),
        (lambda: networks.dcgan_discriminator(width=-2), "width must be at least 1, got -2"),
        (lambda: networks.dcgan_discriminator(dropout=1.5), r"dropout must be in \[0, 1\), got 1.5"),
        (lambda: networks.dcgan_discriminator(noise=-1.0), "noise must be at least 0, got -1.0"),
        (lambda: networks.dcgan_discriminator(minibatch_stddev=-1), "group size, or 0 for none, got -1"),
    ],
)
def test_errors_of_the_factories(make, message):
    with pytest.raises(ValueError, match=message):
        make()


def test_errors_of_the_discriminator_name_the_examples():
    with pytest.raises(ValueError, match=r"needs images .* got \(2, 64\)"):
        shapes(networks.dcgan_discriminator(width=2), (2, 64))


@pytest.mark.parametrize("upsample", ["resize", "transpose"])
@pytest.mark.parametrize(
    ("size", "sizes"),
    [
        ((16, 16), [(16, 16), (8, 8), (4, 4)]),
        ((48, 48), [(48, 48), (24, 24), (12, 12), (6, 6)]),
        ((24, 33), [(24, 33), (12, 17), (6, 9), (3, 5)]),
        ((2, 50), [(2, 50), (1, 25), (1, 13), (1, 7), (1, 4)]),
        ((5, 6), [(5, 6)]),
    ],
)
def test_images_of_any_size_are_made_from_halves_of_it(size, sizes, upsample):
    width, stages = 3, len(sizes) - 1
    network = networks.dcgan_generator(size, 2, width=width, upsample=upsample)
    params, output, features = shapes(network, (3, 10))
    assert output == (3, *size, 2) and features == (3, size[0] * size[1] * width)
    first = sizes[-1][0] * sizes[-1][1] * width * 2**stages
    assert params["Dense_0"]["kernel"].shape == (10, first)
    *_, features = shapes(networks.dcgan_discriminator(width=width), (3, *size, 2))
    if stages >= 2:
        assert features == (3, sizes[-1][0] * sizes[-1][1] * width * 2 ** (stages - 1))


def test_an_image_that_is_not_square_is_made_and_judged():
    network, judge = networks.dcgan_generator((6, 9), 1, width=2), networks.dcgan_discriminator(width=2)

    @jax.jit
    def run(z):
        params, stats = network.init(jax.random.key(0), z)
        images, _ = network.apply(params, stats, z, train=True)
        params, stats = judge.init(jax.random.key(1), images)
        return images, jax.grad(lambda x: judge.apply(params, stats, x, train=True)[0].sum())(images)

    images, slope = run(np.random.RandomState(0).normal(size=(4, 5)))
    assert images.shape == (4, 6, 9, 1) and np.all(np.abs(slope).max(axis=(0, 3)) > 0)


def test_an_encoder_is_a_discriminator_of_more_outputs():
    params, output, features = shapes(networks.dcgan_discriminator(width=4, out=10), (3, 8, 8, 1))
    assert output == (3, 10) and params["Dense_0"]["kernel"].shape == (features[1], 10)
    with pytest.raises(ValueError, match="out must be at least 1, got 0"):
        networks.dcgan_discriminator(out=0)


def test_classes_change_what_a_generator_makes_once_they_differ():
    network = networks.dcgan_generator(8, 1, width=2, classes=3)

    def run(key, z, label):
        params, stats = network.init(key, z, label=label)
        scaled = {name: {**layer} for name, layer in params.items()}
        scaled["ConditionalBatchNorm_0"]["gain"] *= jnp.array([[1.0], [2.0], [3.0]])
        return params, [network.apply(p, stats, z, train=False, label=label)[0] for p in (params, scaled)]

    params, (alike, different) = fetched(run)(jax.random.key(0), np.ones((3, 5), np.float32), np.arange(3))
    assert params["ConditionalBatchNorm_0"]["gain"].shape == (3, 4)
    assert network.conditional and "bias" not in params["Dense_0"]
    np.testing.assert_array_equal(alike[0], alike[1])
    np.testing.assert_allclose(different[0], alike[0], rtol=1e-5, atol=1e-6)
    assert np.abs(different[1] - different[2]).max() > 1e-3
    with pytest.raises(ValueError, match="classes=3 act on batch normalisation"):
        networks.dcgan_generator(8, 1, batch_norm=False, classes=3)
