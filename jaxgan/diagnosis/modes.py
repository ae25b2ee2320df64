"""Which modes are lost or starved: one test for each, corrected for their number."""

from typing import NamedTuple

import numpy as np
from scipy import stats

from jaxgan.diagnosis.levels import FALSE_ALARM

STARVED = 0.5  # at most this share of what is expected
DOUBT = 0.05  # probability below which so many are not taken for mistakes of the labelling


class Mode(NamedTuple):
    """What was found about one mode.

    Attributes:
      name: of the mode.
      expected: how many generated samples would be in it if they were like the reals.
      seen: how many are.
      ratio: seen over expected, both without what the labelling mistakes; 0 is lost, 1 is as it should be.
      p_value: of so few by chance, corrected for the number of modes.
      state: "lost", "starved", "kept", or "untested" where even no sample at all could be chance.
    """

    name: str
    expected: float
    seen: int
    ratio: float
    p_value: float
    state: str


def holm(p_values: np.ndarray) -> np.ndarray:
    """Corrects `[k]` p-values so that the chance of any false alarm among them is at most the level.

    Reference:
      Holm, "A Simple Sequentially Rejective Multiple Test Procedure", 1979.

    >>> holm(np.array([0.01, 0.04, 0.03]))
    array([0.03, 0.06, 0.06])
    """
    order = np.argsort(p_values, kind="stable")
    scaled = p_values[order] * np.arange(len(p_values), 0, -1)
    corrected = np.empty(len(p_values))
    corrected[order] = np.minimum(np.maximum.accumulate(scaled), 1.0)
    return corrected


def fewest(reals: int, fakes: int, level: float) -> int:
    """How many of so many reals a mode must hold for the loss of it to be no chance, by the test of `judge_modes`."""
    counts = np.arange(1, reals + 1)
    unlikely = stats.hypergeom.cdf(0, reals + fakes, counts, fakes) <= level
    return int(counts[np.argmax(unlikely)]) if unlikely.any() else reals + 1


def judge_modes(
    names: tuple[str, ...],
    real: np.ndarray,
    fake: np.ndarray,
    sure: np.ndarray,
    confusion: np.ndarray,
    total: int | None = None,
    level: float = FALSE_ALARM,
) -> list[Mode]:
    """Tests every mode for having fewer generated samples than the reals lead to expect.

    Fisher's exact test, one-sided: given how many real and generated samples a mode has together, the generated ones
    among them follow a hypergeometric law if both sets have the same shares. P-values are corrected after Holm, so a
    generator like the reals is given any lost or starved mode with a probability of at most `level`. A mode that
    differs significantly is starved with at most half of its expected samples. It is lost if those that
    surely are of this mode may all be mistakes of the labelling: if `c` of `n` held-out reals of other modes are surely
    given this one, the mistakes among the fakes follow a beta-binomial law with parameters
    `c + 1/2` and `n - c + 1/2` (Jeffreys).

    Args:
      names: of the `k` modes.
      real: `[k]` reals in each mode.
      fake: `[k]` fakes in each mode.
      sure: `[k]`, those of the fakes of each mode that are hardly mistakes.
      confusion: `[k, k]`, how many held-out reals of a mode are surely given each mode; zeros where nothing is
        mistaken.
      total: all generated samples, of which some may be in no mode; None is the sum.
      level: probability of any false alarm.

    Returns:
      One `Mode` each, in order.
    """
    total = int(fake.sum()) if total is None else total
    reals = int(real.sum())
    p_values = stats.hypergeom.cdf(fake, reals + total, real + fake, total)
    # What the test would say to no sample at all.
    best = stats.hypergeom.cdf(np.zeros_like(fake), reals + total, real, total)
    expected = real / max(reals, 1) * total
    right = np.diag(confusion)
    mistaken, others = confusion.sum(0) - right, confusion.sum() - confusion.sum(1)
    rate = mistaken / np.maximum(others, 1)
    ratio = np.maximum(fake - rate * (total - fake), 0) / np.maximum(expected - rate * (total - expected), 1e-9)
    certain = confusion.sum() == 0
    explained = (
        fake == 0 if certain else stats.betabinom.sf(sure - 1, total, mistaken + 0.5, others - mistaken + 0.5) > DOUBT
    )
    return stated(names, expected, fake, ratio, p_values, best, explained, level)


def judge_counts(
    names: tuple[str, ...], shares: np.ndarray, fake: np.ndarray, total: int, sure: np.ndarray | None = None
) -> list[Mode]:
    """Tests every mode for having fewer generated samples than the known share of the data in it.

    What `judge_modes` does with counts of reals, of which this is the limit for infinitely many: the exact binomial
    test, one-sided, corrected after Holm, with the same rules for lost and starved. Nothing is mistaken, so a mode is
    lost if no sample is surely of it.

    Args:
      names: of the `k` modes.
      shares: `[k]`, probability in [0, 1] that a sample of the data is counted for each mode; together at most 1.
      fake: `[k]` fakes counted for each mode.
      total: all generated samples, of which some may be in no mode.
      sure: `[k]`, those of the fakes of each mode that are surely of it; None is all of them.

    Returns:
      One `Mode` each, in order.
    """
    p_values, best = (stats.binom.cdf(seen, total, shares) for seen in (fake, np.zeros_like(fake)))
    expected = shares * total
    gone = (fake if sure is None else sure) == 0
    return stated(names, expected, fake, fake / np.maximum(expected, 1e-9), p_values, best, gone, FALSE_ALARM)


def stated(
    names: tuple[str, ...],
    expected: np.ndarray,
    seen: np.ndarray,
    ratio: np.ndarray,
    p_values: np.ndarray,
    best: np.ndarray,
    gone: np.ndarray,
    level: float,
) -> list[Mode]:
    """The one rule for what is lost and what is starved.

    Args:
      names: of the `k` modes.
      expected: `[k]` fakes that each would hold.
      seen: `[k]` fakes that it holds.
      ratio: `[k]`, the second over the first, without mistakes.
      p_values: `[k]` of so few by chance, not corrected.
      best: `[k]`, what the p-value of no sample at all would be.
      gone: `[k]`, whether a mode with significantly few samples is lost rather than starved.
      level: probability of any false alarm.
    """
    corrected = holm(p_values)

    def state(i: int) -> str:
        if best[i] * len(names) > level:
            return "untested"
        if corrected[i] > level or ratio[i] > STARVED:
            return "kept"
        return "lost" if gone[i] else "starved"

    return [
        Mode(name, float(expected[i]), int(seen[i]), float(ratio[i]), float(corrected[i]), state(i))
        for i, name in enumerate(names)
    ]
