"""Examples that are trees of arrays."""

from collections.abc import Callable

import jax
import jax.numpy as jnp

from jaxgan.types import Array, Key, PyTree


def each_leaf(function: Callable[..., Array], key: Key, *trees: PyTree) -> PyTree:
    """Applies `function(key, *leaves)` to the leaves of trees, each with randomness of its own.

    A single array gets the key itself.
    """
    leaves, structure = jax.tree.flatten(trees[0])
    others = [jax.tree.leaves(tree) for tree in trees[1:]]
    keys = [key] if len(leaves) == 1 else list(jax.random.split(key, len(leaves)))
    return jax.tree.unflatten(structure, [function(*x) for x in zip(keys, leaves, *others, strict=True)])


def flat(tree: PyTree) -> Array:
    """A tree of arrays `[n, ...]` as `[n, d]`, in float32 or wider."""
    leaves = [jnp.reshape(leaf, (leaf.shape[0], -1)) for leaf in jax.tree.leaves(tree)]
    x = jnp.concatenate(leaves, axis=1)
    return x.astype(jnp.promote_types(x.dtype, jnp.float32))
