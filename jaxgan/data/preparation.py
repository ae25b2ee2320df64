"""Steps that prepare arrays on the host, before `data.arrays` makes a task of them; each is a pure function in NumPy.

>>> values = np.array([[0.0, 10.0], [2.0, 10.0], [2.0, 10.0], [4.0, 10.0]])
>>> rows = distinct(values)
>>> scaling = to_unit_range(values[rows])
>>> scaling(values[rows])
array([[-1.,  0.],
       [ 0.,  0.],
       [ 1.,  0.]])
>>> scaling.inverse(np.array([[0.5, 0.0]]))
array([[ 3., 10.]])
"""

from typing import NamedTuple

import numpy as np
from numpy.typing import ArrayLike

from jaxgan.types import checks


class Scaling(NamedTuple):
    """The map `(x - centre) / spread`; it keeps what is needed to bring samples back to the units of the data.

    Attributes:
      centre: `[channels]`, or a scalar.
      spread: likewise, positive.
    """

    centre: np.ndarray
    spread: np.ndarray

    def __call__(self, x: ArrayLike) -> np.ndarray:
        """Scales `[..., channels]`."""
        return (np.asarray(x) - self.centre) / self.spread

    def inverse(self, x: ArrayLike) -> np.ndarray:
        """Brings scaled `[..., channels]`, such as samples of a generator, back to the units of the data."""
        return np.asarray(x) * self.spread + self.centre


def to_unit_variance(data: ArrayLike, *, together: bool = False) -> Scaling:
    """The scaling of data to mean 0 and standard deviation 1, over all axes but the last.

    Args:
      data: `[N, ..., channels]`, finite; of points each coordinate is a channel.
      together: whether all channels are scaled by the same two numbers, which keeps their relative sizes.

    Returns:
      A `Scaling`. A channel that does not vary is only moved to 0.

    Raises:
      ValueError: no example, or a value that is not finite.
    """
    x, axes = _floating(data, together)
    low, high = x.min(axes), x.max(axes)
    centre, spread = x.mean(axes, dtype=float), x.std(axes, dtype=float)
    return _scaling(centre, spread, low < high, x.dtype)


def to_unit_range(data: ArrayLike, *, together: bool = False) -> Scaling:
    """The scaling of data to [-1, 1], which a generator that ends in tanh reaches; smallest and largest are the ends.

    A single outlier sets the scale of all others: see `clipped`.

    Args:
      data: `[N, ..., channels]`, finite; of points each coordinate is a channel.
      together: whether all channels are scaled by the same two numbers, which keeps their relative sizes.

    Returns:
      A `Scaling`. A channel that does not vary is only moved to 0.

    Raises:
      ValueError: no example, or a value that is not finite.
    """
    x, axes = _floating(data, together)
    low, high = x.min(axes), x.max(axes)
    return _scaling(low + (high - low) / 2, (high - low) / 2, low < high, x.dtype)


def clipped(data: ArrayLike, low: float = 0.001, high: float = 0.999, *, together: bool = False) -> np.ndarray:
    """Moves values below and above two quantiles of the data to these, over all axes but the last.

    What is cut off is not imitated: a rare mode that lies apart is an outlier as well, and is lost here for ever.

    Args:
      data: `[N, ..., channels]`, finite.
      low: the lower quantile, in [0, 1].
      high: the upper one, at least `low`.
      together: whether all channels have the same two quantiles.

    Raises:
      ValueError: a quantile out of range, no example, or a value that is not finite.
    """
    checks.between("the lower quantile", low, 0, 1)
    checks.between("the upper quantile", high, low, 1)
    x, axes = _floating(data, together)
    least, most = np.quantile(x, [low, high], axis=axes).astype(x.dtype)
    return np.clip(x, least, most)


def distinct(data: ArrayLike) -> np.ndarray:
    """Finds the rows `[M]` of the first of all equal examples, in their order; labels go by the same rows.

    An example that occurs often weighs as much in the data; where that is an accident of how they were collected, it
    is taken away by `data[rows]`. Only exact copies are found.

    Args:
      data: `[N, ...]`.

    Raises:
      ValueError: no example.
    """
    x = np.asarray(data)
    if not x.size:
        raise ValueError(f"data must hold at least one example that is not empty, got shape {x.shape}")
    # Adding zero makes one zero of -0.0 and 0.0, whose bytes differ.
    rows = np.ascontiguousarray(x + np.zeros((), x.dtype)).reshape(len(x), -1)
    first: dict[bytes, int] = {}
    for i, row in enumerate(rows):
        first.setdefault(row.tobytes(), i)
    return np.fromiter(first.values(), np.int64)


def with_mirrored(images: ArrayLike) -> np.ndarray:
    """Images followed by the same ones mirrored left to right; labels are `np.tile(label, 2)`.

    This augments the data themselves: a generator learns to make mirrored images too. Where it must not, as of digits
    and letters, there is `techniques.adaptive_augmentation`.

    Args:
      images: `[N, height, width, channels]`.

    Returns:
      `[2 N, height, width, channels]`.

    Raises:
      ValueError: arrays of other axes.
    """
    x = np.asarray(images)
    if x.ndim != 4:
        raise ValueError(f"images are [N, height, width, channels], got shape {x.shape}")
    return np.concatenate([x, x[:, :, ::-1]])


def _floating(data: ArrayLike, together: bool) -> tuple[np.ndarray, tuple[int, ...]]:
    """The data in floating point, and the axes that a statistic is taken over."""
    x = np.asarray(data)
    x = x if np.issubdtype(x.dtype, np.floating) else x.astype(float)
    if x.ndim < 1 or not x.size:
        raise ValueError(f"data must hold at least one example that is not empty, got shape {x.shape}")
    if not np.isfinite(x).all():
        index = tuple(int(i) for i in np.argwhere(~np.isfinite(x))[0])
        raise ValueError(f"data must be finite, got {x[index]} at index {index}")
    return x, tuple(range(x.ndim if together else max(x.ndim - 1, 1)))


def _scaling(centre: np.ndarray, spread: np.ndarray, varies: np.ndarray, dtype: np.dtype) -> Scaling:
    # The deviation of equal numbers need not be zero after rounding, so it does not tell that they do not vary.
    return Scaling(np.asarray(centre, dtype), np.where(varies, spread, 1.0).astype(dtype))
