"""How well the discriminator tells reals from fakes, read from its logits."""

import jax.numpy as jnp
from jax.typing import ArrayLike

from jaxgan.metrics._features import statistics
from jaxgan.types import Array


def discriminator_accuracy(real_logits: ArrayLike, fake_logits: ArrayLike) -> Array:
    """Computes how often the discriminator is right: `(mean [real > 0] + mean [fake < 0]) / 2`.

    Both sets weigh the same, whatever their sizes. A logit of 0, or one that is not a number, is on no side and counts
    as wrong. Near 1 the discriminator has won and teaches little; at 1/2 it guesses. The logits of a relativistic loss
    have no zero point: use `logit_gap`.

    Args:
      real_logits: `[n]`.
      fake_logits: `[m]`.

    Returns:
      A scalar in [0, 1].

    Raises:
      ValueError: if logits are not a vector with at least one value; `[n, 1]` is none.
    """
    real, fake = _logits("real_logits", real_logits), _logits("fake_logits", fake_logits)
    return ((real > 0).astype(real.dtype).mean() + (fake < 0).astype(fake.dtype).mean()) / 2


def logit_gap(real_logits: ArrayLike, fake_logits: ArrayLike) -> Array:
    """Computes the mean logit of the reals less that of the fakes: the critic's estimate, for a Wasserstein loss.

    Args:
      real_logits: `[n]`.
      fake_logits: `[m]`.

    Returns:
      A scalar; 0 where the discriminator sees no difference.

    Raises:
      ValueError: if logits are not a vector with at least one value; `[n, 1]` is none.
    """
    return _logits("real_logits", real_logits).mean() - _logits("fake_logits", fake_logits).mean()


def _logits(name: str, logits: ArrayLike) -> Array:
    logits = statistics(logits)
    if logits.ndim != 1 or not logits.size:
        raise ValueError(f"{name} must be [n], got shape {jnp.shape(logits)}")
    return logits
