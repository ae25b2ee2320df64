"""A small perceptron that a technique trains by itself."""

import itertools
from collections.abc import Sequence
from typing import Any

import jax
import jax.numpy as jnp

from jaxgan.types import Array, Key, Params


def begin(key: Key, widths: Sequence[int], dtype: Any) -> Params:
    """Layers from `widths[0]` numbers to `widths[-1]`."""
    keys = jax.random.split(key, len(widths) - 1)
    return [
        {"kernel": jax.nn.initializers.lecun_normal()(k, (a, b), dtype), "bias": jnp.zeros((b,), dtype)}
        for k, (a, b) in zip(keys, itertools.pairwise(widths), strict=True)
    ]


def apply(layers: Params, x: Array, slope: float) -> Array:
    """From `[n, widths[0]]` to `[n, widths[-1]]`, with leaky ReLUs between the layers."""
    for i, layer in enumerate(layers):
        x = jax.nn.leaky_relu(x, slope) if i else x
        x = x @ layer["kernel"] + layer["bias"][None]
    return x
