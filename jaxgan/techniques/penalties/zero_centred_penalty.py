"""Zero-centred gradient penalty: flattens the discriminator between real and fake."""

import jax.numpy as jnp

from jaxgan.techniques.penalties._gradients import squared_gradient_norms
from jaxgan.techniques.penalties._interpolates import between_real_and_fake
from jaxgan.types import Array, Technique
from jaxgan.types.checks import at_least


def zero_centred_penalty(weight: float | Array) -> Technique:
    """Adds `weight · E ‖∇ₓ D(x̂)‖²` to the discriminator's loss, with `x̂ = ε x + (1 - ε) G(z)`.

    The points, one ε for each logit, are those of `techniques.gradient_penalty`: between examples as the discriminator
    sees them, after noise and augmentation. There is no half in front, as `techniques.r1` has it. The discriminator
    must not use batch normalisation. A conditional one is asked with the labels of the real examples.

    Use when: the discriminator tells all training examples from all fakes, and its slope between them throws the
    generator about; unlike `r1` it acts on the whole way from the fakes to the data.

    Cost: one more pass of the discriminator over the batch, differentiated twice.

    Args:
      weight: λ, 0 or more; it scales with the variance of the data, as that of `r1` does.

    Raises:
      ValueError: a negative weight.

    Reference:
      Thanh-Tung, Tran and Venkatesh, "Improving Generalization and Stability of Generative Adversarial Networks", 2019.
    """
    at_least("the weight of zero_centred_penalty", weight, 0)

    def discriminator_loss(own, key, play):
        del own
        return weight * jnp.mean(squared_gradient_norms(play.discriminate, between_real_and_fake(key, play)))

    return Technique("zero_centred_penalty", discriminator_loss=discriminator_loss)
