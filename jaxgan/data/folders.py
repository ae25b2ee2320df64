"""Folders of images as one array: class folders are labels, and sizes are as they are, or brought to one."""

from collections import Counter
from pathlib import Path
from typing import Literal, NamedTuple

import numpy as np

from jaxgan.backend.arrays import LARGEST, readable, reason
from jaxgan.data.pictures import (
    IMAGE_FILES,
    PIXELS,
    Size,
    common_size,
    image_files,
    read_image,
    size_in_words,
    size_of,
    with_colour,
    with_depth,
)

RUN = "config.json"  # which the folder of a run has


class Folder(NamedTuple):
    """What a folder of images holds.

    Attributes:
      images: uint8 or uint16 `[n, height, width, 1 or 3]`.
      labels: `[n]` int, positions in `names`; None without class folders.
      names: of the class folders, with escapes for what no page can show.
      notes: what was done to the images, in words.
    """

    images: np.ndarray
    labels: np.ndarray | None
    names: tuple[str, ...]
    notes: tuple[str, ...]


def read_folder(path: Path, size: Size | Literal["auto"] | None = None) -> Folder:
    """Reads a folder of images, whose subfolders, if there are any with images in them, are the classes.

    Args:
      path: of the folder.
      size: height and width, to which images are cut at the centre and resized, all in colour if one is; "auto" for
        what `pictures.common_size` finds; None for images of one size and one kind, as they are.

    Raises:
      ValueError: it is the folder of a run, there are no images, images beside class folders, one that cannot be read,
        or too many for the memory.
    """
    if (path / RUN).is_file():
        raise ValueError(f"{path} is the folder of a run, whose samples are generated and no data: name the data")
    try:
        classes = sorted(folder for folder in path.iterdir() if folder.is_dir() and not folder.name.startswith("."))
        folders = {folder: image_files(folder) for folder in classes}
        loose = image_files(path)
    except OSError as error:
        raise ValueError(f"{readable(str(path))} cannot be read: {reason(error)}") from error
    folders = {folder: files for folder, files in folders.items() if files}
    if folders and loose:
        raise ValueError(f"{path} has class folders and also images beside them, such as {loose[0].name}")
    files = [file for group in folders.values() for file in group] or loose
    if not files:
        raise ValueError(f"no images in {path}; known are files ending in {', '.join(IMAGE_FILES)}")
    images, notes = (_stacked(path, files), ()) if size is None else _fitted(path, files, size)
    if not folders:
        return Folder(images, None, (), notes)
    labels = np.repeat(np.arange(len(folders)), [len(group) for group in folders.values()])
    return Folder(images, labels, tuple(readable(folder.name) for folder in folders), notes)


def _stacked(path: Path, files: list[Path]) -> np.ndarray:
    """Images of one size, as they are; 16 bits deep if one of them is."""
    first = read_image(files[0])
    _check_memory(path, len(files) * first.nbytes)
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


def _fitted(path: Path, files: list[Path], size: Size | Literal["auto"]) -> tuple[np.ndarray, tuple[str, ...]]:
    """Images of any sizes, brought to one; in colour if one of them is, and 16 bits deep likewise."""
    sizes = Counter(size_of(file) for file in files)
    height, width = size = common_size(list(sizes.elements())) if size == "auto" else size
    if height * width > PIXELS:
        raise ValueError(f"images of {height} x {width} pixels are too large; at most {PIXELS:,} fit")
    _check_memory(path, len(files) * height * width * 3)
    found = [read_image(file, size) for file in files]
    channels, dtype = max(image.shape[2] for image in found), max(image.dtype for image in found)
    images = np.stack([with_colour(with_depth(image, dtype), channels) for image in found])
    changed = sum(count for each, count in sizes.items() if each != size)
    note = f"{changed} of {len(files)} images were cut at the centre and resized to {height} x {width} (Lanczos)"
    return images, (note,) if changed else ()


def _check_memory(path: Path, size: int) -> None:
    if size > LARGEST:
        what = f"the images in {path} would take {size / 2**30:.0f} GiB, and at most {LARGEST / 2**30:.0f} fit"
        raise ValueError(f"{what}: take fewer, or smaller ones with --size")
