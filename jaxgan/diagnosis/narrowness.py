"""Narrowness: whether the fakes are all alike, and whether parts of the data have no fake near them."""

from typing import NamedTuple

import numpy as np

from jaxgan.diagnosis.levels import DOOR
from jaxgan.diagnosis.neighbours import halves, nearest, rank_test

LIMIT = 10_000  # samples of each set that are compared
PAIRS = 4_000
MUSH, NARROW = 0.15, 0.25  # spreads, relative to that of the reals, below which it is a collapse and a partial one
APART = 0.9  # probability of a real being farther from the fakes than a fake is, from which diversity is low


class Narrowness(NamedTuple):
    """How much less varied the fakes are.

    Attributes:
      spread: median distance between two fakes over that between two reals.
      apart: probability that a real is farther from the fakes than another fake is; 0.5 if they are alike.
      p_value: of both, of a generator like the data.
    """

    spread: float
    apart: float
    p_value: float

    @property
    def found(self) -> bool:
        """Whether the difference is no chance and large."""
        return self.p_value <= DOOR and (self.spread < NARROW or self.apart >= APART)


def measure_narrowness(
    real: np.ndarray, fake: np.ndarray, images: np.ndarray, fake_images: np.ndarray, *, seed: int = 0
) -> Narrowness:
    """Tests whether fakes lie nearer to their center than reals, and whether reals lie farther from fakes than fakes.

    Both are rank tests that are exact if reals and fakes are exchangeable: of the distances to the mean of half of the
    reals, and, with the roles of reals and fakes exchanged, that of `measure_fidelity`. The spread is taken in
    coordinates and in the samples themselves, and the larger one counts: noise has few coordinates in common with the
    data, and is not alike.

    Args:
      real: `[n, d]` coordinates.
      fake: `[m, d]` coordinates.
      images: `[n, ...]` of which those are coordinates.
      fake_images: the same of the fakes.
      seed: of the halves.
    """
    random = np.random.RandomState(seed)
    chosen, fakes_chosen = (random.permutation(len(x))[:LIMIT] for x in (real, fake))
    reals, fakes = real[chosen], fake[fakes_chosen]
    first, second = halves(len(reals), seed)
    center = reals[first].mean(axis=0)
    of_fakes, of_reals = (np.linalg.norm(x - center, axis=1) for x in (fakes, reals[second]))
    _, inner = rank_test(of_fakes, of_reals, "less")
    first, second = halves(len(fakes), seed)
    apart, outer = rank_test(nearest(reals, fakes[first]), nearest(fakes[second], fakes[first]), "greater")
    flat = (x.reshape(len(x), -1) for x in (images, fake_images))
    spreads = [[_spread(x, seed) for x in pair] for pair in ((real, fake), flat)]
    return Narrowness(
        spread=max(of_fakes / max(of_reals, 1e-12) for of_reals, of_fakes in spreads),
        apart=apart,
        p_value=min(1.0, 2 * min(inner, outer)),
    )


def _spread(x: np.ndarray, seed: int) -> float:
    """Median distance between two samples, over random pairs."""
    first, second = np.random.RandomState(seed).randint(0, len(x), (2, PAIRS))
    different = first != second
    return float(np.median(np.linalg.norm(x[first[different]] - x[second[different]], axis=1)))
