"""Thin curves in the plane, drawn on the fly: data without separate modes."""

from collections.abc import Callable
from typing import Any, NamedTuple

import jax
import jax.numpy as jnp
import numpy as np

from jaxgan.types import Array, Key, Kind, checks


class Curve(NamedTuple):
    """A noisy curve in the plane; satisfies `types.Task`.

    Attributes:
      name: what the curve is called.
      arrays: `{name: scalar}`, the parameters of the curve.
      draw: `draw(arrays, key, n) -> [n, 2]`.
    """

    name: str
    arrays: dict[str, Array]
    draw: Callable[[dict[str, Array], Key, int], Array]

    @property
    def kind(self) -> Kind:
        """Examples are points."""
        return "points"

    @property
    def shape(self) -> tuple[int, ...]:
        """Shape of one example."""
        return (2,)

    def sample(self, key: Key, n: int) -> Array:
        """`draw(self.arrays, key, n)`."""
        return self.draw(self.arrays, key, n)


def spiral(turns: float = 2.0, radius: float = 1.0, std: float = 0.02, dtype: Any = None) -> Curve:
    """An Archimedean spiral from the origin outwards, with Gaussian noise.

    x = radius (a / A) (cos a, sin a) + std noise, where A = 2 pi turns and a = A sqrt(u) for u uniform in [0, 1), which
    spreads the examples almost evenly along the curve. A spiral is a task of Belghazi et al., Mutual Information Neural
    Estimation, 2018; the turns and the noise here are not theirs.

    Args:
      turns: how often it goes round, positive.
      radius: distance of the outer end from the origin, positive.
      std: standard deviation of the noise in each coordinate, non-negative.
      dtype: of the examples; None is float32, or float64 where x64 is enabled.

    Raises:
      ValueError: an argument is out of its range.
    """
    checks.positive("turns", turns)
    checks.positive("radius", radius)
    checks.at_least("std", std, 0)
    return Curve("spiral", _parameters(dtype, angle=2 * np.pi * turns, radius=radius, std=std), draw_spiral)


def swiss_roll(noise: float = 0.25, scale: float = 7.5, dtype: Any = None) -> Curve:
    """The Swiss roll seen from its side.

    x = (t (cos t, sin t) + noise normal) / scale, where t is uniform in [1.5 pi, 4.5 pi). This is the distribution of
    `sklearn.datasets.make_swiss_roll(noise=0.25)[0][:, [0, 2]] / 7.5`, the toy data of Gulrajani et al., Improved
    Training of Wasserstein GANs, 2017.

    Args:
      noise: standard deviation of the noise before the division, non-negative.
      scale: what everything is divided by, positive.
      dtype: of the examples; None is float32, or float64 where x64 is enabled.

    Raises:
      ValueError: an argument is out of its range.
    """
    checks.at_least("noise", noise, 0)
    checks.positive("scale", scale)
    return Curve("swiss_roll", _parameters(dtype, noise=noise, scale=scale), draw_swiss_roll)


def draw_spiral(arrays: dict[str, Array], key: Key, n: int) -> Array:
    """Draws `[n, 2]` from the spiral with the parameters `angle`, `radius` and `std`."""
    uniform, noise = _draw_noise(key, n, arrays["std"].dtype)
    share = jnp.sqrt(uniform)
    return arrays["radius"] * share[:, None] * _direction(arrays["angle"] * share) + arrays["std"] * noise


def draw_swiss_roll(arrays: dict[str, Array], key: Key, n: int) -> Array:
    """Draws `[n, 2]` from the Swiss roll with the parameters `noise` and `scale`."""
    uniform, noise = _draw_noise(key, n, arrays["noise"].dtype)
    angle = 1.5 * np.pi * (1 + 2 * uniform)
    return (angle[:, None] * _direction(angle) + arrays["noise"] * noise) / arrays["scale"]


def _draw_noise(key: Key, n: int, dtype: Any) -> tuple[Array, Array]:
    uniform_key, normal_key = jax.random.split(key)
    return jax.random.uniform(uniform_key, (n,), dtype), jax.random.normal(normal_key, (n, 2), dtype)


def _direction(angle: Array) -> Array:
    return jnp.stack([jnp.cos(angle), jnp.sin(angle)], axis=1)


def _parameters(dtype: Any, **values: float) -> dict[str, Array]:
    return {name: jnp.asarray(value, dtype or float) for name, value in values.items()}
