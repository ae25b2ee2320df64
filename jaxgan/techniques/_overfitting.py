"""A probability that rises while the discriminator is too sure of its real examples, and falls otherwise."""

from typing import NamedTuple

import jax
import jax.numpy as jnp

from jaxgan.types import Array, Play
from jaxgan.types.checks import between, positive, whole


class Controlled(NamedTuple):
    """What is kept from step to step.

    Attributes:
      probability: scalar, p.
      signs: scalar, sum of the steps' mean signs since p was last changed.
      steps: int32 scalar, how many these are.
    """

    probability: Array
    signs: Array
    steps: Array


class Controller(NamedTuple):
    """How the probability follows `r = E sign(D(x))` over real `x` as the discriminator was trained on them.

    Attributes:
      target: of r; above it p rises.
      images: real examples in which p goes from 0 to 1.
      interval: steps between two changes, over which r is the mean.
      maximum: of p.
    """

    target: float | Array
    images: float | Array
    interval: int
    maximum: float | Array

    def begin(self) -> Controlled:
        """At the probability 0."""
        return Controlled(jnp.zeros(()), jnp.zeros(()), jnp.zeros((), jnp.int32))

    def moved(self, state: Controlled, play: Play) -> Controlled:
        """After one more step: every `interval` steps p changes by `batch · interval / images`, within [0, maximum]."""
        logits = play.loss.logit(play.real_logits)
        signs = state.signs + jnp.mean(jnp.sign(logits)).astype(state.signs.dtype)
        steps = state.steps + 1
        due = steps >= self.interval
        batch = jax.tree.leaves(play.data.data)[0].shape[0]
        change = jnp.sign(signs / steps - self.target) * (batch * self.interval / self.images)
        probability = jnp.clip(state.probability + change, 0.0, self.maximum)
        return Controlled(
            jnp.where(due, probability, state.probability).astype(state.probability.dtype),
            jnp.where(due, 0.0, signs).astype(signs.dtype),
            jnp.where(due, 0, steps),
        )


def controller(
    name: str, target: float | Array, images: float | Array, interval: int, maximum: float | Array = 1.0
) -> Controller:
    """Checks the numbers of a technique's controller.

    Raises:
      ValueError: one of them is out of range.
    """
    between(f"the target of {name}", target, -1, 1)
    positive(f"the images of {name}", images)
    whole(f"the interval of {name}", interval, 1)
    between(f"the maximum of {name}", maximum, 0, 1)
    return Controller(target, images, interval, maximum)
