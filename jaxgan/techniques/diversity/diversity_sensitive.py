"""Diversity-sensitive GAN: rewards different things from different latents, up to a bound."""

import jax.numpy as jnp

from jaxgan.techniques.diversity._pairs import distances
from jaxgan.types import Array, Technique
from jaxgan.types.checks import at_least, positive


def diversity_sensitive(weight: float | Array, bound: float | Array, *, epsilon: float = 1e-5) -> Technique:
    """Adds `-weight · E min(|G(z₁) - G(z₂)| / |z₁ - z₂|, bound)` to the generator's loss.

    Distances are mean absolute differences, and ε is added to that of the latents. Pairs are neighbours in the batch,
    so that the generator need not run again; a last odd example is left out. Each pair is bounded by itself, so one
    that is far enough apart is left alone and the others are still pushed; without a bound the generator wins by making
    ever larger things. The authors' program clips the negative of the mean from above, which never clips; this follows
    the paper. Both examples of a pair are moved, where the program holds the second still: half the gradient, and
    in expectation the same direction. Where there are labels, neighbours may be of different classes, and their
    difference counts too. With every second mode of the ring of 8 left, a batch scores worse than one of all modes in
    65 % of draws (a coin has 50 %); with adjacent, opposite or single modes in all but a few.

    Use when: a conditional generator makes the same thing of all latents of a class.

    Cost: nothing to speak of.

    Args:
      weight: λ, 0 or more.
      bound: τ, above 0, in units of data per latent: about `E |x₁ - x₂| / E |z₁ - z₂|` of real examples.
      epsilon: above 0, for latents that coincide.

    Raises:
      ValueError: an argument out of range, or a batch of one.

    Reference:
      Yang, Hong, Jang, Zhao and Lee, "Diversity-Sensitive Conditional Generative Adversarial Networks", 2019,
      arXiv:1901.09024.
    """
    at_least("the weight of diversity_sensitive", weight, 0)
    positive("the bound of diversity_sensitive", bound)
    positive("the epsilon of diversity_sensitive", epsilon)

    def generator_loss(own, key, play):
        del own, key
        apart, latents = (distances("diversity_sensitive", x) for x in (play.generated.data, play.latent))
        return -weight * jnp.mean(jnp.minimum(apart / (latents + epsilon), bound))

    return Technique("diversity_sensitive", generator_loss=generator_loss)
