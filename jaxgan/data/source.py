"""Image sets that TFDS has prepared on disk, read without TensorFlow and without the network."""

import difflib
import io
import os
import re
from collections.abc import Sequence
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np

from jaxgan.data.examples import check_examples, check_shape
from jaxgan.data.pictures import opened


class MissingData(ValueError):
    """A data set is not on the disk in a form that can be read; the message says how to prepare it."""


class ImageSource(NamedTuple):
    """One split of an image set on disk.

    Attributes:
      name: of the data set.
      records: `records[i]` is a dictionary with an image, decoded when it is read.
      shape: `(height, width, channels)` of the first image; the others must have the same.
      labelled: whether each record has an integer label.
      names: what the classes are called, empty where they have no names.
    """

    name: str
    records: Sequence[Any]
    shape: tuple[int, int, int]
    labelled: bool
    names: tuple[str, ...]

    def read(self, indices: Sequence[int] | np.ndarray) -> tuple[np.ndarray, np.ndarray | None]:
        """Reads images uint8 `[n, height, width, channels]` and labels int32 `[n]`, or None.

        Raises:
          ValueError: an image has another shape than the first one of the set.
        """
        indices = [int(index) for index in indices]
        records = _read_many(self.records, indices)
        images = [_pixels(record) for record in records]
        for index, image in zip(indices, images, strict=True):
            check_shape(image.shape, self.shape, index, self.name)
        labels = np.array([record["label"] for record in records], np.int32) if self.labelled else None
        return np.stack(images), labels

    def read_all(self) -> tuple[np.ndarray, np.ndarray | None]:
        """Reads the whole split as `read` does."""
        images = np.empty((len(self.records), *self.shape), np.uint8)
        labels = np.empty(len(self.records), np.int32) if self.labelled else None
        chunk = 1024
        for start in range(0, len(self.records), chunk):
            part = slice(start, min(start + chunk, len(self.records)))
            images[part], found = self.read(range(part.start, part.stop))
            if labels is not None and found is not None:
                labels[part] = found
        check_examples(images, labels, self.name)
        return images, labels


def open_images(name: str, split: str, data_dir: str | os.PathLike[str] | None) -> ImageSource:
    """Opens one split of an image set, by its TFDS name.

    Raises:
      MissingData: the set is not in the directory, or in a form without random access.
      ValueError: the name or the split does not exist, or the set has no uint8 images `[height, width, channels]`.
    """
    import tensorflow_datasets as tfds

    directory = _directory(data_dir)
    builder = _builder(tfds, name, directory)
    features: Any = builder.info.features
    known = sorted(features.keys()) if hasattr(features, "keys") else []
    if "image" not in known:
        raise ValueError(f"data set {name!r} has no feature 'image'; it has {', '.join(known) or features}")
    # TFDS cannot decode a grey image where the number of channels is not declared; _pixels can.
    declared = features["image"].shape[-1]
    decoders = {"image": tfds.decode.SkipDecoding()} if declared is None else None
    records = _records(builder, name, split, directory, decoders)
    try:
        image = _pixels(records[0])
    except RuntimeError as error:
        raise _unreadable(name, directory, f"is damaged ({error})") from error
    if image.ndim != 3 or image.dtype != np.uint8:
        raise ValueError(
            f"images of data set {name!r} must be uint8 of shape [height, width, channels], got {image.dtype} of shape "
            f"{image.shape}"
        )
    label = features["label"] if "label" in known else None
    labelled = isinstance(label, tfds.features.ClassLabel)
    return ImageSource(
        name=name,
        records=records,
        shape=image.shape,
        labelled=labelled,
        names=tuple(label.names) if labelled and label.num_classes else (),
    )


def _directory(data_dir: str | os.PathLike[str] | None) -> str:
    # TFDS reads the variable once, when it is imported; reading it here follows a later change.
    found = data_dir or os.environ.get("TFDS_DATA_DIR") or Path("~", "tensorflow_datasets")
    return os.path.expanduser(found)


def _builder(tfds: Any, name: str, directory: str) -> Any:
    # A name with a namespace ("huggingface:...") would make TFDS look on the network.
    if not re.fullmatch(r"\w+(/[^:/]+)?(:[\d.*]+)?", name):
        raise ValueError(f"a data set is named as 'name', 'name/config' or 'name:1.0.0', got {name!r}")
    try:
        # Whatever version was prepared, rather than the one that the installed TFDS would prepare.
        return tfds.core.read_only_builder.builder_from_files(name, data_dir=directory)
    except tfds.core.DatasetNotFoundError:
        pass
    try:
        return tfds.builder(name, data_dir=directory)
    except (AssertionError, ValueError):  # no such name, version or configuration
        raise _missing(name, directory) from None


def _records(builder: Any, name: str, split: str, directory: str, decoders: Any) -> Sequence[Any]:
    splits = list(builder.info.splits)
    try:
        records = builder.as_data_source(split, decoders=decoders)
    except NotImplementedError as error:
        if not splits:
            raise _missing(name, directory) from None
        raise _unreadable(name, directory, "is stored without random access") from error
    except ValueError as error:
        raise ValueError(
            f"data set {name!r} has no split {split!r}; it has {', '.join(splits)}, and slices of them such as "
            "'train[:1000]'"
        ) from error
    if len(records) == 0:
        raise ValueError(f"split {split!r} of data set {name!r} has no images")
    return records


def _missing(name: str, directory: str) -> MissingData:
    import tensorflow_datasets as tfds

    known, asked = tfds.list_builders(with_community_datasets=False), re.split("[/:]", name)[0]
    if asked not in known:
        near = difflib.get_close_matches(asked, known, n=1, cutoff=0.8)
        hint = f", but {near[0]!r}" if near else ""
        return MissingData(
            f"data set {name!r} is not in {directory}, and TFDS can prepare none of that name{hint}; a folder of "
            "images of your own is trained on with: jaxgan train --data FOLDER"
        )
    return MissingData(f"data set {name!r} is not in {directory}; prepare it with: {_command(name, directory)}")


def _unreadable(name: str, directory: str, reason: str) -> MissingData:
    command = _command(name, directory)
    return MissingData(f"data set {name!r} in {directory} {reason}; prepare it again with: {command} --overwrite")


def _command(name: str, directory: str) -> str:
    # The extra `prepare`, written so that it is found without jaxgan in a package index.
    install = "pip install importlib_resources tensorflow-cpu"
    return f"{install} && tfds build {name} --file_format=array_record --data_dir {directory}"


def _read_many(records: Sequence[Any], indices: list[int]) -> list[Any]:
    # Reading many at once is three times as fast; a list, and the mock of tfds.testing, only know one at a time.
    try:
        return records.__getitems__(indices)  # pyright: ignore[reportAttributeAccessIssue]
    except (AttributeError, TypeError):
        return [records[index] for index in indices]


def _pixels(record: Any) -> np.ndarray:
    image = record["image"]
    if not isinstance(image, bytes):
        return np.asarray(image)
    with opened(io.BytesIO(image), "of a TFDS set") as file:
        pixels = np.asarray(file)
    return pixels[..., None] if pixels.ndim == 2 else pixels
