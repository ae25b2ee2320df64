"""The gradient of a discriminator with respect to its input, which five penalties share."""

from collections.abc import Callable

import jax
import jax.numpy as jnp

from jaxgan.types import Array, Batch, PyTree, as_batch


def squared_gradient_norms(discriminate: Callable[[Batch], Array], x: PyTree | Batch) -> Array:
    """Squared Euclidean norm of each logit's gradient with respect to its input, `[logits]`, in float32 or wider.

    A packed discriminator has one logit for `m` neighbours in the batch; its gradient is that of the whole pack. Each
    logit must depend on its own input only, so batch normalisation in the discriminator makes the result wrong. Labels
    are held constant.

    Args:
      discriminate: from a `Batch` to logits `[logits]`.
      x: `[batch, ...]`, with a batch that is a multiple of the number of logits.
    """
    x = as_batch(x)
    logits, pull_back = jax.vjp(lambda data: discriminate(x._replace(data=data)), x.data)
    (gradient,) = pull_back(jnp.ones_like(logits))

    def squared(leaf: Array) -> Array:
        leaf = leaf.astype(jnp.promote_types(leaf.dtype, jnp.float32))
        return jnp.sum(leaf.reshape(logits.shape[0], -1) ** 2, axis=1)

    first, *others = (squared(leaf) for leaf in jax.tree.leaves(gradient))
    return sum(others, first)


def gradient_norms(discriminate: Callable[[Batch], Array], x: PyTree | Batch) -> Array:
    """Euclidean norm of each logit's gradient, `[logits]`; differentiable where it is zero."""
    return jnp.sqrt(squared_gradient_norms(discriminate, x) + 1e-12)
