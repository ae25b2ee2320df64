"""WGAN-GP: holds the discriminator's gradient between real and fake at norm one."""

import jax.numpy as jnp

from jaxgan.techniques.penalties._gradients import gradient_norms
from jaxgan.techniques.penalties._interpolates import between_real_and_fake
from jaxgan.types import Array, Technique
from jaxgan.types.checks import at_least


def gradient_penalty(weight: float | Array = 10.0) -> Technique:
    """Adds `weight · E (‖∇ₓ D(x̂)‖ - 1)²` to the discriminator's loss, with `x̂ = ε x + (1 - ε) G(z)`.

    One `ε ~ U[0, 1]` is drawn for each logit: for each example, or for each whole pack of a packed discriminator. The
    discriminator must not use batch normalisation. A conditional one is asked with the labels of the real examples.
    Both ends, and the gradient, are of examples as the discriminator sees them, after noise and augmentation.

    Use when: the loss is `losses.wasserstein`, or a small network without batch normalisation still loses modes and
    there is time for several updates of the discriminator a step.

    Cost: one more pass of the discriminator over the batch, differentiated twice.

    Args:
      weight: λ, 0 or more; 10 in the paper, less for points in the plane, where 10 blurs the modes.

    Raises:
      ValueError: a negative weight.

    Reference:
      Gulrajani et al., "Improved Training of Wasserstein GANs", 2017, equation 3.
    """
    at_least("the weight of gradient_penalty", weight, 0)

    def discriminator_loss(own, key, play):
        del own
        norms = gradient_norms(play.discriminate, between_real_and_fake(key, play))
        return weight * jnp.mean((norms - 1.0) ** 2)

    return Technique("gradient_penalty", discriminator_loss=discriminator_loss)
