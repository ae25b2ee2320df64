"""Distances to nearest neighbours in units of the typical distance around each sample, and tests that permute them."""

from collections.abc import Callable
from typing import NamedTuple

import numpy as np
from scipy import stats
from sklearn.neighbors import NearestNeighbors

AROUND = 256  # samples that tell the typical distance
SEEN = 32  # nearest neighbours of each
PERMUTATIONS, ENOUGH_ABOVE = 999, 10
QUANTILES = (0.002, 0.005, 0.01, 0.02, 0.05, 0.1, 0.2, 0.4)
NEAR = 0.5  # of the median distance from a real to the next, below which two samples can be copies
SHARP = 3.0  # times as many must be nearer than the limit as is usual


def halves(n: int, seed: int) -> tuple[np.ndarray, np.ndarray]:
    """Positions of two random halves of `n` samples."""
    order = np.random.RandomState(seed).permutation(n)
    return np.sort(order[: n // 2]), np.sort(order[n // 2 :])


def nearest(x: np.ndarray, among: np.ndarray) -> np.ndarray:
    """Distance `[n]` of each of `x` `[n, d]` to the nearest of `among` `[m, d]`."""
    return NearestNeighbors(n_neighbors=1, algorithm="brute").fit(among).kneighbors(x)[0][:, 0]


def typical(x: np.ndarray, among: np.ndarray, *, seed: int = 0) -> np.ndarray:
    """Median distance `[n]` of each of `x` `[n, d]` to 256 of `among` `[m, d]`, at random; never zero."""
    some = among[np.random.RandomState(seed).permutation(len(among))[:AROUND]]
    found = NearestNeighbors(n_neighbors=-(-len(some) // 2), algorithm="brute").fit(some).kneighbors(x)[0][:, -1]
    return np.maximum(found, 1e-12)


def neighbours(x: np.ndarray, k: int) -> tuple[np.ndarray, np.ndarray]:
    """Distances and positions `[n, k]` of the `k` nearest others of each of `x` `[n, d]`."""
    return NearestNeighbors(n_neighbors=k, algorithm="brute").fit(x).kneighbors()


def rank_test(first: np.ndarray, second: np.ndarray, alternative: str) -> tuple[float, float]:
    """Probability that one of the first is greater than one of the second, ties halved; and its p-value."""
    found = stats.mannwhitneyu(first, second, alternative=alternative, method="asymptotic")
    return float(found.statistic / len(first) / len(second)), float(found.pvalue)


class Pooled(NamedTuple):
    """Reals and fakes in one set, reals first, with the nearest others of each.

    Attributes:
      away: `[n + m, k]` distances, in units of the typical distance around each.
      positions: `[n + m, k]`.
      is_fake: `[n + m]`.
      limits: distances below which two samples may be copies, from what is nearest; they depend on no label.
    """

    away: np.ndarray
    positions: np.ndarray
    is_fake: np.ndarray
    limits: np.ndarray


def pooled(real: np.ndarray, fake: np.ndarray, *, seed: int = 0) -> Pooled:
    """The nearest neighbours of all samples `[n, d]` and `[m, d]` among all."""
    both = np.concatenate([real, fake])
    away, positions = neighbours(both, min(SEEN, len(both) - 1))
    away = away / typical(both, both, seed=seed)[:, None]
    return Pooled(away, positions, np.arange(len(both)) >= len(real), np.quantile(away[:, 0], QUANTILES))


def nearest_of(found: Pooled, wanted: np.ndarray) -> np.ndarray:
    """Distance `[n + m]` of each to the nearest of those that are wanted; if none is seen, to the last that is."""
    able = wanted[found.positions]
    first = np.where(able.any(axis=1), able.argmax(axis=1), -1)
    return found.away[np.arange(len(found.away)), first]


def permutation_p_value(
    found: Pooled, distances: Callable[[np.ndarray], tuple[np.ndarray, np.ndarray]], *, seed: int = 0
) -> float:
    """Tests whether distances of fakes are below some limit more often than those of reals.

    The statistic is the largest difference of both shares over the limits, in units of its deviation. Which samples are
    fake is permuted, so the test is exact if reals and fakes are exchangeable. It stops when the p-value is surely not
    small.

    Args:
      found: all samples.
      distances: from which are fake `[n + m]` to the distances of fakes `[m]` and of reals `[n]`.
      seed: of the permutations.

    Reference:
      Besag and Clifford, "Sequential Monte Carlo p-values", 1991.
    """
    random = np.random.RandomState(seed)

    def statistic(is_fake: np.ndarray) -> float:
        sides = distances(is_fake)
        counts, sizes = [below(side, found.limits) for side in sides], [len(side) for side in sides]
        share = (counts[0] + counts[1] + 1) / (sum(sizes) + 1)
        difference = counts[0] / sizes[0] - counts[1] / sizes[1]
        return float(np.max(difference / np.sqrt(share * (1 / sizes[0] + 1 / sizes[1]))))

    observed, above = statistic(found.is_fake), 0
    for drawn in range(1, PERMUTATIONS + 1):
        above += statistic(random.permutation(found.is_fake)) >= observed
        if above == ENOUGH_ABOVE:
            return above / drawn
    return (above + 1) / (PERMUTATIONS + 1)


def sharp_limit(of_fakes: np.ndarray, usual: Callable[[np.ndarray], np.ndarray], largest: float) -> float | None:
    """The limit with most fakes below beyond the usual number; None if there are nowhere three times as many."""
    limits = np.unique(np.append(of_fakes[of_fakes <= largest], 0.0))
    found, expected = below(of_fakes, limits), usual(limits)
    able = found >= SHARP * expected + 3
    return float(limits[able][np.argmax((found - expected)[able])]) if able.any() else None


def below(x: np.ndarray, limits: np.ndarray) -> np.ndarray:
    """How many of `x` are at most each of the limits."""
    return np.searchsorted(np.sort(x), limits, side="right")
