"""Maximum mean discrepancy: the kernel distance (KID), its Gaussian sibling, and that of CLIP embeddings (CMMD)."""

import math
from collections.abc import Callable
from typing import NamedTuple

import jax
import jax.numpy as jnp
import numpy as np
from jax.typing import ArrayLike

from jaxgan.metrics._distances import Points, expanded, points
from jaxgan.metrics._features import as_features, as_pair
from jaxgan.metrics._tiles import map_rows
from jaxgan.metrics.modes import check_positive
from jaxgan.types import Array, Key

# Rows of the real set that the median heuristic looks at.
MEDIAN_ROWS = 1000
CLIP_BANDWIDTH = 10.0


class KernelDistance(NamedTuple):
    """An estimate of a squared maximum mean discrepancy.

    Attributes:
      mean: scalar; it may be negative, as the estimate is unbiased.
      standard_error: scalar, of the mean.
    """

    mean: Array
    standard_error: Array


def kernel_distance(
    real: ArrayLike,
    fake: ArrayLike,
    *,
    subsets: int | None = None,
    subset_size: int = 1000,
    key: Key | None = None,
    tile_rows: int | None = None,
) -> KernelDistance:
    """Computes the squared maximum mean discrepancy with the cubic polynomial kernel; of Inception features, the KID.

    `mean_{i != j} k(x_i, x_j) + mean_{i != j} k(y_i, y_j) - 2 mean_{i, j} k(x_i, y_j)` with
    `k(x, y) = (<x, y> / d + 1)^3`. Unlike the Fréchet distance its expectation does not depend on the sample size.

    Without `subsets` all samples are used, and the standard error comes from the influence of each sample on the
    estimate: `2 sqrt(var_i(a_i) / n + var_j(b_j) / m)`, where `a_i` is the mean of `k(x_i, x_j)` over the other reals
    less that of `k(x_i, y_j)` over the fakes, and `b_j` the converse. With `subsets` it is the mean over random
    subsets, and their standard deviation (of n - 1) divided by the square root of their number. Subsets overlap, so
    this says how well the mean over all possible subsets is known, not how much another sample would change it.

    Bińkowski et al., "Demystifying MMD GANs", 2018. The full-sample value agrees with torchmetrics and with
    torch-fidelity's `mmd2`; the subsets follow torch-fidelity and clean-fid, which draw 100 of 1000. torch-fidelity
    reports the standard deviation over subsets in the place of the standard error.

    Args:
      real: `[n, d]`, n at least 2.
      fake: `[m, d]`, m at least 2.
      subsets: number of random subsets, at least 2; None to use all samples.
      subset_size: rows of each side in a subset, at least 2, drawn without replacement; at most min(n, m) are used.
      key: typed random key, for subsets only.
      tile_rows: rows of the kernel matrix that are held at once, at least 1; None for about 128 MiB.

    Returns:
      A `KernelDistance`.

    Raises:
      ValueError: if real or fake is no such matrix, d differs, or an option is outside its range.
    """
    real, fake = as_pair(real, fake, 2)
    if subsets is None:
        return _discrepancy(_polynomial, real, fake, tile_rows)
    if subsets < 2:
        raise ValueError(f"subsets must be at least 2, got {subsets}")
    if subset_size < 2:
        raise ValueError(f"subset_size must be at least 2, got {subset_size}")
    if key is None or not jnp.issubdtype(key.dtype, jax.dtypes.prng_key):
        raise ValueError(f"subsets need a typed key, jax.random.key(seed), got {key}")
    size = min(subset_size, real.shape[0], fake.shape[0])

    def subset(key: Key) -> Array:
        real_key, fake_key = jax.random.split(key)
        reals = real[jax.random.choice(real_key, real.shape[0], (size,), replace=False)]
        fakes = fake[jax.random.choice(fake_key, fake.shape[0], (size,), replace=False)]
        return _discrepancy(_polynomial, reals, fakes, tile_rows).mean

    values = jax.lax.map(subset, jax.random.split(key, subsets))
    return KernelDistance(values.mean(), values.std(ddof=1) / math.sqrt(subsets))


def maximum_mean_discrepancy(
    real: ArrayLike, fake: ArrayLike, *, bandwidth: ArrayLike | None = None, tile_rows: int | None = None
) -> Array:
    """Computes the squared MMD with the Gaussian kernel `exp(-|x - y|^2 / (2 bandwidth^2))` of the features; 0 is best.

    The maximum mean discrepancy of the two sets, by its unbiased estimate: the diagonal is left out of the two means
    within a set.

    Gretton et al., "A Kernel Two-Sample Test", 2012. torch-fidelity offers the same kernel, with a bandwidth of 10.

    Args:
      real: `[n, d]`, n at least 2.
      fake: `[m, d]`, m at least 2.
      bandwidth: positive scalar; None for the median distance between two different reals (of up to 1000 of them,
        evenly spaced), or 1 where that is 0. The default compares a fake set with the spread of the real one; state
        the bandwidth beside the number, since values of two bandwidths do not compare.
      tile_rows: rows of the kernel matrix that are held at once, at least 1; None for about 128 MiB.

    Returns:
      A scalar, negative at times.

    Raises:
      ValueError: if real or fake is no such matrix, d differs, or an option is outside its range.
    """
    real, fake = as_pair(real, fake, 2)
    if bandwidth is None:
        bandwidth = median_distance(real)
    elif np.shape(bandwidth) != ():
        raise ValueError(f"bandwidth must be a scalar, got shape {np.shape(bandwidth)}")
    else:
        check_positive("bandwidth", bandwidth)
    exponent = -0.5 / jnp.square(jnp.asarray(bandwidth, real.dtype))

    def gaussian(x: Array, y: Points) -> Array:
        return jnp.exp(exponent * expanded(x, y)[0])

    return _discrepancy(gaussian, real, fake, tile_rows).mean


def clip_discrepancy(real: ArrayLike, fake: ArrayLike, *, tile_rows: int | None = None) -> Array:
    """Computes 1000 times the biased squared MMD of rows of unit length, bandwidth 10; of CLIP embeddings, the CMMD.

    The mean of the kernel `exp(-|x - y|^2 / (2 · 10^2))` over all pairs within each set, each row with itself too,
    less twice that between the sets. Rows are scaled to unit length, as those of CLIP are; a row of zeros stays where
    it is.

    Jayasumana et al., "Rethinking FID: Towards a Better Evaluation Metric for Image Generation", 2024,
    arXiv 2401.09603. Agrees with the authors' program, which takes CLIP ViT-L/14 at 336 pixels; the paper says
    that the estimate is unbiased.

    Args:
      real: `[n, d]`.
      fake: `[m, d]`.
      tile_rows: rows of the kernel matrix that are held at once, at least 1; None for about 128 MiB.

    Returns:
      A scalar in [0, 39.61].

    Raises:
      ValueError: if real or fake is no such matrix, d differs, or tile_rows is below 1.
    """
    real, fake = as_pair(real, fake)
    norms = (jnp.sqrt(jnp.square(x).sum(axis=1, keepdims=True)) for x in (real, fake))
    real, fake = (x / jnp.where(norm > 0, norm, 1) for x, norm in zip((real, fake), norms, strict=True))

    def mean(x: Array, y: Array) -> Array:
        """The mean of the kernel less 1, which is small and drops out."""
        prepared = points(y)

        def tile(rows: Array) -> Array:
            return jnp.expm1(-0.5 / CLIP_BANDWIDTH**2 * expanded(rows, prepared)[0]).mean(axis=1)

        return map_rows(tile, x, width=y.shape[0], tile_rows=tile_rows).mean()

    return 1000 * jnp.maximum(mean(real, real) + mean(fake, fake) - 2 * mean(real, fake), 0)


def median_distance(x: ArrayLike) -> Array:
    """Computes the median distance between different rows, of up to 1000 evenly spaced ones; 1 where it is 0.

    The bandwidth of a kernel by the median heuristic.

    Args:
      x: `[n, d]`, n at least 2.

    Returns:
      A scalar above 0.

    Raises:
      ValueError: if it is no such matrix.
    """
    x = as_features("x", x, 2)
    rows = min(x.shape[0], MEDIAN_ROWS)
    chosen = x[np.linspace(0, x.shape[0] - 1, rows).astype(np.int32)]
    squared = expanded(chosen, points(chosen))[0]
    median = jnp.median(jnp.sqrt(squared[np.triu_indices(rows, 1)]))
    return jnp.where(median > 0, median, 1)


def _polynomial(x: Array, y: Points) -> Array:
    """Computes the cubic kernel less 1: the constant drops out of every difference, and digits stay."""
    inner = jnp.einsum("id,jd->ij", x, y.values, precision=jax.lax.Precision.HIGHEST) / x.shape[1]
    return inner * (3 + inner * (3 + inner))


def _discrepancy(
    kernel: Callable[[Array, Points], Array], real: Array, fake: Array, tile_rows: int | None
) -> KernelDistance:
    """Computes the unbiased estimate from the mean of each row of the kernel matrices, and its standard error."""

    def row_means(x: Array, y: Array) -> Array:
        prepared, same = points(y), x is y

        def tile(rows: Array, index: Array) -> Array:
            values = kernel(rows, prepared)
            if same:
                values = jnp.where(index[:, None] == jnp.arange(y.shape[0])[None, :], 0, values)
            return values.sum(axis=1) / (y.shape[0] - same)

        return map_rows(tile, x, jnp.arange(x.shape[0]), width=y.shape[0], tile_rows=tile_rows)

    real_influence = row_means(real, real) - row_means(real, fake)
    fake_influence = row_means(fake, fake) - row_means(fake, real)
    variance = real_influence.var(ddof=1) / real.shape[0] + fake_influence.var(ddof=1) / fake.shape[0]
    return KernelDistance(real_influence.mean() + fake_influence.mean(), 2 * jnp.sqrt(variance))
