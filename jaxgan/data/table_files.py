"""Tables from CSV and Parquet files, and back into them."""

import io
from collections.abc import Collection
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import pyarrow

TABLE_FILES = (".csv", ".tsv", ".parquet")
BLOCK = 2**26  # bytes of a CSV file by which the types of its columns are told


def read_table(path: Path, *, drop: Collection[str] = ()) -> "pyarrow.Table":
    """Reads a table.

    Args:
      path: a file that ends in .csv (commas, or semicolons if its first line has no comma), .tsv or .parquet, with the
        names of the columns. In text, numbers are missing where nothing, NA, NaN, null or the like is written.
      drop: names of columns that are left out.

    Raises:
      ValueError: it cannot be read, has no rows, or no such column; one line.
    """
    import pyarrow
    from pyarrow import csv, parquet

    try:
        if path.suffix.lower() == ".parquet":
            table = parquet.read_table(path)
        else:
            parse, read = csv.ParseOptions(delimiter=_delimiter(path)), csv.ReadOptions(block_size=BLOCK)
            table = csv.read_csv(path, read_options=read, parse_options=parse)
    except (pyarrow.ArrowException, OSError) as error:
        raise ValueError(f"{path} cannot be read as a table: {' '.join(str(error).split())}") from error
    if unknown := [name for name in drop if name not in table.column_names]:
        raise ValueError(f"{path} has no column {unknown[0]!r}; it has {', '.join(map(repr, table.column_names[:20]))}")
    if table.num_rows < 2:
        raise ValueError(f"{path} has {table.num_rows} rows below the names of its columns; at least 2 are needed")
    if doubled := [name for name in table.column_names if table.column_names.count(name) > 1]:
        raise ValueError(f"two columns of {path} are called {doubled[0]!r}")
    kept = [name for name in table.column_names if name not in drop]
    if not kept:
        raise ValueError(f"no column of {path} is left")
    columns = [table.column(name) for name in kept]
    plain = [c.cast(c.type.value_type) if pyarrow.types.is_dictionary(c.type) else c for c in columns]
    return pyarrow.table(dict(zip(kept, plain, strict=True)))


def table_bytes(table: "pyarrow.Table", suffix: str) -> bytes:
    """The table as a file that ends in `suffix`, one of .csv, .tsv and .parquet."""
    from pyarrow import csv, parquet

    buffer = io.BytesIO()
    if suffix == ".parquet":
        parquet.write_table(table, buffer)
    else:
        csv.write_csv(table, buffer, csv.WriteOptions(delimiter="," if suffix == ".csv" else "\t"))
    return buffer.getvalue()


def _delimiter(path: Path) -> str:
    if path.suffix.lower() == ".tsv":
        return "\t"
    with path.open("rb") as file:
        first = file.readline()
    return ";" if b";" in first and b"," not in first else ","
