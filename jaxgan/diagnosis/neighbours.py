"""Distances to nearest neighbours in units of the typical distance around each sample, and tests that permute them."""

from collections.abc import Callable
from typing import NamedTuple

import numpy as np
from scipy import stats
from sklearn.neighbors import NearestNeighbors

AROUND = 256  # samples that tell the typical distance
SEEN = 32  # nearest neighbours of each
PERMUTATIONS, ENOUGH_ABOVE = 1999, 10
QUANTILES = (0.002, 0.005, 0.01, 0.02, 0.05, 0.1, 0.2, 0.4)
NEAR = 0.5  # of a usual distance from a real to the next, below which two samples can be copies
NEARER = 10.0  # times as near, from which on a sample is the same
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


def nearest_of(found: Pooled, wanted: np.ndarray, *, rank: int = 1) -> np.ndarray:
    """Distance `[n + m]` of each to the nearest of those that are wanted, or to the next after it.

    Where fewer are among the neighbours that were looked for, it is the distance to the last of these.
    """
    able = np.cumsum(wanted[found.positions], axis=1) == rank
    first = np.where(able.any(axis=1), able.argmax(axis=1), -1)
    return found.away[np.arange(len(found.away)), first]


def times_nearer(near: np.ndarray, far: np.ndarray) -> np.ndarray:
    """Logarithm of how many times nearer the one is than the other, from 1 to 10; 1 where both are equal."""
    tiny = 1e-12
    return np.log(np.clip(np.maximum(far, tiny) / np.maximum(near, tiny), 1, NEARER))


def excess(of_fakes: np.ndarray, of_reals: np.ndarray, limits: np.ndarray) -> float:
    """How much more often distances of fakes `[m]` than of reals `[n]` are at most some limit, in its deviations."""
    counts, sizes = [below(side, limits) for side in (of_fakes, of_reals)], (len(of_fakes), len(of_reals))
    share = (counts[0] + counts[1] + 1) / (sum(sizes) + 1)
    difference = counts[0] / sizes[0] - counts[1] / sizes[1]
    return float(np.max(difference / np.sqrt(share * (1 / sizes[0] + 1 / sizes[1]))))


def permutation_p_value(is_fake: np.ndarray, *statistics: Callable[[np.ndarray], float], seed: int = 0) -> float:
    """Tests whether a number, or one of several, is larger than it were if reals and fakes were exchangeable.

    Which samples are fake is permuted, so the test is exact whatever the numbers are; of several the smallest p-value
    counts, times their number (Bonferroni). It stops when the p-value is surely not small.

    Args:
      is_fake: `[n + m]`.
      statistics: from which are fake to a number.
      seed: of the permutations.

    Reference:
      Besag and Clifford, "Sequential Monte Carlo p-values", 1991.
    """
    return min(1.0, len(statistics) * min(_permutation_p_value(is_fake, each, seed) for each in statistics))


def _permutation_p_value(is_fake: np.ndarray, statistic: Callable[[np.ndarray], float], seed: int) -> float:
    random = np.random.RandomState(seed)
    observed, above = statistic(is_fake), 0
    for drawn in range(1, PERMUTATIONS + 1):
        above += statistic(random.permutation(is_fake)) >= observed
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
