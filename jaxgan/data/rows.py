"""Rows of a table as points that can be compared: numbers by their quantiles, categories one-hot, or embeddings."""

from collections.abc import Collection
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple

import numpy as np

from jaxgan.backend.arrays import LARGEST, readable
from jaxgan.data.table_files import read_table
from jaxgan.data.tables import TableEncoding, fit_table

if TYPE_CHECKING:
    import pyarrow


class Rows(NamedTuple):
    """Rows of a table as points.

    Attributes:
      points: `[n, d]`.
      labels: `[n]` texts; None without a label.
      encoding: how the rows became points; None for embeddings, which are points.
      notes: how that was done, in words.
    """

    points: np.ndarray
    labels: np.ndarray | None
    encoding: TableEncoding | None
    notes: tuple[str, ...]


def rows_as_points(
    path: Path, *, label: str | None = None, drop: Collection[str] = (), like: TableEncoding | None = None
) -> Rows:
    """Reads a table as points.

    A table with a column of lists, all of one length, holds embeddings, which are taken as they are. Of any other
    table, `encoded` makes points.

    Args:
      path: a file that ends in .csv, .tsv or .parquet.
      label: column that holds the class.
      drop: columns that are left out.
      like: how the rows that these will be compared with became points; None finds that by the rows themselves.

    Raises:
      ValueError: it cannot be read, or its columns are not those of `like`; one line.
    """
    # A column that is left out need not be among the rows that are compared with those.
    table = read_table(path, drop=drop, all_there=like is None)
    try:
        lists = [field.name for field in table.schema if _is_list(field.type)]
        if lists:
            return _embeddings(table, lists, label)
        return encoded(table, fit_table(table, label=label) if like is None else like)
    except ValueError as error:
        raise ValueError(f"{path}: {error}") from error


def encoded(table: "pyarrow.Table", encoding: TableEncoding) -> Rows:
    """Rows as points: a number as the normal quantile of its share, a category one-hot.

    Equal rows are equal points: there is no noise, which only a discriminator needs.

    Raises:
      ValueError: the columns are not those of the encoding, or it would be too large.
    """
    if (size := 8 * table.num_rows * sum(encoding.widths)) > LARGEST:
        raise ValueError(f"it would be {size / 2**30:.0f} GiB of numbers: drop columns or rows")
    notes = [f"rows became vectors of {sum(encoding.widths)}: numbers by their quantiles, categories one-hot"]
    notes += encoding.beyond(table)
    codes = encoding.labels(table)
    names = np.array([*map(readable, encoding.names)])
    return Rows(encoding.encode(table, None), None if codes is None else names[codes], encoding, tuple(notes))


def _is_list(dtype: "pyarrow.DataType") -> bool:
    from pyarrow import types

    return types.is_list(dtype) or types.is_large_list(dtype) or types.is_fixed_size_list(dtype)


def _embeddings(table: "pyarrow.Table", lists: list[str], label: str | None) -> Rows:
    import pyarrow
    import pyarrow.compute as pc

    others = [name for name in table.column_names if name not in (*lists, label)]
    if len(lists) > 1 or others:
        listed = ", ".join(map(repr, [*lists, *others][:5]))
        raise ValueError(f"embeddings are one column of lists and perhaps a --label; --drop the rest of {listed}")
    column = table.column(lists[0]).combine_chunks()
    lengths = np.unique(pc.list_value_length(column).to_numpy(zero_copy_only=False))  # pyright: ignore[reportAttributeAccessIssue]
    if len(lengths) != 1 or column.null_count or not np.isfinite(lengths).all():
        raise ValueError(f"lists of {lists[0]!r} are of unequal lengths, or missing")
    values = column.flatten()
    if not (pyarrow.types.is_floating(values.type) or pyarrow.types.is_integer(values.type)):
        raise ValueError(f"lists of {lists[0]!r} hold {values.type}, not numbers")
    points = values.to_numpy(zero_copy_only=False).reshape(len(column), int(lengths[0]))
    if label is None:
        return Rows(points, None, None, ())
    if label not in table.column_names:
        raise ValueError(f"the table has no column {label!r}")
    return Rows(points, np.array([str(x) for x in table.column(label).to_pylist()]), None, ())
