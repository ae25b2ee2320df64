"""DeLiGAN: latents from a learned mixture of Gaussians, so that the generator need not tear one cloud apart."""

import jax
import jax.numpy as jnp

from jaxgan.types import Array, Own, Technique
from jaxgan.types.checks import at_least, positive, whole


def deligan(components: int, width: int = 2, *, std: float = 0.2, weight: float | Array = 0.1) -> Technique:
    """Makes its latent columns `μₖ + σₖ ε`, k random, and adds `weight · mean (1 - σ)²` to the generator's loss.

    Means and deviations of all `components` are trained with the generator, through what it makes of them; `ε` is what
    the columns were drawn as, normal by default. The term keeps the deviations from shrinking to nothing, where the
    generator would know no more than as many points. Means begin uniform in [-1, 1].

    The mixture is in `width` columns of its own, beside the `latent_dim` columns of plain noise: with `latent_dim=1`
    almost all of the latent is the mixture. k is drawn evenly for each example, in training and in `sample` alike; the
    authors' program gives each place of the batch a component of its own. `sample` draws from the mixture as it is; the
    moving average of `gan(average=)` is of the generator's network alone. The mixture lies in
    `state.generator.techniques["deligan"].params`.

    `Info.reports` shows `std`, the mean deviation.

    Use when: modes are apart and fakes lie on bridges between them, or the data are few.

    Cost: nothing to speak of.

    Args:
      components: of the mixture, at least 1; as many as the batch has examples in the authors' program.
      width: columns of the latent, at least 1.
      std: the deviation at the beginning, above 0; 0.2 in the authors' program for images, 0.02 in the plane.
      weight: of the term, 0 or more; 0.1 in the authors' program.

    Raises:
      ValueError: an argument out of range.

    Reference:
      Gurumurthy, Sarvadevabhatla and Babu, "DeLiGAN: Generative Adversarial Networks for Diverse and Limited Data",
      2017.
    """
    whole("the components of deligan", components, 1)
    whole("the width of deligan", width, 1)
    positive("the std of deligan", std)
    at_least("the weight of deligan", weight, 0)

    def init(key, batch, latent_width):
        del latent_width
        dtype = jnp.promote_types(jax.tree.leaves(batch.data)[0].dtype, jnp.float32)
        mean = jax.random.uniform(key, (components, width), dtype, -1.0, 1.0)
        return Own(generator={"mean": mean, "std": jnp.full((components, width), std, dtype)})

    def latent(own, key, z, columns):
        chosen = jax.random.randint(key, (z.data.shape[0],), 0, components)
        drawn = own.generator["mean"][chosen] + own.generator["std"][chosen] * z.data[:, columns]
        return z._replace(data=z.data.at[:, columns].set(drawn.astype(z.data.dtype)))

    return Technique(
        "deligan",
        columns=width,
        init=init,
        latent=latent,
        generator_loss=lambda own, key, play: weight * jnp.mean((1.0 - own.generator["std"]) ** 2),
        report=lambda own: {"std": jnp.mean(jnp.abs(own.generator["std"]))},
    )
