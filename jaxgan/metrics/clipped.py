"""Clipped density and coverage: fidelity and diversity as shares of good samples, which single outliers cannot move."""

from typing import NamedTuple

import jax.numpy as jnp
import numpy as np
from jax.typing import ArrayLike
from scipy import special

from jaxgan.metrics._distances import balls_around, check_neighbour, nearest, points, squared_radii, width
from jaxgan.metrics._features import as_pair
from jaxgan.metrics._tiles import map_rows
from jaxgan.types import Array


class ClippedDensityCoverage(NamedTuple):
    """How fakes fall on the neighbourhoods of the reals, each as a share of samples.

    Attributes:
      clipped_density: scalar in [0, 1]: fidelity. With a share s of fakes far from all reals it is 1 - s.
      clipped_coverage: scalar in [0, 1]: diversity. It is the share of good fakes that would cover the reals as well as
        these fakes do, were the others far away.
    """

    clipped_density: Array
    clipped_coverage: Array


def clipped_density_coverage(
    real: ArrayLike, fake: ArrayLike, *, k: int = 5, tile_rows: int | None = None
) -> ClippedDensityCoverage:
    """Computes clipped density and clipped coverage, 5 neighbours: shares of good fakes by fidelity and by diversity.

    With the distance r_i of a real to its k-th nearest other real and `q_i = min(r_i, median r)`, a fake scores
    `min(1, (number of reals i within q_i of it) / k)`. Clipped density is the mean score of the fakes over that of the
    reals (each without its own ball), at most 1.

    A real scores `min(1, (number of fakes nearer than r_i) / k)`, and the mean score C of the reals is compared with
    what m good fakes would reach, `f(m) = E min(k, J) / k`, where J is beta-binomial: of m fakes each falls into the
    ball with the same probability, which has a Beta(k, n - k) distribution. Clipped coverage is the share of
    m = 0, ..., M with `f(m) < C`; f(m) is 0 below k.

    Salvy, Talbot and Thirion, "Enhanced Generative Model Evaluation with Clipped Density and Coverage", 2025,
    arXiv 2507.01761. Agrees with the authors' program where no two distances are equal; with copies among the reals it
    counts all of them, and that program the first k that its search returns. k or more copies of one real have radius
    0 and hold no fake for the coverage, so two identical constant sets have density 1 and coverage 0.

    Args:
      real: finite `[n, d]`, n above k.
      fake: finite `[m, d]`, m at least k.
      k: which neighbour gives the radius, at least 1.
      tile_rows: rows of the distance matrix that are held at once, at least 1; None for about 128 MiB.

    Returns:
      A `ClippedDensityCoverage`.

    Raises:
      ValueError: if real or fake is no such matrix, d differs, or an option is outside its range.
    """
    real, fake = as_pair(real, fake)
    check_neighbour(k, real.shape[0])
    if fake.shape[0] < k:
        raise ValueError(f"fake must have at least k = {k} rows, got shape {fake.shape}")
    reals, fakes = points(real), points(fake)
    squared = squared_radii(reals, k, tile_rows)
    median = jnp.median(jnp.sqrt(squared))
    clipped = jnp.where(jnp.sqrt(squared) <= median, squared, jnp.square(median))

    def balls(x: Array) -> Array:
        return balls_around(x, reals, clipped, strict=False, tile_rows=tile_rows)

    scores = [jnp.minimum(held, k).astype(real.dtype).mean() for held in (balls(fake), balls(real) - 1)]
    covered = map_rows(
        lambda rows, radius: (nearest(rows, fakes, k)[0] < radius[:, None]).sum(axis=1),
        real,
        squared,
        width=width(fakes, k),
        tile_rows=tile_rows,
    )
    steps = jnp.asarray(_least_counts(k, real.shape[0], fake.shape[0]))
    return ClippedDensityCoverage(
        clipped_density=jnp.minimum(scores[0] / scores[1], 1),
        clipped_coverage=(steps <= covered.sum()).astype(real.dtype).mean(),
    )


def _least_counts(k: int, n: int, m: int) -> np.ndarray:
    """The least numbers `[m + 1]` of pairs of a real and one of k fakes in its ball by which C exceeds f(0), ..., f(m).

    f is `1 - E max(0, k - J) / k`, a sum of k terms. Counts are whole, so that no rounding decides.
    """
    fakes = np.arange(k, m + 1, dtype=np.float64)[:, None]
    j = np.arange(k, dtype=np.float64)[None, :]
    probability = np.exp(
        special.gammaln(fakes + 1)
        - special.gammaln(j + 1)
        - special.gammaln(fakes - j + 1)
        + special.betaln(k + j, n + fakes - k - j)
        - special.betaln(k, n - k)
    )
    expected = np.concatenate([np.zeros(k), n * (k - ((k - j) * probability).sum(axis=1))])
    return np.floor(expected + 1e-9 * n * k).astype(np.int32) + 1
