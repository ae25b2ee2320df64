"""Instance noise: blurs real and fake alike, so that their distributions overlap."""

import functools

import jax.numpy as jnp

from jaxgan.techniques._changes import fading, on_both_sides, with_noise
from jaxgan.techniques._trees import each_leaf
from jaxgan.types import Array, Own, Technique
from jaxgan.types.checks import at_least, whole


def instance_noise(std: float | Array, *, steps: int = 0) -> Technique:
    """Adds `N(0, σ² I)` to all that the discriminator sees, inside the generator's gradient.

    While the noise lasts the generator is only asked to match blurred data. Modes narrower than σ come out too wide or
    too narrow until it has fallen below their own width.

    Use when: real and fake hardly overlap at the start of training, and the discriminator wins at once.

    Cost: nothing to speak of.

    Args:
      std: σ in units of the data, 0 or more.
      steps: σ falls linearly to zero over this many steps; 0 keeps it constant.

    Raises:
      ValueError: a negative argument.

    Reference:
      Sønderby et al., "Amortised MAP Inference for Image Super-resolution", 2017; Arjovsky and Bottou, "Towards
      Principled Methods for Training Generative Adversarial Networks", 2017, section 3.
    """
    at_least("the std of instance_noise", std, 0)
    whole("the steps of instance_noise", steps, 0)

    def noisy(own, key, x):
        level = fading(std, own.state, steps)
        return x._replace(data=each_leaf(functools.partial(with_noise, std=level), key, x.data))

    return Technique(
        "instance_noise",
        init=lambda key, batch, latent_width: Own(state=jnp.zeros((), jnp.int32)),
        meet=on_both_sides(noisy),
        update=lambda own, key, play, info: own.state + 1,
    )
