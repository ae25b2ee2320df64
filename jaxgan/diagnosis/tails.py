"""Tails: reals that are told from the fakes by what the fakes lack, however they differ in everything else."""

from collections.abc import Callable

import numpy as np
from scipy import stats
from sklearn.utils.extmath import randomized_svd

from jaxgan.diagnosis.holes import NO_HOLES, Hole, Holes, ball_sizes, chances_of
from jaxgan.diagnosis.levels import DOOR
from jaxgan.diagnosis.modes import STARVED
from jaxgan.diagnosis.neighbours import permutation_p_value

LIMIT = 2500  # samples of each set that are judged
COMPONENTS = 128  # of the features
DOUBT = 0.1  # probability of so few fakes if half of those were there that should be
FEWER = 0.75  # at most this share of the reals that are expected
RIDGE = 1.0  # of the variance of a feature


def measure_tail(real: np.ndarray, fake: np.ndarray, *, level: float = DOOR, seed: int = 0) -> Holes:
    """Scans the samples in the order of a linear judge for a lowest part in which fakes are missing.

    Where samples differ by much that does not matter, such as the colours of pictures, the missing ones are no
    neighbours of each other, and neither clusters nor balls show them. Here a ridge regression of the labels real and
    fake on the features judges each sample by all others, and orders them. The smallest of the hypergeometric
    probabilities of so few fakes among the lowest 8, 11, 16, 23 ... counts. Labels are permuted and everything is
    fitted again, so the test is exact if reals and fakes are exchangeable.

    Only what is missing is told: somewhere at the low end less than half of the fakes must be left, and no chance. A
    generator of other fidelity also has fakes at the other end that few reals are like. Where their share is more than
    half of that of the reals that are missing, nothing is told either.

    Args:
      real: `[n, d]` features.
      fake: `[m, d]` features.
      level: of the test.
      seed: of which samples are judged, and of the permutations.

    Returns:
      Holes with at most one empty one, whose members are the lowest reals, the lowest first.

    References:
      Lopez-Paz and Oquab, "Revisiting Classifier Two-Sample Tests", 2017; Kulldorff, "A spatial scan statistic", 1997.
    """
    random = np.random.RandomState(seed)
    places = random.permutation(len(real))[:LIMIT]
    fakes = fake[random.permutation(len(fake))[:LIMIT]]
    total = len(places) + len(fakes)
    # In an order that says nothing of the labels, by which equal samples would else be told apart.
    order = random.permutation(total)
    is_fake = order >= len(places)
    scores = _scores(_components(np.concatenate([real[places], fakes])[order], seed))
    sizes = ball_sizes(total)
    chances, each = chances_of(sizes, total, len(fakes)), np.arange(len(sizes))

    def unlikely(labels: np.ndarray) -> float:
        return -float(chances[each, labels[np.argsort(scores(labels))].cumsum()[sizes - 1]].min())

    p_value = permutation_p_value(is_fake, unlikely, seed=seed)
    if p_value > level:
        return NO_HOLES._replace(p_value=p_value)
    ranking = np.argsort(scores(is_fake))
    counts = is_fake[ranking].cumsum()[sizes - 1]
    expected = (sizes - counts) * len(fakes) / len(places)
    half = STARVED * len(fakes) / (STARVED * len(fakes) + len(places))
    missing = stats.binom.cdf(counts, sizes, half).min() <= DOUBT
    chosen = int(np.argmin(np.where(counts <= STARVED * expected, chances[each, counts], np.inf)))
    share = float((sizes - counts)[chosen] / len(places))
    if not missing or _odd(is_fake[ranking[: sizes[chosen] - 1 : -1]], level) > share / 2:
        return NO_HOLES._replace(p_value=p_value)
    members = order[ranking[: sizes[chosen]]]
    members = places[members[members < len(places)]]
    return Holes([Hole(members, share, float(expected[chosen]), int(counts[chosen]), p_value)], [], p_value)


def _components(x: np.ndarray, seed: int) -> np.ndarray:
    """Principal components of features that each vary alike."""
    deviation = x.std(axis=0)
    x = ((x - x.mean(axis=0)) / np.where(deviation > 0, deviation, 1.0)).astype(np.float32)
    if min(x.shape) <= COMPONENTS:
        return x
    axes = randomized_svd(x, COMPONENTS, n_iter=2, random_state=seed)[2]  # pyright: ignore[reportArgumentType]
    return x @ np.asarray(axes, np.float32).T


def _scores(x: np.ndarray) -> Callable[[np.ndarray], np.ndarray]:
    """From labels `[n]` to how much each sample is like the fakes, judged by all others."""
    inner = x.T @ x + RIDGE * len(x) * np.eye(x.shape[1], dtype=np.float32)
    solution = np.linalg.solve(inner, x.T)
    own = np.sum(x * solution.T, axis=1)

    def scores(labels: np.ndarray) -> np.ndarray:
        centered = labels.astype(np.float32) - labels.mean(dtype=np.float32)
        return (x @ (solution @ centered) - own * centered) / (1 - own)

    return scores


def _odd(is_fake: np.ndarray, level: float) -> float:
    """Share of the fakes in the largest first part in which reals are fewer; labels are in order."""
    reals, sizes = int((~is_fake).sum()), ball_sizes(len(is_fake))
    counts = (~is_fake).cumsum()[sizes - 1]
    chance = chances_of(sizes, len(is_fake), reals)[np.arange(len(sizes)), counts]
    few = counts <= FEWER * sizes * reals / len(is_fake)
    missing = few & (chance <= np.log(level / len(sizes)))
    return float(np.max((sizes - counts)[missing], initial=0) / is_fake.sum())
