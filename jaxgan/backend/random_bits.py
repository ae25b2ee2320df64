"""JAX's own random bits, made faster on a CPU."""

import math

import jax
import jax.numpy as jnp
from jax.extend.random import define_prng_impl

from jaxgan.backend.platforms import in_force
from jaxgan.types import Array, Key

_ROTATIONS = ((13, 15, 26, 6), (17, 29, 16, 24))


def straight(key: Key) -> Key:
    """The same key, so that what is drawn from it is drawn by straight-line code.

    On a CPU, JAX compiles the hash behind `jax.random` as a loop of five turns, each of which passes over memory, and
    every `split` and `fold_in` starts such a loop as well. Here each is one computation; the bits are equal. On other
    devices, and for other kinds of key, nothing changes.

    Args:
      key: typed; also keys of any shape.

    >>> key = jax.random.key(0)
    >>> bool(jnp.all(jax.random.bits(straight(key), (3,)) == jax.random.bits(key, (3,))))
    True
    """
    ours = jax.random.key_impl(key) == "threefry2x32" and jax.config.jax_threefry_partitionable  # pyright: ignore[reportAttributeAccessIssue]
    if not in_force().straight_line_random_bits or not ours:
        return key
    return jax.random.wrap_key_data(jax.random.key_data(key), impl=_STRAIGHT)


def _hash(key: Array, high: Array, low: Array) -> tuple[Array, Array]:
    """Threefry-2x32 with 20 rounds of a count of 64 bits.

    Reference:
      Salmon, Moraes, Dror and Shaw, "Parallel Random Numbers: As Easy as 1, 2, 3", 2011.
    """
    words = (key[0], key[1], key[0] ^ key[1] ^ jnp.uint32(0x1BD11BDA))
    high, low = high + words[0], low + words[1]
    for turn in range(5):
        for by in _ROTATIONS[turn % 2]:
            high = high + low
            low = high ^ ((low << by) | (low >> (32 - by)))
        high, low = high + words[(turn + 1) % 3], low + words[(turn + 2) % 3] + jnp.uint32(turn + 1)
    return high, low


def _counted(key: Array, shape: tuple[int, ...]) -> tuple[Array, Array]:
    """The hashes of 0, 1, 2, ...; an index for each axis, so that no device needs another's."""
    count = jnp.zeros(shape, jnp.uint32)
    for axis in range(len(shape)):
        index = jax.lax.broadcasted_iota(jnp.uint32, shape, axis)
        count = count + index * jnp.uint32(math.prod(shape[axis + 1 :]))
    return _hash(key, jnp.zeros_like(count), count)


def _key(high: Array, low: Array) -> Array:
    # A chain of keys would otherwise be fused into one computation, which doubles with every link.
    return jax.lax.optimization_barrier(jnp.stack([high, low], axis=-1))


def _split(key: Array, shape: tuple[int, ...]) -> Array:
    return _key(*_counted(key, shape))


def _fold_in(key: Array, data: Array | int) -> Array:
    return _key(*_hash(key, jnp.uint32(0), jnp.asarray(data, jnp.uint32)))


def _bits(key: Array, width: int, shape: tuple[int, ...]) -> Array:
    if width != 32 or math.prod(shape) >= 2**32:
        return jax.random.bits(jax.random.wrap_key_data(key, impl="threefry2x32"), shape, f"uint{width}")
    high, low = _counted(key, shape)
    return high ^ low


_STRAIGHT = define_prng_impl(
    key_shape=(2,),
    seed=lambda seed: jax.random.key_data(jax.random.key(seed, impl="threefry2x32")),
    split=_split,
    random_bits=_bits,
    fold_in=_fold_in,
    name="straight threefry2x32",
    tag="straight",
)
