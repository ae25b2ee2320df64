"""Consistency regularisation: the discriminator gives a real example and its transformation one answer."""

import jax.numpy as jnp

from jaxgan.techniques.consistency._transformations import transformation
from jaxgan.types import Array, Technique
from jaxgan.types.checks import at_least


def consistency(
    weight: float | Array = 10.0, *, flip: bool = True, shift: float | Array = 0.125, std: float | Array = 0.05
) -> Technique:
    """Adds `weight · E (D(x) - D(T(x)))²` over real `x` to the discriminator's loss, with a random transformation T.

    T is drawn anew for each example: images `[batch, height, width, channels]` are mirrored with probability 1/2 and
    shifted by whole pixels with reflected edges; anything else gets Gaussian noise. It must leave an example what it
    is: digits and letters are not to be mirrored. x is a real example as the discriminator sees it, after noise and
    augmentation. Both sides have a gradient. A discriminator that draws noise draws the same for both; one with batch
    normalisation normalises T(x) by itself. The logits of a packed one are compared pack by pack.

    Use when: data are images with known invariances, and few enough that the discriminator clings to their details; in
    place of R1 or a gradient penalty, since all of them flatten the discriminator.

    Cost: one more pass of the discriminator over the real batch.

    Args:
      weight: λ, 0 or more; 10 is usual.
      flip: whether images are mirrored.
      shift: largest shift as a share of an image's side, in [0, 1); 1/8 is usual.
      std: of the noise on what is not an image, in units of the data; well below the distance of modes.

    Raises:
      ValueError: an argument out of range.

    Reference:
      Zhang, Zhang, Odena and Lee, "Consistency Regularization for Generative Adversarial Networks", 2020.
    """
    at_least("the weight of consistency", weight, 0)
    changed = transformation("consistency", flip=flip, shift=shift, std=std)

    def discriminator_loss(own, key, play):
        del own
        logits = play.loss.logit(play.real_logits)  # those of a pass with the same randomness
        apart = logits - play.discriminate(changed(key, play.real))
        return weight * jnp.mean(apart**2)

    return Technique("consistency", discriminator_loss=discriminator_loss)
