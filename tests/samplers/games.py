"""Small games whose samplers have a known answer."""

import functools

import jax
import jax.numpy as jnp
import numpy as np

from jaxgan import Network
from tests.helpers import jit, small_gan


def judged_by(logit, **options):
    """A GAN whose generator gives its latent, and whose discriminator's logit is `logit(x) -> [n]`; and its state."""
    width = options.pop("latent_dim", 1)
    gan = small_gan(
        generator=Network(
            init=lambda key, z: ({"unused": jnp.zeros(())}, {}),
            apply=lambda params, stats, z, *, train, key=None: (z, stats),
        ),
        discriminator=Network(
            init=lambda key, x: ({"unused": jnp.zeros(())}, {}),
            apply=lambda params, stats, x, *, train, key=None: (logit(x), stats),
        ),
        latent_dim=width,
        **options,
    )
    return gan, jit(gan.init)(jax.random.key(0), np.zeros((4, width), np.float32))


def choices(logits):
    """A GAN that makes one of as many points as there are logits with the same probability, and is judged by them."""
    return _choices(tuple(logits))


@functools.cache
def _choices(logits):
    k = len(logits)
    table = np.asarray(logits, np.float32)

    def draw(key, shape, dtype):
        return jax.random.randint(key, shape, 0, k).astype(dtype)

    return judged_by(lambda x: jnp.asarray(table)[x[:, 0].astype(int)], latent_distribution=draw)


def shares(x, k):
    return np.bincount(np.asarray(x)[:, 0].astype(int), minlength=k) / len(x)
