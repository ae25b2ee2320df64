"""DRAGAN: holds the discriminator's gradient around the real data at norm one."""

import jax
import jax.numpy as jnp

from jaxgan.techniques._trees import each_leaf
from jaxgan.techniques.penalties._gradients import gradient_norms
from jaxgan.types import Array, Technique
from jaxgan.types.checks import at_least, positive


def dragan(weight: float | Array = 10.0, *, radius: float | Array = 0.5) -> Technique:
    """Adds `weight · E (‖∇ₓ D(x + δ)‖ - 1)²` over real `x` to the discriminator's loss, with `δ ~ N(0, c² I)`.

    `c` is `radius` times the standard deviation of all numbers in the real batch, so that it fits any data. x is
    an example as the discriminator sees it, after noise and augmentation; the deviation is that of the data before. The
    discriminator must not use batch normalisation.

    Use when: the logistic loss is to stay and training jumps, on data that do not lie in far, narrow modes.

    Cost: one more pass of the discriminator over the real batch, differentiated twice.

    Args:
      weight: λ, 0 or more.
      radius: size of the neighbourhood in standard deviations of the data, above 0.

    Raises:
      ValueError: a negative weight, or a radius that is not positive.

    Reference:
      Kodali, Abernethy, Hays and Kira, "On Convergence and Stability of GANs", 2017 (there `c` is a constant;
      scaling by the data follows the authors' programs).
    """
    at_least("the weight of dragan", weight, 0)
    positive("the radius of dragan", radius)

    def around(key, seen, data):
        noise = jax.random.normal(key, seen.shape, seen.dtype)
        return seen + radius * jnp.std(data) * noise

    def discriminator_loss(own, key, play):
        del own
        real = play.real._replace(data=each_leaf(around, key, play.real.data, play.data.data))
        return weight * jnp.mean((gradient_norms(play.discriminate, real) - 1.0) ** 2)

    return Technique("dragan", discriminator_loss=discriminator_loss)
