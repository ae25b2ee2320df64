"""A small perceptron that a technique trains by itself, on examples and latents read as vectors."""

import itertools
from collections.abc import Sequence
from typing import Any

import jax
import jax.numpy as jnp

from jaxgan.types import Array, Key, Params, PyTree


def flat(tree: PyTree) -> Array:
    """A tree of arrays `[n, ...]` as `[n, d]`, in float32 or wider."""
    leaves = [jnp.reshape(leaf, (leaf.shape[0], -1)) for leaf in jax.tree.leaves(tree)]
    x = jnp.concatenate(leaves, axis=1)
    return x.astype(jnp.promote_types(x.dtype, jnp.float32))


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
