"""Weight clipping, as a last link of a chain of optax transformations."""

import jax
import jax.numpy as jnp
import optax

from jaxgan.types import checks


def weight_clipping(limit: float) -> optax.GradientTransformation:
    """Keeps every parameter in `[-limit, limit]`; chain it last, after the optimizer.

    >>> optimizer = optax.chain(optax.rmsprop(5e-5), weight_clipping(0.01))

    Use when: the loss is `losses.wasserstein` and a gradient penalty is too dear; it makes the discriminator a coarse
    function, so try `techniques.gradient_penalty` first.

    Cost: nothing to speak of.

    Args:
      limit: above 0; 0.01 in the paper.

    Raises:
      ValueError: `limit` is not positive, or no parameters are given to the update.

    Reference:
      Arjovsky, Chintala and Bottou, "Wasserstein GAN", 2017, algorithm 1, line 7.
    """
    checks.positive("limit", limit)

    def update(updates, state, params=None):
        if params is None:
            raise ValueError("weight_clipping needs the parameters: optimizer.update(updates, state, params)")
        return jax.tree.map(lambda u, p: jnp.clip(p + u, -limit, limit) - p, updates, params), state

    return optax.GradientTransformation(lambda params: optax.EmptyState(), update)
