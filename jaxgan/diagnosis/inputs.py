"""Reads real and generated samples from arrays, folders of images and TFDS sets, and checks that they fit."""

import os
import zipfile
from pathlib import Path
from typing import NamedTuple

import numpy as np
from PIL import Image

from jaxgan import data
from jaxgan.types import Kind

IMAGE_FILES = (".png", ".jpg", ".jpeg", ".bmp", ".gif", ".tif", ".tiff", ".webp", ".ppm", ".pgm")
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


class Scaled(NamedTuple):
    """Real and generated samples in common units.

    Attributes:
      real: `[n, ...]` float32; images in [-1, 1] as the reals span them, vectors as they are.
      fake: `[m, ...]` float32, mapped by the same line.
      real_labels: `[n]` int, positions in `names`; None without labels.
      fake_labels: `[m]` int, positions in `names`, -1 for a label that no real sample has; None without labels.
      names: of the classes of the reals.
      kind: what a sample is, "images", "sequences" or "points".
    """

    real: np.ndarray
    fake: np.ndarray
    real_labels: np.ndarray | None
    fake_labels: np.ndarray | None
    names: tuple[str, ...]
    kind: Kind


def read_samples(
    source: str | os.PathLike[str], *, data_dir: str | os.PathLike[str] | None = None, kind: Kind | None = None
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

    Returns:
      `Samples`, with finite values only.

    Raises:
      ValueError: there is nothing there, or it cannot be read as samples; the message says what it is.
    """
    name = os.fspath(source)
    path = Path(name)
    if name.startswith("tfds:") or path.is_dir():
        if kind not in (None, "images"):
            raise ValueError(f"{name} holds images, not {kind}")
        return _from_tfds(name, data_dir) if name.startswith("tfds:") else _from_folder(path)
    if not path.exists():
        raise ValueError(f"no file or folder {name}; samples are .npy, .npz, a folder of images, or tfds:NAME/SPLIT")
    if path.suffix not in (".npy", ".npz"):
        raise ValueError(f"{name} is no .npy or .npz file, no folder of images and no tfds:NAME/SPLIT")
    array, labels, said = _from_file(path)
    if kind is not None and said is not None and kind != said:
        raise ValueError(f"{name} says that it holds {said}, not {kind}")
    codes, names = _coded(labels, name) if labels is not None else (None, ())
    shaped, kind = _shaped(array, name, kind or said)
    return _checked(Samples(shaped, codes, names, name, kind))


def _from_file(path: Path) -> tuple[np.ndarray, np.ndarray | None, Kind | None]:
    try:
        with open(path, "rb") as file:
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


def _from_folder(path: Path) -> Samples:
    classes = sorted(folder for folder in path.iterdir() if folder.is_dir() and not folder.name.startswith("."))
    folders = {folder: _image_files(folder) for folder in classes}
    folders = {folder: files for folder, files in folders.items() if files}
    if not folders:
        folders = {path: _image_files(path)}
    elif loose := _image_files(path):
        raise ValueError(f"{path} has class folders and also images beside them, such as {loose[0].name}")
    files = [file for group in folders.values() for file in group]
    if not files:
        raise ValueError(f"no images in {path}; known are files ending in {', '.join(IMAGE_FILES)}")
    first = _pixels(files[0])
    images = np.empty((len(files), *first.shape), np.uint8)
    for i, file in enumerate(files):
        image = _pixels(file)
        if image.shape != first.shape:
            raise ValueError(f"images are of unequal sizes: {_size(first)} in {files[0]}, {_size(image)} in {file}")
        images[i] = image
    if path in folders:
        return _checked(Samples(images, None, (), str(path), "images"))
    labels = np.repeat(np.arange(len(folders)), [len(group) for group in folders.values()])
    return _checked(Samples(images, labels, tuple(folder.name for folder in folders), str(path), "images"))


def _image_files(folder: Path) -> list[Path]:
    return sorted(file for file in folder.iterdir() if file.suffix.lower() in IMAGE_FILES and file.is_file())


def _pixels(file: Path) -> np.ndarray:
    try:
        with Image.open(file) as image:
            grey = image.mode in ("1", "L", "LA", "I", "I;16", "F")
            pixels = np.asarray(image.convert("L" if grey else "RGB"))
    except (OSError, SyntaxError, ValueError, Image.DecompressionBombError) as error:
        raise ValueError(f"the image {file} cannot be read: {error}") from error
    return pixels[..., None] if pixels.ndim == 2 else pixels


def _from_tfds(name: str, data_dir: str | os.PathLike[str] | None) -> Samples:
    dataset, _, split = name.removeprefix("tfds:").rpartition("/")
    if not dataset or not split:
        raise ValueError(f"a TFDS set is named as tfds:NAME/SPLIT, such as tfds:mnist/test, not {name}")
    task = data.images(dataset, split, data_dir, max_bytes=2**62)
    assert isinstance(task, data.Examples)
    labels = None if task.labels is None else np.asarray(task.labels)
    names = tuple(task.names) if labels is not None else ()
    return _checked(Samples(np.asarray(task.data), labels, names, name, "images"))


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


def _size(image: np.ndarray) -> str:
    height, width, channels = image.shape
    return f"{height} x {width} {'grey' if channels == 1 else 'colour' if channels == 3 else f'{channels} channels'}"


def fitted(real: Samples, fake: Samples) -> Scaled:
    """Brings real and generated samples to common units and names.

    Images of bytes are mapped by x / 127.5 - 1. Images of floats, where the range is not known, are mapped so that the
    reals span [-1, 1], the fakes by the same line: a difference in brightness or contrast stays.

    Raises:
      ValueError: images of another size or number of channels, vectors of another length, units that differ, or reals
        that are all the same.
    """
    images = real.kind == "images"
    if real.kind != fake.kind:
        kinds = ["vectors" if each.kind == "points" else each.kind for each in (real, fake)]
        raise ValueError(f"the reals are {kinds[0]} {real.data.shape}, the fakes {kinds[1]} {fake.data.shape}")
    if real.data.shape[1:] != fake.data.shape[1:]:
        if images:
            sizes = f"the reals are {_size(real.data[0])}, the fakes {_size(fake.data[0])}"
            raise ValueError(f"{sizes}; convert one, since every metric depends on how that is done")
        sizes = [" x ".join(map(str, each.data.shape[1:])) for each in (real, fake)]
        what = "vectors" if real.kind == "points" else real.kind
        raise ValueError(f"the reals are {what} of {sizes[0]}, the fakes of {sizes[1]}")
    if len(real.data) > 1 and (real.data == real.data[:1]).all():
        raise ValueError(f"all samples of {real.source} are the same; reals like that say nothing about modes")
    low, high = _range(real, fake) if images else (-1.0, 1.0)

    def scaled(array: np.ndarray) -> np.ndarray:
        return ((array.astype(np.float32) - low) / (high - low) * 2 - 1).astype(np.float32)

    fake_labels = None
    if real.labels is not None and fake.labels is not None:
        place = {name: i for i, name in enumerate(real.names)}
        fake_labels = np.array([place.get(name, -1) for name in fake.names], int)[fake.labels]
    return Scaled(scaled(real.data), scaled(fake.data), real.labels, fake_labels, real.names, real.kind)


def _range(real: Samples, fake: Samples) -> tuple[float, float]:
    if real.data.dtype == np.uint8 and fake.data.dtype == np.uint8:
        return 0.0, 255.0
    low, high = float(real.data.min()), float(real.data.max())
    if real.data.dtype == np.uint8:
        low, high = 0.0, 255.0
    span, fake_low, fake_high = high - low, float(fake.data.min()), float(fake.data.max())
    beyond = max(low - fake_low, fake_high - high) > span
    # Reals in [0, 255] and fakes in [-1, 1], or the other way round, would look like a collapse to black.
    tiny = span > 10 and max(abs(fake_low), abs(fake_high)) <= 1.0 and fake.data.dtype.kind == "f"
    if beyond or tiny:
        raise ValueError(
            f"the reals lie in [{low:g}, {high:g}], the fakes in [{fake_low:g}, {fake_high:g}]; "
            "save both in the same units"
        )
    return low, high
