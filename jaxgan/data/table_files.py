"""Tables from CSV and Parquet files, and back into them."""

import io
from collections.abc import Collection
from pathlib import Path
from typing import TYPE_CHECKING

from jaxgan.backend.arrays import readable, reason, size_of_file

if TYPE_CHECKING:
    import pyarrow

TABLE_FILES = (".csv", ".tsv", ".parquet")
BLOCK = 2**26  # bytes of a CSV file by which the types of its columns are told
LARGEST = 2**30  # bytes that a column of texts, or all numbers of a table, may take
COLUMNS = 10_000
HEADER = 2**20  # bytes of the first line of a CSV file


def read_table(path: Path, *, drop: Collection[str] = (), all_there: bool = True) -> "pyarrow.Table":
    """Reads a table.

    Args:
      path: a file that ends in .csv (commas, or semicolons if its first line has no comma, then perhaps with decimal
        commas), .tsv or .parquet, with the names of the columns. In text, numbers are missing where nothing, NA, NaN,
        null or the like is written, and texts where nothing is.
      drop: names of columns that are left out.
      all_there: whether each of these has to be a column.

    Raises:
      ValueError: it cannot be read, has no rows, or no such column, more than 10 000 columns, or numbers or texts that
        would take more than a GiB, however small the file is; one line.
    """
    import pyarrow

    size_of_file(path)
    try:
        table = _parquet(path) if path.suffix.lower() == ".parquet" else _text(path)
    except Exception as error:  # a damaged file can make its reader raise anything at all
        raise ValueError(f"{readable(str(path))} cannot be read as a table: {reason(error)}") from error
    if all_there and (unknown := [name for name in drop if name not in table.column_names]):
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
    plain = [c.cast(pyarrow.float64()) if pyarrow.types.is_decimal(c.type) else c for c in plain]
    return pyarrow.table(dict(zip(kept, plain, strict=True)))


def _text(path: Path) -> "pyarrow.Table":
    """Reads a .csv or .tsv file."""
    import pyarrow
    import pyarrow.compute as pc
    from pyarrow import csv, types

    delimiter = _delimiter(path)

    def read(decimal_point: str, threads: bool = True) -> "pyarrow.Table":
        return csv.read_csv(
            path,
            read_options=csv.ReadOptions(block_size=BLOCK, use_threads=threads),
            parse_options=csv.ParseOptions(delimiter=delimiter),
            convert_options=csv.ConvertOptions(decimal_point=decimal_point),
        )

    def texts(table: "pyarrow.Table") -> list[str]:
        return [field.name for field in table.schema if types.is_string(field.type)]

    try:
        table = read(".")
    except pyarrow.ArrowInvalid:
        table = read(".", threads=False)  # then it says in which row
    if delimiter == ";" and texts(table):
        table = min(table, read(","), key=lambda table: len(texts(table)))
    for i, field in enumerate(table.schema):
        if types.is_binary(field.type):
            raise ValueError(f"the column {readable(field.name)!r} is no UTF-8 text: save the file as UTF-8")
        if types.is_string(field.type):
            column = table.column(i)
            column = pc.if_else(pc.equal(column, ""), None, column)  # pyright: ignore[reportAttributeAccessIssue]
            table = table.set_column(i, field.name, column)
    return table


def _parquet(path: Path) -> "pyarrow.Table":
    """Reads a Parquet file, in which a few bytes can stand for any number of equal values."""
    import pyarrow.compute as pc
    from pyarrow import parquet, types

    with parquet.ParquetFile(path) as file:
        rows, columns, schema = file.metadata.num_rows, file.metadata.num_columns, file.schema_arrow
    groups = [file.metadata.row_group(i).total_byte_size for i in range(file.metadata.num_row_groups)]
    if columns > COLUMNS or max(8 * rows * columns, sum(groups)) > LARGEST:
        raise ValueError(f"it claims {rows:,} rows of {columns:,} columns; at most {LARGEST:,} bytes are read")
    texts = [field.name for field in schema if types.is_string(field.type) or types.is_binary(field.type)]
    table = parquet.read_table(path, read_dictionary=texts)
    for name in texts:
        column = table.column(name)
        if types.is_dictionary(column.type):
            longest = (pc.max(pc.binary_length(chunk.dictionary)).as_py() for chunk in column.chunks)  # pyright: ignore[reportAttributeAccessIssue]
            if (size := rows * max((x or 0 for x in longest), default=0)) > LARGEST:
                raise ValueError(f"texts of the column {name!r} may take {size:,} bytes; at most {LARGEST:,} are read")
    return table


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
    with path.open("rb") as file:
        first = file.readline(HEADER + 1)
    if first.startswith((b"\xff\xfe", b"\xfe\xff")):
        raise ValueError("it is UTF-16 text: save it as UTF-8")
    delimiter = ";" if b";" in first and b"," not in first else ","
    delimiter = "\t" if path.suffix.lower() == ".tsv" else delimiter
    if len(first) > HEADER or first.count(delimiter.encode()) >= COLUMNS:
        raise ValueError(f"its first line has more than {COLUMNS:,} columns, or {HEADER:,} bytes")
    return delimiter
