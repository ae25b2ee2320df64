"""Birthday paradox test: how many different samples can a generator make?"""

from typing import NamedTuple

import jax.numpy as jnp
import numpy as np
from jax.typing import ArrayLike

from jaxgan.metrics._distances import inside, nearest, points, width
from jaxgan.metrics._features import as_features, statistics
from jaxgan.metrics._tiles import map_rows
from jaxgan.metrics.modes import check_positive
from jaxgan.types import Array


class Duplicates(NamedTuple):
    """Near-duplicates in a set of samples.

    Attributes:
      pairs: scalar, number of pairs closer than the threshold; a float, as it may be more than int32 can hold.
      share: scalar in [0, 1], share of the samples with at least one such twin.
      support: scalar, the number of equally likely different samples that would give as many pairs on average,
        `n (n - 1) / (2 pairs)`; infinity without a pair.
    """

    pairs: Array
    share: Array
    support: Array


def duplicates(features: ArrayLike, *, threshold: ArrayLike, tile_rows: int | None = None) -> Duplicates:
    """Counts near-duplicates among samples, and from them the size of the generator's support.

    By the birthday paradox n samples of a uniform distribution over N items hold `n (n - 1) / (2 N)` pairs of equal
    ones on average. For any distribution the number of pairs is at least that, so a pair seen among n samples bounds
    the support by about `n^2`.

    Arora, Risteski and Zhang, "Do GANs learn the distribution? Some Theory and Empirics", 2018. There a person looks at
    the closest pairs and decides which are duplicates; here a distance does. Find one that suits the features with
    `closest`, and count duplicates among as many real samples beside it.

    Args:
      features: finite `[n, d]`, n at least 2.
      threshold: positive distance below which two samples are the same.
      tile_rows: rows of the distance matrix that are held at once, at least 1; None for about 128 MiB.

    Returns:
      A `Duplicates`.

    Raises:
      ValueError: if the features are no such matrix, or an option is outside its range.
    """
    features = as_features("features", features, 2)
    if np.shape(threshold) != ():
        raise ValueError(f"threshold must be a scalar, got shape {np.shape(threshold)}")
    check_positive("threshold", threshold)
    n = features.shape[0]
    radius = jnp.square(jnp.asarray(threshold, features.dtype)).reshape(1, 1)
    prepared = points(features)

    def tile(rows: Array, index: Array) -> tuple[Array, Array]:
        close = inside(rows, prepared, radius, strict=True)
        columns = jnp.arange(n)[None, :]
        later = close & (columns > index[:, None])
        return later.sum(axis=1), (close & (columns != index[:, None])).any(axis=1)

    later, twin = map_rows(tile, features, jnp.arange(n), width=width(prepared), tile_rows=tile_rows)
    pairs = later.astype(features.dtype).sum()
    return Duplicates(pairs, twin.astype(features.dtype).mean(), birthday_support(n, pairs))


def birthday_support(n: int, pairs: ArrayLike) -> Array:
    """Estimates how many different samples there are from how many pairs are alike: `n (n - 1) / (2 pairs)`.

    That many equally likely samples would give as many pairs on average; see `duplicates`.

    Args:
      n: how many samples were drawn, at least 2.
      pairs: how many pairs of them are alike.

    Returns:
      Scalar; infinity without a pair.

    >>> float(birthday_support(23, 1))
    253.0
    """
    return n * (n - 1) / 2 / statistics(pairs)


def closest(features: ArrayLike, *, tile_rows: int | None = None) -> tuple[Array, Array]:
    """Finds the nearest other sample of each sample, in Euclidean distance.

    Args:
      features: finite `[n, d]`, n at least 2.
      tile_rows: rows of the distance matrix that are held at once, at least 1; None for about 128 MiB.

    Returns:
      The distance `[n]` and the index `[n]`, int32. Of samples at the same distance any may be the one.

    Raises:
      ValueError: if the features are no such matrix, or tile_rows is below 1.
    """
    features = as_features("features", features, 2)
    prepared = points(features)

    def tile(rows: Array, index: Array) -> tuple[Array, Array]:
        squared, other = nearest(rows, prepared, 1, exclude=index)
        return squared[:, 0], other[:, 0].astype(jnp.int32)

    squared, other = map_rows(
        tile, features, jnp.arange(features.shape[0]), width=width(prepared, 1), tile_rows=tile_rows
    )
    return jnp.sqrt(squared), other
