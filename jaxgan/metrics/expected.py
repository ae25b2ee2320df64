"""What real data score on mode coverage: closed forms for a perfect sampler with finitely many samples.

All functions run on the host in float64 and return Python numbers.
"""

import math
import operator

import numpy as np
from jax.typing import ArrayLike
from scipy import special

from jaxgan.metrics.modes import check_positive, distance_unit


def expected_high_quality(dimensions: int, threshold: float = 3.0, *, metric: str = "euclidean") -> float:
    """Computes the share of high quality that real data reach, for modes that do not overlap.

    The squared distance of a Gaussian sample to its mean, in standard deviations, is chi-square distributed, so the
    share is its distribution function at `threshold**2`: `1 - exp(-threshold**2 / 2)` in two dimensions, 0.9889 at 3.
    More than this means that the generator spreads its samples too little, not that they are better.

    Args:
      dimensions: of the data, at least 1.
      threshold: radius of high quality, positive, in standard deviations.
      metric: the distance, as in `mode_coverage`.

    Returns:
      The share, in [0, 1].

    Raises:
      ValueError: for dimensions, a threshold or a metric outside its range.
    """
    if dimensions < 1:
        raise ValueError(f"dimensions must be at least 1, got {dimensions}")
    check_positive("threshold", threshold)
    radius = threshold * distance_unit(metric, dimensions)
    return float(special.gammainc(dimensions / 2, radius**2 / 2))


def expected_modes(weights: ArrayLike | int, n: int) -> float:
    """Computes the mean number of modes that `n` real samples reach: `sum_k 1 - (1 - w_k)^n`.

    Args:
      weights: `[k]` positive shares of the modes, normalised here, or the number of modes if all are equally likely.
      n: number of samples, at least 1.

    Returns:
      The number of modes, in [1, k].

    Raises:
      ValueError: if a weight is not positive or n is below 1.
    """
    shares = _shares(weights)
    _check_samples(n)
    return float(-np.expm1(n * np.log1p(-np.minimum(shares, 1 - 1e-16))).sum())


def expected_reverse_kl(weights: ArrayLike | int, n: int, *, reference: ArrayLike | None = None) -> float:
    """Computes the mean reverse KL of `n` real samples, the floor below which a score says nothing.

    The count of mode k is binomial, so the mean is the sum of `E[(c / n) log(c / (n r_k))]`, exactly. It is close to
    `(k - 1) / (2 n)` where every mode expects several samples and the reference is the weights.

    Args:
      weights: `[k]` positive shares of the modes, normalised here, or the number of modes if all are equally likely.
      n: number of samples, at least 1.
      reference: `[k]` positive shares r that the histogram is compared with, normalised here; None for the weights.

    Returns:
      The mean KL in nats.

    Raises:
      ValueError: if a share is not positive, the shapes differ or n is below 1.
    """
    shares = _shares(weights)
    against = shares if reference is None else _shares(reference)
    if against.shape != shares.shape:
        raise ValueError(f"reference must have the shape of the weights {shares.shape}, got {against.shape}")
    _check_samples(n)
    values, repeats = np.unique(shares, return_counts=True)
    entropies = np.array([_mean_log_count(value, n) for value in values])
    return float((entropies * repeats).sum() - (shares * np.log(n * against)).sum())


def _mean_log_count(share: float, n: int) -> float:
    """Computes `E[c log c] / n` for a binomial count c of n draws with the given share."""
    if share >= 1:
        return math.log(n)
    counts = np.arange(1, n + 1, dtype=np.float64)
    choose = special.gammaln(n + 1) - special.gammaln(counts + 1) - special.gammaln(n - counts + 1)
    log_mass = choose + counts * math.log(share) + (n - counts) * math.log1p(-share)
    return float((np.exp(log_mass) * counts * np.log(counts)).sum() / n)


def _shares(weights: ArrayLike | int) -> np.ndarray:
    if np.ndim(weights) == 0:
        modes = operator.index(weights)  # pyright: ignore[reportArgumentType]
        if modes < 1:
            raise ValueError(f"the number of modes must be at least 1, got {modes}")
        return np.full(modes, 1 / modes)
    shares = np.asarray(weights, np.float64)
    if shares.ndim != 1 or not shares.size:
        raise ValueError(f"weights must be [k], got shape {shares.shape}")
    check_positive("weights", shares)
    return shares / shares.sum()


def _check_samples(n: int) -> None:
    if n < 1:
        raise ValueError(f"n must be at least 1, got {n}")
