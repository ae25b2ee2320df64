"""Missing mass: how much of each class's share the samples lack."""

from typing import NamedTuple

import jax.numpy as jnp
import numpy as np
from jax.core import Tracer
from jax.typing import ArrayLike

from jaxgan.metrics._features import statistics
from jaxgan.metrics.modes import check_positive
from jaxgan.types import Array


class MissingMass(NamedTuple):
    """What samples lack of an expected histogram.

    Attributes:
      share: `[k]` in [0, 1], how much of its expected share each class lacks: 1 for a class without samples.
      total: scalar in [0, 1), the mass that stands at the wrong classes: the total variation distance between the
        histograms.
    """

    share: Array
    total: Array


def missing_mass(counts: ArrayLike, expected: ArrayLike) -> MissingMass:
    """Computes how much of the mass that each class should have is missing.

    With the samples' shares p and the expected shares q: `max(0, 1 - p_k / q_k)` for each class, and
    `sum_k max(0, q_k - p_k)` in total. It sees a class that is thinned out as well as one that is lost. Finitely many
    real samples miss some too, about `sqrt((1 - q_k) / (2 pi n q_k))` of a class.

    Args:
      counts: `[k]` samples of each class, not negative. Without any sample all mass is missing.
      expected: `[k]` positive shares of the classes, normalised here; counts of real data are fine.

    Returns:
      A `MissingMass`.

    Raises:
      ValueError: if the shapes differ, a count is negative or an expected share is not positive.
    """
    if np.ndim(counts) != 1 or not np.size(counts) or np.shape(counts) != np.shape(expected):
        raise ValueError(f"counts and expected must both be [k], got {np.shape(counts)} and {np.shape(expected)}")
    if not isinstance(counts, Tracer) and np.min(counts) < 0:
        raise ValueError(f"counts must not be negative, got {counts}")
    check_positive("expected", expected)
    counts, expected = statistics(counts), statistics(expected)
    q = expected / expected.sum()
    p = counts / jnp.maximum(counts.sum(), 1)
    return MissingMass(share=jnp.maximum(1 - p / q, 0), total=jnp.maximum(q - p, 0).sum())
