"""LeCam: keeps the discriminator's answers near those that it gave the other side before."""

from typing import NamedTuple

import jax
import jax.numpy as jnp

from jaxgan.types import Array, Technique
from jaxgan.types.checks import at_least, between


class LecamState(NamedTuple):
    """Averages of logits over past steps, towards zero by as much as `weight` is below one.

    Attributes:
      real: of real examples.
      fake: of fakes.
      weight: `1 - decay^steps`.
    """

    real: Array
    fake: Array
    weight: Array


def lecam(weight: float | Array = 0.3, *, decay: float | Array = 0.99) -> Technique:
    """Adds `weight · (E max(0, r - α_F)² + E max(0, α_R - f)²)` of real and fake logits r, f to the discriminator's.

    `α_R` and `α_F` are moving averages of the mean real and fake logit, without a bias towards zero, over the steps
    before this one; nothing is added in the first step, which has none. The squares are one-sided, as in the authors'
    program: a real logit below the average fake one costs nothing. Without the maximum such an example would be pulled
    towards the other side's average too. The program updates the averages with a minibatch before it uses them on it;
    here they are updated after the step, so that they are constants of it, through a lookahead as well. A discriminator
    with several logits an example is read by their mean. With a loss that only compares logits, such as
    `losses.relativistic`, their level drifts freely, and the averages lag behind it.

    Use when: there is little data and the discriminator comes to tell all of it from all fakes; there is no evidence
    that it brings modes back.

    Cost: nothing to speak of, but real and fake examples no longer share a pass.

    Args:
      weight: λ, 0 or more; 0.3 in the authors' program for CIFAR. It scales with the inverse square of the logits.
      decay: of the averages a step, in [0, 1).

    Raises:
      ValueError: an argument out of range.

    Reference:
      Tseng, Jiang, Liu, Yang and Yang, "Regularizing Generative Adversarial Networks under Limited Data", 2021.
    """
    at_least("the weight of lecam", weight, 0)
    between("the decay of lecam", decay, 0, 1, ends="[)")

    def attach(own, key, shapes):
        del key
        zero = jnp.zeros((), shapes.real_logits.dtype)
        return own._replace(state=LecamState(zero, zero, zero))

    def discriminator_loss(own, key, play):
        del key
        known = own.state.weight > 0
        total = jnp.where(known, own.state.weight, 1.0)
        real, fake = play.loss.logit(play.real_logits), play.loss.logit(play.fake_logits)
        above = jnp.mean(jax.nn.relu(real - own.state.fake / total) ** 2)
        below = jnp.mean(jax.nn.relu(own.state.real / total - fake) ** 2)
        return jnp.where(known, weight * (above + below), 0.0)

    def update(own, key, play, info):
        del key, info

        def mixed(past: Array, new: Array) -> Array:
            return jnp.asarray(decay * past + (1.0 - decay) * new, past.dtype)

        real, fake = (jnp.mean(play.loss.logit(logits)) for logits in (play.real_logits, play.fake_logits))
        return jax.tree.map(mixed, own.state, LecamState(real, fake, jnp.ones_like(real)))

    return Technique("lecam", attach=attach, discriminator_loss=discriminator_loss, update=update)
