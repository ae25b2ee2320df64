"""A particle prior: latents from a learned set of points, which move to where the generator needs them."""

import jax
import jax.numpy as jnp
import optax

from jaxgan.types import Array, Own, Technique
from jaxgan.types.checks import at_least, whole


def particle_prior(
    count: int,
    width: int = 2,
    *,
    std: float | Array = 0.0,
    optimizer: optax.GradientTransformation | None = None,
) -> Technique:
    """Makes its columns of the latent one of `count` learned points, drawn evenly, plus `std` times a normal number.

    The points begin as normal numbers, and are trained with the generator through what it makes of them. Nothing else
    holds them, unlike the mixture of `techniques.deligan`, whose deviations are learned too and kept wide by a term:
    with `std=0` the columns never take more than `count` values, so take many. Optimizers with momentum move points on
    that were not drawn, and Adam scales the gradient of one that is seldom drawn up to that of the others. The program
    that it comes from adds noise of the size of a point's surroundings and a training recipe of its own; this is the
    set of points alone.

    The points are in `width` columns of their own, beside the `latent_dim` columns of plain noise: with `latent_dim=1`
    almost all of the latent is the points. `sample` draws from the points as they are; the moving average of
    `gan(average=)` is of the generator's network alone. They lie in
    `state.generator.techniques["particle_prior"].params`.

    Use when: modes are many and apart, and the generator leaves fakes between them.

    Cost: nothing to speak of.

    Args:
      count: of points, at least 1; 20 000 in the program for a hundred Gaussians in the plane.
      width: columns of the latent, at least 1.
      std: of the noise around the points, 0 or more.
      optimizer: of the points; None is the generator's.

    Raises:
      ValueError: an argument out of range.

    Reference:
      Garcia, "ParticleGAN: Learnable Priors for Stable GANs", 2025, a program (github.com/255BITS/ParticleGAN).
    """
    whole("the count of particle_prior", count, 1)
    whole("the width of particle_prior", width, 1)
    at_least("the std of particle_prior", std, 0)

    def init(key, batch, latent_width):
        del latent_width
        dtype = jnp.promote_types(jax.tree.leaves(batch.data)[0].dtype, jnp.float32)
        return Own(generator=jax.random.normal(key, (count, width), dtype))

    def latent(own, key, z, columns):
        chosen = jax.random.randint(key, (z.data.shape[0],), 0, count)
        drawn = own.generator[chosen] + std * z.data[:, columns]
        return z._replace(data=z.data.at[:, columns].set(drawn.astype(z.data.dtype)))

    return Technique("particle_prior", columns=width, init=init, latent=latent, optimizer=optimizer)
