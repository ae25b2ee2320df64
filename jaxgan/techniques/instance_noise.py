"""Instance noise: blurs real and fake alike, so that their distributions overlap."""

import jax
import jax.numpy as jnp

from jaxgan.types import Technique


def instance_noise(std: float, *, steps: int = 0) -> Technique:
    """Adds `N(0, σ² I)` to all that the discriminator sees, inside the generator's gradient.

    Args:
      std: σ in units of the data, 0 or more.
      steps: σ falls linearly to zero over this many steps; 0 keeps it constant.

    Raises:
      ValueError: a negative argument.

    Reference:
      Sønderby et al., "Amortised MAP Inference for Image Super-resolution", 2017, section 4.1; Arjovsky and Bottou,
      "Towards Principled Methods for Training GANs", 2017, section 3.
    """
    if std < 0 or steps < 0:
        raise ValueError(f"instance_noise takes a std and steps of 0 or more, not {std} and {steps}")

    def add(state, key, x):
        level = std if steps == 0 else std * jnp.maximum(0.0, 1.0 - state / steps)
        return x + jnp.asarray(level, x.dtype) * jax.random.normal(key, x.shape, x.dtype)

    return Technique(
        "instance_noise",
        init=lambda key, batch: ({}, jnp.zeros((), jnp.int32)),
        real=add,
        fake=add,
        update=lambda state, key, play, info: state + 1,
    )
