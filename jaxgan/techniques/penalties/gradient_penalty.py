"""WGAN-GP: holds the discriminator's gradient between real and fake at norm one."""

import jax
import jax.numpy as jnp

from jaxgan.techniques.penalties._gradients import gradient_norms
from jaxgan.types import Technique


def gradient_penalty(weight: float = 10.0) -> Technique:
    """Adds `weight · E (‖∇ₓ D(x̂)‖ - 1)²` to the discriminator's loss, with `x̂ = ε x + (1 - ε) G(z)`.

    One `ε ~ U[0, 1]` is drawn for each logit: for each example, or for each whole pack of a packed discriminator. The
    discriminator must not use batch normalisation.

    Args:
      weight: λ, 0 or more.

    Raises:
      ValueError: a negative weight.

    Reference:
      Gulrajani et al., "Improved Training of Wasserstein GANs", 2017, equation 3 and algorithm 1.
    """
    if weight < 0:
        raise ValueError(f"gradient_penalty takes a weight of 0 or more, not {weight}")

    def discriminator_loss(state, key, play):
        del state
        logits, batch = play.real_logits.shape[0], play.real.shape[0]
        share = jax.random.uniform(key, (logits, 1), play.real.dtype)
        share = jnp.broadcast_to(share, (logits, batch // logits)).reshape(batch, *[1] * (play.real.ndim - 1))
        between = share * play.real + (1.0 - share) * play.fake
        return weight * jnp.mean((gradient_norms(play.discriminate, between) - 1.0) ** 2)

    return Technique("gradient_penalty", discriminator_loss=discriminator_loss)
