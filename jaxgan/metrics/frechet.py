"""Fréchet distance: how far two Gaussians fitted to real and to generated features lie apart."""

from typing import NamedTuple

import jax
import jax.numpy as jnp
import numpy as np
from jax.typing import ArrayLike

from jaxgan.metrics._features import as_features, as_pair, statistics
from jaxgan.types import Array, Key

SMALLEST = 5000  # fakes of the first subset from which the distance of infinitely many is extrapolated


class Moments(NamedTuple):
    """The first two moments of features; all that the Fréchet distance reads.

    Attributes:
      mean: `[d]`.
      covariance: `[d, d]`, unbiased.
    """

    mean: Array
    covariance: Array


def moments(features: ArrayLike) -> Moments:
    """Computes the mean and the unbiased covariance of features.

    The features are centred before they are multiplied, so an offset that is large against their spread does no harm.

    Args:
      features: `[n, d]`, n at least 2.

    Returns:
      The `Moments`, in float32 or better.

    Raises:
      ValueError: if the features are no such matrix.
    """
    features = as_features("features", features, 2)
    mean = features.mean(axis=0)
    centred = features - mean[None, :]
    # What rounding left of the mean.
    rest = centred.mean(axis=0)
    centred = centred - rest[None, :]
    product = jnp.einsum("ni,nj->ij", centred, centred, precision=jax.lax.Precision.HIGHEST)
    return Moments(mean + rest, product / (features.shape[0] - 1))


def frechet_distance(real: ArrayLike, fake: ArrayLike) -> Array:
    """Computes the Fréchet distance of Gaussians fitted to the features, unbiased covariances; 0 is best.

    `|m_r - m_f|^2 + tr S_r + tr S_f - 2 tr (S_r S_f)^(1/2)` with means m and unbiased covariances S. With the features
    of Inception-v3 it is the FID. It falls with the number of samples even when the generator stays the same, so
    compare only numbers of the same size of both sets.

    Heusel et al., "GANs Trained by a Two Time-Scale Update Rule Converge to a Local Nash Equilibrium", 2017. Agrees
    with torch-fidelity, pytorch-fid, clean-fid and torchmetrics.

    Args:
      real: `[n, d]`, n at least 2.
      fake: `[m, d]`, m at least 2.

    Returns:
      A scalar, at least 0.

    Raises:
      ValueError: if one is no such matrix, or d differs.
    """
    real, fake = as_pair(real, fake, 2)
    return frechet_distance_from_moments(moments(real), moments(fake))


def frechet_distance_infinity(key: Key, real: ArrayLike, fake: ArrayLike, *, sizes: int = 15) -> Array:
    """Computes the Fréchet distance that infinitely many fakes would have, extrapolated from random subsets of them.

    The distance of N fakes lies above that of infinitely many by about a multiple of 1 / N. It is computed for subsets
    of evenly spaced sizes, from the smaller of 5000 and a tenth of all fakes to all of them; a line in 1 / N is fitted
    by least squares, and its value at 0 is the result. The reals are the same throughout, so the bias by their number
    stays. Subset i is the first rows of `fake[jax.random.permutation(jax.random.split(key, sizes)[i], m)]`.

    Chong and Forsyth, "Effectively Unbiased FID and Inception Score and where to find them", 2020, arXiv 1911.07023;
    sizes and regression as in dgm-eval.

    Args:
      key: typed random key, for the subsets.
      real: `[n, d]`, n at least 2.
      fake: `[m, d]`, m at least 3.
      sizes: how many subsets, at least 2.

    Returns:
      A scalar; below 0 at times.

    Raises:
      ValueError: if one is no such matrix, d differs, or there are fewer than 2 sizes.
    """
    real, fake = as_pair(real, fake, 2)
    m = fake.shape[0]
    if m < 3:
        raise ValueError(f"fake must have at least 3 rows, got shape {fake.shape}")
    if sizes < 2:
        raise ValueError(f"sizes must be at least 2, got {sizes}")
    counts = np.linspace(min(SMALLEST, max(m // 10, 2)), m, sizes).astype(np.int32)
    of_reals = moments(real)
    centre = fake.mean(axis=0, keepdims=True)

    def distance(subset: tuple[Key, Array]) -> Array:
        subset_key, count = subset
        chosen = jnp.arange(m) < count
        weights = jnp.zeros(m, fake.dtype).at[jax.random.permutation(subset_key, m)].set(chosen.astype(fake.dtype))
        mean = jnp.einsum("n,nd->d", weights, fake - centre, precision=jax.lax.Precision.HIGHEST) / count
        centred = fake - centre - mean[None, :]
        product = jnp.einsum("n,ni,nj->ij", weights, centred, centred, precision=jax.lax.Precision.HIGHEST)
        return frechet_distance_from_moments(of_reals, Moments(centre[0] + mean, product / (count - 1)))

    distances = jax.lax.map(distance, (jax.random.split(key, sizes), jnp.asarray(counts)))
    inverse = jnp.asarray(1 / counts, distances.dtype)
    deviation = inverse - inverse.mean()
    slope = (deviation * distances).sum() / jnp.square(deviation).sum()
    return distances.mean() - slope * inverse.mean()


def frechet_distance_from_moments(real: Moments, fake: Moments) -> Array:
    """Computes the Fréchet distance of two Gaussians from their moments, which may be computed once and stored.

    The trace of `(S_r S_f)^(1/2)` is the sum of the singular values of `R^T F`, where `S_r = R R^T` and `S_f = F F^T`
    come from a symmetric eigendecomposition with negative eigenvalues set to 0. Nothing here can become complex or
    undefined for a singular covariance, that of a collapsed generator, and no eigenvalue of a product is rooted, which
    in float32 would cost half of the digits.

    Args:
      real: mean `[d]` and covariance `[d, d]`.
      fake: the same.

    Returns:
      A scalar, at least 0. In float32 its error is about 1e-5 of `tr S_r + tr S_f`.

    Raises:
      ValueError: if the shapes do not fit.
    """
    real, fake = Moments(*map(statistics, real)), Moments(*map(statistics, fake))
    for name, side in (("real", real), ("fake", fake)):
        if side.mean.ndim != 1 or side.covariance.shape != 2 * side.mean.shape:
            shapes = f"{side.mean.shape} and {side.covariance.shape}"
            raise ValueError(f"{name} must have a mean [d] and a covariance [d, d], got {shapes}")
    if real.mean.shape != fake.mean.shape:
        raise ValueError(f"real and fake must share d, got means of shape {real.mean.shape} and {fake.mean.shape}")
    shift = jnp.square(real.mean - fake.mean).sum()
    product = jnp.einsum(
        "ki,kj->ij", _root(real.covariance), _root(fake.covariance), precision=jax.lax.Precision.HIGHEST
    )
    overlap = jnp.linalg.svd(product, compute_uv=False).sum()
    return jnp.maximum(shift + jnp.trace(real.covariance) + jnp.trace(fake.covariance) - 2 * overlap, 0)


def _root(covariance: Array) -> Array:
    """Computes a matrix R with `R R^T = covariance`."""
    values, vectors = jnp.linalg.eigh(covariance)
    return vectors * jnp.sqrt(jnp.maximum(values, 0))[None, :]
