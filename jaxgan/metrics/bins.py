"""Number of statistically different bins: in which cells of the data do the fakes fall too often or too seldom?"""

from typing import NamedTuple

import jax
import jax.numpy as jnp
import numpy as np
from jax.core import Tracer
from jax.typing import ArrayLike

from jaxgan.metrics._distances import nearest, points, width
from jaxgan.metrics._features import as_features, statistics
from jaxgan.metrics._tiles import map_rows
from jaxgan.types import Array


class DifferentBins(NamedTuple):
    """Bins in which two histograms differ.

    Attributes:
      different: int32 scalar, number of bins with a p-value below the significance.
      share: scalar in [0, 1], `different` divided by the number of bins; of two samples of the same distribution it
        is about the significance.
      p_values: `[bins]`, of the hypothesis that both sets fall into the bin with the same probability.
    """

    different: Array
    share: Array
    p_values: Array


def nearest_centre(features: ArrayLike, centres: ArrayLike, *, tile_rows: int | None = None) -> Array:
    """Finds the centre that is nearest to each sample, in Euclidean distance.

    Args:
      features: finite `[n, d]`.
      centres: finite `[bins, d]`, e.g. of a k-means clustering of the real features.
      tile_rows: rows of the distance matrix that are held at once, at least 1; None for about 128 MiB.

    Returns:
      `[n]` int32 in `[0, bins)`. Of centres at the same distance any may be the one.

    Raises:
      ValueError: if one is no such matrix, or d differs.
    """
    features, centres = as_features("features", features), as_features("centres", centres)
    if features.shape[1] != centres.shape[1]:
        raise ValueError(f"features and centres must share d, got {features.shape} and {centres.shape}")
    dtype = jnp.promote_types(features.dtype, centres.dtype)
    prepared = points(centres.astype(dtype))
    return map_rows(
        lambda rows: nearest(rows, prepared, 1)[1][:, 0].astype(jnp.int32),
        features.astype(dtype),
        width=width(prepared, 1),
        tile_rows=tile_rows,
    )


def different_bins(real_counts: ArrayLike, fake_counts: ArrayLike, *, significance: float = 0.05) -> DifferentBins:
    """Counts the bins that real and fake samples reach with significantly different frequency.

    For each bin a two-sided two-proportion z-test with pooled variance:
    `z = (p - q) / sqrt(s (1 - s) (1 / n + 1 / m))`, where p and q are the shares of the n reals and of the m fakes in
    the bin, and s is that of both together. A bin that holds none of them, or all, has the p-value 1.

    Richardson and Weiss, "On GANs and GMMs", 2018, arXiv:1805.12462. The bins there are the cells of a k-means
    clustering of the real training data, 100 for the published numbers.

    Args:
      real_counts: `[bins]` number of reals in each bin, not negative.
      fake_counts: `[bins]` number of fakes in each bin.
      significance: in (0, 1).

    Returns:
      A `DifferentBins`.

    Raises:
      ValueError: if the counts differ in shape, are negative or all 0, or the significance is outside (0, 1).
    """
    real, fake = _counts("real_counts", real_counts), _counts("fake_counts", fake_counts)
    if real.shape != fake.shape:
        raise ValueError(f"real_counts and fake_counts must share [bins], got {real.shape} and {fake.shape}")
    if not 0 < significance < 1:
        raise ValueError(f"significance must be in (0, 1), got {significance}")
    n, m = real.sum(), fake.sum()
    pooled = (real + fake) / (n + m)
    variance = pooled * (1 - pooled) * (1 / n + 1 / m)
    known = variance > 0
    z = jnp.where(known, real / n - fake / m, 0) / jnp.sqrt(jnp.where(known, variance, 1))
    p_values = jax.scipy.special.erfc(jnp.abs(z) / jnp.sqrt(jnp.asarray(2, z.dtype)))
    different = (p_values < significance).sum(dtype=jnp.int32)
    return DifferentBins(different, different.astype(z.dtype) / real.shape[0], p_values)


def _counts(name: str, counts: ArrayLike) -> Array:
    if np.ndim(counts) != 1 or not np.size(counts):
        raise ValueError(f"{name} must be [bins], got shape {np.shape(counts)}")
    if not isinstance(counts, Tracer) and (np.min(counts) < 0 or np.sum(counts) == 0):
        raise ValueError(f"{name} must not be negative, nor all 0, got {counts}")
    return statistics(counts)
