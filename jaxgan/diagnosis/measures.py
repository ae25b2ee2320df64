"""All metrics of the fakes, each with an interval and with what reals get against reals at the same size."""

from collections.abc import Callable, Iterator
from typing import NamedTuple

import jax
import numpy as np
from scipy import stats

from jaxgan import metrics
from jaxgan.evaluation import METRICS

SPLITS = 10
LARGEST = 2500  # samples of each side of a split
VENDI = 500  # of them, for the Vendi score


class Measure(NamedTuple):
    """A metric.

    Attributes:
      value: of fakes against reals, mean over the splits.
      ci95: low and high end of its 95 % interval.
      real: of reals against other reals, at the same size.
      real_ci95: low and high end of its 95 % interval.
      size: samples on each side.
      convention: how it is defined.
    """

    value: float
    ci95: tuple[float, float]
    real: float
    real_ci95: tuple[float, float]
    size: int
    convention: str


MEASURED = ("frechet_distance", "kernel_distance", "precision_recall", "density_coverage", "vendi_score")
CONVENTIONS = {name: words for metric in MEASURED for name, words in METRICS[metric].conventions(None).items()}


def measure_all(
    real: np.ndarray, fake: np.ndarray, *, seed: int = 0, progress: Callable[..., Iterator[int]] = iter
) -> dict[str, Measure]:
    """Measures everything on random halves.

    In each of 10 splits a random half of the fakes and one random half of the reals are compared, and the same half
    of the reals with the other. The spread over random halves, drawn without replacement, estimates that over new
    samples of the whole size (Shao and Wu, "A General Theory for Jackknife Variance Estimation", 1989); unlike
    resampling with replacement it makes no twins, which every metric of neighbours would take for a collapse. Since
    metrics depend on the number of samples, the value of reals against reals at the same size stands beside each.

    Args:
      real: `[n, d]` features, n at least 20.
      fake: `[m, d]` features, m at least 20.
      seed: of the splits.
      progress: wraps the iterator over splits, to show how far it is.
    """
    size = min(len(real), len(fake), 2 * LARGEST) // 2
    center = real.mean(axis=0)
    compute = jax.jit(_metrics)
    random = np.random.RandomState(seed)
    rows = []
    for _ in progress(range(SPLITS)):
        reals = random.permutation(len(real))
        first, second = real[reals[:size]] - center, real[reals[size : 2 * size]] - center
        fakes = fake[random.permutation(len(fake))[:size]] - center
        rows.append([jax.device_get(compute(first, other)) for other in (fakes, second)])
    return {name: _measure(rows, name, size) for name in CONVENTIONS}


def measure_against(statistics: metrics.Moments, real: np.ndarray, fake: np.ndarray, *, seed: int = 0) -> Measure:
    """Measures the Fréchet distance of all fakes to a mean and a covariance that were published.

    Args:
      statistics: of the same features.
      real: `[n, d]` features in their own units, whose distance to the statistics stands beside.
      fake: `[m, d]`.
      seed: of the random halves, whose spread makes the interval.

    Raises:
      ValueError: if the statistics are of features of another width, or not finite.
    """
    width = statistics.mean.shape[-1:]
    if real.shape[1:] != width or statistics.covariance.shape != 2 * width:
        raise ValueError(
            f"the statistics have a mean {list(statistics.mean.shape)} and a covariance "
            f"{list(statistics.covariance.shape)}, the features {real.shape[1]} numbers a sample; take the features "
            "that they were computed with"
        )
    compute = jax.jit(lambda x: metrics.frechet_distance_from_moments(statistics, metrics.moments(x)))
    random = np.random.RandomState(seed)

    def measured(x: np.ndarray) -> tuple[float, tuple[float, float]]:
        halves = [float(compute(x[random.permutation(len(x))[: len(x) // 2]])) for _ in range(SPLITS)]
        value, spread = float(compute(x)), float(stats.t.ppf(0.975, SPLITS - 1) * np.std(halves, ddof=1))
        return value, (value - spread, value + spread)

    of = f"of all {len(fake)} fakes and of all {len(real)} reals, features in their own units"
    words = f"squared Fréchet distance to the given statistics, {of}; 0 is best, larger with fewer samples"
    return Measure(*measured(fake), *measured(real), len(fake), words)


def _metrics(real: jax.Array, fake: jax.Array) -> dict[str, jax.Array]:
    precision, recall = metrics.precision_recall(real, fake, k=3)
    density, coverage = metrics.density_coverage(real, fake, k=5)
    return {
        "frechet_distance": metrics.frechet_distance(real, fake),
        "kernel_distance": metrics.kernel_distance(real, fake).mean,
        "precision": precision,
        "recall": recall,
        "density": density,
        "coverage": coverage,
        "vendi_score": metrics.vendi_score(fake[:VENDI]),
    }


def _measure(rows: list[list[dict[str, np.ndarray]]], name: str, size: int) -> Measure:
    values = np.array([[float(of[name]) for of in row] for row in rows])
    means, spreads = values.mean(axis=0), stats.t.ppf(0.975, SPLITS - 1) * values.std(axis=0, ddof=1)
    (fake, real), (fake_half, real_half) = map(float, means), map(float, spreads)
    return Measure(
        fake, (fake - fake_half, fake + fake_half), real, (real - real_half, real + real_half), size, CONVENTIONS[name]
    )
