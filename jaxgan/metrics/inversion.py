"""Inference via optimisation: how near can the generator come to data that it never saw?"""

import math
from collections.abc import Callable

import jax
import jax.numpy as jnp
import optax
from jax.typing import ArrayLike

from jaxgan.metrics._features import statistics
from jaxgan.metrics.modes import check_positive
from jaxgan.types import Array, Key, PyTree


def inversion_distance(
    key: Key,
    generate: Callable[[Array], Array],
    held_out: ArrayLike,
    *,
    latent_dim: int,
    steps: int = 200,
    learning_rate: float = 0.05,
    restarts: int = 3,
) -> Array:
    """Computes the smallest mean squared error with which a generator can reproduce each held-out example.

    `min_z mean (generate(z) - x)^2`, found by gradient descent on the latent from standard normal starts: the smallest
    error met on the way, over all restarts. A generator that has lost a mode stays far from the examples of that mode.
    It is an upper bound, so give the same budget to the generators that are compared.

    Metz et al., "Unrolled Generative Adversarial Networks", 2017, section 3.4, which uses L-BFGS with three restarts
    where this uses Adam, since that runs on all examples at once.

    Args:
      key: typed random key, for the starts.
      generate: `generate(z) -> [n, ...]` of latents `[n, latent_dim]`, differentiable, each example from its own
        latent only (batch statistics not in training mode).
      held_out: `[n, ...]`, like what `generate` makes.
      latent_dim: at least 1.
      steps: of the descent, at least 0.
      learning_rate: of Adam, positive.
      restarts: number of starts, at least 1.

    Returns:
      `[n]` mean squared errors; infinity where none was finite.

    Raises:
      ValueError: if an option is outside its range, or `generate` makes another shape.
    """
    target = statistics(held_out)
    if target.ndim < 2 or 0 in target.shape:
        raise ValueError(f"held_out must be [n, ...] and not empty, got shape {target.shape}")
    for name, value, least in (("latent_dim", latent_dim, 1), ("steps", steps, 0), ("restarts", restarts, 1)):
        if value < least:
            raise ValueError(f"{name} must be at least {least}, got {value}")
    check_positive("learning_rate", learning_rate)
    n, size = target.shape[0], math.prod(target.shape[1:])
    optimizer = optax.adam(learning_rate)

    def errors(latent: Array) -> tuple[Array, Array]:
        made = generate(latent)
        if made.shape != target.shape:
            raise ValueError(f"generate must make examples like held_out {target.shape}, got {made.shape}")
        each = jnp.square(made.astype(target.dtype) - target).reshape(n, size).mean(axis=1)
        return each.sum(), each

    def step(carry: tuple[Array, PyTree, Array], _: None) -> tuple[tuple[Array, PyTree, Array], None]:
        latent, opt_state, best = carry
        (_, each), gradient = jax.value_and_grad(errors, has_aux=True)(latent)
        updates, opt_state = optimizer.update(gradient, opt_state)
        latent = jnp.asarray(optax.apply_updates(latent, updates))
        return (latent, opt_state, jnp.fmin(best, each)), None

    def descend(key: Key) -> Array:
        latent = jax.random.normal(key, (n, latent_dim), target.dtype)
        best = jnp.full(n, jnp.inf, target.dtype)
        (latent, _, best), _ = jax.lax.scan(step, (latent, optimizer.init(latent), best), length=steps)
        return jnp.fmin(best, errors(latent)[1])

    return jax.lax.map(descend, jax.random.split(key, restarts)).min(axis=0)
