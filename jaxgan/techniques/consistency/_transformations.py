"""Small changes of examples that leave them what they are: flips and shifts of images, noise on everything else."""

from collections.abc import Callable

import jax
import jax.numpy as jnp

from jaxgan.techniques._changes import with_noise
from jaxgan.techniques._trees import each_leaf
from jaxgan.types import Array, Batch, Key
from jaxgan.types.checks import at_least, between


def transformation(name: str, *, flip: bool, shift: float | Array, std: float | Array) -> Callable[[Key, Batch], Batch]:
    """The transformation of a technique called `name`: `changed(key, x) -> x`, drawn anew for each example.

    Images `[batch, height, width, channels]` are mirrored with probability 1/2 where `flip`, and shifted by whole
    pixels, uniform up to the share `shift` of their sides, with reflected edges. Other arrays get `N(0, std²)` noise.

    Raises:
      ValueError: a number out of range.
    """
    between(f"the shift of {name}", shift, 0, 1, ends="[)")
    at_least(f"the std of {name}", std, 0)

    def changed(key: Key, x: Array) -> Array:
        if x.ndim == 4:
            return _moved(key, x, flip, shift)
        return with_noise(key, x, std)

    return lambda key, x: x._replace(data=each_leaf(changed, key, x.data))


def _moved(key: Key, images: Array, flip: bool, shift: float | Array) -> Array:
    """Each image mirrored or not, and shifted."""
    batch, height, width, _ = images.shape
    keys = jax.random.split(key, 3)

    def sources(key: Key, side: int) -> Array:
        """`[batch, side]`: the row, or column, of the old image in place of each of the new one."""
        furthest = jnp.floor(jnp.asarray(shift * side)).astype(jnp.int32)
        moves = jax.random.randint(key, (batch, 1), -furthest, furthest + 1)
        places = jnp.abs(jnp.arange(side)[None] + moves)
        return side - 1 - jnp.abs(side - 1 - places)

    rows, columns = sources(keys[0], height), sources(keys[1], width)
    if flip:
        columns = jnp.where(jax.random.bernoulli(keys[2], 0.5, (batch, 1)), width - 1 - columns, columns)
    return jax.vmap(lambda image, rows, columns: image[rows][:, columns])(images, rows, columns)
