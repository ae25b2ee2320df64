"""Holes: parts of the data, of any place and size, in which fakes are missing."""

from typing import NamedTuple

import numpy as np
from scipy import stats
from sklearn.neighbors import NearestNeighbors

from jaxgan.diagnosis.levels import DOOR
from jaxgan.diagnosis.modes import STARVED
from jaxgan.diagnosis.neighbours import permutation_p_value

LIMIT = 5000  # samples of each set that are searched
CENTERS = 500  # of balls
SMALLEST, LARGEST, GROWTH = 8, 1024, 2**0.5  # samples in a ball, and how many more the next one holds
LEAST = 0.01  # share of the data in holes that is told
TOLD = 10  # holes


class Hole(NamedTuple):
    """A ball around a real sample with too few fakes.

    Attributes:
      members: positions of the reals in it, the one in its middle first.
      share: of the reals that were searched.
      expected: how many fakes would be in it if they were like the reals.
      seen: how many are.
      p_value: of so few in any ball.
    """

    members: np.ndarray
    share: float
    expected: float
    seen: int
    p_value: float

    @property
    def name(self) -> str:
        """Where it is."""
        return f"real {self.members[0]}"

    @property
    def ratio(self) -> float:
        """Seen over expected."""
        return self.seen / self.expected


class Holes(NamedTuple):
    """What was found about parts of the data that are made too rarely.

    Attributes:
      empty: those with at most half of the fakes that they should have, the least probable first; none has a real in
        common with another.
      thin: the others.
      p_value: of a generator like the data.
    """

    empty: list[Hole]
    thin: list[Hole]
    p_value: float

    @property
    def share(self) -> float:
        """Of the data, in the empty ones."""
        return sum(hole.share for hole in self.empty)

    @property
    def found(self) -> bool:
        """Whether empty ones are no chance and hold more than a few samples."""
        return self.p_value <= DOOR and self.share >= LEAST


NO_HOLES = Holes([], [], 1.0)


def measure_holes(real: np.ndarray, fake: np.ndarray, *, level: float = DOOR, seed: int = 0) -> Holes:
    """Scans the data for balls in which fewer samples are fake than elsewhere.

    Clusters divide the data as the reals lie, and a loss that they cut into pieces is seen in none of them. Here balls
    of 8, 11, 16, 23 ... neighbours around 500 samples, in the set of reals and fakes, are tried, and the smallest of
    the hypergeometric probabilities of so few fakes counts. Which samples are fake is permuted, so the test is exact if
    both are exchangeable, however many balls overlap. Told are those that are less probable than the smallest of a
    permuted set may be at the level, those with at most half of the fakes that they should have apart from the others.

    Args:
      real: `[n, d]` coordinates.
      fake: `[m, d]` coordinates.
      level: of the test.
      seed: of which samples are searched and around which, and of the permutations.

    Reference:
      Kulldorff, "A spatial scan statistic", 1997.
    """
    random = np.random.RandomState(seed)
    places = np.sort(random.permutation(len(real))[:LIMIT])
    reals, fakes = real[places], fake[np.sort(random.permutation(len(fake))[:LIMIT])]
    both = np.concatenate([reals, fakes])
    total, of_fakes = len(both), len(fakes)
    sizes = ball_sizes(total)
    around = NearestNeighbors(n_neighbors=int(sizes[-1]), algorithm="brute").fit(both)
    inside = around.kneighbors(both[random.permutation(total)[:CENTERS]], return_distance=False)
    shells = np.concatenate([[0], sizes[:-1]])
    chances = chances_of(sizes, total, of_fakes)

    def counted(is_fake: np.ndarray) -> np.ndarray:
        return np.add.reduceat(is_fake[inside], shells, axis=1, dtype=np.int16).cumsum(axis=1)

    def chance_of(counts: np.ndarray) -> np.ndarray:
        return chances[np.arange(len(sizes)), counts]

    smallest: list[float] = []

    def unlikely(is_fake: np.ndarray) -> float:
        smallest.append(float(chance_of(counted(is_fake)).min()))
        return -smallest[-1]

    is_fake = np.arange(total) >= len(reals)
    p_value = permutation_p_value(is_fake, unlikely, seed=seed)
    if p_value > level:
        return NO_HOLES._replace(p_value=p_value)
    counts = counted(is_fake)
    chance = chance_of(counts)
    expected = (sizes - counts) * of_fakes / len(reals)
    p_values = (np.searchsorted(np.sort(smallest[1:]), chance, side="right") + 1) / len(smallest)
    empty = counts <= STARVED * expected
    taken = np.zeros(total, bool)
    holes: tuple[list[Hole], list[Hole]] = ([], [])
    for place in np.lexsort((chance.ravel(), ~empty.ravel())):
        at = center, size = np.unravel_index(place, chance.shape)
        members = inside[center, : sizes[size]]
        members = members[~is_fake[members]]
        if p_values[at] <= level and not taken[members].any() and len(holes[int(empty[at])]) < TOLD:
            taken[members] = True
            share = len(members) / len(reals)
            hole = Hole(places[members], share, float(expected[at]), int(counts[at]), float(p_values[at]))
            holes[int(empty[at])].append(hole)
    return Holes(holes[1], holes[0], p_value)


def chances_of(sizes: np.ndarray, total: int, marked: int) -> np.ndarray:
    """Logarithms of the probabilities of at most c marked samples among so many of all, `[sizes, largest size + 1]`."""
    chances = np.zeros((len(sizes), sizes[-1] + 1))
    for chance, size in zip(chances, sizes, strict=True):
        chance[: size + 1] = stats.hypergeom.logcdf(np.arange(size + 1), total, marked, size)
    return chances


def ball_sizes(total: int) -> np.ndarray:
    """How many samples the balls hold: up to a quarter of all, as what is larger shows in the spread."""
    largest = max(min(LARGEST, total // 4), 2)
    grown = SMALLEST * GROWTH ** np.arange(np.log2(max(largest / SMALLEST, 1)) / np.log2(GROWTH) + 1e-9)
    return np.unique(np.append(np.minimum(np.round(grown), largest), largest)).astype(int)
