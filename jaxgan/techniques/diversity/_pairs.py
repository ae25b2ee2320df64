"""Pairs of neighbours in a batch, so that the generator need not run a second time."""

import jax.numpy as jnp

from jaxgan.techniques._trees import flat
from jaxgan.types import Array, PyTree


def distances(name: str, tree: PyTree) -> Array:
    """Mean absolute differences `[pairs]` of examples 0 and 1, 2 and 3, ...; a last odd example is left out.

    Raises:
      ValueError: a batch of one, for the technique called `name`.
    """
    x = flat(tree)
    pairs = x.shape[0] // 2
    if pairs == 0:
        raise ValueError(f"{name} compares pairs of fakes: take a batch of at least 2")
    x = x[: 2 * pairs].reshape(pairs, 2, -1)
    return jnp.mean(jnp.abs(x[:, 0] - x[:, 1]), axis=1)
