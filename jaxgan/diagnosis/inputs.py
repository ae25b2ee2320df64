"""Brings real and generated samples to common units, and checks that they fit."""

from typing import NamedTuple

import numpy as np

from jaxgan.data.files import Samples
from jaxgan.data.pictures import WIDE, size_in_words, with_depth
from jaxgan.types import Kind


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


def fitted(real: Samples, fake: Samples) -> Scaled:
    """Brings real and generated samples to common units and names.

    Images of 8 and of 16 bits are mapped by x / 127.5 - 1 and x / 32767.5 - 1. Images of floats, where the range is not
    known, are mapped so that the reals span [-1, 1], the fakes by the same line: a difference in brightness or contrast
    stays.

    Raises:
      ValueError: images of another size or number of channels, vectors of another length, units that differ, or reals
        that are all the same.
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
    low, high = _range(real, fake) if images else (-1.0, 1.0)

    def scaled(array: np.ndarray) -> np.ndarray:
        return ((array.astype(np.float32) - low) / (high - low) * 2 - 1).astype(np.float32)

    fake_labels = None
    if real.labels is not None and fake.labels is not None:
        place = {name: i for i, name in enumerate(real.names)}
        fake_labels = np.array([place.get(name, -1) for name in fake.names], int)[fake.labels]
    return Scaled(scaled(real.data), scaled(fake.data), real.labels, fake_labels, real.names, real.kind)


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
