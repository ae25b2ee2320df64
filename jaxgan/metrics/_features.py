"""What every metric over features checks before it computes."""

import jax.numpy as jnp
from jax.typing import ArrayLike

from jaxgan.types import Array


def statistics(x: ArrayLike) -> Array:
    """Reads an array in float32 or better, as statistics are computed; whole numbers in the default float."""
    x = jnp.asarray(x)
    inexact = jnp.issubdtype(x.dtype, jnp.floating)
    return x.astype(jnp.promote_types(x.dtype, jnp.float32) if inexact else jnp.result_type(float))


def as_features(name: str, features: ArrayLike, minimum: int = 1) -> Array:
    """Reads features `[n, d]` in float32 or better.

    Args:
      name: what the caller calls them.
      features: `[n, d]`.
      minimum: of n.

    Returns:
      The features.

    Raises:
      ValueError: if they are not a matrix with at least one column and `minimum` rows.
    """
    features = statistics(features)
    if features.ndim != 2 or features.shape[1] < 1:
        raise ValueError(f"{name} must be [n, d] with d at least 1, got shape {features.shape}")
    if features.shape[0] < minimum:
        raise ValueError(f"{name} must have at least {minimum} rows, got shape {features.shape}")
    return features


def as_pair(real: ArrayLike, fake: ArrayLike, minimum: int = 1) -> tuple[Array, Array]:
    """Reads real features `[n, d]` and fake features `[m, d]` in one dtype.

    Args:
      real: `[n, d]`.
      fake: `[m, d]`.
      minimum: of n and of m.

    Returns:
      Both, in float32 or better.

    Raises:
      ValueError: if one is no such matrix, or d differs.
    """
    real, fake = as_features("real", real, minimum), as_features("fake", fake, minimum)
    if real.shape[1] != fake.shape[1]:
        raise ValueError(f"real [n, d] and fake [m, d] must share d, got {real.shape} and {fake.shape}")
    dtype = jnp.promote_types(real.dtype, fake.dtype)
    return real.astype(dtype), fake.astype(dtype)
