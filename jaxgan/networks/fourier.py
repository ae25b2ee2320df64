"""Fourier features: a network sees sines and cosines of its input, and so can learn what is finer than the input."""

import math

import jax
import jax.numpy as jnp

from jaxgan.networks.labels import passed_on
from jaxgan.types import Array, Key, Network, Params, PyTree, Stats
from jaxgan.types.checks import positive, whole


def fourier_features(
    network: Network, frequencies: int = 64, scale: float = 1.0, *, largest: float | None = None
) -> Network:
    """Gives a network `[x, sin 2π B x, cos 2π B x]` in place of `x`, with normal `B` that is drawn once and kept.

    A multilayer perceptron learns coarse shapes first and fine ones hardly at all; how fine it can go is set by the
    size of `B`. Each row of `B` has a standard deviation of its own, rising geometrically from `scale` to `largest`, so
    that both the data as a whole and their finest parts are seen; the paper has one for all. It leaves `x` out, which
    is kept here, so that the network also has what does not repeat. An input that is not flat is flattened.

    Use when: a discriminator of points does not tell fakes near a mode from those in it.

    Cost: a product with `B`, and a first layer that is wider.

    Args:
      network: what is given the features; where it is conditional, it is given the labels.
      frequencies: rows of `B`, at least 1.
      scale: standard deviation of the numbers of `B`, above 0, in cycles per unit of the input: features repeat after
        about `1 / scale`.
      largest: that of the last row, above 0; None is `scale`.

    Returns:
      A `Network` with the same parameters and the stats `{"network": ..., "frequencies": B}`, B `[width, frequencies]`.

    Raises:
      ValueError: an argument out of range.

    Reference:
      Tancik et al., "Fourier Features Let Networks Learn High Frequency Functions in Low Dimensional Domains", 2020,
      arXiv:2006.10739.
    """
    whole("the frequencies of fourier_features", frequencies, 1)
    positive("the scale of fourier_features", scale)
    positive("the largest of fourier_features", largest := scale if largest is None else largest)

    def seen(matrix: Array, x: Array) -> Array:
        x = jnp.reshape(x, (x.shape[0], -1))
        angle = 2.0 * math.pi * (x @ matrix.astype(x.dtype))
        return jnp.concatenate([x, jnp.sin(angle), jnp.cos(angle)], axis=1)

    def init(key: Key, x: Array, label: PyTree = None) -> tuple[Params, Stats]:
        key_network, key_matrix = jax.random.split(key)
        dtype = jnp.promote_types(x.dtype, jnp.float32)
        deviation = jnp.geomspace(scale, largest, frequencies, dtype=dtype)
        matrix = deviation[None] * jax.random.normal(key_matrix, (math.prod(x.shape[1:]), frequencies), dtype)
        params, stats = network.init(key_network, seen(matrix, x), **passed_on(network, label))
        return params, {"network": stats, "frequencies": matrix}

    def apply(
        params: Params, stats: Stats, x: Array, *, train: bool, key: Key | None = None, label: PyTree = None
    ) -> tuple[PyTree, Stats]:
        given = seen(stats["frequencies"], x)
        y, changed = network.apply(params, stats["network"], given, train=train, key=key, **passed_on(network, label))
        return y, {**stats, "network": changed}

    def features(
        params: Params, stats: Stats, x: Array, *, train: bool, key: Key | None = None, label: PyTree = None
    ) -> Array:
        assert network.features is not None
        given = seen(stats["frequencies"], x)
        return network.features(params, stats["network"], given, train=train, key=key, **passed_on(network, label))

    return Network(init, apply, network.features and features, network.group, network.conditional)
