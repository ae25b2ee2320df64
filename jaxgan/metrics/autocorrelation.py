"""Autocorrelation of sequences: do generated ones depend on their own past as real ones do?"""

import jax.numpy as jnp
from jax.typing import ArrayLike

from jaxgan.metrics._features import statistics
from jaxgan.types import Array

# Longer lags are compared by few pairs of time steps, and only where they are asked for.
MOST_LAGS = 64


def autocorrelation(sequences: ArrayLike, lags: int | None = None) -> Array:
    """Computes the autocorrelation `mean (x_(t+i) - m) (x_t - m) / var` of each channel at the lags i = 1, 2, ...

    The mean m, the variance and the products are taken over all sequences and time steps together, so sequences that
    differ in level are correlated at every lag.

    Args:
      sequences: `[n, time, channels]`, time at least 2.
      lags: how many, in [1, time); None for all, up to 64.

    Returns:
      `[lags, channels]`; 0 for a channel that is constant.

    Raises:
      ValueError: sequences of another shape, or lags out of range.
    """
    x = statistics(sequences)
    if x.ndim != 3 or 0 in x.shape or x.shape[1] < 2:
        raise ValueError(f"sequences must be [n, time, channels] with at least 2 time steps, got shape {x.shape}")
    time = x.shape[1]
    lags = min(time - 1, MOST_LAGS) if lags is None else lags
    if not 1 <= lags < time:
        raise ValueError(f"lags must be in [1, {time}) for {time} time steps, got {lags}")
    x = x - x.mean(axis=(0, 1), keepdims=True)
    variance = jnp.square(x).mean(axis=(0, 1))
    # Correlation by the Fourier transform; padded, so that the end of a sequence does not meet its beginning.
    power = jnp.square(jnp.abs(jnp.fft.rfft(x, 2 * time, axis=1))).mean(axis=0)
    pairs = jnp.arange(time - 1, time - 1 - lags, -1)[:, None]
    products = jnp.fft.irfft(power, 2 * time, axis=0)[1 : lags + 1] / pairs
    constant = variance[None, :] == 0
    return jnp.where(constant, 0, products / jnp.where(constant, 1, variance[None, :]))


def autocorrelation_distance(real: ArrayLike, fake: ArrayLike, *, lags: int | None = None) -> Array:
    """Computes how far the autocorrelations of two sets lie apart: `sqrt(sum_i (r_i - f_i)^2)`, mean over channels.

    The ACF score of Wiese et al., "Quant GANs: Deep Generation of Financial Time Series", 2020; there the
    same is computed of absolute and squared returns too, which a caller can pass in.

    Args:
      real: `[n, time, channels]`.
      fake: `[m, time, channels]`.
      lags: as in `autocorrelation`.

    Returns:
      A scalar, at least 0.

    Raises:
      ValueError: time or channels differ, or either is no such set.
    """
    of_real, of_fake = autocorrelation(real, lags), autocorrelation(fake, lags)
    if jnp.shape(real)[1:] != jnp.shape(fake)[1:]:
        raise ValueError(f"real and fake must share time and channels, got {jnp.shape(real)} and {jnp.shape(fake)}")
    return jnp.linalg.norm(of_real - of_fake, axis=0).mean()
