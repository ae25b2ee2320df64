"""Copies: fakes that are nearly the same as a given real, more often than another real is."""

import functools
from collections.abc import Callable
from typing import NamedTuple

import numpy as np
from sklearn.cluster import KMeans
from sklearn.neighbors import NearestNeighbors
from threadpoolctl import threadpool_limits

from jaxgan.diagnosis.levels import DOOR
from jaxgan.diagnosis.neighbours import (
    NEAR,
    PERMUTATIONS,
    QUANTILES,
    below,
    excess,
    nearest_of,
    neighbours,
    permutation_p_value,
    pooled,
    sharp_limit,
    times_nearer,
    typical,
)

LIMIT = 10_000, 5_000  # reals and fakes that are compared
LEAST, FEWEST = 0.005, 3  # share of copies that is told, and different reals that must be copied
REGIONS = 20  # in which the reals say how many are near by chance


class Copies(NamedTuple):
    """What was found about copies of reals.

    Attributes:
      share: of the fakes that are nearly the same as a real, above what other reals are.
      pairs: `[k, 2]` positions of such fakes and of the reals that they copy, the nearest first.
      p_value: of a generator like the data.
    """

    share: float
    pairs: np.ndarray
    p_value: float

    @property
    def found(self) -> bool:
        """Whether copies are no chance and more than a few."""
        return self.p_value <= DOOR and self.share >= LEAST


def measure_copies(real: np.ndarray, fake: np.ndarray, *, seed: int = 0) -> Copies:
    """Tests whether fakes are nearer to the reals than other reals are.

    A copy is nearer to a real than another real is, and, under noise too, much nearer to one real than to any other. So
    two tests permute which samples are fake: one compares how many of the fakes and of the reals are nearer to a real
    than each of eight limits, the other takes the mean over fakes of the logarithm of how many times nearer the nearest
    real is than the next. Copies are told by the distance or by that ratio, whichever tells more: at limits of at most
    half, of the median distance of reals and of the next, where three times as many fakes are below as the reals of the
    same region lead to expect, and if they copy three different reals.

    Args:
      real: `[n, d]` coordinates.
      fake: `[m, d]` coordinates.
      seed: of which samples are compared, and of the permutations.
    """
    random = np.random.RandomState(seed)
    places, fake_places = (
        np.sort(random.permutation(len(x))[:limit]) for x, limit in zip((real, fake), LIMIT, strict=True)
    )
    reals, fakes = real[places], fake[fake_places]
    found = pooled(reals, fakes, seed=seed)

    def closer(is_fake: np.ndarray) -> float:
        away = nearest_of(found, ~is_fake)
        return excess(away[is_fake], away[~is_fake], found.limits)

    def to_one(is_fake: np.ndarray) -> float:
        near, next_near = (nearest_of(found, ~is_fake, rank=rank)[is_fake] for rank in (1, 2))
        return float(np.mean(times_nearer(near, next_near)))

    p_value = permutation_p_value(found.is_fake, closer, to_one, seed=seed)
    if p_value > DOOR:
        return Copies(0.0, np.zeros((0, 2), int), p_value)
    away, copied = NearestNeighbors(n_neighbors=2, algorithm="brute").fit(reals).kneighbors(fakes)
    between = neighbours(reals, 2)[0]
    of_fakes = away[:, 0] / typical(fakes, reals, seed=seed)
    of_reals = between[:, 0] / typical(reals, reals, seed=seed)
    usual = _usual(reals, fakes, seed)
    told = [
        _told(of_fakes, of_reals, copied[:, 0], usual, NEAR * float(np.median(of_reals))),
        _told(_share(away), _share(between), copied[:, 0], usual, NEAR),
    ]
    share, order = max(told, key=lambda one: one[0])
    return Copies(share, np.stack([fake_places[order], places[copied[order, 0]]], axis=1), p_value)


def _share(away: np.ndarray) -> np.ndarray:
    """Distance to the nearest as a share of that to the next, 1 where both are zero; from `[n, 2]` to `[n]`."""
    return np.where(away[:, 1] > 0, away[:, 0] / np.maximum(away[:, 1], 1e-12), 1.0)


def _usual(reals: np.ndarray, fakes: np.ndarray, seed: int) -> Callable[[np.ndarray, np.ndarray], np.ndarray]:
    """How many fakes are below limits if they are so as often as the reals of their regions.

    From numbers of the reals `[n]` and limits `[k]` to `[k]`.
    """
    with threadpool_limits(1):
        regions = KMeans(max(1, min(REGIONS, len(reals) // 25)), n_init="auto", random_state=seed).fit(reals)
    of_fake, of_real = regions.predict(fakes), np.asarray(regions.labels_)

    def usual(of_reals: np.ndarray, limits: np.ndarray) -> np.ndarray:
        rates = [below(of_reals[of_real == i], limits) / np.sum(of_real == i) for i in np.unique(of_real)]
        return np.bincount(of_fake, minlength=len(rates)) @ np.stack(rates)

    return usual


def _told(
    of_fakes: np.ndarray,
    of_reals: np.ndarray,
    copied: np.ndarray,
    usual: Callable[[np.ndarray, np.ndarray], np.ndarray],
    largest: float,
) -> tuple[float, np.ndarray]:
    """The share of fakes that are copies, above what is usual, and their positions, the nearest first."""
    limit = sharp_limit(of_fakes, functools.partial(usual, of_reals), largest)
    if limit is None or len(np.unique(copied[of_fakes <= limit])) < FEWEST:
        return 0.0, np.zeros(0, int)
    order = np.argsort(of_fakes, kind="stable")[: np.sum(of_fakes <= limit)]
    return max(0.0, len(order) / len(of_fakes) - float(np.mean(of_reals <= limit))), order


class Membership(NamedTuple):
    """Whether fakes lie nearer to what was trained on than to what was held out.

    Attributes:
      share: of the fakes that are copies of training samples, as far as the nearest ones show.
      nearer: share of the fakes whose nearest sample was trained on.
      expected: that share if the generator had not seen the split.
      pairs: `[k, 2]` positions of fakes and of the training samples nearest to them, the nearest first.
      p_value: of a generator that does not depend on the split.
    """

    share: float
    nearer: float
    expected: float
    pairs: np.ndarray
    p_value: float

    @property
    def found(self) -> bool:
        """Whether copies are no chance and more than a few."""
        return self.p_value <= DOOR and self.share >= LEAST


def measure_membership(train: np.ndarray, holdout: np.ndarray, fake: np.ndarray, *, seed: int = 0) -> Membership:
    """Tests whether fakes depend on which samples were trained on.

    Of all samples of both, each fake has its nearest one. How many of these were trained on, among all fakes and among
    those nearer than each of eight limits, is compared with its values for other splits of the same sizes, at random:
    exact if the fakes do not depend on the split, and the samples are exchangeable.

    Args:
      train: `[n, d]` coordinates of what the generator was trained on.
      holdout: `[k, d]` of what it has not seen, from the same source.
      fake: `[m, d]`.
      seed: of the permutations.
    """
    random = np.random.RandomState(seed)
    both, expected = np.concatenate([train, holdout]), len(train) / (len(train) + len(holdout))
    away, position = (x[:, 0] for x in NearestNeighbors(n_neighbors=1, algorithm="brute").fit(both).kneighbors(fake))
    ratio = away / typical(fake, both, seed=seed)
    limits = np.quantile(ratio, (*QUANTILES, 1.0))
    chosen = np.stack([np.bincount(position[ratio <= limit], minlength=len(both)) for limit in limits])
    usual = expected * chosen.sum(axis=1)
    deviation = np.sqrt(np.sum(chosen.astype(float) ** 2, axis=1) * expected * (1 - expected)) + 1e-12
    trained = np.arange(len(both)) < len(train)

    def excess(trained: np.ndarray) -> np.ndarray:
        return chosen @ trained - usual

    observed = np.max(excess(trained) / deviation)
    above = sum(np.max(excess(random.permutation(trained)) / deviation) >= observed for _ in range(PERMUTATIONS))
    order = np.argsort(ratio, kind="stable")
    order = order[position[order] < len(train)]
    return Membership(
        share=float(np.clip(np.max(excess(trained)) / (1 - expected) / len(fake), 0.0, 1.0)),
        nearer=float(np.mean(position < len(train))),
        expected=expected,
        pairs=np.stack([order, position[order]], axis=1),
        p_value=(above + 1) / (PERMUTATIONS + 1),
    )
