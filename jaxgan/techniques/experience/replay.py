"""Replay: shows the discriminator fakes of the past, so that it cannot forget them."""

from typing import Literal, NamedTuple

import jax
import jax.numpy as jnp

from jaxgan.types import Array, Batch, Key, Own, Play, Technique
from jaxgan.types.checks import between, whole

# Of fakes seen, counted up to here only: a count that overflows would begin again.
_MOST = 2**30


class ReplayState(NamedTuple):
    """The history of fakes.

    Attributes:
      buffer: fakes `[capacity, ...]`, with their labels and latents.
      filled: int32 scalar, how many of its places hold a fake.
      seen: int32 scalar, how many fakes were offered to it.
      born: int32 `[capacity]`, the step in which each was made.
      logits: what `Info.reports` shows, by name.
    """

    buffer: Batch
    filled: Array
    seen: Array
    born: Array
    logits: dict[str, Array]


def replay(capacity: int, *, share: float = 0.5, keep: Literal["recent", "reservoir"] = "recent") -> Technique:
    """Replaces a share of the fakes that the discriminator is trained on by fakes of the past.

    After each step as many of the new fakes are offered to the buffer. Free places are filled first. Then with `recent`
    all of them overwrite a block of neighbours at a random place, so that ages are spread geometrically; with
    `reservoir` each overwrites a random place with a probability that keeps the buffer a uniform sample of everything
    ever offered, in which most is old and easy to tell. Until one share is in the buffer nothing is replaced. A fake
    keeps its label and its latent. The generator is trained on its own fakes only.

    What is replayed is drawn uniformly, and put in the order of its age at the beginning of the batch. So
    `Info.reports` shows forgetting at no cost, by the discriminator's mean logits in that very round: `old` of the
    older half of what is replayed, `recent` of the other half, `new` of the generator's present fakes. A discriminator
    that remembers gives old fakes the lowest; one that forgets, or a generator that goes round in circles, shows by
    `old` above `new`. Before anything is replayed all of them are of new fakes. `age` is the number of steps by which
    what the buffer holds is older than the youngest of it, on average. What a batch has no logits for is not shown,
    such as `new` at `share=1`.

    Use when: the discriminator forgets: `old` above `new`, or a generator that returns to modes that it had left.

    Cost: memory for `capacity` fakes; no pass of a network. Compare with and without it: no published ablation is
    known.

    Args:
      capacity: places in the buffer, at least the share of a batch.
      share: of the batch, in (0, 1]; half in the paper.
      keep: "recent" or "reservoir".

    Raises:
      ValueError: an argument out of range, or, at `init`, a share of the batch that the buffer cannot hold.

    Reference:
      Shrivastava et al., "Learning from Simulated and Unsupervised Images through Adversarial Training", 2017,
      section 2.3. The reservoir: Vitter, "Random Sampling with a Reservoir", 1985, algorithm R.
    """
    whole("the capacity of replay", capacity, 1)
    between("the share of replay", share, 0, 1, ends="(]")
    if keep not in ("recent", "reservoir"):
        raise ValueError(f"replay keeps 'recent' fakes or a 'reservoir' of all, not {keep!r}")

    def count(batch: int) -> int:
        return max(1, round(share * batch))

    def attach(own, key, shapes):
        del own, key
        batch = shapes.latent.shape[0]
        n = count(batch)
        if n > capacity:
            raise ValueError(f"replay keeps {n} fakes per step, but its capacity is {capacity}")
        buffer = jax.tree.map(lambda a: jnp.zeros((capacity, *a.shape[1:]), a.dtype), shapes.generated)
        nothing = jnp.zeros((), jnp.int32)
        dtype = shapes.fake_logits.dtype
        logits = {name: jnp.zeros((), dtype) for name in _ages(n, batch, shapes.fake_logits.shape[0])}
        return Own(state=ReplayState(buffer, nothing, nothing, jnp.zeros(capacity, jnp.int32), logits))

    def rehearse(own, key, fake):
        n, filled = count(fake.latent.shape[0]), own.state.filled
        places = jax.random.randint(key, (n,), 0, jnp.maximum(filled, 1))
        places = places[jnp.argsort(own.state.born[places])]

        def mixed(past, new):
            return jnp.where(filled >= n, jnp.concatenate([past[places], new[n:]]), new)

        return jax.tree.map(mixed, own.state.buffer, fake)

    def update(own, key, play, info):
        del info
        state, n = own.state, count(play.latent.shape[0])
        places = (_block if keep == "recent" else _reservoir)(key, state, n, capacity)

        def stored(past, new):
            return past.at[places].set(new, mode="drop")

        return ReplayState(
            buffer=jax.tree.map(lambda past, new: stored(past, new[-n:]), state.buffer, play.generated),
            filled=jnp.minimum(state.filled + n, capacity),
            seen=jnp.minimum(state.seen + n, _MOST),
            born=stored(state.born, jnp.full(n, play.step)),
            logits=_mean_logits(play, n),
        )

    def report(own):
        state = own.state
        held = jnp.arange(capacity) < state.filled
        ages = jnp.where(held, jnp.max(state.born) - state.born, 0).astype(float)
        return {**state.logits, "age": jnp.sum(ages) / jnp.maximum(state.filled, 1)}

    return Technique("replay", attach=attach, rehearse=rehearse, update=update, report=report)


def _block(key: Key, state: ReplayState, n: int, capacity: int) -> Array:
    """Places of neighbours: the first free ones, then anywhere."""
    start = jnp.where(state.filled < capacity, state.filled, jax.random.randint(key, (), 0, capacity))
    return (start + jnp.arange(n)) % capacity


def _reservoir(key: Key, state: ReplayState, n: int, capacity: int) -> Array:
    """The place of each fake, or `capacity` for one that is not kept; no place twice."""
    order = jnp.arange(n)
    number = state.seen + order
    drawn = jax.random.randint(key, (n,), 0, number + 1)
    places = jnp.minimum(jnp.where(number < capacity, number, drawn), capacity)
    # As if they came one by one, the last of those that drew the same place has it.
    last = jnp.zeros(capacity + 1, order.dtype).at[places].max(order)
    return jnp.where(last[places] == order, places, capacity)


def _ages(n: int, batch: int, logits: int) -> dict[str, slice]:
    """Which logits are wholly of which fakes, when the first `n` of a batch are replayed, by age."""
    past, new = n * logits // batch, -(-n * logits // batch)
    older = -(-past // 2)
    rows = {"old": slice(0, older), "recent": slice(older, past), "new": slice(new, logits)}
    return {name: where for name, where in rows.items() if where.stop > where.start}


def _mean_logits(play: Play, n: int) -> dict[str, Array]:
    logits = play.loss.logit(play.fake_logits)
    rows = _ages(n, play.latent.shape[0], logits.shape[0])
    return {name: jnp.mean(logits[where]) for name, where in rows.items()}
