"""R2: penalises the discriminator's gradient at fakes."""

import jax.numpy as jnp

from jaxgan.techniques.penalties._gradients import squared_gradient_norms
from jaxgan.types import Array, Technique
from jaxgan.types.checks import at_least


def r2(weight: float | Array) -> Technique:
    """Adds `weight / 2 · E ‖∇ₓ D(x)‖²` over fakes `x` to the discriminator's loss, at every step.

    Fakes are as the discriminator sees them, after noise and augmentation, old ones of `techniques.replay` too.

    Use when: together with `r1`, above all with `losses.relativistic`, whose training the two make converge.

    Cost: the pass over the fakes is differentiated twice, and no longer shared with the real batch.

    Args:
      weight: γ, 0 or more; see `techniques.r1`.

    Raises:
      ValueError: a negative weight.

    Reference:
      Mescheder, Geiger and Nowozin, "Which Training Methods for GANs do actually Converge?", 2018, equation 10.
    """
    at_least("the weight of r2", weight, 0)

    def discriminator_loss(own, key, play):
        del own, key
        return 0.5 * weight * jnp.mean(squared_gradient_norms(play.discriminate, play.fake))

    return Technique("r2", discriminator_loss=discriminator_loss)
