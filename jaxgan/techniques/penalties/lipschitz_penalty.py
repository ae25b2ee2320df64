"""WGAN-LP: keeps the discriminator's gradient between real and fake from exceeding norm one."""

import jax
import jax.numpy as jnp

from jaxgan.techniques.penalties._gradients import gradient_norms
from jaxgan.techniques.penalties._interpolates import between_real_and_fake
from jaxgan.types import Array, Technique
from jaxgan.types.checks import at_least


def lipschitz_penalty(weight: float | Array) -> Technique:
    """Adds `weight · E max(0, ‖∇ₓ D(x̂)‖ - 1)²` to the discriminator's loss, with `x̂ = ε x + (1 - ε) G(z)`.

    The one-sided form of `techniques.gradient_penalty`: a gradient shorter than one costs nothing, as a function with
    Lipschitz constant 1 may have it. The points, one ε for each logit, are those of `gradient_penalty`. The
    discriminator must not use batch normalisation. A conditional one is asked with the labels of the real examples.
    Both ends are examples as the discriminator sees them, after noise and augmentation.

    Use when: the loss is `losses.wasserstein` and results depend strongly on the weight of `gradient_penalty`.

    Cost: one more pass of the discriminator over the batch, differentiated twice.

    Args:
      weight: λ, 0 or more; of the size that `gradient_penalty` would have.

    Raises:
      ValueError: a negative weight.

    Reference:
      Petzka, Fischer and Lukovnikov, "On the Regularization of Wasserstein GANs", 2018, arXiv:1709.08894.
    """
    at_least("the weight of lipschitz_penalty", weight, 0)

    def discriminator_loss(own, key, play):
        del own
        norms = gradient_norms(play.discriminate, between_real_and_fake(key, play))
        return weight * jnp.mean(jax.nn.relu(norms - 1.0) ** 2)

    return Technique("lipschitz_penalty", discriminator_loss=discriminator_loss)
