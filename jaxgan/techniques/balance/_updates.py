"""Updates of the discriminator that are made smaller or larger after they were taken."""

import jax

from jaxgan.types import Array, State


def scaled(factor: Array, before: State, after: State) -> State:
    """The state after a step of which the discriminator's network took `factor` as much; a factor of 1 changes no bit.

    Its optimizer, its statistics and what techniques train with it stay as they are.
    """

    def move(was: Array, now: Array) -> Array:
        return now + (factor - 1.0).astype(now.dtype) * (now - was)

    params = jax.tree.map(move, before.discriminator.params, after.discriminator.params)
    return after._replace(discriminator=after.discriminator._replace(params=params))
