"""Collapse within a condition: the same prompt or class, and always the same sample."""

import functools
import itertools
import math
from collections.abc import Sequence
from typing import NamedTuple

import jax
import numpy as np
from scipy import stats

from jaxgan import metrics
from jaxgan.diagnosis.levels import FALSE_ALARM

LEAST = 3  # samples of a condition, on each side
MANY = 50  # samples of a condition that are compared
SPLITS = 20_000  # of a condition; with fewer possible ones, all are tried
NARROW, NARROW_ALONE = 0.5, 0.25  # of the usual spread, below which a condition has collapsed; without reals


class Condition(NamedTuple):
    """What was found about the samples of one condition.

    Attributes:
      name: of the condition.
      samples: how many fakes it has.
      ratio: mean distance between two of its fakes, over that of its reals or, without reals, of the other conditions;
        NaN with fewer than three samples.
      vendi: effective number of different fakes, from 1 to `samples`.
      p_value: of so small a ratio by chance, corrected for the number of conditions; 1 with too few samples.
      collapsed: whether the ratio is no chance and small.
    """

    name: str
    samples: int
    ratio: float
    vendi: float
    p_value: float
    collapsed: bool


def judge_conditions(
    names: Sequence[str],
    fake: np.ndarray,
    of_fakes: np.ndarray,
    real: np.ndarray | None = None,
    of_reals: np.ndarray | None = None,
    *,
    seed: int = 0,
) -> list[Condition]:
    """Tests every condition for spreading less than it should.

    With reals of the same conditions, which samples are fake is permuted within each: the p-value is the share of all
    splits, or of 20 000 random ones, at which the ratio of spreads is as small; it is exact. Without reals, each is
    compared with the other conditions, whose logarithms are taken for normal above their upper quartile, which holds
    while at most half of them have collapsed and is only approximate, so that a smaller ratio is asked for.

    P-values are corrected after Benjamini and Hochberg: of the conditions that are said to have collapsed at most 1 %
    have not, and a generator all of whose conditions are like the data is accused with a probability of at most 0.01.
    (Eight samples on each side have 12 870 splits, of which none could pass a correction for 200 conditions after
    Holm.)

    Args:
      names: of the `k` conditions.
      fake: `[m, d]` coordinates.
      of_fakes: `[m]` condition of each, from 0 to k - 1.
      real: `[n, d]`, or None.
      of_reals: `[n]` condition of each, -1 for none; or None.
      seed: of random splits, and of which samples of large conditions are compared.

    Returns:
      One `Condition` each, in order.

    Reference:
      Benjamini and Hochberg, "Controlling the False Discovery Rate", 1995.
    """
    random = np.random.RandomState(seed)

    def of(side: np.ndarray, condition: np.ndarray, i: int) -> np.ndarray:
        return side[random.permutation(np.flatnonzero(condition == i))[:MANY]]

    fakes = [of(fake, of_fakes, i) for i in range(len(names))]
    if real is None or of_reals is None:
        ratios, p_values = _against_others(np.array([_spread(x) for x in fakes]))
        narrow = NARROW_ALONE
    else:
        found = [_against_reals(x, of(real, of_reals, i), seed) for i, x in enumerate(fakes)]
        ratios, p_values = np.array(found).reshape(-1, 2).T
        narrow = NARROW
    able = np.isfinite(p_values)
    p_values[able] = stats.false_discovery_control(p_values[able]) if able.any() else p_values[able]
    p_values[~able] = 1.0
    counts = np.bincount(of_fakes, minlength=len(names))
    vendi = jax.jit(metrics.vendi_score)
    return [
        Condition(
            name=name,
            samples=int(count),
            ratio=float(ratio),
            vendi=float(vendi(x)) if len(x) else 0.0,
            p_value=float(p_value),
            collapsed=bool(p_value <= FALSE_ALARM and ratio <= narrow),
        )
        for name, count, x, ratio, p_value in zip(names, counts, fakes, ratios, p_values, strict=True)
    ]


def _against_reals(fakes: np.ndarray, reals: np.ndarray, seed: int) -> tuple[float, float]:
    """Ratio of spreads, and its p-value by permutation; NaN where a side has too few samples."""
    if min(len(fakes), len(reals)) < LEAST:
        return math.nan, math.nan
    both = np.concatenate([fakes, reals])
    away = np.linalg.norm(both[:, None] - both[None], axis=2).astype(np.float32)
    ratios = _ratios(away, _splits(len(fakes), len(both), seed))
    # Rounding must not make the observed split less extreme than itself.
    return float(ratios[0]), float(np.mean(ratios <= ratios[0] * (1 + 1e-5)))


@functools.lru_cache(maxsize=8)
def _splits(chosen: int, n: int, seed: int) -> np.ndarray:
    """Which of `n` samples are fake, `[splits, n]`: all splits, that of the first ones first, or random ones."""
    if math.comb(n, chosen) > SPLITS:
        random = np.random.RandomState(seed).uniform(size=(SPLITS, n)).argsort(axis=1) < chosen
        return np.concatenate([np.arange(n)[None] < chosen, random]).astype(np.float32)
    splits = np.zeros((math.comb(n, chosen), n), np.float32)
    np.put_along_axis(splits, np.array(list(itertools.combinations(range(n), chosen))), 1, axis=1)
    return splits


def _ratios(away: np.ndarray, splits: np.ndarray) -> np.ndarray:
    """Mean distance between two of the chosen over that between two others, of each split."""
    among, chosen = np.einsum("sn,sn->s", splits @ away, splits), int(splits[0].sum())
    others = away.sum() - 2 * splits @ away.sum(axis=1) + among
    n = len(away) - chosen
    return (among / (chosen * (chosen - 1))) / np.maximum(others / (n * (n - 1)), 1e-12)


def _against_others(spreads: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Ratios to the median spread of what has not collapsed, and p-values that are not corrected."""
    logs = np.log(np.maximum(spreads, 1e-30))
    if np.isfinite(logs).sum() < LEAST:
        return np.full(len(logs), np.nan), np.full(len(logs), np.nan)
    upper, top = np.nanquantile(logs, [0.75, 0.95])
    deviation = max((top - upper) / (stats.norm.ppf(0.95) - stats.norm.ppf(0.75)), 1e-3)
    median = upper - stats.norm.ppf(0.75) * deviation
    return np.exp(logs - median), stats.norm.cdf((logs - median) / deviation)


def _spread(x: np.ndarray) -> float:
    """Mean distance between two different samples; NaN of too few."""
    if len(x) < LEAST:
        return math.nan
    return float(np.linalg.norm(x[:, None] - x[None], axis=2).sum() / (len(x) * (len(x) - 1)))
