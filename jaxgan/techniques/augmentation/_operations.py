"""Random changes of examples, each with one draw for every example and differentiable in it.

Of images `[batch, height, width, channels]` in [-1, 1], and of points `[batch, width]`. A result keeps shape and dtype;
it is not clipped to [-1, 1], which would stop gradients.
"""

import jax
import jax.numpy as jnp

from jaxgan.techniques._changes import turned, with_noise
from jaxgan.types import Array, Key


def brightness(key: Key, x: Array) -> Array:
    """Adds U(-0.5, 0.5) to an image."""
    return x + _uniform(key, x, -0.5, 0.5)


def saturation(key: Key, x: Array) -> Array:
    """Moves the channels of each pixel from their mean, or to it, by a factor U(0, 2)."""
    return _from_mean(x, (3,), _uniform(key, x, 0.0, 2.0))


def contrast(key: Key, x: Array) -> Array:
    """Moves an image from the mean of all its values, or to it, by a factor U(0.5, 1.5)."""
    return _from_mean(x, (1, 2, 3), _uniform(key, x, 0.5, 1.5))


def translation(key: Key, x: Array) -> Array:
    """Shifts an image by whole pixels, up to an eighth of its size along each axis; zeros come in."""
    n, height, width, channels = x.shape
    key_down, key_right = jax.random.split(key)
    down, right = (int(size * 0.125 + 0.5) for size in (height, width))
    padded = jnp.pad(x, ((0, 0), (down, down), (right, right), (0, 0)))

    def window(image: Array, row: Array, column: Array) -> Array:
        return jax.lax.dynamic_slice(image, (row, column, jnp.zeros_like(row)), (height, width, channels))

    rows = jax.random.randint(key_down, (n,), 0, 2 * down + 1)
    columns = jax.random.randint(key_right, (n,), 0, 2 * right + 1)
    return jax.vmap(window)(padded, rows, columns)


def cutout(key: Key, x: Array) -> Array:
    """Zeros in a rectangle of half the size of an image, around a place in it and cut off at its borders."""

    def inside(key: Key, size: int) -> Array:
        hole = int(size * 0.5 + 0.5)
        centre = jax.random.randint(key, (x.shape[0], 1), 0, size + 1 - hole % 2)
        place = jnp.arange(size)[None] - centre + hole // 2
        return (place >= 0) & (place < hole)

    key_rows, key_columns = jax.random.split(key)
    rows, columns = inside(key_rows, x.shape[1]), inside(key_columns, x.shape[2])
    return jnp.where(rows[:, :, None, None] & columns[:, None, :, None], jnp.zeros((), x.dtype), x)


def flip(key: Key, x: Array) -> Array:
    """Mirrors half of the images, left to right."""
    return jnp.where(_uniform(key, x, 0.0, 1.0) < 0.5, x[:, :, ::-1], x)


def quarter_turns(key: Key, x: Array) -> Array:
    """Turns square images by 0, 90, 180 or 270 degrees.

    Raises:
      ValueError: images that are not square.
    """
    if x.shape[1] != x.shape[2]:
        raise ValueError(f"quarter_turns needs square images, got {x.shape[1]}x{x.shape[2]}")
    return turned(x, jax.random.randint(key, (x.shape[0],), 0, 4))


def noise(key: Key, x: Array, std: float | Array) -> Array:
    """Adds `N(0, σ² I)` to a point."""
    return with_noise(key, x, std)


def rotation(key: Key, x: Array) -> Array:
    """Turns the first two coordinates of a point about the origin by an angle N(0, 0.2²).

    Raises:
      ValueError: points with a single coordinate.
    """
    if x.shape[1] < 2:
        raise ValueError(f"rotation needs points of at least 2 coordinates, got {x.shape[1]}")
    angle = 0.2 * jax.random.normal(key, (x.shape[0], 1), _wide(x))
    cos, sin = jnp.cos(angle).astype(x.dtype), jnp.sin(angle).astype(x.dtype)
    a, b, others = x[:, 0:1], x[:, 1:2], x[:, 2:]
    return jnp.concatenate([cos * a - sin * b, sin * a + cos * b, others], axis=1)


def scale(key: Key, x: Array) -> Array:
    """Stretches a point from the origin by a factor 2^N(0, 0.2²)."""
    return x * jnp.exp2(0.2 * jax.random.normal(key, (x.shape[0], 1), _wide(x))).astype(x.dtype)


def _wide(x: Array) -> jnp.dtype:
    """Float32 or wider."""
    return jnp.promote_types(x.dtype, jnp.float32)


def _uniform(key: Key, x: Array, low: float, high: float) -> Array:
    """One number for each example, to be broadcast over it."""
    return jax.random.uniform(key, (x.shape[0], *[1] * (x.ndim - 1)), _wide(x), low, high).astype(x.dtype)


def _from_mean(x: Array, axes: tuple[int, ...], factor: Array) -> Array:
    mean = jnp.mean(x.astype(_wide(x)), axis=axes, keepdims=True).astype(x.dtype)
    return mean + factor * (x - mean)
