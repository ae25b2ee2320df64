"""Examples that are trees of arrays."""

from collections.abc import Callable

import jax

from jaxgan.types import Array, Key, PyTree


def each_leaf(function: Callable[..., Array], key: Key, *trees: PyTree) -> PyTree:
    """Applies `function(key, *leaves)` to the leaves of trees, each with randomness of its own.

    A single array gets the key itself.
    """
    leaves, structure = jax.tree.flatten(trees[0])
    others = [jax.tree.leaves(tree) for tree in trees[1:]]
    keys = [key] if len(leaves) == 1 else list(jax.random.split(key, len(leaves)))
    return jax.tree.unflatten(structure, [function(*x) for x in zip(keys, leaves, *others, strict=True)])
