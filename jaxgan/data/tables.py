"""Tables of mixed columns as vectors and back: quantiles of numbers, one-hot categories, and missing values.

>>> import pyarrow
>>> table = pyarrow.table({"age": [31.5, 40.0, None, 22.25], "city": ["Rome", "Oslo", "Rome", "Rome"]})
>>> encoding = fit_table(table)
>>> encoding.widths
(1, 2, 2)
>>> vectors = encoding.encode(table)
>>> vectors.shape
(4, 5)
>>> encoding.decode(vectors).equals(table)
True
"""

from collections.abc import Collection, Sequence
from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np
from scipy import special

if TYPE_CHECKING:
    import pyarrow

CATEGORIES = 500  # more different values are no categories
FEW = 10  # integers of at most so many different values are categories
QUANTILES = 256
SOFTNESS = 0.4
STREAM = 11264  # keeps the noise apart from data that were themselves drawn with a small seed
EXACT = 2**53  # whole numbers up to this are exact in float64
MISSING = "(missing)"  # what the category of missing values is called


class Column(NamedTuple):
    """How one column is encoded.

    Attributes:
      name: of the column.
      dtype: of its values, as pyarrow writes it, such as "int64", "double" or "string".
      values: of categories, each of them, None for missing ones; of numbers, their quantiles, ascending.
      levels: of categories, the share of each; of numbers, the share of the data below each quantile.
      numeric: whether they are numbers.
      missing: whether numbers are missing in places.
    """

    name: str
    dtype: str
    values: tuple[Any, ...]
    levels: tuple[float, ...]
    numeric: bool
    missing: bool = False

    @property
    def widths(self) -> tuple[int, ...]:
        """How many numbers each of its parts takes: 1 for a number, k for a choice of k."""
        return (1, 2)[: 1 + self.missing] if self.numeric else (len(self.values),)


class TableEncoding(NamedTuple):
    """A reversible map from the rows of a table to vectors.

    A number becomes the normal quantile of its share, z = Φ⁻¹(P(X <= x)), so that it is standard normal whatever its
    units, skew and outliers are. Equal numbers, as of counts, or of many zeros, are spread over the share that they
    have together. A category becomes a one-hot vector with a little uniform noise, normalised to sum 1, so that a
    discriminator cannot tell real rows by their being exactly 0 and 1. Where numbers are missing, a choice of two says
    so. `decode` takes the largest of each choice, and gives no number beyond those of the data.

    Attributes:
      columns: in the order of the table.
      label: name of the column that holds the class, which is no part of the vectors; None without.

    Reference:
      Xu and Veeramachaneni, "Synthesizing Tabular Data using Generative Adversarial Networks", 2018, arXiv:1811.11264,
      for the noise on categories, uniform up to 0.2 there; here up to 0.4 / k, which is the same for two.
    """

    columns: tuple[Column, ...]
    label: str | None = None

    @property
    def encoded(self) -> tuple[Column, ...]:
        """The columns that are part of the vectors: all but the label."""
        return tuple(column for column in self.columns if column.name != self.label)

    @property
    def widths(self) -> tuple[int, ...]:
        """How many numbers each part of a vector takes: 1 for a number, k for a choice of k; together its width."""
        return sum((column.widths for column in self.encoded), ())

    @property
    def classes(self) -> Column | None:
        """The column of the label; None without."""
        return next((column for column in self.columns if column.name == self.label), None)

    @property
    def names(self) -> tuple[str, ...]:
        """What the classes are called; empty without a label."""
        return () if self.classes is None else tuple(MISSING if v is None else str(v) for v in self.classes.values)

    def encode(self, table: "pyarrow.Table", seed: int | None = 0) -> np.ndarray:
        """Encodes the rows of a table.

        Args:
          table: with columns of these names; others are ignored.
          seed: of the noise; None for no noise: one-hot vectors, and the middle of the share that equal numbers have.

        Returns:
          float64 `[n, width]`.

        Raises:
          ValueError: a column is not there, or has a category that the encoding does not know.
        """
        random = None if seed is None else np.random.default_rng([seed, STREAM])
        parts = [_encode(column, _column(table, column.name), random) for column in self.encoded]
        return np.concatenate(parts, axis=1)

    def beyond(self, table: "pyarrow.Table") -> list[str]:
        """Says which columns have numbers outside of those that were known, which are encoded as the outermost ones."""
        found = []
        for column in self.encoded:
            if column.numeric:
                x = _as_numbers(_column(table, column.name))
                if count := int(((x < column.values[0]) | (x > column.values[-1])).sum()):
                    found.append(f"{count} of {len(x)} numbers in {column.name!r} lie beyond those of the other table")
        return found

    def labels(self, table: "pyarrow.Table") -> np.ndarray | None:
        """`[n]` int32, the class of each row; None without a label."""
        return None if self.classes is None else _codes(self.classes, _column(table, self.classes.name))

    def decode(self, vectors: np.ndarray, labels: np.ndarray | None = None) -> "pyarrow.Table":
        """Brings vectors, such as samples of a generator, back to rows with the names and types of the table.

        Args:
          vectors: `[n, width]`, finite.
          labels: `[n]` integers, the classes; needed where there is a label.

        Raises:
          ValueError: vectors of another width, or labels that are missing or too many.
        """
        import pyarrow

        vectors = np.asarray(vectors, np.float64)
        if vectors.ndim != 2 or vectors.shape[1] != sum(self.widths):
            raise ValueError(f"rows of this table are vectors [n, {sum(self.widths)}], got {list(vectors.shape)}")
        if (labels is None) != (self.label is None):
            raise ValueError(f"the table has {'no label' if self.label is None else f'the label {self.label!r}'}")
        arrays, start = {}, 0
        for column in self.columns:
            if column.name == self.label:
                arrays[column.name] = _chosen(column, np.asarray(labels))
                continue
            width = sum(column.widths)
            arrays[column.name] = _decode(column, vectors[:, start : start + width])
            start += width
        return pyarrow.table(arrays)


def fit_table(table: "pyarrow.Table", *, categories: Collection[str] = (), label: str | None = None) -> TableEncoding:
    """Finds how the columns of a table are encoded.

    Texts, truth values, and integers of at most 10 different values are categories, where a missing value is one more;
    all other numbers, dates and times are numbers.

    Args:
      table: of at least two rows.
      categories: names of further columns to be taken as categories.
      label: name of the column that holds the class, which is a category; None for none.

    Raises:
      ValueError: no such column, a column that is constant, empty or infinite in places, of more than 500 categories,
        or of a type that is neither; the message names the column.
    """
    for name in (*categories, *(() if label is None else (label,))):
        _column(table, name)
    if doubled := [name for name in table.column_names if table.column_names.count(name) > 1]:
        raise ValueError(f"two columns of the table are called {doubled[0]!r}")
    chosen = {*categories, *(() if label is None else (label,))}
    columns = tuple(_fit(name, _column(table, name), name in chosen) for name in table.column_names)
    if constant := [column.name for column in columns if len(set(column.values)) + column.missing < 2]:
        raise ValueError(
            f"there is nothing to imitate in {_listed(constant)}, where all values are the same: leave "
            f"{'it' if len(constant) == 1 else 'them'} out with --drop {' '.join(constant)}"
        )
    if len(columns) - (label is not None) < 1:
        raise ValueError("the table has no column besides the label")
    return TableEncoding(columns, label)


def _fit(name: str, column: "pyarrow.ChunkedArray", chosen: bool) -> Column:
    import pyarrow.compute as pc
    from pyarrow import types

    dtype, missing = column.type, column.null_count > 0
    if column.null_count == len(column):
        raise ValueError(f"the column {name!r} is empty: leave it out with --drop {name}")
    text = types.is_string(dtype) or types.is_large_string(dtype) or types.is_boolean(dtype)
    number = types.is_integer(dtype) or types.is_floating(dtype) or types.is_temporal(dtype)
    if not text and (not number or "tz=" in str(dtype)):
        raise ValueError(f"the column {name!r} holds {dtype}, neither numbers nor categories: --drop {name}")
    if types.is_floating(dtype) and np.isinf(_as_numbers(column)).any():
        row = int(np.flatnonzero(np.isinf(_as_numbers(column)))[0])
        raise ValueError(f"the column {name!r} holds an infinite number in row {row + 1}: --drop {name}")
    if chosen and types.is_temporal(dtype):
        raise ValueError(f"the column {name!r} holds {dtype}, and dates and times are no categories")
    distinct = pc.count_distinct(column).as_py()  # pyright: ignore[reportAttributeAccessIssue]
    if text or chosen or (types.is_integer(dtype) and distinct <= FEW):
        if distinct > CATEGORIES:
            raise ValueError(
                f"the column {name!r} has {distinct:,} different values, and at most {CATEGORIES} can be categories: "
                f"leave it out with --drop {name}"
            )
        counts = {entry["values"]: entry["counts"] for entry in column.value_counts().to_pylist()}
        values = (*sorted(value for value in counts if value is not None), *((None,) if missing else ()))
        return Column(name, str(dtype), values, tuple(counts[value] / len(column) for value in values), False)
    values = np.sort(_as_numbers(column.drop_null()))
    places = np.unique(np.linspace(0, len(values) - 1, QUANTILES).round().astype(int))
    if types.is_integer(dtype) and max(abs(values[0]), abs(values[-1])) > EXACT:
        raise ValueError(f"the column {name!r} holds whole numbers beyond 2^53, such as identifiers: --drop {name}")
    levels = _rounded((places + 0.5) / len(values))
    return Column(name, str(dtype), tuple(values[places].tolist()), tuple(levels.tolist()), True, missing)


def _column(table: "pyarrow.Table", name: str) -> "pyarrow.ChunkedArray":
    if name not in table.column_names:
        raise ValueError(f"the table has no column {name!r}; it has {_listed(table.column_names)}")
    import pyarrow
    import pyarrow.compute as pc

    column = table.column(name)
    if not pyarrow.types.is_floating(column.type):
        return column
    return pc.if_else(pc.is_nan(column), None, column)  # pyright: ignore[reportAttributeAccessIssue]


def _listed(names: Sequence[str]) -> str:
    shown = ", ".join(map(repr, names[:10]))
    return shown if len(names) <= 10 else f"{shown} and {len(names) - 10:,} more"


def _as_numbers(column: "pyarrow.ChunkedArray") -> np.ndarray:
    """float64, NaN where a value is missing; dates and times are counted in their own unit."""
    import pyarrow

    if pyarrow.types.is_temporal(column.type):
        column = column.cast(pyarrow.int32() if column.type.bit_width == 32 else pyarrow.int64())
    return column.cast(pyarrow.float64(), safe=False).to_numpy()


def _codes(column: Column, values: "pyarrow.ChunkedArray") -> np.ndarray:
    place = {value: i for i, value in enumerate(column.values)}
    found = values.to_pylist()
    if unknown := [value for value in found if value not in place]:
        raise ValueError(f"the column {column.name!r} has no category {unknown[0]!r}")
    return np.array([place[value] for value in found], np.int32)


def _soft(codes: np.ndarray, k: int, random: np.random.Generator | None) -> np.ndarray:
    """One-hot vectors `[n, k]` with noise that never moves the largest, or none."""
    if random is None:
        return np.eye(k)[codes]
    hot = np.eye(k)[codes] + random.uniform(0, SOFTNESS / k, (len(codes), k))
    return hot / hot.sum(axis=1, keepdims=True)


def _encode(column: Column, values: "pyarrow.ChunkedArray", random: np.random.Generator | None) -> np.ndarray:
    if not column.numeric:
        return _soft(_codes(column, values), len(column.values), random)
    x = _as_numbers(values)
    missing = np.isnan(x)
    if missing.any() and not column.missing:
        raise ValueError(f"the column {column.name!r} had no missing values, and now has {missing.sum()}")
    grid, levels = np.asarray(column.values), np.asarray(column.levels)
    # Those equal to a quantile are spread over all of the share that quantiles of this value cover.
    low, high = np.searchsorted(grid, x, "left"), np.searchsorted(grid, x, "right") - 1
    known = (low <= high) & ~missing
    spread = levels[low.clip(0, len(grid) - 1)], levels[high.clip(0, len(grid) - 1)]
    between = np.interp(x, grid, levels)
    part, anything = 0.5, 0.5
    if random is not None:
        part = random.uniform(size=len(x))
        # What a missing number would have been is anything: a constant would tell real rows from generated ones.
        anything = random.uniform(levels[0], levels[-1], len(x))
    share = np.where(known, spread[0] + part * (spread[1] - spread[0]), between)
    share = np.where(missing, anything, share)
    z = special.ndtri(share)[:, None]
    return np.concatenate([z, _soft(missing.astype(int), 2, random)], axis=1) if column.missing else z


def _rounded(share: np.ndarray) -> np.ndarray:
    """Shares without what Φ(Φ⁻¹(.)) adds to them, so that a quantile comes back as it was."""
    return share.round(12)


def _decode(column: Column, vectors: np.ndarray) -> "pyarrow.Array":
    import pyarrow

    if not column.numeric:
        return _chosen(column, vectors.argmax(axis=1))
    share = _rounded(special.ndtr(vectors[:, 0]))
    x = np.interp(share, np.asarray(column.levels), np.asarray(column.values))
    missing = vectors[:, 1:].argmax(axis=1) == 1 if column.missing else np.zeros(len(x), bool)
    dtype = pyarrow.type_for_alias(column.dtype)
    if pyarrow.types.is_floating(dtype):
        return pyarrow.array(x, mask=missing).cast(dtype)
    whole = pyarrow.array(np.rint(x).astype(np.int64), mask=missing)
    if pyarrow.types.is_temporal(dtype) and dtype.bit_width == 32:
        whole = whole.cast(pyarrow.int32())
    return whole.cast(dtype)


def _chosen(column: Column, codes: np.ndarray) -> "pyarrow.Array":
    """The categories of these numbers `[n]`."""
    import pyarrow

    if len(codes) and not 0 <= codes.min() <= codes.max() < len(column.values):
        raise ValueError(f"classes of {column.name!r} are in [0, {len(column.values)}), got {codes.max()}")
    return pyarrow.array([column.values[code] for code in codes], pyarrow.type_for_alias(column.dtype))
