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
from typing import TYPE_CHECKING, NamedTuple

import numpy as np

from jaxgan.data.columns import (
    FEW,
    Column,
    as_numbers,
    choices,
    codes_of,
    decode_column,
    encode_column,
    fit_column,
    values_in,
)

if TYPE_CHECKING:
    import pyarrow

STREAM = 11264  # keeps the noise apart from data that were themselves drawn with a small seed
MISSING = "(missing)"  # what the category of missing values is called


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
    def part_names(self) -> tuple[str, ...]:
        """What each part of a vector is called: by its column, and whether a number is missing there."""
        named = ((c.name, f"{c.name} {MISSING}")[: len(c.widths)] for c in self.encoded)
        return sum(named, ())

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
        parts = [encode_column(column, _column(table, column.name), random) for column in self.encoded]
        return np.concatenate(parts, axis=1)

    def beyond(self, table: "pyarrow.Table") -> list[str]:
        """Says which columns have numbers outside of those that were known, which are encoded as the outermost ones."""
        found = []
        for column in self.encoded:
            if column.numeric:
                x = as_numbers(_column(table, column.name))
                if count := int(((x < column.values[0]) | (x > column.values[-1])).sum()):
                    found.append(f"{count} of {len(x)} numbers in {column.name!r} lie beyond those of the other table")
        return found

    def labels(self, table: "pyarrow.Table") -> np.ndarray | None:
        """`[n]` int32, the class of each row; None without a label."""
        return None if self.classes is None else codes_of(self.classes, _column(table, self.classes.name))

    def values(self, vectors: np.ndarray) -> np.ndarray:
        """What each part of vectors `[n, width]` says: float64 `[n, parts]`, numbers in their own units, 0 where they
        are missing, and of choices the number of the category."""
        return np.concatenate([values_in(column, part) for column, part in self._parts(vectors)], axis=1)

    def _parts(self, vectors: np.ndarray) -> list[tuple[Column, np.ndarray]]:
        """Each encoded column with its part of the vectors."""
        ends = np.cumsum([sum(column.widths) for column in self.encoded])
        return list(zip(self.encoded, np.split(vectors, ends[:-1], axis=1), strict=True))

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
        arrays = {column.name: decode_column(column, part) for column, part in self._parts(vectors)}
        if self.classes is not None:
            arrays[self.classes.name] = choices(self.classes, np.asarray(labels))
        return pyarrow.table({column.name: arrays[column.name] for column in self.columns})


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
    columns = tuple(fit_column(name, _column(table, name), name in chosen) for name in table.column_names)
    count = next((len(column.values) for column in columns if column.name == label), 0)
    if count > max(FEW, table.num_rows / 2):
        raise ValueError(
            f"the label {label!r} has {count:,} different values in {table.num_rows:,} rows, so it tells no classes"
        )
    if constant := [column.name for column in columns if len(set(column.values)) + column.missing < 2]:
        raise ValueError(
            f"there is nothing to imitate in {_listed(constant)}, where all values are the same: leave "
            f"{'it' if len(constant) == 1 else 'them'} out with --drop {' '.join(constant)}"
        )
    if len(columns) - (label is not None) < 1:
        raise ValueError("the table has no column besides the label")
    return TableEncoding(columns, label)


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
