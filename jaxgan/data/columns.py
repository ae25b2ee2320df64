"""How one column of a table is coded as numbers, and read from them again."""

import re
from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np
from scipy import special

from jaxgan.backend.arrays import readable
from jaxgan.types.checks import LARGEST

if TYPE_CHECKING:
    import pyarrow

CATEGORIES = 500  # more different values are no categories
FEW = 10  # integers of at most so many different values are categories
QUANTILES = 256
SOFTNESS = 0.4
EXACT = 2**53  # whole numbers up to this are exact in float64
DECIMALS = range(-9, 7)  # to which numbers may be rounded
ALMOST = 0.9  # share of different texts that are numbers, from which the others are mistakes
SEPARATED = re.compile(r"[^\d\s]?\s?[-+]?\d{1,3}(([,. ']\d{3})+([.,]\d+)?|,\d+)\s?[^\d\s]?")  # 1,234.50 or 1,5


class Column(NamedTuple):
    """How one column is encoded.

    Attributes:
      name: of the column.
      dtype: of its values, as pyarrow writes it, such as "int64", "double" or "string".
      values: of categories, each of them, None for missing ones; of numbers, their quantiles, ascending.
      levels: of categories, the share of each; of numbers, the share of the data below each quantile.
      numeric: whether they are numbers.
      missing: whether numbers are missing in places.
      decimals: to which all numbers are rounded, negative for whole tens or thousands; None where they are not.
    """

    name: str
    dtype: str
    values: tuple[Any, ...]
    levels: tuple[float, ...]
    numeric: bool
    missing: bool = False
    decimals: int | None = None

    @property
    def widths(self) -> tuple[int, ...]:
        """How many numbers each of its parts takes: 1 for a number, k for a choice of k."""
        return (1, 2)[: 1 + self.missing] if self.numeric else (len(self.values),)


def fit_column(name: str, column: "pyarrow.ChunkedArray", chosen: bool) -> Column:
    """Finds how a column is coded; `chosen` says that it holds categories. What cannot be is a ValueError."""
    import pyarrow.compute as pc
    from pyarrow import types

    dtype, missing = column.type, column.null_count > 0
    if column.null_count == len(column):
        raise ValueError(f"the column {name!r} is empty: leave it out with --drop {name}")
    text = types.is_string(dtype) or types.is_large_string(dtype) or types.is_boolean(dtype)
    number = types.is_integer(dtype) or types.is_floating(dtype) or types.is_temporal(dtype)
    if not text and (not number or "tz=" in str(dtype)):
        raise ValueError(f"the column {name!r} holds {dtype}, neither numbers nor categories: --drop {name}")
    if types.is_floating(dtype):
        x = as_numbers(column)
        if (huge := np.flatnonzero(np.abs(x) > LARGEST)).size:
            value = float(x[huge[0]])
            what = "an infinite number" if np.isinf(value) else f"{value:g}, beyond float32,"
            raise ValueError(f"the column {name!r} holds {what} in row {huge[0] + 1}: --drop {name}")
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
    values = np.sort(as_numbers(column.drop_null()))
    places = np.unique(np.linspace(0, len(values) - 1, QUANTILES).round().astype(int))
    if types.is_integer(dtype) and max(abs(values[0]), abs(values[-1])) > EXACT:
        raise ValueError(f"the column {name!r} holds whole numbers beyond 2^53, such as identifiers: --drop {name}")
    levels = _rounded((places + 0.5) / len(values))
    decimals = next((d for d in DECIMALS if (np.round(values, d) == values).all()), None)
    return Column(name, str(dtype), tuple(values[places].tolist()), tuple(levels.tolist()), True, missing, decimals)


def check_texts(name: str, column: "pyarrow.ChunkedArray") -> None:
    """Checks that a column of texts does not hold numbers, but for a few mistakes or the way they are written.

    Raises:
      ValueError: it does; the message says in which row, and what to do.
    """
    from pyarrow import types

    texts = [text for text in column.unique().to_pylist() if text is not None] if types.is_string(column.type) else []
    if len(texts) <= FEW:
        return
    odd = [text for text in texts if not _is_number(text)]
    separated = [text for text in odd if SEPARATED.fullmatch(text.strip())]
    if len(separated) >= ALMOST * len(texts):
        raise ValueError(
            f"the column {name!r} holds numbers such as {readable(separated[0])!r}: write them as 1234.5, without "
            f"separators and units, or leave it out with --drop {name}"
        )
    if odd and len(odd) <= (1 - ALMOST) * len(texts):
        row = column.to_pylist().index(odd[0]) + 1
        raise ValueError(
            f"the column {name!r} holds numbers, but {readable(odd[0])!r} in row {row}: mend or empty that, or take "
            f"all for names with --categories {name}"
        )


def _is_number(text: str) -> bool:
    try:
        float(text)
    except ValueError:
        return False
    return True


def as_numbers(column: "pyarrow.ChunkedArray") -> np.ndarray:
    """float64, NaN where a value is missing; dates and times are counted in their own unit."""
    import pyarrow

    if pyarrow.types.is_temporal(column.type):
        column = column.cast(pyarrow.int32() if column.type.bit_width == 32 else pyarrow.int64())
    return column.cast(pyarrow.float64(), safe=False).to_numpy()


def codes_of(column: Column, values: "pyarrow.ChunkedArray") -> np.ndarray:
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


def encode_column(column: Column, values: "pyarrow.ChunkedArray", random: np.random.Generator | None) -> np.ndarray:
    if not column.numeric:
        return _soft(codes_of(column, values), len(column.values), random)
    x = as_numbers(values)
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


def decode_column(column: Column, vectors: np.ndarray) -> "pyarrow.Array":
    import pyarrow

    if not column.numeric:
        return choices(column, vectors.argmax(axis=1))
    x, missing, dtype = _numbers(column, vectors), _missing(column, vectors), pyarrow.type_for_alias(column.dtype)
    if _fractional(column):
        return pyarrow.array(x, mask=missing).cast(dtype)
    whole = pyarrow.array(x.astype(np.int64), mask=missing)
    if pyarrow.types.is_temporal(dtype) and dtype.bit_width == 32:
        whole = whole.cast(pyarrow.int32())
    return whole.cast(dtype)


def _fractional(column: Column) -> bool:
    return column.dtype in ("halffloat", "float", "double")


def _numbers(column: Column, vectors: np.ndarray) -> np.ndarray:
    share = _rounded(special.ndtr(np.asarray(vectors[:, 0], np.float64)))
    x = np.interp(share, np.asarray(column.levels), np.asarray(column.values))
    x = x if column.decimals is None else np.round(x, column.decimals)
    return x if _fractional(column) else np.rint(x)


def _missing(column: Column, vectors: np.ndarray) -> np.ndarray:
    return vectors[:, 1:].argmax(axis=1) == 1 if column.missing else np.zeros(len(vectors), bool)


def values_in(column: Column, vectors: np.ndarray) -> np.ndarray:
    """What vectors `[n, width]` of a column say: float64 `[n, parts]`, a number, 0 where it is missing, and whether it
    is, or the number of the category."""
    if not column.numeric:
        return vectors.argmax(axis=1)[:, None].astype(np.float64)
    missing = _missing(column, vectors)
    parts = (np.where(missing, 0.0, _numbers(column, vectors)), missing.astype(np.float64))
    return np.stack(parts[: len(column.widths)], axis=1)


def choices(column: Column, codes: np.ndarray) -> "pyarrow.Array":
    """The categories of these numbers `[n]`."""
    import pyarrow

    if len(codes) and not 0 <= codes.min() <= codes.max() < len(column.values):
        raise ValueError(f"classes of {column.name!r} are in [0, {len(column.values)}), got {codes.max()}")
    return pyarrow.array([column.values[code] for code in codes], pyarrow.type_for_alias(column.dtype))
