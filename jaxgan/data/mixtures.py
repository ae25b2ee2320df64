"""Mixtures of Gaussians with known modes, drawn on the fly."""

import itertools
from collections.abc import Callable, Sequence
from typing import Any, NamedTuple

import jax
import jax.numpy as jnp
import numpy as np
from numpy.typing import ArrayLike

from jaxgan.types import Array, Key, checks


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
    """A mixture of Gaussians; satisfies `types.Task`.

    Attributes:
      name: what the mixture is called.
      means: `[k, d]`, all distinct.
      std: standard deviation of every mode around its mean, a float, or `[d]` where it differs between coordinates.
      weights: `[k]`, non-negative, sum 1.
      names: k strings, one for each mode, such as "mode 3 at (-0.71, 0.71)".
    """

    name: str
    means: Array
    std: float | Array
    weights: Array
    names: tuple[str, ...]

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


def ring(
    modes: int = 8,
    radius: float = 1.0,
    std: float = 0.01,
    weights: Sequence[float] | ArrayLike | None = None,
    dtype: Any = None,
) -> Mixture:
    """Modes at equal angles on a circle; mode i is at angle 2 pi i / modes.

    The defaults, 8 modes at radius 1 with standard deviation 0.01, are those of Srivastava et al., VEEGAN: Reducing
    Mode Collapse in GANs using Implicit Variational Learning, 2017, and of Lin et al., PacGAN: The power of two samples
    in generative adversarial networks, 2018. `ring(radius=2.0, std=0.02)` is the ring of Metz et al., Unrolled
    Generative Adversarial Networks, 2017, appendix A. Both are balanced; unequal `weights` make collapse likelier.

    Args:
      modes: number of modes, at least 1.
      radius: of the circle, positive.
      std: standard deviation of each mode in each coordinate, positive.
      weights: `modes` non-negative numbers with a positive sum, normalised here; None gives equal weights.
      dtype: of the examples; None is float32, or float64 where x64 is enabled.

    Raises:
      ValueError: an argument is out of its range.

    Example:
      >>> task = ring(modes=4, weights=[3, 1, 1, 1])
      >>> task.sample(jax.random.key(0), 100).shape
      (100, 2)
      >>> task.names[1]
      'mode 1 at (0.00, 1.00)'
    """
    checks.whole("modes", modes)
    checks.positive("radius", radius)
    # Not linspace(0, 2 pi, modes): it repeats the first mean at the end.
    angle = 2 * np.pi * np.arange(modes) / modes
    means = radius * np.stack([np.cos(angle), np.sin(angle)], axis=1)
    return mixture("ring", means, std, weights, dtype)


def grid(
    side: int = 5,
    spacing: float = 2.0,
    std: float = 0.05,
    weights: Sequence[float] | ArrayLike | None = None,
    dtype: Any = None,
) -> Mixture:
    """Modes on a square grid around the origin, `side` in each direction; the second coordinate runs fastest.

    The defaults, means {-4, -2, 0, 2, 4}^2 with standard deviation 0.05, are those of Srivastava et al., VEEGAN:
    Reducing Mode Collapse in GANs using Implicit Variational Learning, 2017, and of Lin et al., PacGAN: The power of
    two samples in generative adversarial networks, 2018. `side=10` gives the harder grid of 100 modes.

    Args:
      side: modes in each direction, at least 1.
      spacing: between neighbouring means, positive.
      std: standard deviation of each mode in each coordinate, positive.
      weights: `side^2` non-negative numbers with a positive sum, normalised here; None gives equal weights.
      dtype: of the examples; None is float32, or float64 where x64 is enabled.

    Raises:
      ValueError: an argument is out of its range.
    """
    checks.whole("side", side)
    checks.positive("spacing", spacing)
    positions = spacing * (np.arange(side) - (side - 1) / 2)
    return mixture("grid", np.array(list(itertools.product(positions, positions))), std, weights, dtype)


def embedded_mixture(dtype: Any = None) -> Mixture:
    """Ten 700-dimensional Gaussians in 1200 dimensions, the other 500 coordinates constant within a mode.

    Mode means are c (1, ..., 1) for c in {-1, -.5, 0, .5, -2, -2.5, 10, .25, -13, -5.5}; the first 700 coordinates have
    standard deviation 1, the rest 0. An example lies near sqrt(700) = 26.5 from its mean, so a test in Euclidean
    multiples of the standard deviation ("within 10") fails on the data themselves; use a distance per coordinate.

    Source: Srivastava et al., VEEGAN: Reducing Mode Collapse in GANs using Implicit Variational Learning, 2017, with
    the means of Lin et al., PacGAN: The power of two samples in generative adversarial networks, 2018.

    Args:
      dtype: of the examples; None is float32, or float64 where x64 is enabled.
    """
    centres = np.array([-1.0, -0.5, 0.0, 0.5, -2.0, -2.5, 10.0, 0.25, -13.0, -5.5])
    means = np.broadcast_to(centres[:, None], (10, 1200))
    return mixture("embedded_mixture", means, np.repeat([1.0, 0.0], [700, 500]), dtype=dtype)


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
