"""Tests of generated samples against reals, each with a p-value that is valid for any number of samples."""

import numpy as np
from scipy import stats


def squared_distances(x: np.ndarray, y: np.ndarray) -> np.ndarray:
    """Squared Euclidean distances `[n, m]` of rows `[n, d]` and `[m, d]`, by one matrix product."""
    squared = np.square(x).sum(axis=1)[:, None] + np.square(y).sum(axis=1)[None] - 2 * x @ y.T
    return np.maximum(squared, 0)


def too_few(real: np.ndarray, fake: np.ndarray) -> np.ndarray:
    """P-values `[k]` of so few fakes in each mode: Fisher's exact test, one-sided, not corrected for their number.

    Args:
      real: `[k]` reals counted in each mode.
      fake: `[k]` fakes counted in each mode.
    """
    reals, fakes = int(real.sum()), int(fake.sum())
    return stats.hypergeom.cdf(fake, reals + fakes, real + fake, fakes)


def more_often(reals: int, of_reals: int, fakes: int, of_fakes: int) -> float:
    """P-value of so many `fakes` of `of_fakes` against `reals` of `of_reals`: Fisher's exact test, one-sided."""
    return float(stats.hypergeom.sf(fakes - 1, of_reals + of_fakes, reals + fakes, of_fakes))


def nearest(x: np.ndarray, y: np.ndarray | None = None) -> np.ndarray:
    """Distance `[n]` of each row to the nearest of `y` `[m, d]`; None for the nearest other row."""
    squared = squared_distances(x, x if y is None else y)
    if y is None:
        np.fill_diagonal(squared, np.inf)
    return np.sqrt(squared.min(axis=1))


def pair_distances(random: np.random.Generator, x: np.ndarray) -> np.ndarray:
    """Distances `[n // 2]` within random pairs of rows, each row in one pair, so that they are independent."""
    order = random.permutation(len(x))
    half = len(x) // 2
    return np.linalg.norm(x[order[:half]] - x[order[half : 2 * half]], axis=1)


def twin_hits(
    random: np.random.Generator, queries: np.ndarray, fakes: np.ndarray, reals: np.ndarray, radius: float
) -> tuple[np.ndarray, np.ndarray]:
    """Counts by whom queries have a twin: each that has any within a radius chooses one of them at random.

    Args:
      random: for the choices.
      queries: `[q, d]` fakes.
      fakes: `[m, d]` other fakes.
      reals: `[m, d]`, as many.
      radius: below which two samples are twins.

    Returns:
      How many queries chose each of the fakes `[m]`, and each of the reals `[m]`.
    """
    close = squared_distances(queries, np.concatenate([fakes, reals])) < radius**2
    draws = np.where(close, random.random(close.shape), -1.0)
    chosen = draws.argmax(axis=1)[close.any(axis=1)]
    counts = np.bincount(chosen, minlength=2 * len(fakes))
    return counts[: len(fakes)], counts[len(fakes) :]


def more_hits(fakes: np.ndarray, reals: np.ndarray) -> float:
    """P-value of so many more hits on fakes `[m]` than on reals `[m]`: the exact sign-flip test of their differences.

    If both are exchangeable, the sign of each difference is a fair coin, whatever the others are.
    """
    differences = fakes - reals
    sizes = np.abs(differences[differences != 0])
    tail = np.ones(1)  # the distribution of the sum of those sizes that have a positive sign
    for size in sizes:
        step = np.zeros(size + 1)
        step[[0, -1]] = 0.5
        tail = np.convolve(tail, step)
    positive = int(differences[differences > 0].sum())
    return float(min(tail[positive:].sum(), 1.0))
