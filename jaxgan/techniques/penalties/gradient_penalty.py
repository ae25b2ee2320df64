"""WGAN-GP: holds the discriminator's gradient between real and fake at norm one."""

import jax
import jax.numpy as jnp

from jaxgan.techniques.penalties._gradients import gradient_norms
from jaxgan.types import Array, Technique
from jaxgan.types.checks import at_least


def gradient_penalty(weight: float | Array = 10.0) -> Technique:
    """Adds `weight · E (‖∇ₓ D(x̂)‖ - 1)²` to the discriminator's loss, with `x̂ = ε x + (1 - ε) G(z)`.

    One `ε ~ U[0, 1]` is drawn for each logit: for each example, or for each whole pack of a packed discriminator. The
    discriminator must not use batch normalisation. A conditional one is asked with the labels of the real examples.

    Args:
      weight: λ, 0 or more.

    Raises:
      ValueError: a negative weight.

    Reference:
      Gulrajani et al., "Improved Training of Wasserstein GANs", 2017, equation 3 and algorithm 1.
    """
    at_least("the weight of gradient_penalty", weight, 0)

    def discriminator_loss(own, key, play):
        del own
        logits = play.real_logits.shape[0]
        dtype = jax.tree.leaves(play.real.data)[0].dtype
        drawn = jax.random.uniform(key, (logits, 1), dtype)

        def between(real, fake):
            batch = real.shape[0]
            share = jnp.broadcast_to(drawn, (logits, batch // logits)).reshape(batch, *[1] * (real.ndim - 1))
            return share * real + (1.0 - share) * fake

        middle = play.real._replace(data=jax.tree.map(between, play.real.data, play.fake.data))
        return weight * jnp.mean((gradient_norms(play.discriminate, middle) - 1.0) ** 2)

    return Technique("gradient_penalty", discriminator_loss=discriminator_loss)
