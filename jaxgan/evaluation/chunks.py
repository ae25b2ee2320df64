"""Functions of many samples, computed in chunks."""

from collections.abc import Callable

import jax
import numpy as np

CHUNK = 500  # samples at a time


def in_chunks(function: Callable[[jax.Array], jax.Array], x: np.ndarray) -> np.ndarray:
    """Applies a function `[n, ...] -> [n, d]` in chunks of one size, the last one padded, so that it compiles once."""
    compiled = jax.jit(function)
    found = []
    for start in range(0, len(x), CHUNK):
        chunk = x[start : start + CHUNK]
        padded = np.concatenate([chunk, np.repeat(chunk[-1:], CHUNK - len(chunk), axis=0)])
        found.append(np.asarray(compiled(padded), np.float32).reshape(CHUNK, -1)[: len(chunk)])
    return np.concatenate(found)
