"""Functions of many samples, computed in chunks."""

from collections.abc import Callable

import jax
import numpy as np


def in_chunks(function: Callable[[jax.Array], jax.Array], x: np.ndarray, size: int) -> np.ndarray:
    """Applies a function `[size, ...] -> [size, ...]` in chunks of one size, so that a compiled one compiles once.

    The last chunk is filled up with copies of its last sample, so the function has to treat each by itself.

    Args:
      function: jitted.
      x: `[n, ...]`; n may be 0.
      size: samples at a time, at least 1.

    Returns:
      `[n, ...]`, on the host.
    """
    if not len(x):
        like = jax.eval_shape(function, jax.ShapeDtypeStruct((size, *x.shape[1:]), x.dtype))
        return np.zeros((0, *like.shape[1:]), like.dtype)
    found = []
    for start in range(0, len(x), size):
        chunk = x[start : start + size]
        padded = np.concatenate([chunk, np.repeat(chunk[-1:], size - len(chunk), axis=0)])
        found.append(np.asarray(function(jax.numpy.asarray(padded)))[: len(chunk)])
    return np.concatenate(found)
