"""Replay: shows the discriminator fakes of the past, so that it cannot forget them."""

from typing import NamedTuple

import jax
import jax.numpy as jnp

from jaxgan.types import Array, Batch, Own, Technique
from jaxgan.types.checks import between, whole


class ReplayState(NamedTuple):
    """The history of fakes.

    Attributes:
      buffer: fakes `[capacity, ...]`, with their labels and latents.
      filled: int32 scalar, how many of its places hold a fake.
    """

    buffer: Batch
    filled: Array


def replay(capacity: int, *, share: float = 0.5) -> Technique:
    """Replaces a share of the fakes that the discriminator is trained on by fakes of the past.

    After each step as many of the new fakes go into the buffer: into free places first, then over a block of
    neighbours at a random place, so that ages are spread geometrically. Until one share is in the buffer nothing is
    replaced. A fake keeps its label and its latent. The generator is trained on its own fakes only.

    Args:
      capacity: places in the buffer, at least the share of a batch.
      share: of the batch, in (0, 1]; half in the paper.

    Raises:
      ValueError: an argument out of range, or, at `init`, a share of the batch that the buffer cannot hold.

    Reference:
      Shrivastava et al., "Learning from Simulated and Unsupervised Images through Adversarial Training", 2017,
      section 2.3.
    """
    whole("the capacity of replay", capacity, 1)
    between("the share of replay", share, 0, 1, ends="(]")

    def count(batch: int) -> int:
        return max(1, round(share * batch))

    def attach(own, key, shapes):
        del own, key
        n = count(shapes.latent.shape[0])
        if n > capacity:
            raise ValueError(f"replay keeps {n} fakes per step, but its capacity is {capacity}")
        buffer = jax.tree.map(lambda a: jnp.zeros((capacity, *a.shape[1:]), a.dtype), shapes.generated)
        return Own(state=ReplayState(buffer, jnp.zeros((), jnp.int32)))

    def rehearse(own, key, fake):
        n, filled = count(fake.latent.shape[0]), own.state.filled
        places = jax.random.randint(key, (n,), 0, jnp.maximum(filled, 1))

        def mixed(past, new):
            return jnp.where(filled >= n, jnp.concatenate([past[places], new[n:]]), new)

        return jax.tree.map(mixed, own.state.buffer, fake)

    def update(own, key, play, info):
        del info
        n, filled = count(play.latent.shape[0]), own.state.filled
        start = jnp.where(filled < capacity, filled, jax.random.randint(key, (), 0, capacity))
        places = (start + jnp.arange(n)) % capacity
        buffer = jax.tree.map(lambda past, new: past.at[places].set(new[-n:]), own.state.buffer, play.generated)
        return ReplayState(buffer, jnp.minimum(filled + n, capacity))

    return Technique("replay", attach=attach, rehearse=rehearse, update=update)
