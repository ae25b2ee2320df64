"""Digits stacked as channels: images with 1000 or more known modes."""

import os
from collections.abc import Callable
from typing import NamedTuple

import jax.numpy as jnp
import numpy as np

from jaxgan.data.digits import (
    DIGITS,
    DigitArrays,
    check_count,
    digit_arrays,
    digit_names,
    digit_shares,
    draw_digits,
    read_digits,
)
from jaxgan.data.examples import from_uint8
from jaxgan.data.source import open_images
from jaxgan.types import Array, Batch, Classes, Key, Kind


class Stacked(NamedTuple):
    """Digits drawn independently, one for each channel; satisfies `types.Task` and `types.Classified`.

    Attributes:
      name: what the task is called.
      images: uint8 `[N, height, width]` in [0, 255], the single digits, on the device.
      labels: int32 `[N]`, in [0, 10), which digit each one is.
      stack: how many digits make an image.
    """

    name: str
    images: Array
    labels: Array
    stack: int = 3

    @property
    def modes(self) -> int:
        """How many modes there are, 10^stack."""
        return DIGITS**self.stack

    @property
    def names(self) -> tuple[str, ...]:
        """What the modes are called, in the order of the labels, such as "digits 0-1-7"."""
        return digit_names(self.stack)

    @property
    def shares(self) -> np.ndarray:
        """`[modes]`, share of each mode in the data, in the order of the labels."""
        return digit_shares(self.labels, self.stack)

    @property
    def classes(self) -> Classes:
        """The single digits; an example is classified channel by channel."""
        return Classes(
            self.images[..., None], self.labels, DIGITS, lambda x: np.moveaxis(x, -1, 1)[..., None], "channel"
        )

    @property
    def kind(self) -> Kind:
        """Examples are images."""
        return "images"

    @property
    def shape(self) -> tuple[int, ...]:
        """Shape of one example, `(height, width, stack)`."""
        return (*self.images.shape[1:], self.stack)

    @property
    def arrays(self) -> DigitArrays:
        """What `draw` reads."""
        return digit_arrays(self.images, self.labels, self.stack)

    @property
    def draw(self) -> Callable[[DigitArrays, Key, int], Array]:
        """`draw(arrays, key, n) -> [n, height, width, stack]` in [-1, 1]."""
        return draw_stacked

    @property
    def draw_labelled(self) -> Callable[[DigitArrays, Key, int], Batch]:
        """`draw_labelled(arrays, key, n) -> Batch` with the data that `draw` gives for the same key.

        The label, int32 `[n]` in [0, modes), is 100a + 10b + c for the digits a, b and c of the three channels.
        """
        return draw_labelled_stacked

    def sample(self, key: Key, n: int) -> Array:
        """`draw(self.arrays, key, n)`."""
        return self.draw(self.arrays, key, n)


def draw_stacked(arrays: DigitArrays, key: Key, n: int) -> Array:
    """Draws `[n, height, width, stack]` in [-1, 1]."""
    return draw_labelled_stacked(arrays, key, n).data


def draw_labelled_stacked(arrays: DigitArrays, key: Key, n: int) -> Batch:
    """Draws n stacked images with the labels of their modes."""
    digits, label = draw_digits(arrays, key, n)
    return Batch(from_uint8(jnp.moveaxis(digits, 1, -1)), label)


def stacked_digits(stack: int = 3) -> Stacked:
    """Real 8x8 digits stacked as channels, 1000 modes; needs no download.

    The digits are those of `digits`. Otherwise as `stacked_mnist`.

    Args:
      stack: digits in an image, at least 1; 10^stack modes.

    Raises:
      ValueError: `stack` is out of its range.
    """
    check_count("stack", stack)
    return Stacked("stacked_digits", *read_digits(), stack)


def stacked_mnist(
    data_dir: str | os.PathLike[str] | None = None, split: str = "train", *, size: int = 28, stack: int = 3
) -> Stacked:
    """MNIST digits stacked as channels, 1000 modes.

    Every image is drawn on the fly, as in Metz et al., Unrolled Generative Adversarial Networks, 2017; there is no
    fixed list of triples, as other authors have. The digits are not equally frequent in MNIST, so the modes of the
    training split are at a divergence of 0.0043 nats from equal ones.

    Args:
      data_dir: where TFDS has prepared "mnist"; None means the environment variable TFDS_DATA_DIR, or
        `~/tensorflow_datasets`.
      split: "train", "test", or a slice such as "train[:1000]".
      size: height and width in pixels, at least 28; digits are padded with black to it.
      stack: digits in an image, at least 1; 10^stack modes. 4 gives the harder task of 10 000 modes.

    Raises:
      MissingData: MNIST is not there; the message names the directory and the command that prepares it.
      ValueError: no such split, or an argument is out of its range.
    """
    check_count("stack", stack)
    if size < 28:
        raise ValueError(f"size must be at least the 28 pixels of MNIST, got {size}")
    images, labels = open_images("mnist", split, data_dir).read_all()
    before = (size - 28) // 2
    after = size - 28 - before
    padded = np.pad(images[..., 0], ((0, 0), (before, after), (before, after)))
    return Stacked("stacked_mnist", jnp.asarray(padded), jnp.asarray(labels), stack)
