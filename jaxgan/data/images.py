"""Image sets prepared by TFDS: on the device where they fit, streamed through grain where they do not."""

import math
import os
from collections.abc import Callable
from typing import Any, NamedTuple

import jax.numpy as jnp
import numpy as np

from jaxgan.data.examples import Examples
from jaxgan.data.source import ImageSource, open_images
from jaxgan.types import Batch, BatchIterator, Kind


class ImageStream(NamedTuple):
    """An image set that stays on disk: no `types.Task`, since nothing of it is on the device.

    It satisfies `types.Stream` and `types.Finite`.

    Attributes:
      source: the images on disk.
      labelled: whether `stream` yields a `Batch` with labels.
    """

    source: ImageSource
    labelled: bool = False

    @property
    def name(self) -> str:
        """What the set is called."""
        return self.source.name

    @property
    def kind(self) -> Kind:
        """Examples are images."""
        return "images"

    @property
    def names(self) -> tuple[str, ...]:
        """What the classes are called; empty where they have no names."""
        return self.source.names

    @property
    def shape(self) -> tuple[int, ...]:
        """Shape of one image, `(height, width, channels)`."""
        return self.source.shape

    @property
    def size(self) -> int:
        """How many images there are."""
        return len(self.source.records)

    def stream(
        self,
        batch_size: int,
        *,
        seed: int,
        process_index: int = 0,
        process_count: int = 1,
        threads: int = 4,
        prefetch: int = 8,
        place: Callable[[Any], Any] | None = None,
    ) -> BatchIterator:
        """Batches without end: shuffled anew in each epoch, the same for the same seed.

        Each process reads its own contiguous part of every batch of the run, so that the parts of all processes, one
        after the other, are the batch that a single process would read.

        Args:
          batch_size: examples in a batch of this process, at least 1.
          seed: of the order, non-negative.
          process_index: of this process, in [0, process_count).
          process_count: how many processes share the images; at most as many as there are images.
          threads: how many batches are read and decoded at the same time, at least 1.
          prefetch: how many batches are kept ready, at least `threads`.
          place: where given, what brings a batch to its devices, such as `jax.device_put`; it is called in a thread,
            and two more batches are kept ready there.

        Returns:
          An iterator over numpy arrays, float32 `[batch_size, height, width, channels]` in [-1, 1], or over `Batch` of
          such an array and int32 labels `[batch_size]` when `labelled`; or over what `place` makes of them.

        Raises:
          ValueError: an argument is out of its range; from the iterator, images of unequal shapes.
        """
        import grain.experimental

        if batch_size < 1:
            raise ValueError(f"batch_size must be at least 1, got {batch_size}")
        if not 0 <= process_index < process_count <= self.size:
            raise ValueError(
                f"process_index must be in [0, process_count) and process_count at most the {self.size} images, got "
                f"{process_index} and {process_count}"
            )
        if not 1 <= threads <= prefetch:
            raise ValueError(f"threads must be at least 1 and at most prefetch, got {threads} and {prefetch}")
        # Indices are batched before anything is read, so that a batch is read at once. All processes walk through the
        # batches of the whole run, whose order and position do not depend on how many processes there are.
        indices = grain.MapDataset.range(self.size).seed(seed).shuffle().repeat()
        own = slice(process_index * batch_size, (process_index + 1) * batch_size)
        batches = indices.batch(process_count * batch_size, drop_remainder=True).map(lambda rows: self._read(rows[own]))
        ready = batches.to_iter_dataset(grain.ReadOptions(num_threads=threads, prefetch_buffer_size=prefetch))
        if place is not None:
            ready = grain.experimental.ThreadPrefetchIterDataset(ready.map(place), prefetch_buffer_size=2)
        return iter(ready)

    def at(self, rows: np.ndarray) -> Batch:
        """The images of rows `[n]`, float32 in [-1, 1], with their labels where the set has any; read from disk now."""
        images, labels = self.source.read(rows)
        scaled = (images.astype(np.float32) - 127.5) / 127.5
        return Batch(scaled, labels)  # pyright: ignore[reportArgumentType]

    def _read(self, indices: np.ndarray) -> np.ndarray | Batch:
        batch = self.at(indices)
        return batch if self.labelled else batch.data


def images(
    name: str,
    split: str = "train",
    data_dir: str | os.PathLike[str] | None = None,
    *,
    labelled: bool = False,
    max_bytes: int = 2**30,
) -> Examples | ImageStream:
    """An image set prepared by TFDS, read without TensorFlow and without the network.

    A set of at most `max_bytes` is read now, stays on the device as uint8, and is a task; its images are scaled to
    [-1, 1] by x / 127.5 - 1 when they are drawn. A larger one stays on disk and is streamed, scaled by the same map.

    Args:
      name: in TFDS, "mnist", "cifar10", or of any set that was prepared with TFDS; "name/config" and "name:1.0.0" also.
      split: "train", "test", or a slice such as "train[:1000]".
      data_dir: where the sets are; None means the environment variable TFDS_DATA_DIR, or `~/tensorflow_datasets`.
      labelled: whether `draw`, `sample` or `stream` give a `types.Batch` with labels.
      max_bytes: the largest set to hold on the device, in bytes of uint8.

    Returns:
      `Examples`, or `ImageStream` for a larger set. Both have `name`, `names`, `shape` and `size`.

    Raises:
      MissingData: the set is not there; the message names the directory and the command that prepares it.
      ValueError: no such split; no feature "image"; images that are not uint8, or not all of one shape; labels wanted
        of a set that has none.
    """
    source = open_images(name, split, data_dir)
    if labelled and not source.labelled:
        raise ValueError(f"data set {name!r} has no feature 'label' with classes, so labelled must be False")
    if len(source.records) * math.prod(source.shape) > max_bytes:
        return ImageStream(source, labelled)
    data, labels = source.read_all()
    labels = None if labels is None else jnp.asarray(labels)
    return Examples(name, "images", jnp.asarray(data), labels, labelled, source.names)
