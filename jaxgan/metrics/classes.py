"""Class accuracy: do samples of a class look like that class?"""

from typing import NamedTuple

import jax.numpy as jnp
from jax.typing import ArrayLike

from jaxgan.types import Array


class ClassAccuracy(NamedTuple):
    """How often samples are judged to be of the class that was asked for.

    Attributes:
      mean: scalar in [0, 1], mean over the classes that have samples; each of them weighs the same.
      each: `[classes]`, share of the samples of each class that are judged as it; NaN for a class without samples.
    """

    mean: Array
    each: Array


def class_accuracy(labels: ArrayLike, judged: ArrayLike, classes: int) -> ClassAccuracy:
    """Computes for each class c the share of its samples that a classifier judges as c.

    Of conditional samples it is the GAN-test of Shmelkov et al., "How good is my GAN?", 2018. It falls
    where classes are confused or images are poor, and does not see whether a class has collapsed. Real images score
    less than 1 as well: compare with those that the classifier was not trained on.

    Args:
      labels: `[n]` integers, the class that each sample was asked for; one outside `[0, classes)` is not counted.
      judged: `[n]` integers, the class that a classifier gives; -1 for none, which is wrong.
      classes: number of classes, at least 1.

    Returns:
      A `ClassAccuracy`.

    Raises:
      ValueError: labels and judged are not both integers `[n]`, or there is no class.
    """
    labels, judged = jnp.asarray(labels), jnp.asarray(judged)
    integers = all(jnp.issubdtype(x.dtype, jnp.integer) for x in (labels, judged))
    if labels.ndim != 1 or labels.shape != judged.shape or not integers:
        raise ValueError(
            f"labels and judged must both be integers [n], got {labels.dtype} {labels.shape} and "
            f"{judged.dtype} {judged.shape}"
        )
    if classes < 1:
        raise ValueError(f"classes must be at least 1, got {classes}")
    of_class = labels.astype(jnp.int32)[:, None] == jnp.arange(classes, dtype=jnp.int32)[None, :]
    right = (labels == judged)[:, None] & of_class
    samples, correct = of_class.sum(axis=0), right.sum(axis=0)
    each = correct / jnp.where(samples > 0, samples, 1)
    there = samples > 0
    mean = jnp.where(there, each, 0).sum() / there.sum()
    return ClassAccuracy(mean, jnp.where(there, each, jnp.nan))
