"""Fourier features: what the network inside is given, how B is spread, and that nothing trains or changes it."""

import jax
import jax.numpy as jnp
import numpy as np
import pytest

from jaxgan import Network, networks

IDENTITY = Network(init=lambda key, x: ({}, {}), apply=lambda params, stats, x, *, train, key=None: (x, stats), group=1)


def test_numbers_by_hand():
    network = networks.fourier_features(IDENTITY, 2)
    matrix = np.array([[0.25, 0.0], [0.0, 0.5]], np.float32)
    x = np.array([[[1.0, 0.0]], [[0.0, 1.0]]], np.float32)  # not flat: [2, 1, 2]
    y, stats = network.apply({}, {"network": {}, "frequencies": matrix}, jnp.asarray(x), train=True)
    expected = [[1, 0, 1, 0, 0, 1], [0, 1, 0, 0, 1, -1]]  # x, sines of a quarter and half a turn, cosines
    np.testing.assert_allclose(y, expected, atol=1e-6)
    np.testing.assert_array_equal(stats["frequencies"], matrix)
    assert network.group == 1 and network.features is None


@pytest.mark.parametrize(("largest", "last"), [(None, 2.0), (32.0, 32.0)])
def test_deviations_rise_geometrically_from_scale_to_largest(largest, last):
    network = networks.fourier_features(IDENTITY, 3, 2.0, largest=largest)
    _, stats = jax.jit(network.init)(jax.random.key(0), np.zeros((1, 20_000), np.float32))
    found = np.std(stats["frequencies"], axis=0)
    np.testing.assert_allclose(found, [2.0, np.sqrt(2.0 * last), last], rtol=0.02)


def test_seeds_have_frequencies_of_their_own():
    network = networks.fourier_features(networks.mlp([4], out=1), 3)
    init = jax.jit(jax.vmap(lambda seed: network.init(jax.random.key(seed), jnp.zeros((2, 2)))[1]["frequencies"]))
    one, other = init(jnp.arange(2))
    assert np.all(one != other)


@pytest.mark.parametrize(
    ("options", "said"),
    [
        ({"frequencies": 0}, "frequencies of fourier_features"),
        ({"scale": 0.0}, "scale of fourier_features"),
        ({"largest": -1.0}, "largest of fourier_features"),
    ],
)
def test_what_is_out_of_range_is_named(options, said):
    with pytest.raises(ValueError, match=said):
        networks.fourier_features(IDENTITY, **options)
