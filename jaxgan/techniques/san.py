"""SAN: the discriminator's last direction is trained to keep the means of real and fake apart, and by that alone."""

import jax.numpy as jnp

from jaxgan.types import Array, Technique
from jaxgan.types.checks import positive


def san(weight: float | Array = 1.0) -> Technique:
    """Trains the discriminator `⟨ω, h(x)⟩`, `‖ω‖ = 1`, by its loss through h alone, and by Wasserstein's through ω.

    Takes a discriminator of `networks.normalised_linear`. With `h⁻` and `ω⁻` for what the gradient takes as given, the
    discriminator minimises `L(⟨ω⁻, h⟩) + weight · (E ⟨ω, h⁻(fake)⟩ - E ⟨ω, h⁻(real)⟩)`. The direction is then the one
    along which the means of real and fake features differ most, one of the conditions under which the paper shows that
    what the generator descends is a distance. They hold for a generator that maximises `E ⟨ω, h(fake)⟩`: take the loss
    hinge or wasserstein.

    The loss of the GAN comes in as a whole: with a technique that weighs it, ω would see the difference. Nothing is
    stopped: what is given is `Play.held`, and a derivative of the whole step goes through it.

    Use when: the discriminator tells real from fake and the generator learns little from it, with the hinge loss.

    Cost: nothing to speak of: one more pass back from the features.

    Args:
      weight: of Wasserstein's part, above 0; 1 in the authors' program.

    Raises:
      ValueError: a weight that is not positive; in use, a discriminator without such a direction.

    Reference:
      Takida, Imaizumi, Shibuya, Lai, Uesaka, Murata and Mitsufuji, "SAN: Inducing Metrizability of GAN with
      Discriminative Normalized Linear Layer", 2024, arXiv:2301.12811.
    """
    positive("the weight of san", weight)

    def discriminator_loss(own, key, play):
        del own, key
        if not (isinstance(play.discriminator, dict) and "direction" in play.discriminator):
            raise ValueError(
                "san trains the direction of a discriminator of networks.normalised_linear, and there is none"
            )

        def judged(params):
            return play.judge(params, play.real), play.judge(params, play.fake)

        real, fake = judged({**play.held, "direction": play.discriminator["direction"]})
        # The last two are equal in value: together they take from the loss its gradient by the direction.
        of_direction = play.loss.discriminator(real, fake)
        of_none = play.loss.discriminator(*judged(play.held))
        return weight * (jnp.mean(fake) - jnp.mean(real)) + jnp.mean(of_none) - jnp.mean(of_direction)

    return Technique("san", discriminator_loss=discriminator_loss)
