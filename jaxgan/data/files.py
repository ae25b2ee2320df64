"""Samples from files that anybody has: arrays, folders of images, and TFDS sets."""

import os
import zipfile
from pathlib import Path
from typing import Literal, NamedTuple

import numpy as np

from jaxgan.data.examples import Examples
from jaxgan.data.images import images
from jaxgan.data.pictures import (
    IMAGE_FILES,
    Size,
    common_size,
    image_files,
    read_image,
    resized,
    size_in_words,
    size_of,
    with_colour,
    with_depth,
)
from jaxgan.types import Kind

KINDS: tuple[Kind, ...] = ("points", "images", "sequences")
AXES: dict[str, tuple[int, ...]] = {"points": (2,), "images": (3, 4), "sequences": (3,)}
SHAPES = {
    "points": "[n, d]",
    "images": "[n, height, width] or [n, height, width, channels]",
    "sequences": "[n, time, channels]",
}


class Samples(NamedTuple):
    """Samples as they were stored.

    Attributes:
      data: `[n, height, width, channels]` images, `[n, time, channels]` sequences, or `[n, d]` vectors, in the units of
        the source.
      labels: `[n]` int, positions in `names`; None without labels.
      names: what the classes are called.
      source: what the user named.
      kind: what a sample is, "images", "sequences" or "points".
    """

    data: np.ndarray
    labels: np.ndarray | None
    names: tuple[str, ...]
    source: str
    kind: Kind


def read_samples(
    source: str | os.PathLike[str],
    *,
    data_dir: str | os.PathLike[str] | None = None,
    kind: Kind | None = None,
    size: Size | Literal["auto"] | None = None,
    guess: bool = True,
) -> Samples:
    """Reads samples from what a user names.

    Args:
      source: a `.npy` file; a `.npz` file with an array `samples` and perhaps `labels` and `kind`; a folder of images,
        whose subfolders, if there are any, are the classes; or `tfds:NAME/SPLIT`. Images are `[n, height, width]`,
        `[n, height, width, channels]` or `[n, channels, height, width]`; sequences are `[n, time, channels]`, and have
        to be called so; vectors are `[n, d]`.
      data_dir: folder of TFDS data sets; None is the environment variable TFDS_DATA_DIR.
      kind: what a sample is; None is what the file says, and where it does not, vectors have one axis, and images two
        or three.
      size: height and width of images, which are cut at the centre and resized, and all in colour if one is; "auto" for
        what `pictures.common_size` finds for a folder; None for images of one size and one kind, as they are.
      guess: whether an array with three axes that nobody calls anything is taken for images even where it is not uint8.

    Returns:
      `Samples`, with finite values only; images of 16 bits are uint16.

    Raises:
      ValueError: there is nothing there, or it cannot be read as samples; the message says what it is.
    """
    name = os.fspath(source)
    path = Path(name)
    if name.startswith("tfds:") or path.is_dir():
        if kind not in (None, "images"):
            raise ValueError(f"{name} holds images, not {kind}")
        return _from_tfds(name, data_dir, size) if name.startswith("tfds:") else _from_folder(path, size)
    if not path.exists():
        raise ValueError(f"no file or folder {name}; samples are .npy, .npz, a folder of images, or tfds:NAME/SPLIT")
    if path.suffix not in (".npy", ".npz"):
        raise ValueError(f"{name} is no .npy or .npz file, no folder of images and no tfds:NAME/SPLIT")
    array, labels, said = _from_file(path)
    if kind is not None and said is not None and kind != said:
        raise ValueError(f"{name} says that it holds {said}, not {kind}")
    codes, names = _coded(labels, name) if labels is not None else (None, ())
    kind = kind or said
    if kind is None and array.ndim == 3 and array.dtype != np.uint8 and not guess:
        raise ValueError(
            f"{name} may be grey images or sequences, {list(array.shape)}: say --kind images or --kind sequences"
        )
    shaped, kind = _shaped(array, name, kind)
    if kind == "images" and size not in (None, "auto", shaped.shape[1:3]):
        if shaped.dtype != np.uint8 or shaped.shape[3] not in (1, 3):
            raise ValueError(
                f"only uint8 images, grey or colour, are resized; {name} holds {shaped.dtype} {shaped.shape}"
            )
        shaped = resized(shaped, size)
    return _checked(Samples(shaped, codes, names, name, kind))


def _from_file(path: Path) -> tuple[np.ndarray, np.ndarray | None, Kind | None]:
    try:
        with path.open("rb") as file:
            loaded = np.load(file, allow_pickle=False)
            if isinstance(loaded, np.ndarray):
                return loaded, None, None
            if "samples" not in loaded:
                raise ValueError(f"{path} has no array 'samples'; it has {', '.join(loaded.files) or 'nothing'}")
            return loaded["samples"], loaded.get("labels"), _said(loaded.get("kind"), path)
    except (OSError, EOFError, zipfile.BadZipFile) as error:
        raise ValueError(f"{path} cannot be read: {error}") from error
    except ValueError as error:
        if "samples" in str(error):
            raise
        raise ValueError(f"{path} holds no plain array of numbers: {error}") from error


def _said(kind: np.ndarray | None, path: Path) -> Kind | None:
    """What kind of samples a file says that it holds."""
    if kind is None:
        return None
    for known in KINDS:
        if kind.ndim == 0 and str(kind) == known:
            return known
    raise ValueError(f"{path} holds samples of kind {kind}; known are {', '.join(KINDS)}")


def _from_folder(path: Path, size: Size | Literal["auto"] | None) -> Samples:
    classes = sorted(folder for folder in path.iterdir() if folder.is_dir() and not folder.name.startswith("."))
    folders = {folder: image_files(folder) for folder in classes}
    folders = {folder: files for folder, files in folders.items() if files}
    if not folders:
        folders = {path: image_files(path)}
    elif loose := image_files(path):
        raise ValueError(f"{path} has class folders and also images beside them, such as {loose[0].name}")
    files = [file for group in folders.values() for file in group]
    if not files:
        raise ValueError(f"no images in {path}; known are files ending in {', '.join(IMAGE_FILES)}")
    images = _stacked(files) if size is None else _fitted(files, size)
    if path in folders:
        return _checked(Samples(images, None, (), str(path), "images"))
    labels = np.repeat(np.arange(len(folders)), [len(group) for group in folders.values()])
    return _checked(Samples(images, labels, tuple(folder.name for folder in folders), str(path), "images"))


def _stacked(files: list[Path]) -> np.ndarray:
    """Images of one size, as they are; 16 bits deep if one of them is."""
    first = read_image(files[0])
    images = np.empty((len(files), *first.shape), first.dtype)
    for i, file in enumerate(files):
        image = read_image(file)
        if image.shape != first.shape:
            sizes = f"{size_in_words(first)} in {files[0]}, {size_in_words(image)} in {file}"
            raise ValueError(f"images are of unequal sizes: {sizes}")
        if image.dtype.itemsize > images.dtype.itemsize:
            images = with_depth(images, image.dtype)
        images[i] = with_depth(image, images.dtype)
    return images


def _fitted(files: list[Path], size: Size | Literal["auto"]) -> np.ndarray:
    """Images of any sizes, brought to one; in colour if one of them is, and 16 bits deep likewise."""
    size = common_size([size_of(file) for file in files]) if size == "auto" else size
    found = [read_image(file, size) for file in files]
    channels, dtype = max(image.shape[2] for image in found), max(image.dtype for image in found)
    return np.stack([with_colour(with_depth(image, dtype), channels) for image in found])


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


def _coded(labels: np.ndarray, name: str) -> tuple[np.ndarray, tuple[str, ...]]:
    if labels.ndim != 1 or labels.dtype.kind not in "iuUSb":
        raise ValueError(f"labels of {name} must be integers or strings [n], got {labels.dtype} {labels.shape}")
    values, codes = np.unique(labels, return_inverse=True)
    return codes, tuple(value.decode() if isinstance(value, bytes) else str(value) for value in values)


def _shaped(array: np.ndarray, name: str, kind: Kind | None) -> tuple[np.ndarray, Kind]:
    """The array as samples of a kind, and the kind; it is read off the axes only where neither user nor file say it."""
    if array.dtype.kind not in "fiub":
        raise ValueError(f"samples of {name} must be numbers, got {array.dtype}")
    wanted = (
        ", ".join(f"{each} {shape}" for each, shape in SHAPES.items()) if kind is None else f"{kind} {SHAPES[kind]}"
    )
    kind = kind or ("points" if array.ndim == 2 else "images")
    if array.ndim not in AXES[kind]:
        raise ValueError(f"samples of {name} must be {wanted}, got {array.shape}")
    if kind == "images":
        if array.ndim == 3:
            array = array[..., None]
        elif array.shape[3] not in (1, 3) and array.shape[1] in (1, 3):
            array = np.moveaxis(array, 1, 3)
    return array, kind


def _checked(samples: Samples) -> Samples:
    array, name = samples.data, samples.source
    if len(array) == 0 or array.size == 0:
        raise ValueError(f"no samples in {name}: its shape is {array.shape}")
    if samples.labels is not None and len(samples.labels) != len(array):
        raise ValueError(f"{name} has {len(array)} samples, but {len(samples.labels)} labels")
    if array.dtype.kind == "f":
        broken = int((~np.isfinite(array).reshape(len(array), -1).all(axis=1)).sum())
        if broken:
            raise ValueError(f"{broken} of the {len(array)} samples of {name} hold NaN or infinity")
    return samples
