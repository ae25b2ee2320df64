"""Arrays, keys and batches of examples."""

from typing import Any, NamedTuple, TypeAlias

import jax
import jax.numpy as jnp

Array: TypeAlias = jax.Array
Key: TypeAlias = jax.Array
PyTree: TypeAlias = Any
Params: TypeAlias = PyTree
Stats: TypeAlias = PyTree


class Batch(NamedTuple):
    """Examples with what is known of them; all of it travels as one through networks, packing, replay and penalties.

    Attributes:
      data: a tree of arrays `[batch, ...]`, what the generator imitates; an array is the common case.
      label: a tree of arrays `[batch, ...]`, or None where nothing is known.
      latent: `[batch, width]`, what a fake was made from; None for a real example.
    """

    data: PyTree
    label: PyTree = None
    latent: Array | None = None


def as_batch(batch: PyTree | Batch) -> Batch:
    """Reads a tree of arrays `[batch, ...]` as a `Batch` without labels; a `Batch` stays as it is."""
    return batch if isinstance(batch, Batch) else Batch(jax.tree.map(jnp.asarray, batch))
