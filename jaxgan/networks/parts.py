"""Outputs of several parts: numbers, and choices of one among several, as of rows of a table."""

from collections.abc import Sequence
from typing import Any

import jax
import jax.numpy as jnp

from jaxgan.types import Array, Key, Network, Params, PyTree, Stats, checks


def by_part(network: Network, widths: Sequence[int]) -> Network:
    """Ends each part of a flat output in what suits it: numbers stay as they are, a choice of k becomes its softmax.

    Args:
      network: to `[n, width]`, linear.
      widths: of the parts, in their order: 1 for a number, k for a choice of k; together the width.

    Returns:
      A `Network` of the same parameters.

    Raises:
      ValueError: no part, or one of a width below 1; in use, an output of another width.
    """
    if not widths:
        raise ValueError(f"widths must name at least one part, got {widths!r}")
    for width in widths:
        checks.at_least("each of widths", width, 1)

    def apply(
        params: Params, stats: Stats, x: PyTree, *, train: bool, key: Key | None = None, **others: Any
    ) -> tuple[Array, Stats]:
        y, stats = network.apply(params, stats, x, train=train, key=key, **others)
        if y.shape[1:] != (sum(widths),):
            raise ValueError(f"parts of {sum(widths)} numbers do not fit an output {list(y.shape)}")
        return _activated(y, widths), stats

    return network._replace(apply=apply)


def _activated(y: Array, widths: Sequence[int]) -> Array:
    """Softmax over each part of more than one number; neighbouring numbers are kept together."""
    parts, start, end = [], 0, 0
    for width in widths:
        if width > 1:
            parts += [y[:, start:end], jax.nn.softmax(y[:, end : end + width], axis=1)]
            start = end + width
        end += width
    return jnp.concatenate([*parts, y[:, start:]], axis=1)
