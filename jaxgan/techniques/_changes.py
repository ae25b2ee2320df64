"""Changes of examples that several techniques make."""

from collections.abc import Callable

import jax
import jax.numpy as jnp

from jaxgan.types import Array, Batch, Key, Own
from jaxgan.types.techniques import Meet


def on_both_sides(change: Callable[[Own, Key, Batch], Batch]) -> Meet:
    """A `meet` hook that changes real examples and fakes in the same way, each with randomness of its own."""

    def meet(own, key, real, fake, features):
        del features
        key_real, key_fake = jax.random.split(key)
        return change(own, key_real, real), change(own, key_fake, fake)

    return meet


def with_noise(key: Key, x: Array, std: float | Array) -> Array:
    """`x` and `N(0, std² I)`, in the dtype of `x`."""
    return x + jnp.asarray(std, x.dtype) * jax.random.normal(key, x.shape, x.dtype)


def fading(std: float | Array, step: Array, steps: int) -> float | Array:
    """A standard deviation that falls linearly to zero over so many steps; with 0 it stays."""
    return std if steps == 0 else std * jnp.maximum(0.0, 1.0 - step / steps)


def turned(images: Array, turns: Array) -> Array:
    """Square images `[n, size, size, channels]`, each turned by so many quarters, int `[n]` in [0, 4)."""
    # Chosen from all four and not gathered, so that no device needs images of another.
    found = images
    for k in (1, 2, 3):
        found = jnp.where((turns == k)[:, None, None, None], jnp.rot90(images, k, axes=(1, 2)), found)
    return found
