"""Mixtures of Gaussians with known modes, drawn on the fly."""

from collections.abc import Callable, Sequence
from typing import Any, NamedTuple

import jax
import jax.numpy as jnp
import numpy as np
from numpy.typing import ArrayLike

from jaxgan import metrics
from jaxgan.types import Array, Key, Kind, PyTree, checks


class MixtureArrays(NamedTuple):
    """What a draw from a mixture reads.

    Attributes:
      means: `[k, d]`.
      std: `[]` or `[d]`, the same in every mode.
      cumulative: `[k]`, running sum of the weights; the last is 1.
    """

    means: Array
    std: Array
    cumulative: Array


def draw_mixture(arrays: MixtureArrays, key: Key, n: int) -> Array:
    """Draws `[n, d]` from a mixture: one uniform per example picks the mode, one normal block is the noise."""
    mode_key, noise_key = jax.random.split(key)
    uniform = jax.random.uniform(mode_key, (n,), arrays.cumulative.dtype)
    mode = jnp.searchsorted(arrays.cumulative, uniform, side="right", method="compare_all")
    means = arrays.means[mode]
    std = jnp.broadcast_to(arrays.std, means.shape[1:])
    return means + std[None, :] * jax.random.normal(noise_key, means.shape, means.dtype)


class Mixture(NamedTuple):
    """A mixture of Gaussians; satisfies `types.Task`, `types.GradedModes` and `types.CentredModes`.

    A sample belongs to the mode of the nearest mean and is of high quality within `threshold` standard deviations of
    it, by the convention of `metrics.mode_coverage`. In more than three dimensions the distance is that per dimension,
    since hardly any real example lies within a few standard deviations of its mean. Modes of weight 0 get no sample.

    Attributes:
      name: what the mixture is called.
      means: `[k, d]`, all distinct.
      std: standard deviation of every mode around its mean, a float, or `[d]` where it differs between coordinates.
      weights: `[k]`, non-negative, sum 1.
      names: k strings, one for each mode, such as "mode 3 at (-0.71, 0.71)".
      threshold: radius of high quality around a mean, positive, in standard deviations.
    """

    name: str
    means: Array
    std: float | Array
    weights: Array
    names: tuple[str, ...]
    threshold: float = 3.0

    @property
    def kind(self) -> Kind:
        """Examples are points."""
        return "points"

    @property
    def shape(self) -> tuple[int, ...]:
        """Shape of one example, `(d,)`."""
        return self.means.shape[1:]

    @property
    def arrays(self) -> MixtureArrays:
        """What `draw` reads."""
        # Summed in float64 and divided by the total: the last value is exactly 1, and a mode of weight 0 has the same
        # running sum as the mode before it, so that no uniform number picks it.
        cumulative = np.cumsum(np.asarray(self.weights, np.float64))
        return MixtureArrays(
            means=self.means,
            std=jnp.asarray(self.std, self.means.dtype),
            cumulative=jnp.asarray(cumulative / cumulative[-1], float),
        )

    @property
    def draw(self) -> Callable[[MixtureArrays, Key, int], Array]:
        """`draw(arrays, key, n) -> [n, d]`."""
        return draw_mixture

    def sample(self, key: Key, n: int) -> Array:
        """`draw(self.arrays, key, n)`."""
        return self.draw(self.arrays, key, n)

    @property
    def modes(self) -> int:
        """How many modes there are, k."""
        return len(self.means)

    @property
    def shares(self) -> np.ndarray:
        """`[k]`, the weights in float64; together 1, up to how they are rounded."""
        return np.asarray(self.weights).astype(np.float64)

    @property
    def quality(self) -> float:
        """Share of real examples that are of high quality, for modes that do not overlap."""
        noisy = int((self._noise() > 0).sum())
        # Without the constant coordinates the radius stays what it is over all of them.
        radius = self.threshold if self._distance() == "euclidean" else self.threshold * np.sqrt(self.shape[0])
        return metrics.expected_high_quality(noisy, radius)

    @property
    def near(self) -> str:
        """How near to its mean a sample of high quality is, in words."""
        d = self.shape[0]
        distance = "L2" if self._distance() == "euclidean" else f"L2 divided by the square root of {d} dimensions"
        return f"within {self.threshold:g} standard deviations ({distance}) of the nearest mean"

    def label_of(self, samples: PyTree) -> Array:
        """`[n]` int32, the mode of each sample `[n, d]` of high quality; -1 for the others."""
        found = self._nearest(samples)
        return jnp.where(found.good, found.mode, -1)

    def nearest_of(self, samples: PyTree) -> Array:
        """`[n]` int32, the mode of the mean that is nearest to each sample `[n, d]`; -1 for one that is not finite."""
        return self._nearest(samples).mode

    def with_threshold(self, threshold: float) -> "Mixture":
        """The same mixture, where high quality reaches up to `threshold` standard deviations."""
        return self._replace(threshold=threshold)

    def _nearest(self, samples: PyTree) -> metrics.NearestMode:
        present = np.flatnonzero(np.asarray(self.weights) > 0).astype(np.int32)
        std = self._noise()
        # Where the data are constant, a sample may be off by as much as in the most precise of the other coordinates.
        scale = np.where(std > 0, std, std[std > 0].min())
        found = metrics.nearest_mode(
            samples, np.asarray(self.means)[present], scale, threshold=self.threshold, metric=self._distance()
        )
        return found._replace(mode=jnp.where(found.mode < 0, -1, jnp.asarray(present)[found.mode]))

    def _noise(self) -> np.ndarray:
        """Standard deviation in each coordinate, float64 `[d]`."""
        std = np.broadcast_to(np.asarray(self.std, np.float64), self.shape)
        if not (std > 0).any():
            raise ValueError("std must be positive in at least one dimension, got zeros only")
        return std

    def _distance(self) -> str:
        return "euclidean" if self.shape[0] <= 3 else "per_dimension"


def mixture(
    name: str,
    means: ArrayLike,
    std: ArrayLike,
    weights: Sequence[float] | ArrayLike | None = None,
    dtype: Any = None,
) -> Mixture:
    """A mixture of Gaussians with any means.

    Args:
      name: what to call it.
      means: `[k, d]`, finite, all distinct.
      std: standard deviation, a positive float, or `[d]`, non-negative.
      weights: k non-negative numbers with a positive sum, normalised here; None gives equal weights.
      dtype: of the examples; None is float32, or float64 where x64 is enabled.

    Raises:
      ValueError: an argument is out of its range, or two means are the same.
    """
    means = np.asarray(means, np.float64)
    if means.ndim != 2 or means.size == 0 or not np.isfinite(means).all():
        raise ValueError(f"means must be finite, of shape [k, d] with k and d at least 1, got shape {means.shape}")
    modes, width = means.shape
    distinct = len(np.unique(means, axis=0))
    if distinct != modes:
        raise ValueError(f"all means must be distinct, got {distinct} distinct ones out of {modes}")
    return Mixture(
        name=name,
        means=jnp.asarray(means, dtype or float),
        std=_std(std, width, dtype),
        weights=jnp.asarray(_weights(weights, modes), float),
        names=tuple(f"mode {index} at {_position(mean)}" for index, mean in enumerate(means)),
    )


def _std(std: ArrayLike, width: int, dtype: Any) -> float | Array:
    values = np.asarray(std, np.float64)
    if values.ndim == 0:
        checks.positive("std", float(values))
        return float(values)
    if values.shape != (width,) or not np.isfinite(values).all() or (values < 0).any():
        raise ValueError(
            f"std must be one positive number or {width} non-negative ones, got shape {values.shape}, "
            f"from {values.min()} to {values.max()}"
        )
    return jnp.asarray(values, dtype or float)


def _weights(weights: Sequence[float] | ArrayLike | None, modes: int) -> np.ndarray:
    values = np.ones(modes) if weights is None else np.asarray(weights, np.float64)
    if values.shape != (modes,):
        raise ValueError(f"weights must be {modes} numbers, one for each mode, got shape {values.shape}")
    if not np.isfinite(values).all() or (values < 0).any():
        raise ValueError(f"weights must be finite and not negative, got {values.tolist()}")
    if values.sum() <= 0:
        raise ValueError(f"weights must have a positive sum, got {values.tolist()}")
    return values / values.sum()


def _position(mean: np.ndarray) -> str:
    # Adding 0.0 turns -0.0, which sin(pi) rounds to, into 0.0.
    rounded = [f"{value:.2f}" for value in np.round(mean, 2) + 0.0]
    if len(rounded) > 4:
        rounded = [rounded[0], "...", rounded[-1]]
    return f"({', '.join(rounded)})"
