"""What terms on the discriminator's features share."""

import jax
import jax.numpy as jnp

from jaxgan.types import Array, Play


def both(name: str, play: Play, least: int = 1) -> tuple[Array, Array]:
    """Features `[n, width]` of real examples and of fakes as the discriminator saw them, in float32 or wider.

    Raises:
      ValueError: fewer than `least` rows, for the technique called `name`.
    """
    real, fake = (wide(play.features(x)) for x in (play.real, play.fake))
    for rows in (real.shape[0], fake.shape[0]):
        if rows < least:
            raise ValueError(f"{name} compares examples of a batch: take at least {least} for each side, not {rows}")
    return real, fake


def wide(x: Array) -> Array:
    """In float32, or as it is where it is wider."""
    return x.astype(jnp.promote_types(x.dtype, jnp.float32))


def unit(rows: Array) -> Array:
    """Rows scaled to length one; those shorter than about 1e-4 stay shorter than one."""
    return rows * jax.lax.rsqrt(jnp.sum(jnp.square(rows), axis=1, keepdims=True) + 1e-8)


def product(a: Array, b: Array) -> Array:
    """The product of two matrices in full precision, which accelerators do not take of themselves."""
    return jnp.matmul(a, b, precision=jax.lax.Precision.HIGHEST)
