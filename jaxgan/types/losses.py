"""What the two players minimise."""

from collections.abc import Callable
from typing import NamedTuple

import jax.numpy as jnp

from jaxgan.types.batches import Array


def mean_of_parts(logits: Array) -> Array:
    """`[batch]` as it is, `[batch, parts]` averaged to `[batch]`."""
    return logits if logits.ndim == 1 else jnp.mean(logits, axis=1)


class Halves(NamedTuple):
    """A loss whose real and fake examples are judged apart, so that weights can act on them; each keeps the shape.

    Attributes:
      real: `real(real_logits)`, the discriminator's part of real examples.
      fake: `fake(fake_logits)`, the discriminator's part of fakes; it minimises the sum of both.
      generator: `generator(fake_logits)`, the generator's loss.
    """

    real: Callable[[Array], Array]
    fake: Callable[[Array], Array]
    generator: Callable[[Array], Array]


class AdversarialLoss(NamedTuple):
    """What the two players minimise, as functions of logits that return one value for each; `gan` takes the mean.

    A discriminator gives logits `[batch]`, or `[batch, parts]` (patches, time steps, several discriminators). A loss is
    applied to each part by itself, unless it is `joint`.

    Attributes:
      discriminator: `discriminator(real_logits, fake_logits)`, of their shape; `[batch]` where `joint`.
      generator: `generator(real_logits, fake_logits)`, likewise.
      halves: the same loss in halves; None where real and fake are compared with each other.
      joint: the loss reads all parts of an example together, `[batch, parts]`.
      logit: `logit(logits) -> [batch]`, the one number that penalties, the accuracy and monitors read.
    """

    discriminator: Callable[[Array, Array], Array]
    generator: Callable[[Array, Array], Array]
    halves: Halves | None = None
    joint: bool = False
    logit: Callable[[Array], Array] = mean_of_parts

    def each(self, logits: Array) -> Array:
        """The logits that mean something by themselves: all parts, or the one number of a `joint` loss."""
        return self.logit(logits) if self.joint else logits
