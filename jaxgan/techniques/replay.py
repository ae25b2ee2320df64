"""Replay: shows the discriminator fakes of the past, so that it cannot forget them."""

from typing import NamedTuple

import jax
import jax.numpy as jnp

from jaxgan.types import Array, Technique


class ReplayState(NamedTuple):
    """The history of fakes.

    Attributes:
      buffer: `[capacity, ...]`.
      filled: int32 scalar, how many of its places hold a fake.
    """

    buffer: Array
    filled: Array


def replay(capacity: int, *, share: float = 0.5) -> Technique:
    """Replaces a share of the fakes that the discriminator is trained on by fakes of the past.

    After each step as many of the new fakes go into the buffer: into free places first, then over a block of
    neighbours at a random place, so that ages are spread geometrically. Until one share is in the buffer nothing is
    replaced. The generator is trained on its own fakes only.

    Args:
      capacity: places in the buffer, at least the share of a batch.
      share: of the batch, in (0, 1]; half in the paper.

    Raises:
      ValueError: an argument out of range, or, at `init`, a share of the batch that the buffer cannot hold.

    Reference:
      Shrivastava et al., "Learning from Simulated and Unsupervised Images through Adversarial Training", 2017,
      section 2.3.
    """
    if capacity < 1:
        raise ValueError(f"replay takes a capacity of at least 1, not {capacity}")
    if not 0.0 < share <= 1.0:
        raise ValueError(f"replay takes a share above 0 and up to 1, not {share}")

    def count(batch: int) -> int:
        return max(1, round(share * batch))

    def init(key, batch):
        del key
        if count(batch.data.shape[0]) > capacity:
            raise ValueError(
                f"replay keeps {count(batch.data.shape[0])} fakes per step, but its capacity is {capacity}"
            )
        return {}, ReplayState(jnp.zeros((capacity, *batch.data.shape[1:]), batch.data.dtype), jnp.zeros((), jnp.int32))

    def rehearse(state, key, x):
        n = count(x.shape[0])
        past = state.buffer[jax.random.randint(key, (n,), 0, jnp.maximum(state.filled, 1))]
        return jnp.where(state.filled >= n, jnp.concatenate([past, x[n:]]), x)

    def update(state, key, play, info):
        del info
        n = count(play.generated.shape[0])
        start = jnp.where(state.filled < capacity, state.filled, jax.random.randint(key, (), 0, capacity))
        places = (start + jnp.arange(n)) % capacity
        buffer = state.buffer.at[places].set(jax.lax.stop_gradient(play.generated[-n:]))
        return ReplayState(buffer, jnp.minimum(state.filled + n, capacity))

    return Technique("replay", init=init, rehearse=rehearse, update=update)
