"""Cycling: does a generator return to the modes that it had some time ago?"""

import jax.numpy as jnp
from jax.typing import ArrayLike

from jaxgan.metrics._features import statistics
from jaxgan.metrics.autocorrelation import autocorrelation
from jaxgan.types import Array


def cycling(counts: ArrayLike, lags: int | None = None) -> Array:
    """Computes the correlation of a histogram of modes with itself i times later, for the lags i = 1, 2, ...

    `mean_t ⟨p_(t+i) - p, p_t - p⟩ / mean_t ‖p_t - p‖²`, where p_t are the shares of the modes at time t and p their
    mean over time. A generator that goes round among modes in L steps has a valley and then a peak near 1 at the lag L;
    one that drifts falls from near 1 and does not return; of a histogram that changes by the chance of sampling alone
    it is near 0 at every lag. Lags near the length of the record are compared by few pairs, and can
    leave [-1, 1].

    Args:
      counts: `[time, modes]`, samples of each mode, time at least 2; a row of zeros has the share 0 of each.
      lags: how many, in [1, time); None for all, up to 64.

    Returns:
      `[lags]`; 0 for a histogram that never changes.

    Raises:
      ValueError: counts of another shape, or lags out of range.
    """
    x = statistics(counts)
    if x.ndim != 2 or 0 in x.shape or x.shape[0] < 2:
        raise ValueError(f"counts must be [time, modes] with at least 2 times, got shape {x.shape}")
    shares = x / jnp.maximum(x.sum(axis=1, keepdims=True), 1)
    # The mean of equal numbers can be another one, by rounding; that of zeros is zero.
    shares = shares - shares[:1]
    variance = shares.var(axis=0)
    total = variance.sum()
    of_modes = autocorrelation(shares[None], lags)
    return jnp.where(total > 0, (of_modes * variance[None, :]).sum(axis=1) / jnp.where(total > 0, total, 1), 0)
