"""Convolutional networks: shapes and channels for every size, parameter counts, what the options change, the errors."""

import itertools

import jax
import jax.numpy as jnp
import numpy as np
import pytest

from jaxgan import networks
from tests.helpers import compiled

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


def shapes(network, example, **options):
    """Shapes of parameters, output and features, without computing any."""
    params, stats = jax.eval_shape(network.init, jax.random.key(0), example)
    y, _ = jax.eval_shape(lambda p, s, x: network.apply(p, s, x, train=True, **options), params, stats, example)
    features = jax.eval_shape(lambda p, s, x: network.features(p, s, x, train=False, **options), params, stats, example)
    return params, y.shape, features.shape


@pytest.mark.parametrize("upsample", ["resize", "transpose"])
@pytest.mark.parametrize("size", SIDES)
def test_generator_shapes_and_parameters(size, upsample):
    stages, width, latent, channels = len(SIDES[size]) - 1, 6, 10, 2
    network = compiled(networks.dcgan_generator(size, channels, width=width, upsample=upsample))
    params, output, features = shapes(network, jnp.ones((3, latent)))
    assert output == (3, size, size, channels)
    assert features == (3, size * size * width)
    depths = [width * 2**stage for stage in reversed(range(stages + 1))]
    kernels = latent * 16 * depths[0] + sum(9 * a * b for a, b in itertools.pairwise(depths))
    assert count(params) == kernels + sum(2 * depth for depth in depths) + 9 * width * channels + channels


@pytest.mark.parametrize(("size", "stages", "last_side"), [(8, 2, 2), (28, 3, 4), (32, 3, 4), (64, 4, 4), (256, 6, 4)])
def test_discriminator_shapes_and_parameters(size, stages, last_side):
    width, channels = 6, 2
    params, output, features = shapes(networks.dcgan_discriminator(width=width), jnp.ones((3, size, size, channels)))
    depths = [channels, *(width * 2**stage for stage in range(stages))]
    assert output == (3, 1)
    assert features == (3, last_side**2 * depths[-1])
    convolutions = sum((9 * a + 1) * b for a, b in itertools.pairwise(depths))
    assert count(params) == convolutions + last_side**2 * depths[-1] + 1


def test_parameter_counts_of_the_stacked_digits_networks():
    generator, *_ = shapes(networks.dcgan_generator(8, 3, width=32), jnp.ones((1, 64)))
    full, *_ = shapes(networks.dcgan_discriminator(width=32), jnp.ones((1, 8, 8, 3)))
    eighth, *_ = shapes(networks.dcgan_discriminator(width=4), jnp.ones((1, 8, 8, 3)))
    assert (count(generator), count(full), count(eighth)) == (85027, 19649, 441)


def test_channels_of_the_unrolled_gan_paper():
    generator, *_ = shapes(networks.dcgan_generator(28, 3, width=8, upsample="transpose"), jnp.ones((1, 256)))
    discriminator, *_ = shapes(networks.dcgan_discriminator(width=2), jnp.ones((1, 28, 28, 3)))
    kernels = {layer["kernel"].shape for layer in generator.values() if "kernel" in layer}
    assert kernels == {(256, 64 * 4 * 4), (3, 3, 64, 32), (3, 3, 32, 16), (3, 3, 16, 8), (3, 3, 8, 3)}
    kernels = {layer["kernel"].shape for layer in discriminator.values()}
    assert kernels == {(3, 3, 3, 2), (3, 3, 2, 4), (3, 3, 4, 8), (8 * 4 * 4, 1)}


def test_pixels_are_in_the_range_of_the_output_activation():
    z = 100 * jax.random.normal(jax.random.key(0), (4, 5))
    for activation, bound in ((jnp.tanh, 1.0), (None, np.inf)):
        network = compiled(networks.dcgan_generator(8, 1, width=2, batch_norm=False, output_activation=activation))
        params, stats = jax.jit(network.init)(jax.random.key(1), z)
        largest = float(jnp.abs(network.apply(params, stats, z, train=True)[0]).max())
        assert 0.9 < largest <= bound and stats == {}
    assert largest > 1


def test_logits_depend_on_their_own_example_only_unless_asked():
    x = jax.random.normal(jax.random.key(0), (4, 8, 8, 1))
    changed = x.at[0].add(1.0)
    for option, mixes in (({}, False), ({"minibatch_stddev": 4}, True), ({"batch_norm": True}, True)):
        network = compiled(networks.dcgan_discriminator(width=2, **option))
        params, stats = jax.jit(network.init)(jax.random.key(1), x)
        before, _ = network.apply(params, stats, x, train=True)
        after, _ = network.apply(params, stats, changed, train=True)
        assert bool(jnp.any(jnp.abs(before - after)[1:] > 1e-6)) == mixes


def test_noise_in_hidden_layers_is_the_same_in_the_features():
    network = compiled(networks.dcgan_discriminator(width=2, noise=0.3))
    x, key = jax.random.normal(jax.random.key(0), (2, 8, 8, 1)), jax.random.key(2)

    @jax.jit
    def run():
        params, stats = network.init(jax.random.key(1), x)
        features = network.features(params, stats, x, train=True, key=key)
        logits, _ = network.apply(params, stats, x, train=True, key=key)
        quiet, _ = network.apply(params, stats, x, train=False)
        return logits, features @ params["Dense_0"]["kernel"] + params["Dense_0"]["bias"][None], quiet

    logits, expected, quiet = run()
    np.testing.assert_allclose(logits, expected, rtol=1e-4, atol=1e-5)
    assert np.all(logits != quiet) and network.group is None


def test_minibatch_stddev_adds_a_channel_before_the_last_convolution():
    plain, *_ = shapes(networks.dcgan_discriminator(width=4), jnp.ones((4, 28, 28, 1)))
    params, *_ = shapes(networks.dcgan_discriminator(width=4, minibatch_stddev=2), jnp.ones((4, 28, 28, 1)))
    assert plain["Conv_2"]["kernel"].shape == (3, 3, 8, 16)
    assert params["Conv_2"]["kernel"].shape == (3, 3, 9, 16)


def test_minibatch_stddev_raises_where_the_batch_does_not_divide():
    network = compiled(networks.dcgan_discriminator(width=2, minibatch_stddev=4))
    with pytest.raises(ValueError, match="groups of 4"):
        network.init(jax.random.key(0), jnp.ones((6, 8, 8, 1)))


def test_spectral_norm_takes_the_scale_out_of_every_kernel():
    x = jax.random.normal(jax.random.key(0), (2, 8, 8, 3))
    for option, invariant in ((False, False), (True, True)):
        network = compiled(networks.dcgan_discriminator(width=2, spectral_norm=option))
        params, stats = jax.jit(network.init)(jax.random.key(1), x)
        apply = jax.jit(lambda params, stats=stats, network=network: network.apply(params, stats, x, train=False)[0])
        for layer in params:
            scaled = {**params, layer: jax.tree.map(lambda a: 3 * a, params[layer])}
            assert np.allclose(apply(scaled), apply(params), rtol=1e-4) == invariant


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
        networks.dcgan_discriminator(width=2).init(jax.random.key(0), jnp.ones((2, 64)))


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
    params, output, features = shapes(network, jnp.ones((3, 10)))
    assert output == (3, *size, 2) and features == (3, size[0] * size[1] * width)
    first = sizes[-1][0] * sizes[-1][1] * width * 2**stages
    assert params["Dense_0"]["kernel"].shape == (10, first)
    *_, features = shapes(networks.dcgan_discriminator(width=width), jnp.ones((3, *size, 2)))
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
    params, output, features = shapes(networks.dcgan_discriminator(width=4, out=10), jnp.ones((3, 8, 8, 1)))
    assert output == (3, 10) and params["Dense_0"]["kernel"].shape == (features[1], 10)
    with pytest.raises(ValueError, match="out must be at least 1, got 0"):
        networks.dcgan_discriminator(out=0)


def test_classes_change_what_a_generator_makes_once_they_differ():
    network = compiled(networks.dcgan_generator(8, 1, width=2, classes=3))
    z, label = jnp.ones((3, 5)), jnp.arange(3)
    params, stats = jax.jit(network.init)(jax.random.key(0), z, label=label)
    assert params["ConditionalBatchNorm_0"]["gain"].shape == (3, 4)
    assert network.conditional and "bias" not in params["Dense_0"]
    make = jax.jit(lambda params: network.apply(params, stats, z, train=False, label=label)[0])
    alike = make(params)
    np.testing.assert_array_equal(alike[0], alike[1])
    params["ConditionalBatchNorm_0"]["gain"] *= jnp.array([[1.0], [2.0], [3.0]])
    different = make(params)
    np.testing.assert_allclose(different[0], alike[0], rtol=1e-5, atol=1e-6)
    assert float(jnp.abs(different[1] - different[2]).max()) > 1e-3
    with pytest.raises(ValueError, match="classes=3 act on batch normalisation"):
        networks.dcgan_generator(8, 1, batch_norm=False, classes=3)
