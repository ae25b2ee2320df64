"""Latent noise: blurs the generator's input in training, so that near latents make near samples."""

import jax.numpy as jnp

from jaxgan.techniques._changes import fading, with_noise
from jaxgan.types import Array, Own, Technique
from jaxgan.types.checks import at_least, whole


def latent_noise(std: float | Array, *, steps: int = 0) -> Technique:
    """Adds `N(0, σ² I)` to the noise of the latents in training, not in sampling.

    Columns of the latent that belong to techniques, such as codes, stay as they are. Where latents are normal, theirs
    and this noise together are again normal, with a standard deviation of √(1 + σ²): the generator is trained on a
    wider cloud than the one that `sample` draws from, so that samples come from its middle. That trades variety for
    quality, as truncation does; with `steps` the two clouds are the same in the end.

    Use when: few latents make samples that lie between modes or far from all of them, and variety is to spare.

    Cost: two more passes forward of the generator, which makes the fakes anew for each player.

    Args:
      std: σ in units of the latent, 0 or more.
      steps: σ falls linearly to zero over this many steps; 0 keeps it constant.

    Raises:
      ValueError: a negative argument.

    Reference:
      No paper of its own; truncation is in Brock, Donahue and Simonyan, "Large Scale GAN Training for High Fidelity
      Natural Image Synthesis", 2019, arXiv:1809.11096, section 3.1.
    """
    at_least("the std of latent_noise", std, 0)
    whole("the steps of latent_noise", steps, 0)

    def shift(own, key, z, noise, judge):
        del judge
        blurred = with_noise(key, z.data[:, noise], fading(std, own.state, steps))
        return z._replace(data=z.data.at[:, noise].set(blurred))

    return Technique(
        "latent_noise",
        init=lambda key, batch, latent_width: Own(state=jnp.zeros((), jnp.int32)),
        shift=shift,
        update=lambda own, key, play, info: own.state + 1,
    )
