"""Rényi kernel entropy of order 2: an effective number of modes, and how far two sets of modes differ."""

import jax.numpy as jnp
import numpy as np
from jax.typing import ArrayLike

from jaxgan.metrics._distances import points, squared_distances, width
from jaxgan.metrics._features import as_features, as_pair
from jaxgan.metrics._tiles import map_rows
from jaxgan.metrics.modes import check_positive
from jaxgan.types import Array


def renyi_kernel_entropy(features: ArrayLike, *, bandwidth: ArrayLike, tile_rows: int | None = None) -> Array:
    """Computes the RKE mode count `n^2 / sum_ij k(x_i, x_j)^2` with the kernel `exp(-|x - y|^2 / (2 bandwidth^2))`.

    It is the exponential of the Rényi entropy of order 2 of the eigenvalues of `K / n`, which the Vendi score of order
    2 is with another kernel, and needs no eigenvalues. m equally large clusters, each much narrower than the bandwidth
    and all much farther apart, count m. It is known from few samples where the Vendi score of order 1 is not.

    Jalali, Li and Farnia, "An Information-Theoretic Evaluation of Generative Models in Learning Multi-modal
    Distributions", 2023. Agrees with the authors' rke-score.

    Args:
      features: finite `[n, d]`.
      bandwidth: positive scalar. State it beside the number: with a wide one everything is one mode.
      tile_rows: rows of the kernel matrix that are held at once, at least 1; None for about 128 MiB.

    Returns:
      A scalar in [1, n].

    Raises:
      ValueError: if the features are no such matrix, or an option is outside its range.
    """
    features = as_features("features", features)
    exponent = -1 / jnp.square(_bandwidth(bandwidth, features))
    prepared = points(features)
    means = map_rows(
        lambda rows: jnp.exp(exponent * squared_distances(rows, prepared)).mean(axis=1),
        features,
        width=width(prepared),
        tile_rows=tile_rows,
    )
    return 1 / means.mean()


def relative_renyi_kernel_entropy(real: ArrayLike, fake: ArrayLike, *, bandwidth: ArrayLike) -> Array:
    """Computes the relative RKE `-2 log |K_rf|_* + log (n m)`, of the nuclear norm of the kernel between the sets.

    It is at least 0, and 0 for equal sets. A lost mode of share s adds `-log (1 - s)`. The time grows with the cube of
    the rows: give it about a thousand.

    Jalali, Li and Farnia, "An Information-Theoretic Evaluation of Generative Models in Learning Multi-modal
    Distributions", 2023. Agrees with the authors' rke-score, which takes 500 rows.

    Args:
      real: finite `[n, d]`.
      fake: finite `[m, d]`.
      bandwidth: positive scalar, of the kernel `exp(-|x - y|^2 / (2 bandwidth^2))`.

    Returns:
      A scalar; large but finite for sets that have nothing in common.

    Raises:
      ValueError: if real or fake is no such matrix, d differs, or the bandwidth is outside its range.
    """
    real, fake = as_pair(real, fake)
    exponent = -0.5 / jnp.square(_bandwidth(bandwidth, real))
    kernel = jnp.exp(exponent * squared_distances(real, points(fake)))
    norm = jnp.linalg.svd(kernel, compute_uv=False).sum() / np.sqrt(kernel.size)
    return -2 * jnp.log(jnp.maximum(norm, jnp.finfo(norm.dtype).tiny))


def _bandwidth(bandwidth: ArrayLike, features: Array) -> Array:
    if np.shape(bandwidth) != ():
        raise ValueError(f"bandwidth must be a scalar, got shape {np.shape(bandwidth)}")
    check_positive("bandwidth", bandwidth)
    return jnp.asarray(bandwidth, features.dtype)
