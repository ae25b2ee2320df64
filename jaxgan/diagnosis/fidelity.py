"""Fidelity: whether the fakes lie where the data lie. Two exact tests, and how large the difference is."""

from typing import NamedTuple

import numpy as np
from scipy.ndimage import uniform_filter

from jaxgan.diagnosis.levels import DOOR
from jaxgan.diagnosis.neighbours import halves, nearest, rank_test

ODD = 0.01  # share of reals that count as odd
LIMIT = 10_000  # reals, and fakes, that are compared
FARTHER = 0.8  # probability of lying farther from the reals than a real does, from which fidelity is low
SHARPER = 0.9  # probability of more fine detail than in a real, from which, or below the rest of which, it is low
NOTHING_ALIKE = 0.5  # share of odd fakes from which nothing else is told


class Fidelity(NamedTuple):
    """How far the fakes are from the data.

    Attributes:
      strangeness: `[m]`, distance to the nearest real, in units that 99 % of the reals stay below.
      odd: share of the fakes of a strangeness above 1.
      farther: probability that a fake is farther from the reals than a new real is; 0.5 if they are alike.
      detail: probability that a fake has more fine detail than a real; 0.5 of what are no images.
      p_value: of both, of a generator like the data.
    """

    strangeness: np.ndarray
    odd: float
    farther: float
    detail: float
    p_value: float

    @property
    def low(self) -> bool:
        """Whether the difference is no chance and large."""
        return self.p_value <= DOOR and (self.farther >= FARTHER or not 1 - SHARPER < self.detail < SHARPER)

    @property
    def nothing_alike(self) -> bool:
        """Whether most fakes are like nothing in the data."""
        return self.low and self.odd >= NOTHING_ALIKE


def measure_fidelity(real: np.ndarray, fake: np.ndarray, images: np.ndarray, fake_images: np.ndarray, *, seed: int = 0):
    """Tests whether the fakes lie farther from the data than the data do, and whether they are as sharp.

    One half of the reals is the reference. If the generator is like the data, the distances of fakes and of the other
    reals to it are exchangeable, so the rank test of Mann and Whitney has its level whatever the data are. Images are
    also compared by their fine detail: the mean square of what an average over 3 x 3 pixels takes away.

    Args:
      real: `[n, d]` features.
      fake: `[m, d]` features.
      images: `[n, height, width, channels]` of the reals; anything else has no fine detail.
      fake_images: the same of the fakes.
      seed: of the halves.

    Returns:
      `Fidelity`.
    """
    random = np.random.RandomState(seed)
    reals = real[random.permutation(len(real))[:LIMIT]]
    first, second = halves(len(reals), seed)
    of_fakes, of_reals = nearest(fake, reals[first]), nearest(reals[second], reals[first])
    some = of_fakes[random.permutation(len(fake))[:LIMIT]]
    farther, p_value = rank_test(some, of_reals, "greater")
    usual = float(np.quantile(of_reals, 1 - ODD))
    strangeness = of_fakes / max(usual, 1e-12)
    detail = 0.5
    if images.ndim == 4:
        detail, p_detail = rank_test(_detail(fake_images), _detail(images), "two-sided")
        p_value = min(1.0, 2 * min(p_value, p_detail))
    return Fidelity(strangeness, float(np.mean(strangeness > 1)), farther, detail, p_value)


def _detail(images: np.ndarray) -> np.ndarray:
    return np.array([np.mean((x - uniform_filter(x, 3, axes=(0, 1))) ** 2) for x in images])
