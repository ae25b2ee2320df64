"""LOGAN: latents that take a step towards what the discriminator thinks well of, before both players learn."""

from typing import Literal

import jax
import jax.numpy as jnp

from jaxgan.types import Array, Technique
from jaxgan.types.checks import at_least, between, positive


def logan(
    rate: float | Array = 0.9,
    *,
    form: Literal["natural", "gradient"] = "natural",
    damping: float | Array = 0.1,
    weight: float | Array = 0.1,
    share: float | Array = 0.8,
) -> Technique:
    """Trains both players on `G(z + Δz)`, `Δz = α g / (β + ‖g‖²)` with `g = ∇_z D(G(z))`, plus `weight · E ‖Δz‖²`.

    That is a step of natural gradient, whose Fisher matrix is `g gᵀ + β I`; the plain gradient is `Δz = α g`. Both
    players' gradients go through Δz, which gives each of them terms of second order in the other, to which the paper
    ascribes what is gained. The discriminator that a step asks is the one of the round, and it judges fakes as they
    are, without what other techniques do to them. Only the noise of the latent moves; columns of techniques stay.
    `sample` draws latents as ever.

    The paper draws latents uniformly from [-1, 1] and clips them to it after the step, which is left out here, where
    they are normal by default. The step is in units of the latent, and the generator is trained on latents that
    `sample` does not draw: where the latent has few columns, begin with a rate of 0.1 and a damping of 1, since what
    serves images takes a GAN of points apart.

    Use when: the players of images circle each other or training swings, and a step may take three times as long.

    Cost: about three times a plain step, in products: each player has the fakes made and judged twice, and goes through
    the derivative between.

    Args:
      rate: α, 0 or more. The defaults are those of StudioGAN for CIFAR-10, which moves latents in evaluation too; the
        plain gradient wants a far smaller one.
      form: "natural", or "gradient".
      damping: β of the natural gradient, above 0. A step is at most `α / (2 √β)` long.
      weight: of the squared length of the step, in both losses, 0 or more.
      share: of the latents that move, in [0, 1], drawn anew in each round.

    Raises:
      ValueError: an argument out of range.

    Reference:
      Wu, Donahue, Balduzzi, Simonyan and Lillicrap, "LOGAN: Latent Optimisation for Generative Adversarial Networks",
      2019, arXiv:1912.00953, section 3.
    """
    at_least("the rate of logan", rate, 0)
    positive("the damping of logan", damping)
    at_least("the weight of logan", weight, 0)
    between("the share of logan", share, 0, 1)
    if form not in ("natural", "gradient"):
        raise ValueError(f"the form of logan is natural or gradient, not {form!r}")

    def step(z, noise, judge):
        """Δz of the noise columns, `[n, width]`, in float32 or wider."""
        wide = z.data[:, noise].astype(jnp.promote_types(z.data.dtype, jnp.float32))

        def score(moved):
            return jnp.sum(judge(_with_noise_columns(z, noise, moved)))

        gradient = jax.grad(score)(wide)
        if form == "gradient":
            return rate * gradient
        return rate * gradient / (damping + jnp.sum(gradient**2, axis=1, keepdims=True))

    def shift(own, key, z, noise, judge):
        del own
        moves = jax.random.bernoulli(key, share, (z.data.shape[0], 1))
        delta = jnp.where(moves, step(z, noise, judge), 0.0)
        return _with_noise_columns(z, noise, z.data[:, noise] + delta)

    def length(own, key, play):
        # Of all latents, and not read off the fakes of the round, among which there may be old ones.
        del own, key
        starts = [columns.start for columns in play.columns.values()]
        noise = slice(0, min(starts, default=play.latent.shape[1]))
        z = play.generated._replace(data=play.latent, latent=None)
        delta = step(z, noise, lambda z: play.discriminate(play.generate(z)))
        return weight * jnp.mean(jnp.sum(delta**2, axis=1))

    return Technique("logan", shift=shift, discriminator_loss=length, generator_loss=length)


def _with_noise_columns(z, noise: slice, moved: Array):
    return z._replace(data=z.data.at[:, noise].set(moved.astype(z.data.dtype)))
