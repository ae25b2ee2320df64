"""What is measured for each task: mode coverage, the conventions behind it, and what real data would score."""

import functools
import itertools
from collections.abc import Callable
from functools import partial
from typing import Any, NamedTuple

import jax
import numpy as np
from jax.typing import ArrayLike

from jaxgan import metrics
from jaxgan.evaluation.classifier import CHUNK, train_classifier


class Evaluation(NamedTuple):
    """What is measured for a task.

    Attributes:
      measure: `measure(samples [n, ...]) -> {metric: number}`: `modes`, `high_quality` (mixtures), `reverse_kl`,
        `reverse_kl_all` (mixtures), `counts`, an array `[k]`, and `counts_all` (mixtures), another; `{}` for a task
        without modes.
      conventions: `{metric: sentence}`, how each number is defined.
      real: `real(n) -> {metric: number}`, what n real samples score: ceilings and floors. Closed forms for mixtures,
        which assume modes that do not overlap; measured on n fixed draws for stacked digits, with the floor of a
        sampler of equal modes as `reverse_kl_floor`.
      names: what the modes are called, in the order of `counts`.
      shares: `[k]`, probability that a real sample is counted in `counts` for each mode; together at most 1. Stacked
        digits take them from the labels, without the classifier's mistakes.
    """

    measure: Callable[[ArrayLike], dict[str, Any]]
    conventions: dict[str, str]
    real: Callable[[int], dict[str, float]]
    names: tuple[str, ...]
    shares: np.ndarray


def evaluator(task: Any, *, threshold: float = 3.0) -> Evaluation:
    """Makes what is measured for a task; trains a classifier, or reads it from the cache, for stacked digits.

    Args:
      task: a mixture (with `means`, `std`, `weights` and `names`), stacked digits (with `images`, `labels`, `stack`,
        `modes` and `names`), or any other task, for which nothing is measured.
      threshold: radius of high quality around a mean, positive, in standard deviations.

    Returns:
      An `Evaluation`.

    Raises:
      ValueError: if the threshold is not positive, or the mixture has no noise at all.
    """
    if not threshold > 0:
        raise ValueError(f"threshold must be positive, got {threshold}")
    if hasattr(task, "means"):
        return _mixture_evaluation(task, threshold)
    if hasattr(task, "stack"):
        return _stacked_evaluation(task)
    return Evaluation(measure=lambda samples: {}, conventions={}, real=lambda n: {}, names=(), shares=np.zeros(0))


def present_modes(task: Any) -> tuple[np.ndarray, np.ndarray, tuple[str, ...]]:
    """Means `[k, d]`, weights `[k]` and names of the modes of a mixture that have a positive weight."""
    present = np.asarray(task.weights) > 0
    names = tuple(itertools.compress(task.names, present))
    return np.asarray(task.means)[present], np.asarray(task.weights)[present], names


def _mixture_evaluation(task: Any, threshold: float) -> Evaluation:
    means, weights, names = present_modes(task)
    dimensions = means.shape[1]
    std = np.broadcast_to(np.asarray(task.std, np.float64), (dimensions,))
    noisy = int((std > 0).sum())
    if not noisy:
        raise ValueError("std must be positive in at least one dimension, got zeros only")
    # Where the data are constant, a sample may be off by as much as in the most precise of the other coordinates.
    scale = np.where(std > 0, std, std[std > 0].min())
    # In more than three dimensions hardly any real sample lies within a few standard deviations of its mean.
    metric = "euclidean" if dimensions <= 3 else "per_dimension"
    radius = threshold if metric == "euclidean" else threshold * np.sqrt(dimensions)
    cover = jax.jit(
        partial(metrics.mode_coverage, means=means, std=scale, threshold=threshold, weights=weights, metric=metric)
    )

    def measure(samples: ArrayLike) -> dict[str, Any]:
        fields = ("modes", "high_quality", "reverse_kl", "reverse_kl_all", "counts", "counts_all")
        return _numbers(cover(samples), fields)

    share = metrics.expected_high_quality(noisy, radius)

    def real(n: int) -> dict[str, float]:
        good = max(round(n * share), 1)
        return {
            "modes": metrics.expected_modes(weights, good),
            "high_quality": share,
            "reverse_kl": metrics.expected_reverse_kl(weights, good),
            "reverse_kl_all": metrics.expected_reverse_kl(weights, n),
        }

    distance = "L2" if metric == "euclidean" else f"L2 divided by the square root of {dimensions} dimensions"
    conventions = {
        "modes": "modes that are the nearest one of at least one high-quality sample",
        "high_quality": f"share of samples within {threshold:g} standard deviations ({distance}) of the nearest mean",
        "reverse_kl": "KL in nats of the histogram of high-quality samples over their nearest means to the weights of "
        "the mixture",
        "reverse_kl_all": "KL in nats of the histogram of all samples over their nearest means to the weights of the "
        "mixture",
        "counts": "high-quality samples of each mode",
        "counts_all": "samples nearest to each mean",
    }
    weights = weights.astype(np.float64)
    return Evaluation(measure, conventions, real, names, share * weights / weights.sum())


def _stacked_evaluation(task: Any) -> Evaluation:
    classes = round(task.modes ** (1 / task.stack))
    classifier = train_classifier(task.images, task.labels, key=jax.random.key(0), classes=classes)
    shape = (*task.images.shape[1:3], task.stack)
    draw = jax.jit(task.draw, static_argnums=2)

    def classify(samples: np.ndarray) -> np.ndarray:
        digits = [classifier.classify(samples[..., channel, None]) for channel in range(task.stack)]
        return np.asarray(metrics.stacked_labels(np.stack(digits, axis=1), classes=classes))

    def measure(samples: ArrayLike) -> dict[str, Any]:
        samples = np.asarray(samples)
        if samples.shape[1:] != shape or not len(samples):
            raise ValueError(f"samples must be [n, {', '.join(map(str, shape))}], got {samples.shape}")
        return _numbers(metrics.class_coverage(classify(samples), task.modes), ("modes", "reverse_kl", "counts"))

    def real(n: int) -> dict[str, float]:
        floor = metrics.expected_reverse_kl(task.modes, n)
        size = min(n, CHUNK)
        keys = [jax.random.fold_in(jax.random.key(1), index) for index in range(-(-n // size))]
        labels = np.concatenate([classify(np.asarray(draw(task.arrays, key, size))) for key in keys])[:n]
        measured = _numbers(metrics.class_coverage(labels, task.modes), ("modes", "reverse_kl"))
        return {**measured, "reverse_kl_floor": floor}

    judge = f"a classifier of {100 * classifier.accuracy:.2f} % accuracy on {classifier.held_out} held-out images"
    conventions = {
        "modes": f"classes of at least one sample, out of {task.modes}; each channel is classified by {judge}",
        "reverse_kl": "KL in nats of the histogram of classes to equal shares; "
        "real classes need not be equally frequent, so compare with real data at the same sample size",
        "reverse_kl_floor": "mean KL in nats of a sampler of equally frequent classes at this sample size",
        "counts": "samples of each class",
    }
    of_digits = np.bincount(np.asarray(task.labels), minlength=classes) / len(task.labels)
    shares = functools.reduce(np.kron, [of_digits] * task.stack)
    return Evaluation(measure, conventions, real, tuple(task.names), shares)


def _numbers(coverage: Any, names: tuple[str, ...]) -> dict[str, Any]:
    """Reads the named fields as Python numbers, or as numpy arrays where they are no scalars."""
    arrays = {name: np.asarray(getattr(coverage, name)) for name in names}
    return {name: array if array.ndim else array.item() for name, array in arrays.items()}
