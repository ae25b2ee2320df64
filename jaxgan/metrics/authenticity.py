"""Authenticity: the share of fakes that are no copies of training data, by the nearest neighbour of each."""

import jax.numpy as jnp
from jax.typing import ArrayLike

from jaxgan.metrics._distances import nearest, points, squared_radii, width
from jaxgan.metrics._features import as_pair
from jaxgan.metrics._tiles import map_rows
from jaxgan.types import Array


def authenticity(real: ArrayLike, fake: ArrayLike, *, tile_rows: int | None = None) -> Array:
    """Computes the share of fakes that lie farther from their nearest real than that lies from its nearest other real.

    A fake y with the nearest real x is authentic if `|y - x| > min_z |x - z|` over the other reals z. Fresh real data
    score about one half in many dimensions and copies 0; a fake far from all data is authentic too, so read fidelity
    beside it. The reals have to be those that the generator was trained on.

    Alaa, van Breugel, Saveliev and van der Schaar, "How Faithful is your Synthetic Data? Sample-level Metrics for
    Evaluating and Auditing Generative Models", 2022, arXiv 2102.08921, as the text defines it; the authors' program
    takes the nearest fake of a real instead. Reals at the same place have the distance 0, and only a copy of them is
    then not authentic.

    Args:
      real: training data, finite `[n, d]`, n at least 2.
      fake: finite `[m, d]`.
      tile_rows: rows of the distance matrix that are held at once, at least 1; None for about 128 MiB.

    Returns:
      A scalar in [0, 1].

    Raises:
      ValueError: if real or fake is no such matrix, d differs, or tile_rows is below 1.
    """
    real, fake = as_pair(real, fake)
    if real.shape[0] < 2:
        raise ValueError(f"real must have at least 2 rows, got shape {real.shape}")
    prepared = points(real)
    apart = squared_radii(prepared, 1, tile_rows)

    def tile(rows: Array) -> Array:
        squared, index = nearest(rows, prepared, 1)
        return squared[:, 0] > apart[index[:, 0]]

    authentic = map_rows(tile, fake, width=width(prepared, 1), tile_rows=tile_rows)
    return jnp.mean(authentic.astype(real.dtype))
