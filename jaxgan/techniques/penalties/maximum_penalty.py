"""Maximum gradient penalty: flattens the discriminator where it is steepest between real and fake."""

import jax.numpy as jnp

from jaxgan.techniques.penalties._gradients import squared_gradient_norms
from jaxgan.techniques.penalties._interpolates import between_real_and_fake
from jaxgan.types import Array, Technique
from jaxgan.types.checks import at_least


def maximum_penalty(weight: float | Array) -> Technique:
    """Adds `weight · max ‖∇ₓ D(x̂)‖²` over the batch to the discriminator's loss, with `x̂ = ε x + (1 - ε) G(z)`.

    An estimate of the discriminator's squared Lipschitz constant between real and fake, which grows with the batch: a
    weight holds for one batch size. The points are those of `gradient_penalty`, between examples as the discriminator
    sees them, after noise and augmentation. The maximum is over the whole batch under `jax.jit` with shardings, and
    over each device's own part under `gan(axis_name=...)`. The discriminator must not use batch normalisation.

    Use when: the mean of the gradients is small, yet single ones are so steep that training jumps.

    Cost: one more pass of the discriminator over the batch, differentiated twice; only one logit has a gradient.

    Args:
      weight: λ, 0 or more; it scales with the variance of the data, as that of `r1` does.

    Raises:
      ValueError: a negative weight.

    Reference:
      Zhou, Liang, Song, Yu, Wang, Zhang, Yu and Zhang, "Lipschitz Generative Adversarial Nets", 2019.
    """
    at_least("the weight of maximum_penalty", weight, 0)

    def discriminator_loss(own, key, play):
        del own
        return weight * jnp.max(squared_gradient_norms(play.discriminate, between_real_and_fake(key, play)))

    return Technique("maximum_penalty", discriminator_loss=discriminator_loss)
