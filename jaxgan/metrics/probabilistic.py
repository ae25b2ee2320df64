"""Probabilistic precision and recall: fidelity and diversity from densities that fall off with the distance."""

from typing import NamedTuple

import jax.numpy as jnp
from jax.typing import ArrayLike

from jaxgan.metrics._distances import Points, check_neighbour, points, squared_distances, squared_radii, width
from jaxgan.metrics._features import as_pair
from jaxgan.metrics._tiles import map_rows
from jaxgan.metrics.modes import check_positive
from jaxgan.types import Array


class ProbabilisticPrecisionRecall(NamedTuple):
    """How probable samples of one set are to lie on the support of the other.

    Attributes:
      probabilistic_precision: scalar in [0, 1], mean over fakes: fidelity.
      probabilistic_recall: scalar in [0, 1], mean over reals: diversity.
    """

    probabilistic_precision: Array
    probabilistic_recall: Array


def probabilistic_precision_recall(
    real: ArrayLike, fake: ArrayLike, *, k: int = 4, scale: float = 1.2, tile_rows: int | None = None
) -> ProbabilisticPrecisionRecall:
    """Computes the mean probabilities of fakes on the support of the reals, and the converse, 4 neighbours, scale 1.2.

    A set supports a point y with probability `1 - prod_i (1 - max(0, 1 - |x_i - y| / R))`. All its members share one
    radius, `R = scale · (mean distance to the k-th nearest other member)`, so an outlier has no larger ball than
    others. Precision is the mean over fakes with the reals as the set, recall the mean over reals with the fakes.

    Park and Kim, "Probabilistic Precision and Recall Towards Reliable Evaluation of Generative Models", 2023,
    arXiv 2309.01590. Agrees with the authors' program. That divides by zero where all members are equal; here such a
    set supports its own point alone.

    Args:
      real: finite `[n, d]`, n above k.
      fake: finite `[m, d]`, m above k.
      k: which neighbour gives the radius, at least 1.
      scale: positive factor of the radius.
      tile_rows: rows of the distance matrix that are held at once, at least 1; None for about 128 MiB.

    Returns:
      A `ProbabilisticPrecisionRecall`.

    Raises:
      ValueError: if real or fake is no such matrix, d differs, or an option is outside its range.
    """
    real, fake = as_pair(real, fake, 2)
    check_neighbour(k, min(real.shape[0], fake.shape[0]))
    check_positive("scale", scale)

    def supported(x: Array, y: Points) -> Array:
        radius = scale * jnp.sqrt(squared_radii(y, k, tile_rows)).mean()

        def tile(rows: Array) -> Array:
            distance = jnp.sqrt(squared_distances(rows, y))
            # Of a radius of zero the ratio at the point itself is 0.
            ratio = jnp.where(distance > 0, distance / jnp.where(radius > 0, radius, 1), 0)
            outside = (distance >= radius) & (distance > 0)
            return 1 - jnp.where(outside, 1, ratio).prod(axis=1)

        return map_rows(tile, x, width=2 * width(y), tile_rows=tile_rows).mean()

    return ProbabilisticPrecisionRecall(supported(fake, points(real)), supported(real, points(fake)))
