"""Brings real and generated samples to common units, and checks that they fit."""

from typing import NamedTuple

import numpy as np

from jaxgan.data.files import Samples
from jaxgan.data.pictures import WIDE, size_in_words, with_depth
from jaxgan.types import Kind

CHUNK = 1000  # samples that are brought to common units at a time
FARTHEST = 1e6  # spreads of the reals, whose sixth power is still a number in float32


class Scaled(NamedTuple):
    """Real and generated samples in common units.

    Attributes:
      real: `[n, ...]` float32; images in [-1, 1] as the reals span them, vectors and sequences around their mean, all
        coordinates divided by one number, their spread.
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


def of_unit_length(samples: Samples) -> Samples:
    """Brings vectors to unit length, so that Euclidean distances order pairs as cosines do.

    Raises:
      ValueError: they are no vectors, or one is zero and has no direction.
    """
    if samples.kind != "points" or samples.table is not None:
        what = "rows of a table" if samples.table is not None else samples.kind
        raise ValueError(f"the cosine is for embeddings, and {samples.source} holds {what}")
    data = samples.data.reshape(len(samples.data), -1).astype(np.float64)
    lengths = np.linalg.norm(data, axis=1, keepdims=True)
    if not lengths.all():
        row = int(np.flatnonzero(lengths == 0)[0])
        raise ValueError(f"vector {row} of {samples.source} is zero and has no direction: take the Euclidean distance")
    note = "vectors were brought to unit length: distances order pairs as cosines do"
    return samples._replace(data=(data / lengths).astype(np.float32), notes=(*samples.notes, note))


def fitted(real: Samples, fake: Samples) -> Scaled:
    """Brings real and generated samples to common units and names.

    Images of 8 and of 16 bits are mapped by x / 127.5 - 1 and x / 32767.5 - 1. Images of floats, where the range is not
    known, are mapped so that the reals span [-1, 1], the fakes by the same line: a difference in brightness or contrast
    stays. Vectors and sequences are centred and divided by one number in double precision, so that neither 1e-20 nor a
    large offset is lost in float32; directions keep their shares. Where the names of classes are only numbers on the
    side of the fakes, as of a generator that is asked for class 0, 1, ..., they are positions among those of the reals.

    Raises:
      ValueError: images of another size or number of channels, vectors of another length, units that differ, reals
        that are all the same, or fakes of none of the classes of the reals.
    """
    images = real.kind == "images"
    if images and {real.data.dtype, fake.data.dtype} == {np.dtype(np.uint8), np.dtype(np.uint16)}:
        real, fake = (each._replace(data=with_depth(each.data, np.dtype(np.uint16))) for each in (real, fake))
    if real.kind != fake.kind:
        kinds = ["vectors" if each.kind == "points" else each.kind for each in (real, fake)]
        raise ValueError(f"the reals are {kinds[0]} {real.data.shape}, the fakes {kinds[1]} {fake.data.shape}")
    if real.data.shape[1:] != fake.data.shape[1:]:
        if images:
            sizes = f"the reals are {size_in_words(real.data[0])}, the fakes {size_in_words(fake.data[0])}"
            raise ValueError(f"{sizes}; convert one, since every metric depends on how that is done")
        sizes = [" x ".join(map(str, each.data.shape[1:])) for each in (real, fake)]
        what = "vectors" if real.kind == "points" else real.kind
        raise ValueError(f"the reals are {what} of {sizes[0]}, the fakes of {sizes[1]}")
    if len(real.data) > 1 and (real.data == real.data[:1]).all():
        raise ValueError(f"all samples of {real.source} are the same; reals like that say nothing about modes")
    if images:
        low, high = _range(real, fake)
        line = np.float64(low / 2 + high / 2), np.float64(high / 2 - low / 2 or 1.0)
    else:
        line = _line(real.data)
    reals, fakes = _mapped(real.data, *line), _mapped(fake.data, *line)
    if (reach := float(np.abs(fakes).max())) > FARTHEST:
        raise ValueError(f"the fakes reach {reach:.3g} times the spread of the reals; save both in the same units")
    if len(reals) > 1 and (reals == reals[:1]).all():
        raise ValueError(f"all samples of {real.source} are the same in float32; reals like that say nothing")
    return Scaled(reals, fakes, real.labels, _labels(real, fake), real.names, real.kind)


def _labels(real: Samples, fake: Samples) -> np.ndarray | None:
    """Labels of the fakes as positions among the classes of the reals."""
    if real.labels is None or fake.labels is None:
        return None
    place = {name: i for i, name in enumerate(real.names)}
    if not set(fake.names) & set(real.names):
        numbers = [int(name) if name.isdecimal() else len(place) for name in fake.names]
        if max(numbers) >= len(place):
            named = [", ".join(each.names[:5]) for each in (fake, real)]
            raise ValueError(f"no class of the fakes ({named[0]}) is one of the reals ({named[1]})")
        return np.array(numbers, int)[fake.labels]
    return np.array([place.get(name, -1) for name in fake.names], int)[fake.labels]


def _line(real: np.ndarray) -> tuple[np.ndarray, np.float64]:
    """The centre of vectors or sequences, and their spread, one number; a part of them at a time."""
    chunks = range(0, len(real), CHUNK)
    largest = np.float64(np.abs(real).max()) or np.float64(1)  # squares of numbers up to 1 are numbers
    axes = tuple(range(real.ndim - 1))
    sums = [np.sum(real[i : i + CHUNK] / largest, axis=axes) for i in chunks]
    centre = np.sum(sums, axis=0) * real.shape[-1] / real.size
    squares = [np.sum((real[i : i + CHUNK] / largest - centre) ** 2) for i in chunks]
    spread = np.sqrt(np.sum(squares) / real.size)
    return centre * largest, (spread * largest or np.float64(1))


def _mapped(array: np.ndarray, centre: np.ndarray | np.float64, spread: np.float64) -> np.ndarray:
    mapped = np.empty(array.shape, np.float32)
    for i in range(0, len(array), CHUNK):
        mapped[i : i + CHUNK] = np.clip((array[i : i + CHUNK] - centre) / spread, -2 * FARTHEST, 2 * FARTHEST)
    return mapped


def _range(real: Samples, fake: Samples) -> tuple[float, float]:
    low, high = float(real.data.min()), float(real.data.max())
    if real.data.dtype in (np.uint8, np.uint16):
        low, high = 0.0, 255.0 if real.data.dtype == np.uint8 else float(WIDE)
        if fake.data.dtype == real.data.dtype:
            return low, high
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
