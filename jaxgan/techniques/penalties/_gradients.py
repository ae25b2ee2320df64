"""The gradient of a discriminator with respect to its input, which five penalties share."""

from collections.abc import Callable

import jax
import jax.numpy as jnp

from jaxgan.types import Array


def squared_gradient_norms(discriminate: Callable[[Array], Array], x: Array) -> Array:
    """Squared Euclidean norm of each logit's gradient with respect to its input, `[logits]`, in float32 or wider.

    A packed discriminator has one logit for `m` neighbours in the batch; its gradient is that of the whole pack. Each
    logit must depend on its own input only, so batch normalisation in the discriminator makes the result wrong.

    Args:
      discriminate: `[batch, ...] -> [logits]`.
      x: `[batch, ...]`, with a batch that is a multiple of the number of logits.
    """
    logits, pull_back = jax.vjp(discriminate, x)
    (gradient,) = pull_back(jnp.ones_like(logits))
    gradient = gradient.astype(jnp.promote_types(gradient.dtype, jnp.float32))
    return jnp.sum(gradient.reshape(logits.shape[0], -1) ** 2, axis=1)


def gradient_norms(discriminate: Callable[[Array], Array], x: Array) -> Array:
    """Euclidean norm of each logit's gradient, `[logits]`; differentiable where it is zero."""
    return jnp.sqrt(squared_gradient_norms(discriminate, x) + 1e-12)
