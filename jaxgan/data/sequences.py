"""Digits read row by row, one after the other: sequences whose modes can be counted."""

from collections.abc import Callable
from typing import NamedTuple

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
from jaxgan.types import Array, Batch, Classes, Key, Kind


class DigitsInTime(NamedTuple):
    """Digits drawn independently and read one after the other; satisfies `types.Task` and `types.Classified`.

    Each time step is a row of pixels, each channel a column.

    Attributes:
      name: what the task is called.
      images: uint8 `[N, height, width]` in [0, 255], the single digits, on the device.
      labels: int32 `[N]`, in [0, 10), which digit each one is.
      count: how many digits make a sequence.
    """

    name: str
    images: Array
    labels: Array
    count: int = 3

    @property
    def kind(self) -> Kind:
        """Examples are sequences."""
        return "sequences"

    @property
    def shape(self) -> tuple[int, ...]:
        """Shape of one example, `(count * height, width)`: time and channels."""
        _, height, width = self.images.shape
        return (self.count * height, width)

    @property
    def modes(self) -> int:
        """How many modes there are, 10^count."""
        return DIGITS**self.count

    @property
    def names(self) -> tuple[str, ...]:
        """What the modes are called, in the order of the labels, such as "digits 0-1-7"."""
        return digit_names(self.count)

    @property
    def shares(self) -> np.ndarray:
        """`[modes]`, share of each mode in the data, in the order of the labels."""
        return digit_shares(self.labels, self.count)

    @property
    def classes(self) -> Classes:
        """The single digits; a sequence is classified segment by segment."""
        _, height, width = self.images.shape

        def parts(sequences: np.ndarray) -> np.ndarray:
            return sequences.reshape(len(sequences), self.count, height, width, 1)

        return Classes(self.images[..., None], self.labels, DIGITS, parts, f"segment of {height} steps")

    @property
    def arrays(self) -> DigitArrays:
        """What `draw` reads."""
        return digit_arrays(self.images, self.labels, self.count)

    @property
    def draw(self) -> Callable[[DigitArrays, Key, int], Array]:
        """`draw(arrays, key, n) -> [n, count * height, width]` in [-1, 1]."""
        return draw_digits_in_time

    @property
    def draw_labelled(self) -> Callable[[DigitArrays, Key, int], Batch]:
        """`draw_labelled(arrays, key, n) -> Batch` with the data that `draw` gives for the same key.

        The label, int32 `[n]` in [0, modes), is 100a + 10b + c for the digits a, b and c, the first one a.
        """
        return draw_labelled_digits_in_time

    def sample(self, key: Key, n: int) -> Array:
        """`draw(self.arrays, key, n)`."""
        return self.draw(self.arrays, key, n)


def draw_digits_in_time(arrays: DigitArrays, key: Key, n: int) -> Array:
    """Draws sequences `[n, count * height, width]` in [-1, 1]."""
    return draw_labelled_digits_in_time(arrays, key, n).data


def draw_labelled_digits_in_time(arrays: DigitArrays, key: Key, n: int) -> Batch:
    """Draws n sequences of digits with the labels of their modes."""
    digits, label = draw_digits(arrays, key, n)
    _, count, height, width = digits.shape
    return Batch(from_uint8(digits.reshape(n, count * height, width)), label)


def digits_in_time(count: int = 3) -> DigitsInTime:
    """Real 8x8 digits read row by row, `count` of them one after the other: sequences with 10^count modes.

    The digits are those of `digits`; a sequence has `8 count` time steps of 8 channels. It is the twin of
    `stacked_digits`, with the same modes. Esteban et al., Real-valued (Medical) Time Series Generation with Recurrent
    Conditional GANs, 2017, read images of MNIST row by row in this way, one at a time.

    Args:
      count: digits in a sequence, at least 1.

    Raises:
      ValueError: `count` is out of its range.
    """
    check_count("count", count)
    return DigitsInTime("digits_in_time", *read_digits(), count)
