"""Vendi score: the effective number of different samples in a set, without any reference set."""

import math

import jax
import jax.numpy as jnp
from jax.typing import ArrayLike

from jaxgan.metrics._features import as_features
from jaxgan.types import Array


def vendi_score(features: ArrayLike, *, order: float = 1.0) -> Array:
    """Computes the effective number of different samples under the cosine kernel.

    With the eigenvalues l of `K / n`, `K_ij = <x_i, x_j> / (|x_i| |x_j|)`, it is `exp(-sum l log l)` for order 1,
    `(sum l^q)^(1 / (1 - q))` for order q and `1 / max l` for infinity. It is 1 when all samples point the same way
    (the kernel sees no length) and n when all are orthogonal; a low order counts rare samples more. The eigenvalues
    that are not 0 are those of the matrix `[d, d]` as well, which is used where it is smaller.

    A row of zeros has no direction. All of them count as one sample that is orthogonal to the others, so `K_ii` is 1
    for every row.

    Friedman and Dieng, "The Vendi Score: A Diversity Evaluation Metric for Machine Learning", 2023, definition 3.1;
    orders from Pasarkar and Dieng, "Cousins of the Vendi Score", 2024. Agrees with `score_K` and `score_dual` of the
    authors' vendi-score, whose `score_X` ignores the order.

    Args:
      features: finite `[n, d]`, n at least 1.
      order: q, at least 0 and static; infinity is allowed. Eigenvalues below the rounding error of the largest one
        count as 0, or order 0 would count them.

    Returns:
      A scalar in [1, n].

    Raises:
      ValueError: if the features are no such matrix, or the order is negative.
    """
    features = as_features("features", features)
    if not order >= 0:
        raise ValueError(f"order must be at least 0, got {order}")
    n = features.shape[0]
    # Divided by its largest entry first, a row can be so short or so long that its squares would not be numbers.
    largest = jnp.abs(features).max(axis=1, keepdims=True)
    empty = largest == 0
    rows = features / jnp.where(empty, 1, largest)
    rows = rows / jnp.sqrt(jnp.where(empty, 1, jnp.square(rows).sum(axis=1, keepdims=True)))
    rows = jnp.concatenate([rows, empty.astype(rows.dtype)], axis=1)
    form = "id,jd->ij" if n <= rows.shape[1] else "ni,nj->ij"
    values = jnp.linalg.eigvalsh(jnp.einsum(form, rows, rows, precision=jax.lax.Precision.HIGHEST) / n)
    noise = max(rows.shape) * jnp.finfo(values.dtype).eps * values.max()
    positive = values > noise
    shares = jnp.where(positive, values, 0) / jnp.where(positive, values, 0).sum()
    logs = jnp.log(jnp.where(positive, shares, 1))
    return jnp.exp(_entropy(shares, logs, positive, order))


def _entropy(shares: Array, logs: Array, positive: Array, order: float) -> Array:
    """Computes the Rényi entropy of shares that sum to 1."""
    if order == 1:
        return -(shares * logs).sum()
    if math.isinf(order):
        return -jnp.where(positive, logs, -jnp.inf).max()
    if abs(order - 1) < 0.5:
        # Near order 1 the sum of powers is near 1, and all that counts is by how much it is not.
        return jnp.log1p((shares * jnp.expm1((order - 1) * logs)).sum()) / (1 - order)
    return jax.nn.logsumexp(jnp.where(positive, order * logs, -jnp.inf)) / (1 - order)
