"""Repeats: fakes that are copies of each other, exact or nearly so, more often than the reals are."""

from typing import NamedTuple

import numpy as np
from scipy.sparse import coo_array
from scipy.sparse.csgraph import connected_components

from jaxgan import metrics
from jaxgan.diagnosis.levels import DOOR
from jaxgan.diagnosis.neighbours import (
    NEAR,
    NEARER,
    SEEN,
    SHARP,
    nearest_of,
    neighbours,
    permutation_p_value,
    pooled,
    times_nearer,
    typical,
)

LIMIT = 5000  # samples of each set that are compared with each other
LONE = 0.9  # share of reals that have another nearer than those whose copies are looked for
LIMITS = 12  # distances that are tried
COMPACT, ISOLATED = 3.0, 2.0  # times the distance, that a group may be wide, and that others must keep away
MANY = 5  # members of a group that is hardly chance
LEAST = 0.02  # share of copies that is told


class Repeats(NamedTuple):
    """What was found about copies among the fakes.

    Attributes:
      share: of the fakes that are nearly the same as another.
      largest: share of the largest group of such.
      different: how many different samples the generator seems to have, by the birthday paradox; infinite without any.
      groups: positions of the members of each group of at least three, the largest first.
      compared: how many fakes were compared.
      p_value: of a generator like the data.
    """

    share: float
    largest: float
    different: float
    groups: list[np.ndarray]
    compared: int
    p_value: float

    @property
    def found(self) -> bool:
        """Whether copies are no chance and more than a few."""
        return self.p_value <= DOOR and self.share >= LEAST


def measure_repeats(real: np.ndarray, fake: np.ndarray, *, near: float = NEAR, seed: int = 0) -> Repeats:
    """Tests whether fakes repeat each other more than reals do.

    A copy is nearer to another fake than to any real, and under noise as much nearer in dense places as in empty ones.
    So the mean over fakes counts of the logarithm of how many times nearer, from 1 to 10, and 10 where the 32 nearest
    are fakes; which samples are fake is permuted, in the set of both, and the test is exact if both are exchangeable.
    That alone would also accuse what is only concentrated, or lies on curves. So copies are told only of groups that
    are compact and keep apart: linked by at most a distance, of which twelve are tried, no wider than three times it,
    and with no other sample within twice it. How many samples are in such groups by chance depends on the dimension,
    not on the density; of the fakes they, or the groups, must be three times as many as of the reals at any distance,
    in groups of any size or of five members and more. Groups count too since data may have one dense place that is
    itself a large group.

    Args:
      real: `[n, d]` coordinates.
      fake: `[m, d]` coordinates.
      near: largest distance, in that within which nine of ten reals have another.
      seed: of which samples are compared, and of the permutations.
    """
    random = np.random.RandomState(seed)
    size = min(len(real), len(fake), LIMIT)
    places = np.sort(random.permutation(len(fake))[:size])
    reals, fakes = real[np.sort(random.permutation(len(real))[:size])], fake[places]
    found = pooled(reals, fakes, seed=seed)

    def nearer(is_fake: np.ndarray) -> float:
        to_own, to_other = nearest_of(found, is_fake)[is_fake], nearest_of(found, ~is_fake)[is_fake]
        only_own = is_fake[found.positions[is_fake]].all(axis=1)
        return float(np.mean(np.where(only_own, np.log(NEARER), times_nearer(to_own, to_other))))

    p_value = permutation_p_value(found.is_fake, nearer, seed=seed)
    if p_value > DOOR:
        return Repeats(0.0, 0.0, np.inf, [], size, p_value)
    scales = [float(np.median(typical(x, x, seed=seed))) for x in (reals, fakes)]
    seen = [neighbours(x, min(SEEN, size - 1)) for x in (reals, fakes)]
    largest = near * float(np.quantile(seen[0][0][:, 0], LONE)) / scales[0]
    best: list[np.ndarray] = []
    for least in (2, MANY):
        of_reals, of_fakes = (
            [_groups(x, *around, limit * scale, least) for limit in _limits(around[0][:, 0] / scale, largest)]
            for x, around, scale in zip((reals, fakes), seen, scales, strict=True)
        )
        for many in (_members, len):
            groups = max(of_fakes, key=many)
            if many(groups) >= SHARP * max(map(many, of_reals)) + 3:
                best = max(best, groups, key=_members)
    sizes = np.array([len(group) for group in best])
    return Repeats(
        share=float(sizes.sum() / size),
        largest=float(sizes.max() / size) if best else 0.0,
        different=float(metrics.birthday_support(size, int((sizes * (sizes - 1) // 2).sum()))),
        groups=[places[group] for group in best if len(group) > 2],
        compared=size,
        p_value=p_value,
    )


def _members(groups: list[np.ndarray]) -> int:
    return sum(map(len, groups))


def _limits(away: np.ndarray, largest: float) -> np.ndarray:
    """Distances that are tried, from those to the nearest of the own set."""
    able = away[away <= largest]
    return np.quantile(able, np.linspace(0, 1, LIMITS)) if len(able) else np.zeros(1)


def _groups(x: np.ndarray, away: np.ndarray, positions: np.ndarray, limit: float, least: int) -> list[np.ndarray]:
    """Groups of at least so many members that are compact and keep apart, the largest first.

    Args:
      x: `[n, d]` samples.
      away: `[n, k]` distances to the nearest others.
      positions: `[n, k]` of these.
      limit: distance of those that are linked.
      least: members.
    """
    rows, columns = np.nonzero(away <= limit)
    links = coo_array((np.ones(len(rows)), (rows, positions[rows, columns])), shape=(len(x), len(x)))
    count, group = connected_components(links, directed=False)
    sizes = np.bincount(group, minlength=count)
    order = np.argsort(group, kind="stable")
    first = order[np.concatenate([[0], np.cumsum(sizes)[:-1]])]
    wide = np.zeros(count)
    np.maximum.at(wide, group, np.linalg.norm(x - x[first[group]], axis=1))
    near_others = np.zeros(count, bool)
    beside = (away <= ISOLATED * limit) & (group[positions] != group[:, None])
    near_others[group[beside.any(axis=1)]] = True
    able = (sizes >= least) & (wide <= COMPACT * limit) & ~near_others
    members = np.split(order, np.cumsum(sizes)[:-1])
    return sorted((members[i] for i in np.flatnonzero(able)), key=len, reverse=True)
