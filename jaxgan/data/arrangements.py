"""Mixtures whose modes lie on a circle, on a square grid, or in many dimensions."""

import itertools
from collections.abc import Sequence
from typing import Any

import numpy as np
from numpy.typing import ArrayLike

from jaxgan.data.mixtures import Mixture, mixture
from jaxgan.types import checks


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
      >>> import jax
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
    *,
    angle: float = 0.0,
    stagger: float = 0.0,
) -> Mixture:
    """Modes on a square grid around the origin, `side` in each direction; the second coordinate runs fastest.

    The defaults, means {-4, -2, 0, 2, 4}^2 with standard deviation 0.05, are those of Srivastava et al., VEEGAN:
    Reducing Mode Collapse in GANs using Implicit Variational Learning, 2017, and of Lin et al., PacGAN: The power of
    two samples in generative adversarial networks, 2018. `side=10` gives the harder grid of 100 modes. A network finds
    it easier where rows of modes share a coordinate, so a grid can be turned, and its columns shifted.

    Args:
      side: modes in each direction, at least 1.
      spacing: between neighbouring means, positive.
      std: standard deviation of each mode in each coordinate, positive.
      weights: `side^2` non-negative numbers with a positive sum, normalised here; None gives equal weights.
      dtype: of the examples; None is float32, or float64 where x64 is enabled.
      angle: by which the whole grid is turned about the origin, in radians, counterclockwise.
      stagger: by how much of the spacing every second column (modes of the same first coordinate) is shifted along the
        second coordinate, in [0, 1); the grid stays centred on the origin.

    Raises:
      ValueError: an argument is out of its range.
    """
    checks.whole("side", side)
    checks.positive("spacing", spacing)
    checks.between("stagger", stagger, 0, 1, ends="[)")
    positions = spacing * (np.arange(side) - (side - 1) / 2)
    means = np.array(list(itertools.product(positions, positions)))
    odd = np.repeat(np.arange(side) % 2, side)
    means[:, 1] += stagger * spacing * (odd - odd.mean())
    turn = np.array([[np.cos(angle), np.sin(angle)], [-np.sin(angle), np.cos(angle)]])
    return mixture("grid", means @ turn if angle else means, std, weights, dtype)


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
