"""Mode coverage: which modes of the data the samples reach, how many of them are good, and how unevenly they fall.

Counts come from samples of any generator. `mode_coverage` reads points against the means of a mixture,
`class_coverage` reads the classes that a classifier gave to images. What real data would get at the same sample size
is in `metrics.expected`: a perfect sampler does not score zero.
"""

import math
from collections.abc import Sequence
from typing import Any, NamedTuple

import jax.numpy as jnp
import numpy as np
from jax.core import Tracer
from jax.typing import ArrayLike

from jaxgan.types import Array

METRICS = ("euclidean", "per_dimension")


class ModeCoverage(NamedTuple):
    """How samples fall on the modes of a mixture.

    Attributes:
      modes: int32 scalar, modes that are the nearest one of at least one high-quality sample.
      high_quality: scalar in [0, 1], share of all samples that lie within the threshold of their nearest mean.
      reverse_kl: scalar in nats, KL of the histogram of high-quality samples to the weights. With no high-quality
        sample at all it is the largest value that it can take, that of a point mass on the least likely mode:
        `log k` for uniform weights.
      reverse_kl_all: the same of the histogram of all samples, each counted for its nearest mean.
      counts: `[k]` int32, high-quality samples of each mode.
      counts_all: `[k]` int32, samples nearest to each mean.
    """

    modes: Array
    high_quality: Array
    reverse_kl: Array
    reverse_kl_all: Array
    counts: Array
    counts_all: Array


class NearestMode(NamedTuple):
    """Which mode of a mixture each sample belongs to.

    Attributes:
      mode: `[n]` int32, that of the nearest mean; -1 for a sample that is not finite, or so far away that its squared
        distance overflows.
      good: `[n]` boolean, whether it is of high quality: nearer than the threshold.
    """

    mode: Array
    good: Array


class ClassCoverage(NamedTuple):
    """How samples fall on classes.

    Attributes:
      modes: int32 scalar, classes with at least one sample.
      reverse_kl: scalar in nats, KL of the histogram of classes to the reference; with no valid label at all the
        largest value that it can take, `log classes` for a uniform reference.
      counts: `[classes]` int32, samples of each class.
    """

    modes: Array
    reverse_kl: Array
    counts: Array


def mode_coverage(
    samples: ArrayLike,
    means: ArrayLike,
    std: ArrayLike,
    *,
    threshold: float = 3.0,
    weights: ArrayLike | None = None,
    metric: str = "euclidean",
) -> ModeCoverage:
    """Counts the modes of a mixture of Gaussians that samples reach, and the share of good samples.

    A sample belongs to its nearest mean, and is of high quality when its distance is below `threshold`. The distance
    is `||(x - mean) / std||`, in standard deviations; `metric="per_dimension"` divides it by `sqrt(d)`, since in high
    dimension even a perfect sample lies `sqrt(d)` standard deviations away. A sample that is not finite, or so far
    away that its squared distance overflows, is nearest to no mode and of low quality.

    Srivastava et al., "VEEGAN: Reducing Mode Collapse in GANs using Implicit Variational Learning", 2017, with
    the share of high-quality samples over all samples and the reverse KL over high-quality samples as in Lin et
    al., "PacGAN: The Power of Two Samples in Generative Adversarial Networks", 2018. `reverse_kl_all` is the
    convention of Liu et al., "Diverse Image Generation via Self-Conditioned GANs", 2020. These papers disagree
    on thresholds and distances, so compare numbers only where the convention is the same.

    Args:
      samples: `[n, d]` points of any generator.
      means: `[k, d]` centres of the modes.
      std: standard deviation of a mode, positive; a scalar, or `[d]` for one scale per dimension.
      threshold: radius of high quality, positive, in standard deviations.
      weights: `[k]` positive shares of the modes, normalised here; None for uniform.
      metric: "euclidean" or "per_dimension".

    Returns:
      A `ModeCoverage`.

    Raises:
      ValueError: for shapes that do not fit, or a std, threshold, weight or metric outside its range.
    """
    nearest, good = nearest_mode(samples, means, std, threshold=threshold, metric=metric)
    modes, dtype = np.shape(means)[0], _statistics(samples).dtype
    reference = _reference(weights, modes, dtype)
    counts_all = _count(nearest, nearest >= 0, modes)
    counts = _count(nearest, good, modes)
    return ModeCoverage(
        modes=_occupied(counts),
        high_quality=good.astype(dtype).mean(),
        reverse_kl=_reverse_kl(counts, reference),
        reverse_kl_all=_reverse_kl(counts_all, reference),
        counts=counts,
        counts_all=counts_all,
    )


def nearest_mode(
    samples: ArrayLike, means: ArrayLike, std: ArrayLike, *, threshold: float = 3.0, metric: str = "euclidean"
) -> NearestMode:
    """Finds the nearest mode of each sample, and whether it is near enough, by the convention of `mode_coverage`.

    Args:
      samples: `[n, d]` points of any generator.
      means: `[k, d]` centres of the modes.
      std: standard deviation of a mode, positive; a scalar, or `[d]` for one scale per dimension.
      threshold: radius of high quality, positive, in standard deviations.
      metric: "euclidean" or "per_dimension".

    Returns:
      A `NearestMode`.

    Raises:
      ValueError: for shapes that do not fit, or a std, threshold or metric outside its range.
    """
    samples, means = _statistics(samples), _statistics(means)
    if samples.ndim != 2 or means.ndim != 2 or samples.shape[1] != means.shape[1]:
        raise ValueError(f"samples [n, d] and means [k, d] must share d, got {samples.shape} and {means.shape}")
    if 0 in samples.shape or 0 in means.shape:
        raise ValueError(f"samples and means must not be empty, got {samples.shape} and {means.shape}")
    dimensions = means.shape[1]
    if np.shape(std) not in ((), (dimensions,)):
        raise ValueError(f"std must be a scalar or [{dimensions}], got shape {np.shape(std)}")
    check_positive("std", std)
    check_positive("threshold", threshold)
    radius = threshold * distance_unit(metric, dimensions)

    finite = jnp.isfinite(samples).all(axis=1)
    points = jnp.where(finite[:, None], samples, 0)
    scale = jnp.broadcast_to(_statistics(std).astype(samples.dtype), (dimensions,))
    # Differences first: the expanded form |x|^2 - 2xm + |m|^2 loses a std of 0.01 at radius 2 in float32.
    squared = jnp.square((points[:, None, :] - means[None, :, :]) / scale[None, None, :]).sum(axis=2)
    nearest = squared.argmin(axis=1).astype(jnp.int32)
    shortest = squared.min(axis=1)
    known = finite & jnp.isfinite(shortest)
    good = known & (shortest < jnp.square(radius))
    return NearestMode(jnp.where(known, nearest, -1), good)


def class_coverage(labels: ArrayLike, classes: int, *, reference: ArrayLike | None = None) -> ClassCoverage:
    """Counts the classes that samples reach, from the class that a classifier gave to each.

    The reverse KL is `sum_c p(c) log(p(c) / reference(c))` in nats, with empty classes contributing 0, as for the
    1000 modes of stacked MNIST in Metz et al., "Unrolled Generative Adversarial Networks", 2017, section 3.3.1.

    Args:
      labels: `[n]` integers; one outside `[0, classes)` marks a sample of no class and is not counted.
      classes: number of classes, at least 1.
      reference: `[classes]` positive shares, normalised here; None for uniform. A class of share zero is refused: one
        sample of it would make the KL infinite.

    Returns:
      A `ClassCoverage`.

    Raises:
      ValueError: if labels are not a vector of integers, or the reference has another shape or a value not positive.
    """
    labels = jnp.asarray(labels)
    if labels.ndim != 1 or not jnp.issubdtype(labels.dtype, jnp.integer):
        raise ValueError(f"labels must be integers [n], got {labels.dtype} {labels.shape}")
    if classes < 1:
        raise ValueError(f"classes must be at least 1, got {classes}")
    # A narrow type such as uint8 could not hold the number of classes.
    labels = labels.astype(jnp.promote_types(labels.dtype, jnp.int32))
    counts = _count(labels, (labels >= 0) & (labels < classes), classes)
    shares = _reference(reference, classes, jnp.float32)
    return ClassCoverage(modes=_occupied(counts), reverse_kl=_reverse_kl(counts, shares), counts=counts)


def stacked_labels(digits: ArrayLike, *, classes: int = 10) -> Array:
    """Composes the class of a stack from the classes of its channels, `100 a + 10 b + c` for three digits.

    Args:
      digits: `[n, channels]` integers in `[0, classes)`, the first channel the most significant.
      classes: number of classes of one channel.

    Returns:
      `[n]` int32 in `[0, classes ** channels)`; -1 where a channel's class is out of range.

    Raises:
      ValueError: if digits are not a matrix of integers.
    """
    digits = jnp.asarray(digits)
    if digits.ndim != 2 or not jnp.issubdtype(digits.dtype, jnp.integer):
        raise ValueError(f"digits must be integers [n, channels], got {digits.dtype} {digits.shape}")
    digits = digits.astype(jnp.int32)
    places = jnp.asarray([classes**place for place in reversed(range(digits.shape[1]))], jnp.int32)
    valid = ((digits >= 0) & (digits < classes)).all(axis=1)
    return jnp.where(valid, (digits * places[None, :]).sum(axis=1), -1)


def missing_modes(counts: ArrayLike, names: Sequence[str]) -> tuple[str, ...]:
    """Names the modes that no sample reached; runs on the host.

    Args:
      counts: `[k]` samples of each mode.
      names: `k` names.

    Returns:
      The names whose count is zero, in order.

    Raises:
      ValueError: if there are not as many names as counts.
    """
    values = np.asarray(counts)
    if values.shape != (len(names),):
        raise ValueError(f"counts must be [{len(names)}], one for each name, got shape {values.shape}")
    return tuple(name for name, count in zip(names, values, strict=True) if count == 0)


def _count(index: Array, mask: Array, length: int) -> Array:
    """Counts each index in `[0, length)` where the mask is true."""
    # Out-of-range indices go to `length`, which "drop" ignores; a negative one would wrap around.
    return jnp.zeros(length, jnp.int32).at[jnp.where(mask, index, length)].add(1, mode="drop")


def _occupied(counts: Array) -> Array:
    return (counts > 0).sum(dtype=jnp.int32)


def _reverse_kl(counts: Array, reference: Array) -> Array:
    """Computes `KL(counts / sum(counts) || reference)` in nats; its largest possible value if all counts are zero."""
    total = counts.sum()
    shares = counts.astype(reference.dtype) / jnp.maximum(total, 1).astype(reference.dtype)
    occupied = shares > 0
    terms = jnp.where(occupied, shares * jnp.log(jnp.where(occupied, shares, 1) / reference), 0)
    # Rounding can leave a perfect histogram a few 1e-8 below zero.
    return jnp.where(total > 0, jnp.maximum(terms.sum(), 0), -jnp.log(reference.min()))


def _reference(weights: ArrayLike | None, modes: int, dtype: Any) -> Array:
    if weights is None:
        return jnp.full(modes, 1 / modes, dtype)
    if np.shape(weights) != (modes,):
        raise ValueError(f"weights must be [{modes}], one for each mode, got shape {np.shape(weights)}")
    check_positive("weights", weights)
    shares = jnp.asarray(weights, dtype)
    return shares / shares.sum()


def _statistics(x: ArrayLike) -> Array:
    """Reads an array in float32 or better, as statistics are computed."""
    x = jnp.asarray(x)
    return x.astype(jnp.promote_types(x.dtype, jnp.float32))


def distance_unit(metric: str, dimensions: int) -> float:
    """Tells how many standard deviations make a distance of 1; raises ValueError for an unknown metric."""
    if metric not in METRICS:
        raise ValueError(f"metric must be one of {METRICS}, got {metric!r}")
    return math.sqrt(dimensions) if metric == "per_dimension" else 1.0


def check_positive(name: str, value: ArrayLike) -> None:
    """Raises ValueError unless every value is positive; what is traced passes, as it has no value yet."""
    if not isinstance(value, Tracer) and not (np.asarray(value) > 0).all():
        raise ValueError(f"{name} must be positive, got {value}")
