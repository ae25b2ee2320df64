"""Single handwritten digits with their classes, and what all examples made of several digits share."""

import functools
import itertools
from typing import NamedTuple

import jax
import jax.numpy as jnp
import numpy as np

from jaxgan.data.examples import Examples
from jaxgan.types import Array, Key

DIGITS = 10


class DigitArrays(NamedTuple):
    """What a draw of several digits reads.

    Attributes:
      images: uint8 `[N, height, width]`.
      labels: int32 `[N]`, in [0, 10).
      places: int32 `[count]`, the weight of each digit in the label: 100, 10, 1.
    """

    images: Array
    labels: Array
    places: Array


def digits() -> Examples:
    """Real 8x8 digits as grey images, 10 modes, drawn with their labels; needs no download.

    The 1797 digits come with scikit-learn (`sklearn.datasets.load_digits`: the test part of Alpaydin and Kaynak,
    Optical Recognition of Handwritten Digits, 1998), which this function reads from disk. Their 17 grey levels are
    spread over [0, 255], to the nearest integer, and scaled to [-1, 1] when they are drawn.

    Example:
      >>> batch = digits().sample(jax.random.key(0), 5)
      >>> batch.data.shape, batch.label.shape
      ((5, 8, 8, 1), (5,))
    """
    images, labels = read_digits()
    names = tuple(f"digit {digit}" for digit in range(DIGITS))
    return Examples("digits", "images", images[..., None], labels, labelled=True, names=names)


def read_digits() -> tuple[Array, Array]:
    """Reads the digits of scikit-learn: uint8 `[1797, 8, 8]` and int32 `[1797]`."""
    from sklearn.datasets import load_digits

    pixels, labels = load_digits(return_X_y=True)
    images = np.rint(np.reshape(pixels, (-1, 8, 8)) * (255 / 16)).astype(np.uint8)
    return jnp.asarray(images), jnp.asarray(labels, jnp.int32)


def digit_arrays(images: Array, labels: Array, count: int) -> DigitArrays:
    """What a draw of `count` digits each reads."""
    return DigitArrays(images, labels, jnp.asarray(DIGITS ** np.arange(count)[::-1], jnp.int32))


def draw_digits(arrays: DigitArrays, key: Key, n: int) -> tuple[Array, Array]:
    """Draws n times several digits independently: uint8 `[n, count, height, width]`, and their labels, int32 `[n]`."""
    index = jax.random.randint(key, (n, arrays.places.shape[0]), 0, arrays.images.shape[0])
    return arrays.images[index], jnp.sum(arrays.labels[index] * arrays.places[None, :], axis=1)


def digit_names(count: int) -> tuple[str, ...]:
    """What the modes of `count` digits are called, in the order of the labels, such as "digits 0-1-7"."""
    return tuple(f"digits {'-'.join(digits)}" for digits in itertools.product("0123456789", repeat=count))


def digit_shares(labels: Array, count: int) -> np.ndarray:
    """`[10^count]`, the shares of the modes: products of the shares of the digits, which are drawn one by one."""
    of_digits = np.bincount(np.asarray(labels), minlength=DIGITS) / len(labels)
    return functools.reduce(np.kron, [of_digits] * count)


def check_count(name: str, count: int) -> None:
    """Raises a ValueError unless labels of so many digits fit into int32."""
    if not 1 <= count <= 9:
        raise ValueError(f"{name} must be in [1, 9], got {count}")
