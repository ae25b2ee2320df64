"""DRAGAN: holds the discriminator's gradient around the real data at norm one."""

import jax
import jax.numpy as jnp

from jaxgan.techniques.penalties._gradients import gradient_norms
from jaxgan.types import Technique


def dragan(weight: float = 10.0, *, radius: float = 0.5) -> Technique:
    """Adds `weight · E (‖∇ₓ D(x + δ)‖ - 1)²` over real `x` to the discriminator's loss, with `δ ~ N(0, c² I)`.

    `c` is `radius` times the standard deviation of all numbers in the real batch, so that it fits any data. The
    discriminator must not use batch normalisation.

    Args:
      weight: λ, 0 or more.
      radius: size of the neighbourhood in standard deviations of the data, above 0.

    Raises:
      ValueError: a negative weight, or a radius that is not positive.

    Reference:
      Kodali, Abernethy, Hays and Kira, "On Convergence and Stability of GANs", 2017, equation 2.4 (there `c` is a
      constant; scaling by the data follows the authors' programs).
    """
    if weight < 0:
        raise ValueError(f"dragan takes a weight of 0 or more, not {weight}")
    if not radius > 0:
        raise ValueError(f"dragan takes a radius above 0, not {radius}")

    def discriminator_loss(state, key, play):
        del state
        noise = jax.random.normal(key, play.real.shape, play.real.dtype)
        around = play.real + radius * jnp.std(play.data) * noise
        return weight * jnp.mean((gradient_norms(play.discriminate, around) - 1.0) ** 2)

    return Technique("dragan", discriminator_loss=discriminator_loss)
