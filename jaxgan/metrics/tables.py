"""How alike the rows of two tables are: column by column, pair by pair, in their categories, and copied.

Rows are vectors `[n, width]` of parts: a part of width 1 is a number, one of width k a choice of k, of which the
largest counts. Everything is computed on the host in float64.
"""

from collections.abc import Sequence

import numpy as np
from jax.typing import ArrayLike
from sklearn.neighbors import NearestNeighbors


def column_distances(real: ArrayLike, fake: ArrayLike, widths: Sequence[int]) -> np.ndarray:
    """Computes how far each part is from that of the real rows, whatever the others are.

    Of a number it is the largest difference of the two distribution functions (Kolmogorov and Smirnov); of a choice
    half the sum of the differences of the shares, the total variation distance.

    Args:
      real: rows `[n, width]`, finite.
      fake: rows `[m, width]`, finite.
      widths: of the parts, each at least 1, together `width`.

    Returns:
      float64 `[parts]` in [0, 1]; 0 is best.

    Raises:
      ValueError: if the rows are no such matrices.

    >>> column_distances([[0.0, 1, 0], [1.0, 0, 1]], [[0.0, 1, 0], [5.0, 1, 0]], (1, 2))
    array([0.5, 0.5])
    """
    parts = zip(_parts(real, widths), _parts(fake, widths), strict=True)
    return np.array([_kolmogorov(a[:, 0], b[:, 0]) if a.shape[1] == 1 else _variation(a, b) for a, b in parts])


def associations(rows: ArrayLike, widths: Sequence[int]) -> np.ndarray:
    """Computes how strongly each two parts go together.

    Of two numbers it is Pearson's correlation; of a number and a choice the correlation ratio, the square root of the
    share of the number's variance that lies between the categories; of two choices Cramér's V, the square root of
    χ² / (n (k - 1)), with k the smaller number of categories that occur. A part that does not vary goes with none.

    Args:
      rows: `[n, width]`, finite.
      widths: of the parts, each at least 1, together `width`.

    Returns:
      float64 `[parts (parts - 1) / 2]`, the pairs (0, 1), (0, 2), ...; in [-1, 1] of two numbers, else in [0, 1].

    Raises:
      ValueError: if the rows are no such matrix.

    >>> rows = [[1.0, 1, 0], [2.0, 1, 0], [3.0, 0, 1], [4.0, 0, 1]]
    >>> associations(rows, (1, 2)).round(3)  # 4 / 5 of the variance lies between the categories
    array([0.894])
    """
    parts = _parts(rows, widths)
    occurring = np.array([1 if x.shape[1] == 1 else len(np.unique(x.argmax(axis=1))) for x in parts])
    # In these units the squares of the products of two choices sum up to χ² / n, and those of a number and a choice to
    # the squared correlation ratio.
    units = np.concatenate([_standard(x) for x in parts], axis=1)
    products = units.T @ units / len(units)
    starts = np.cumsum([0, *widths[:-1]])
    squares = np.add.reduceat(np.add.reduceat(products**2, starts, axis=0), starts, axis=1)
    numbers = np.asarray(widths) == 1
    signs = np.where(numbers[:, None] & numbers, np.sign(products[np.ix_(starts, starts)]), 1.0)
    degrees = np.where(numbers, 1, np.maximum(occurring - 1, 1))
    found = signs * np.sqrt(squares / np.minimum(degrees[:, None], degrees))
    return found[np.triu_indices(len(parts), 1)].clip(-1.0, 1.0)


def lost_categories(real: ArrayLike, fake: ArrayLike, widths: Sequence[int]) -> int:
    """Counts the categories that occur in real rows and in no generated one.

    Args:
      real: rows `[n, width]`, finite.
      fake: rows `[m, width]`, finite.
      widths: of the parts, each at least 1, together `width`.

    Raises:
      ValueError: if the rows are no such matrices.

    >>> lost_categories([[1, 0, 0], [0, 1, 0]], [[1, 0, 0], [0, 0, 1]], (3,))
    1
    """
    pairs = zip(_parts(real, widths), _parts(fake, widths), strict=True)
    of_choices = ((set(a.argmax(axis=1)), set(b.argmax(axis=1))) for a, b in pairs if a.shape[1] > 1)
    return sum(len(a - b) for a, b in of_choices)


def copied_rows(real: ArrayLike, fake: ArrayLike, *, tolerance: float = 1e-3) -> float:
    """Computes the share of generated rows that equal a real one, in every column.

    Where rows of few values repeat by nature, so do those that nobody copied: compare with other real rows.

    Args:
      real: rows `[n, columns]` in the units of the table, finite; categories are numbered.
      fake: rows `[m, columns]`, finite.
      tolerance: how far a value may be off, in standard deviations of the column, positive.

    Raises:
      ValueError: if the rows are no such matrices, or the tolerance is not positive.

    >>> copied_rows([[0.5, 1.0], [1.5, 0.0]], [[0.5002, 1.0], [0.5, 0.0], [1.5, 0.0], [0.6, 1.0]])
    0.5
    """
    if not tolerance > 0:
        raise ValueError(f"tolerance must be positive, got {tolerance}")
    known, rows = np.asarray(real, np.float64), np.asarray(fake, np.float64)
    for x in (known, rows):
        if x.ndim != 2 or not x.size or x.shape[1] != known.shape[1] or not np.isfinite(x).all():
            raise ValueError(f"rows must be finite and [n, columns] of both sides, got {known.shape} and {rows.shape}")
    spread = known.std(axis=0)
    unit = np.where(spread > 0, spread, 1.0)
    tree = NearestNeighbors(n_neighbors=1, metric="chebyshev").fit(known / unit)
    return float(np.mean(tree.kneighbors(rows / unit)[0][:, 0] <= tolerance))


def _parts(rows: ArrayLike, widths: Sequence[int]) -> list[np.ndarray]:
    x = np.asarray(rows, np.float64)
    if x.ndim != 2 or not len(x) or min(widths, default=0) < 1 or x.shape[1] != sum(widths):
        raise ValueError(f"rows must be [n, {sum(widths)}], parts of {list(widths)}, got {list(x.shape)}")
    if not np.isfinite(x).all():
        raise ValueError("rows must be finite")
    return np.split(x, np.cumsum(widths)[:-1], axis=1)


def _kolmogorov(a: np.ndarray, b: np.ndarray) -> float:
    places = np.concatenate([a, b])
    below = [np.searchsorted(np.sort(x), places, "right") / len(x) for x in (a, b)]
    return float(np.abs(below[0] - below[1]).max())


def _variation(a: np.ndarray, b: np.ndarray) -> float:
    shares = [np.bincount(x.argmax(axis=1), minlength=x.shape[1]) / len(x) for x in (a, b)]
    return float(np.abs(shares[0] - shares[1]).sum() / 2)


def _standard(part: np.ndarray) -> np.ndarray:
    """A number in units of its standard deviation, or each category in those of a Poisson count; 0 where none vary."""
    if part.shape[1] == 1:
        centred, spread = part - part.mean(), part.std()
        return centred / spread if spread > 1e-12 * max(1.0, np.abs(part).max()) else np.zeros_like(centred)
    hot = np.eye(part.shape[1])[part.argmax(axis=1)]
    shares = hot.mean(axis=0)
    return (hot - shares) / np.sqrt(np.where(shares > 0, shares, 1.0))
