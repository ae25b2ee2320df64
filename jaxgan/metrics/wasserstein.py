"""Wasserstein distances between two sets of points: sliced, for any size, and exact, for small sets on the host."""

import math

import jax
import jax.numpy as jnp
import numpy as np
from jax.typing import ArrayLike
from scipy import optimize
from scipy.spatial import distance

from jaxgan.metrics._features import as_pair
from jaxgan.types import Array, Key

# The exact assignment takes a time that grows with the cube of the rows.
MOST_ROWS = 5000


def sliced_wasserstein(
    key: Key, real: ArrayLike, fake: ArrayLike, *, projections: int = 200, order: float = 2
) -> Array:
    """Computes the sliced Wasserstein distance `(mean_u W_p(<real, u>, <fake, u>)^p)^(1 / p)`.

    The directions u are random on the unit sphere. On each of them the distance is exact, for sets of any size: it is
    the integral over t of `|Q_r(t) - Q_f(t)|^p` with the quantile functions of the two sets, steps at `i / n` and at
    `j / m`. For sets of equal size that is the mean over the sorted samples.

    Rabin et al., "Wasserstein Barycenter and Its Application to Texture Mixing", 2011; the root and the mean over
    directions as in POT's `sliced_wasserstein_distance`.

    Args:
      key: typed random key, for the directions.
      real: `[n, d]`.
      fake: `[m, d]`.
      projections: number of directions, at least 1.
      order: p, at least 1 and finite.

    Returns:
      A scalar, at least 0.

    Raises:
      ValueError: if real or fake is no such matrix, d differs, or an option is outside its range.
    """
    _check_order(order)
    return _sliced_power(key, real, fake, projections, order) ** (1 / order)


def monge_inception_distance(key: Key, real: ArrayLike, fake: ArrayLike, *, projections: int = 1000) -> Array:
    """Computes three times d times the squared sliced 2-Wasserstein distance; of Inception features, the MIND.

    The factor makes the distance of two sets that are shifted by c about `3 |c|^2`. A few thousand samples suffice,
    where the Fréchet distance takes ten times as many.

    Berthet et al., "MIND: Monge Inception Distance for Generative Models Evaluation", 2026, arXiv 2605.06797. As in
    torch-fidelity, which cuts the larger of two sets to the size of the smaller; here both are used as they are.

    Args:
      key: typed random key, for the directions.
      real: `[n, d]`.
      fake: `[m, d]`.
      projections: number of directions, at least 1.

    Returns:
      A scalar, at least 0.

    Raises:
      ValueError: if real or fake is no such matrix, d differs, or there is no direction.
    """
    power = _sliced_power(key, real, fake, projections, 2)
    return 3 * np.shape(real)[1] * power


def wasserstein_distance(real: ArrayLike, fake: ArrayLike, *, order: float = 2) -> float:
    """Computes the exact Wasserstein distance `(min_s mean_i |x_i - y_s(i)|^p)^(1 / p)` over all assignments s.

    It runs on the host in float64, with the Euclidean distance. The mean falls slowly with the number of samples (as
    `n^(-1 / d)`), so compare with what two sets of reals of the same size score.

    Villani, "Optimal Transport: Old and New", 2009. Its p-th power agrees with POT's `emd2` on the matrix of
    `|x - y|^p`.

    Args:
      real: `[n, d]`, n at most 5000.
      fake: `[n, d]`, as many.
      order: p, at least 1 and finite.

    Returns:
      A Python number, at least 0.

    Raises:
      ValueError: if real or fake is no such matrix, the shapes differ, or the order is outside its range.
    """
    reals, fakes = np.asarray(real, np.float64), np.asarray(fake, np.float64)
    if reals.ndim != 2 or reals.shape != fakes.shape or not reals.size:
        raise ValueError(f"real and fake must both be [n, d], of equal size, got {reals.shape} and {fakes.shape}")
    if len(reals) > MOST_ROWS:
        raise ValueError(f"the exact distance takes at most {MOST_ROWS} rows, got {len(reals)}: use sliced_wasserstein")
    _check_order(order)
    cost = distance.cdist(reals, fakes) ** order
    return float(cost[optimize.linear_sum_assignment(cost)].mean() ** (1 / order))


def _check_order(order: float) -> None:
    if not 1 <= order < math.inf:
        raise ValueError(f"order must be at least 1 and finite, got {order}")


def _sliced_power(key: Key, real: ArrayLike, fake: ArrayLike, projections: int, order: float) -> Array:
    """The mean over directions of the p-th power of the Wasserstein distance on each."""
    real, fake = as_pair(real, fake)
    if projections < 1:
        raise ValueError(f"projections must be at least 1, got {projections}")
    directions = jax.random.normal(key, (real.shape[1], projections), real.dtype)
    directions = directions / jnp.linalg.norm(directions, axis=0, keepdims=True)
    reals, fakes = (
        jnp.sort(jnp.matmul(x, directions, precision=jax.lax.Precision.HIGHEST), axis=0) for x in (real, fake)
    )
    n, m = real.shape[0], fake.shape[0]
    # All steps of both quantile functions, in units of 1 / (n m) so that equal ones are equal.
    edges = np.union1d(np.arange(n, dtype=np.int64) * m, np.arange(m, dtype=np.int64) * n)
    weights = jnp.asarray(np.diff(edges, append=n * m) / (n * m), real.dtype)
    gaps = jnp.abs(reals[(edges // m).astype(np.int32)] - fakes[(edges // n).astype(np.int32)])
    return (weights[:, None] * gaps**order).sum(axis=0).mean()
