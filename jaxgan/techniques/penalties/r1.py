"""R1: penalises the discriminator's gradient at real examples."""

import jax.numpy as jnp

from jaxgan.techniques.penalties._gradients import squared_gradient_norms
from jaxgan.types import Array, Technique
from jaxgan.types.checks import at_least


def r1(weight: float | Array) -> Technique:
    """Adds `weight / 2 · E ‖∇ₓ D(x)‖²` over real `x` to the discriminator's loss, at every step.

    Taken at every step: penalising only every few steps fails on stacked MNIST and in two dimensions (Huang et al.,
    "The GAN is dead; long live the GAN!", 2024, appendix E).

    The gradient is by an example as the discriminator sees it, after noise and augmentation, where some programs take
    it by the raw image through the augmentation: under an augmentation that scales an image by a, theirs is a's square
    as large.

    Use when: training is unstable or circles; with `r2` and `losses.relativistic` it is where to start with a new task.
    Find the weight for the scale of the data first.

    Cost: the pass over the real batch is differentiated twice, and no longer shared with the fakes.

    Args:
      weight: γ, 0 or more; it scales with the variance of the data: 0.1 to 10 for images in [-1, 1], less for data of
        small scale.

    Raises:
      ValueError: a negative weight.

    Reference:
      Mescheder, Geiger and Nowozin, "Which Training Methods for GANs do actually Converge?", 2018, equation 9.
    """
    at_least("the weight of r1", weight, 0)

    def discriminator_loss(own, key, play):
        del own, key
        return 0.5 * weight * jnp.mean(squared_gradient_norms(play.discriminate, play.real))

    return Technique("r1", discriminator_loss=discriminator_loss)
