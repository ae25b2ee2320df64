"""Anybody's own data as a task: from what a user names to examples, and how samples become data again."""

import os
from collections.abc import Collection
from pathlib import Path
from typing import NamedTuple

import numpy as np

from jaxgan.data.arrays import arrays
from jaxgan.data.columns import check_texts
from jaxgan.data.encodings import Encoding
from jaxgan.data.examples import Examples
from jaxgan.data.files import Samples, form_of, read_samples, tfds_names
from jaxgan.data.images import ImageStream, images
from jaxgan.data.pictures import WIDE, Size
from jaxgan.data.preparation import Scaling, distinct, to_unit_range, to_unit_variance
from jaxgan.data.table_files import read_table
from jaxgan.data.tables import fit_table
from jaxgan.types import Kind

LARGEST = 2**30  # bytes of examples on the device
MANY = 200_000  # examples; among more no equal ones are looked for
FAR = 50  # interquartile ranges from the median, from which an example lies outside
UNEQUAL = 1.5  # times that the largest class may have of the smallest before they count as unbalanced


class OwnData(NamedTuple):
    """Own data, ready to be imitated.

    Attributes:
      task: the examples, in units in which the networks work: images in [-1, 1], sequences in [-1, 1], points of
        variance 1, rows as `TableEncoding` says.
      encoding: how samples become data again; None where they are images of 8 bits.
    """

    task: Examples | ImageStream
    encoding: Encoding | None = None


def own_data(
    source: str | os.PathLike[str],
    *,
    kind: Kind | None = None,
    size: Size | None = None,
    label: str | None = None,
    drop: Collection[str] = (),
    categories: Collection[str] = (),
    data_dir: str | os.PathLike[str] | None = None,
) -> OwnData:
    """Reads own data and brings them to units in which networks work.

    Args:
      source: a folder of images, a `.npy`, `.npz` or `.safetensors` file, a table (.csv, .tsv, .parquet), or
        tfds:NAME/SPLIT; see `files.read_samples` and `table_files.read_table`.
      kind: of an array, "points", "images" or "sequences"; None is what the file says, or what its axes leave no doubt
        of.
      size: height and width of images; None for what `pictures.common_size` finds.
      label: column of a table that holds the class.
      drop: columns of a table that are left out.
      categories: columns of a table that are categories although they look like numbers.
      data_dir: folder of TFDS data sets; None is the environment variable TFDS_DATA_DIR.

    Raises:
      ValueError: there is nothing to imitate, or it is not what such data have to be; one line.
    """
    name, form = os.fspath(source), form_of(source)
    for option, given, fits in (
        ("--label", label, form == "table"),
        ("--drop", drop, form == "table"),
        ("--categories", categories, form == "table"),
        ("--kind", kind, form == "array"),
        ("--size", size, form != "table"),
    ):
        if given and not fits:
            raise ValueError(f"{option} is not for {name}")
    if form == "table":
        return _table(Path(name), label, drop, categories)
    if form == "tfds" and size is None:
        return _tfds(name, data_dir)
    return of_samples(read_samples(name, data_dir=data_dir, kind=kind, size=size or "auto", guess=False))


def of_samples(samples: Samples) -> OwnData:
    """Brings samples to units in which networks work.

    Images of 8 bits stay as they are, those of 16 bits are scaled from [0, 65535] to [-1, 1], others, and sequences by
    channel, from the range of the data to [-1, 1]; coordinates of points to mean 0 and variance 1.

    Raises:
      ValueError: fewer than two samples, samples that are all the same, or a coordinate or channel that is constant.
    """
    x, name = samples.data, samples.source
    if len(x) < 2:
        raise ValueError(f"{name} holds a single sample, of {samples.kind}: there is nothing to imitate, take hundreds")
    if (x == x[:1]).all():
        raise ValueError(f"all {len(x)} {samples.kind} of {name} are the same: there is nothing to imitate")
    if samples.kind == "images":
        x, encoding = _pixels(x)
    else:
        varies = (x != x[:1]).any(axis=tuple(range(x.ndim - 1)))
        if samples.kind == "sequences":
            varies = x.min(axis=(0, 1)) < x.max(axis=(0, 1))
        if not varies.all():
            part = "channel" if samples.kind == "sequences" else "column"
            numbers = ", ".join(map(str, np.flatnonzero(~varies)[:10]))
            raise ValueError(f"{part} {numbers} of {name} is constant: leave it out, there is nothing to imitate")
        encoding = (to_unit_range if samples.kind == "sequences" else to_unit_variance)(x.astype(np.float64))
        if not np.isfinite(encoding.spread).all():
            raise ValueError(f"numbers of {name} are too large: their spread is not finite")
        x = encoding(x)
    labels, names = (samples.labels, samples.names) if len(samples.names) > 1 else (None, ())
    x = x if x.dtype == np.uint8 else x.astype(np.float32)
    task = arrays(x, None if labels is None else labels.astype(np.int32), Path(name).name, samples.kind)
    return OwnData(task._replace(names=names), encoding)


def _pixels(x: np.ndarray) -> tuple[np.ndarray, Scaling | None]:
    if x.dtype == np.uint8:
        return x, None
    if x.dtype == bool:
        return x.astype(np.uint8) * np.uint8(255), None
    if x.dtype == np.uint16:
        return (x / (WIDE / 2) - 1).astype(np.float32), None
    if x.dtype.kind in "iu" and 1 < x.max() <= 255 and x.min() >= 0:
        return x.astype(np.uint8), None
    encoding = to_unit_range(x.astype(np.float64), together=True)
    return encoding(x).clip(-1, 1), encoding


def _tfds(name: str, data_dir: str | os.PathLike[str] | None) -> OwnData:
    found = images(*tfds_names(name), data_dir, max_bytes=LARGEST)
    if isinstance(found, ImageStream):
        return OwnData(found)
    return OwnData(found._replace(labelled=found.modes > 1))


def _table(path: Path, label: str | None, drop: Collection[str], categories: Collection[str]) -> OwnData:
    table = read_table(path, drop=drop)
    try:
        for name in table.column_names:
            if name not in (label, *categories):
                check_texts(name, table.column(name))
        encoding = fit_table(table, categories=categories, label=label)
    except ValueError as error:
        raise ValueError(f"{path}: {error}") from error
    if (size := 4 * table.num_rows * sum(encoding.widths)) > LARGEST:
        raise ValueError(f"{path} would be {size / 2**30:.1f} GiB of numbers, and at most 1 fits: drop columns or rows")
    rows = encoding.encode(table).astype(np.float32)
    task = arrays(rows, encoding.labels(table), path.name, "tables")
    return OwnData(task._replace(names=encoding.names, widths=encoding.widths, values=encoding.values), encoding)


def accidents(task: Examples | ImageStream) -> list[str]:
    """Says what may be in the data by accident: examples that occur twice, and points far outside of the others."""
    if not isinstance(task, Examples) or task.kind == "tables":
        return []
    x = np.asarray(task.images)
    found = []
    if len(x) <= MANY and (again := len(x) - len(distinct(x))):
        found.append(f"{again:,} of {len(x):,} examples are the same as another")
    if task.kind == "points":
        low, middle, high = np.quantile(x, [0.25, 0.5, 0.75], axis=0)
        away = np.abs(x - middle) > FAR * np.maximum(high - low, 1e-12)
        away &= high > low
        if outside := int(away.any(axis=1).sum()):
            columns = ", ".join(map(str, np.flatnonzero(away.any(axis=0))[:10]))
            found.append(
                f"{outside:,} of {len(x):,} examples lie more than {FAR} times as far from the middle as half of them "
                f"are wide, in column {columns}, and all else is small beside them"
            )
    return found


def imbalance(task: Examples | ImageStream) -> str | None:
    """Says how unequal the classes of a task are, smallest and largest; None where they are not, or there are none."""
    if not isinstance(task, Examples) or task.modes < 2:
        return None
    counts = np.rint(task.shares * task.size).astype(int)
    counts, names = counts[counts > 0], np.array(task.names)[counts > 0]
    if counts.max() <= UNEQUAL * counts.min():
        return None
    few, many = int(counts.argmin()), int(counts.argmax())
    return (
        f"{len(counts)} classes are unbalanced: from {counts[few]:,} of {str(names[few])!r} to {counts[many]:,} of "
        f"{str(names[many])!r}, {counts[many] / counts[few]:.3g} times as many"
    )
