"""How varied the fakes are, by twins and by spread, and how strange each of them is to the reals."""

from typing import NamedTuple

import numpy as np
from scipy.sparse import coo_array
from scipy.sparse.csgraph import connected_components
from sklearn.neighbors import NearestNeighbors

from jaxgan import metrics

ODD = 0.01  # share of reals that count as odd
LIMIT = 5000  # samples of each set that are compared with each other


class Diversity(NamedTuple):
    """What was found about a set of fakes.

    Attributes:
      spread: mean distance between two fakes over that between two reals.
      twins: share of the fakes with another fake much closer than two reals ever are.
      support: number of different samples that the generator seems to have, by the birthday paradox; infinite without
        any twins.
      real_support: the same of the reals.
      groups: for each group of at least three twins, the largest first, the positions of its members.
      compared: how many fakes were compared.
    """

    spread: float
    twins: float
    support: float
    real_support: float
    groups: list[np.ndarray]
    compared: int


def measure_diversity(real: np.ndarray, fake: np.ndarray, *, seed: int = 0) -> Diversity:
    """Compares distances among the fakes with distances among the reals.

    Two fakes are twins when they are closer than half the distance below which only 1 % of the reals have their
    nearest neighbour, in a set of the same size; where the fakes spread less than the reals, the distance shrinks
    alike, so that blurred samples are no twins. What their number says of the support, `metrics.birthday_support`
    tells; the pairs themselves, which `metrics.duplicates` only counts, are needed here for the groups they form.

    Args:
      real: `[n, d]` features.
      fake: `[m, d]` features.
      seed: of which samples are compared, where there are more than 5000.
    """
    random = np.random.RandomState(seed)
    size = min(len(real), len(fake), LIMIT)
    reals = real[np.sort(random.permutation(len(real))[:size])]
    places = np.sort(random.permutation(len(fake))[:LIMIT])
    fakes = fake[places]

    spread = _spread(fakes, random) / max(_spread(reals, random), 1e-12)
    among_reals = NearestNeighbors(n_neighbors=2, algorithm="brute").fit(reals).kneighbors(reals)[0][:, 1]
    # Reals may have exact copies among them; their distance of zero would hide every twin.
    apart = among_reals[among_reals > 0]
    near = 0.5 * float(np.quantile(apart, ODD)) if len(apart) else 0.0
    real_pairs, _ = _pairs(reals, near)
    pairs, groups = _pairs(fakes, near * min(1.0, spread))
    members = np.concatenate(groups) if groups else np.zeros(0, int)

    return Diversity(
        spread=float(spread),
        twins=len(members) / len(fakes),
        support=float(metrics.birthday_support(len(fakes), pairs)),
        real_support=float(metrics.birthday_support(size, real_pairs)),
        groups=[places[group] for group in groups if len(group) > 2],
        compared=len(fakes),
    )


def strangeness(real: np.ndarray, fake: np.ndarray, *, seed: int = 0) -> np.ndarray:
    """How far each fake is from the nearest real, `[m]`, in units that 99 % of the reals stay below.

    Args:
      real: `[n, d]` features.
      fake: `[m, d]` features.
      seed: of which reals are compared, where there are more than 10 000.
    """
    reals = real[np.random.RandomState(seed).permutation(len(real))[: 2 * LIMIT]]
    index = NearestNeighbors(n_neighbors=2, algorithm="brute").fit(reals)
    usual = float(np.quantile(index.kneighbors(reals)[0][:, 1], 1 - ODD))
    return index.kneighbors(fake, n_neighbors=1)[0][:, 0] / max(usual, 1e-12)


def _spread(x: np.ndarray, random: np.random.RandomState) -> float:
    """Mean distance between two samples, over random pairs."""
    first, second = random.randint(0, len(x), (2, 20_000))
    different = first != second
    return float(np.mean(np.linalg.norm(x[first[different]] - x[second[different]], axis=1)))


def _pairs(x: np.ndarray, distance: float) -> tuple[int, list[np.ndarray]]:
    """Counts the pairs within a distance; and the groups that they form, the largest first."""
    graph = NearestNeighbors(radius=distance, algorithm="brute").fit(x).radius_neighbors_graph(x)
    rows, columns = coo_array(graph).coords
    above = rows < columns
    linked = coo_array((np.ones(above.sum()), (rows[above], columns[above])), shape=(len(x), len(x)))
    _, group = connected_components(linked, directed=False)
    order = np.argsort(group, kind="stable")
    groups = np.split(order, np.flatnonzero(np.diff(group[order])) + 1)
    return int(above.sum()), sorted((g for g in groups if len(g) > 1), key=len, reverse=True)
