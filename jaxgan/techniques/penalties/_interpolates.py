"""Points between real examples and fakes, at which four penalties take the gradient."""

import jax
import jax.numpy as jnp

from jaxgan.types import Array, Batch, Key, Play


def between_real_and_fake(key: Key, play: Play) -> Batch:
    """`ε x + (1 - ε) G(z)` with the labels of the real examples, and one `ε ~ U[0, 1]` for each logit."""
    logits = play.real_logits.shape[0]
    dtype = jax.tree.leaves(play.real.data)[0].dtype
    drawn = jax.random.uniform(key, (logits, 1), dtype)

    def between(real: Array, fake: Array) -> Array:
        batch = real.shape[0]
        share = jnp.broadcast_to(drawn, (logits, batch // logits)).reshape(batch, *[1] * (real.ndim - 1))
        return share * real + (1.0 - share) * fake

    return play.real._replace(data=jax.tree.map(between, play.real.data, play.fake.data))
