"""Forgetting: does a discriminator take for real what it once knew to be fake?"""

import jax.numpy as jnp
from jax.typing import ArrayLike

from jaxgan.metrics._features import statistics
from jaxgan.metrics.autocorrelation import MOST_LAGS
from jaxgan.types import Array


def forgetting(logits: ArrayLike, lags: int | None = None) -> Array:
    """Computes how much more real fakes of the past look than present ones, by their age i = 1, 2, ...

    `mean_t (l_(t, t-i) - l_(t, t))`, where l_(t, s) is what the discriminator of time t says of the fakes of time s, a
    mean of logits. A discriminator that remembers gives the old fakes of a generator that improves lower logits than
    the new ones: negative. It is positive where it has forgotten what it once rejected, and a generator that returns to
    it is welcome. It has the unit of the logits, which grow with the discriminator's confidence.

    Args:
      logits: `[time, time]`, judged at the time of the row, made at the time of the column, time at least 2; what lies
        above the diagonal is not read.
      lags: how many, in [1, time); None for all, up to 64. Those near the length of the record are means of few times.

    Returns:
      `[lags]`.

    Raises:
      ValueError: logits of another shape, or lags out of range.

    Reference:
      Thanh-Tung and Tran, "On Catastrophic Forgetting and Mode Collapse in Generative Adversarial Networks", 2020,
      arXiv:1807.04015, who describe the forgetting, and have no such number.
    """
    x = statistics(logits)
    if x.ndim != 2 or x.shape[0] != x.shape[1] or x.shape[0] < 2:
        raise ValueError(f"logits must be [time, time] with at least 2 times, got shape {x.shape}")
    time = x.shape[0]
    lags = min(time - 1, MOST_LAGS) if lags is None else lags
    if not 1 <= lags < time:
        raise ValueError(f"lags must be in [1, {time}) for {time} times, got {lags}")
    now, age = jnp.arange(time)[None, :], jnp.arange(1, lags + 1)[:, None]
    above = x[now, jnp.maximum(now - age, 0)] - jnp.diagonal(x)[None, :]
    return jnp.where(now >= age, above, 0).sum(axis=1) / (time - age[:, 0])
