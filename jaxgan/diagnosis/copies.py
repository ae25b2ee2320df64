"""Copies: fakes that are nearly the same as a given real, more often than another real is."""

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
    nearest_of,
    neighbours,
    permutation_p_value,
    pooled,
    sharp_limit,
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

    The distance of each fake to the nearest real is compared with that of each real to the nearest other one, by
    `permutation_p_value`. Copies are told at limits of at most half of the median distance of reals, where three times
    as many fakes are below as the reals of the same region lead to expect, and if they copy three different reals.

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

    def to_reals(is_fake: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        away = nearest_of(found, ~is_fake)
        return away[is_fake], away[~is_fake]

    p_value = permutation_p_value(found, to_reals, seed=seed)
    nothing = np.zeros((0, 2), int)
    if p_value > DOOR:
        return Copies(0.0, nothing, p_value)
    scale = typical(reals, reals, seed=seed)
    away, copied = (x[:, 0] for x in NearestNeighbors(n_neighbors=1, algorithm="brute").fit(reals).kneighbors(fakes))
    of_fakes, of_reals = away / typical(fakes, reals, seed=seed), neighbours(reals, 1)[0][:, 0] / scale
    with threadpool_limits(1):
        regions = KMeans(max(1, min(REGIONS, len(reals) // 25)), n_init="auto", random_state=seed).fit(reals)
    of_fake, of_real = regions.predict(fakes), np.asarray(regions.labels_)

    def usual(limits: np.ndarray) -> np.ndarray:
        rates = [below(of_reals[of_real == i], limits) / np.sum(of_real == i) for i in np.unique(of_real)]
        return np.bincount(of_fake, minlength=len(rates)) @ np.stack(rates)

    limit = sharp_limit(of_fakes, usual, NEAR * float(np.median(of_reals)))
    if limit is None or len(np.unique(copied[of_fakes <= limit])) < FEWEST:
        return Copies(0.0, nothing, p_value)
    order = np.argsort(of_fakes, kind="stable")[: np.sum(of_fakes <= limit)]
    share = max(0.0, len(order) / len(fakes) - float(np.mean(of_reals <= limit)))
    return Copies(share, np.stack([fake_places[order], places[copied[order]]], axis=1), p_value)


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
