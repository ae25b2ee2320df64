"""Samples from files that anybody has: arrays, folders of images, tables, and TFDS sets."""

import os
from collections.abc import Collection
from pathlib import Path
from typing import Literal, NamedTuple

import numpy as np

from jaxgan.backend.arrays import names_in, read_npy, read_npz, read_safetensors, readable, reason, size_of_file
from jaxgan.data.examples import Examples
from jaxgan.data.folders import read_folder
from jaxgan.data.images import images
from jaxgan.data.pictures import Size, resized
from jaxgan.data.rows import rows_as_points
from jaxgan.data.table_files import TABLE_FILES
from jaxgan.data.tables import TableEncoding
from jaxgan.types import Kind

ARRAY_FILES = (".npy", ".npz", ".safetensors")
SOURCES = "a folder of images, .npy, .npz, .safetensors, .csv, .tsv, .parquet or tfds:NAME/SPLIT"
KINDS: tuple[Kind, ...] = ("points", "images", "sequences")
AXES: dict[str, tuple[int, ...]] = {"points": (2,), "images": (3, 4), "sequences": (3,)}
SHAPES = {
    "points": "[n, d]",
    "images": "[n, height, width] or [n, height, width, channels]",
    "sequences": "[n, time, channels]",
}
NARROW = 4  # an image of fewer pixels along a side is none that anybody would guess
LONGEST = 200  # characters of the name of a class


class Samples(NamedTuple):
    """Samples as they were stored.

    Attributes:
      data: `[n, height, width, channels]` images, `[n, time, channels]` sequences, or `[n, d]` vectors, in the units of
        the source.
      labels: `[n]` int, positions in `names`; None without labels.
      names: what the classes are called.
      source: what the user named.
      kind: what a sample is, "images", "sequences" or "points".
      notes: what was done to them while they were read, in words: resized, another layout, rows as vectors.
      table: how rows of a table became points; None of all else.
    """

    data: np.ndarray
    labels: np.ndarray | None
    names: tuple[str, ...]
    source: str
    kind: Kind
    notes: tuple[str, ...] = ()
    table: TableEncoding | None = None


def read_samples(
    source: str | os.PathLike[str],
    *,
    data_dir: str | os.PathLike[str] | None = None,
    kind: Kind | None = None,
    size: Size | Literal["auto"] | None = None,
    label: str | None = None,
    drop: Collection[str] = (),
    like: Samples | None = None,
    guess: bool = True,
) -> Samples:
    """Reads samples from what a user names.

    Args:
      source: a `.npy` file; a `.npz` or `.safetensors` file with an array `samples`, or a single one, and perhaps
        `labels` and `kind`; a folder of images, whose subfolders, if there are any, are the classes; a table (`.csv`,
        `.tsv`, `.parquet`), see `rows.rows_as_points`; or `tfds:NAME/SPLIT`. Images are `[n, height, width]`,
        `[n, height, width, channels]` or `[n, channels, height, width]`; sequences are `[n, time, channels]`, and have
        to be called so; vectors are `[n, d]`, also with further axes of one.
      data_dir: folder of TFDS data sets; None is the environment variable TFDS_DATA_DIR.
      kind: what a sample is; None is what the file says, or else `like`, and where neither does, vectors have one axis,
        and images two or three.
      size: height and width of images, which are cut at the centre and resized, and all in colour if one is; "auto" for
        what `pictures.common_size` finds for a folder; None for images of one size and one kind, as they are.
      label: column of a table that holds the class.
      drop: columns of a table that are left out.
      like: the samples that these will be compared with, whose kind they have, and whose columns if they are a table.
      guess: whether an array with three axes that nobody calls anything is taken for images even where it is not uint8.

    Returns:
      `Samples`, with values that are finite in float32 only; images of 16 bits are uint16.

    Raises:
      ValueError: there is nothing there, or it cannot be read as samples; the message says what it is.
    """
    name, form = os.fspath(source), form_of(source)
    path = Path(name)
    if (label is not None or drop) and form != "table":
        raise ValueError(f"--label and --drop name columns of a table, and {name} is none")
    if form in ("tfds", "folder") and kind not in (None, "images"):
        raise ValueError(f"{name} holds images, not {kind}")
    if form == "tfds":
        return _from_tfds(name, data_dir, size)
    if form == "folder":
        found = read_folder(path, size)
        return _checked(Samples(found.images, found.labels, found.names, readable(name), "images", found.notes))
    if form == "array":
        return _checked(_from_array(path, kind, size, like, guess))
    if kind not in (None, "points"):
        raise ValueError(f"{name} is a table, whose rows are points, not {kind}")
    rows = rows_as_points(path, label=label, drop=drop, like=None if like is None else like.table)
    codes, names = _coded(rows.labels, name)
    return _checked(Samples(rows.points, codes, names, readable(name), "points", rows.notes, rows.encoding))


def form_of(source: str | os.PathLike[str]) -> Literal["tfds", "folder", "table", "array"]:
    """In what form what a user names holds samples; a file is not opened.

    Raises:
      ValueError: there is nothing, or nothing that can be read; one line.
    """
    name = os.fspath(source)
    if name.startswith("tfds:"):
        return "tfds"
    if os.path.isdir(name):
        return "folder"
    if not os.path.lexists(name):
        raise ValueError(f"no file or folder {readable(name)}; data are {SOURCES}")
    size_of_file(name)
    ending = Path(name).suffix.lower()
    if ending not in (*ARRAY_FILES, *TABLE_FILES):
        raise ValueError(f"{name} is none of {SOURCES}")
    return "table" if ending in TABLE_FILES else "array"


def _from_array(
    path: Path, kind: Kind | None, size: Size | Literal["auto"] | None, like: Samples | None, guess: bool
) -> Samples:
    name = str(path)
    array, labels, said = _from_file(path)
    if kind is not None and said is not None and kind != said:
        raise ValueError(f"{name} says that it holds {said}, not {kind}")
    codes, names = _coded(labels, name)
    kind = kind or said
    if kind is None and like is not None and array.ndim in AXES[like.kind]:
        kind = like.kind
    unsure = array.ndim == 3 and array.dtype != np.uint8 and (not guess or min(array.shape[1:]) < NARROW)
    if kind is None and unsure:
        raise ValueError(
            f"{name} may be grey images or sequences, {list(array.shape)}: say --kind images or --kind sequences"
        )
    shaped, kind, notes = _shaped(array, name, kind)
    if kind == "images" and size not in (None, "auto", shaped.shape[1:3]):
        if shaped.dtype != np.uint8 or shaped.shape[3] not in (1, 3):
            raise ValueError(
                f"only uint8 images, grey or colour, are resized; {name} holds {shaped.dtype} {shaped.shape}"
            )
        before, shaped = shaped.shape[1:3], resized(shaped, size)
        at = f"{before[0]} x {before[1]} to {size[0]} x {size[1]}"
        notes = (*notes, f"images were cut at the centre and resized from {at} (Lanczos)")
    return Samples(shaped, codes, names, readable(name), kind, notes)


def _from_file(path: Path) -> tuple[np.ndarray, np.ndarray | None, Kind | None]:
    ending = path.suffix.lower()
    if ending == ".npy":
        return read_npy(path), None, None
    if ending == ".npz":
        # Only what is meant is unpacked.
        present = names_in(path)
        found = read_npz(path, (_samples_in(present, path), "labels", "kind", *(["real"] if "real" in present else [])))
    else:
        found = read_safetensors(path)
    samples = found[_samples_in(list(found), path)]
    if "real" in found and samples.ndim == found["real"].ndim + 1:
        raise ValueError(
            f"{path} holds samples of a run, {list(samples.shape)}, one set for each seed: name the folder of the run"
        )
    return samples, found.get("labels"), _said(found.get("kind"), path)


def _samples_in(names: list[str], path: Path) -> str:
    """Which array is the samples: the one of this name, or the only one that can be."""
    others = [name for name in names if name not in ("labels", "kind")]
    if "samples" in names or len(others) != 1:
        if "samples" not in names:
            listed = readable(", ".join(names[:20])) or "nothing"
            raise ValueError(f"{path} has no array 'samples'; it has {listed}")
        return "samples"
    return others[0]


def _said(kind: np.ndarray | None, path: Path) -> Kind | None:
    """What kind of samples a file says that it holds."""
    if kind is None:
        return None
    for known in KINDS:
        if kind.ndim == 0 and str(kind) == known:
            return known
    raise ValueError(f"{path} holds samples of kind {readable(str(kind)[:50])}; known are {', '.join(KINDS)}")


def _from_tfds(name: str, data_dir: str | os.PathLike[str] | None, size: Size | Literal["auto"] | None) -> Samples:
    task = images(*tfds_names(name), data_dir, max_bytes=2**62)
    assert isinstance(task, Examples)
    labels = None if task.labels is None else np.asarray(task.labels)
    names = tuple(task.names) if labels is not None else ()
    found = np.asarray(task.data)
    found = found if size is None or size == "auto" else resized(found, size)
    return _checked(Samples(found, labels, names, name, "images"))


def tfds_names(name: str) -> tuple[str, str]:
    """The set and the split of tfds:NAME/SPLIT.

    Raises:
      ValueError: it is not of this form.
    """
    dataset, _, split = name.removeprefix("tfds:").rpartition("/")
    if not dataset or not split:
        raise ValueError(f"a TFDS set is named as tfds:NAME/SPLIT, such as tfds:mnist/test, not {name}")
    return dataset, split


def _coded(labels: np.ndarray | None, name: str) -> tuple[np.ndarray | None, tuple[str, ...]]:
    """The positions of labels among their names, which can be shown anywhere."""
    if labels is None:
        return None, ()
    if labels.ndim != 1 or labels.dtype.kind not in "iuUSb":
        raise ValueError(f"labels of {name} must be integers or strings [n], got {labels.dtype} {labels.shape}")
    try:
        values, codes = np.unique(labels, return_inverse=True)
        texts = [x.decode(errors="backslashreplace") if isinstance(x, bytes) else str(x) for x in values]
    except (ValueError, SystemError) as error:  # numbers that are no characters
        raise ValueError(f"labels of {name} are no texts: {reason(error)}") from error
    if long := next((text for text in texts if len(text) > LONGEST), None):
        raise ValueError(f"a label of {name} has {len(long):,} characters, and at most {LONGEST} are a name")
    return codes, tuple(map(readable, texts))


def _shaped(array: np.ndarray, name: str, kind: Kind | None) -> tuple[np.ndarray, Kind, tuple[str, ...]]:
    """The array as samples of a kind, the kind, which is read off the axes where nobody says it, and what was done."""
    if array.dtype.kind not in "fiub":
        raise ValueError(f"samples of {name} must be numbers, got {array.dtype}")
    wanted = (
        ", ".join(f"{each} {shape}" for each, shape in SHAPES.items()) if kind is None else f"{kind} {SHAPES[kind]}"
    )
    shape, notes = list(array.shape), ()
    if kind in (None, "points") and array.ndim == 4 and sum(side > 1 for side in shape[1:]) <= 1 and array.size:
        array, notes = array.reshape(len(array), -1), (f"{shape} were read as vectors",)
    kind = kind or ("points" if array.ndim == 2 else "images")
    if array.ndim not in AXES[kind]:
        raise ValueError(f"samples of {name} must be {wanted}, got {array.shape}")
    if kind == "images":
        if array.ndim == 3:
            array = array[..., None]
        elif array.shape[3] not in (1, 3) and array.shape[1] in (1, 3):
            array = np.moveaxis(array, 1, 3)
            notes = (f"channels came first, {shape}, and were moved last, {list(array.shape)}",)
    native = array.dtype.newbyteorder("=")
    return array.astype(np.float64 if native.itemsize > 8 else native, copy=False), kind, notes


def _checked(samples: Samples) -> Samples:
    array, name = samples.data, samples.source
    if len(array) == 0 or array.size == 0:
        raise ValueError(f"no samples in {name}: its shape is {array.shape}")
    if samples.labels is not None and len(samples.labels) != len(array):
        raise ValueError(f"{name} has {len(array)} samples, but {len(samples.labels)} labels")
    if array.dtype.kind == "f":
        largest = np.finfo(np.float32).max  # of what they are computed in
        broken = int((~(np.abs(array) <= largest).reshape(len(array), -1).all(axis=1)).sum())
        if broken:
            what = "NaN, infinity or numbers beyond those of float32"
            raise ValueError(f"{broken} of the {len(array)} samples of {name} hold {what}")
    return samples
