"""Balanced consistency regularisation: one answer to an example and its transformation, for real and fake alike."""

import jax
import jax.numpy as jnp

from jaxgan.techniques.consistency._transformations import transformation
from jaxgan.types import Array, Technique
from jaxgan.types.checks import at_least


def balanced_consistency(
    weight: float | Array = 10.0,
    *,
    fake_weight: float | Array = 10.0,
    flip: bool = True,
    shift: float | Array = 0.125,
    std: float | Array = 0.05,
) -> Technique:
    """Adds `weight · E (D(x) - D(T(x)))² + fake_weight · E (D(G(z)) - D(T(G(z))))²` to the discriminator's loss.

    The first half is `techniques.consistency`, whose transformations T and conventions it has. With that half alone the
    generator may come to make the traces of T, such as reflected edges, which the discriminator no longer minds; the
    second half lets it mind none of them on fakes either. Fakes are those that the discriminator is shown, old ones of
    `techniques.replay` too.

    Use when: `consistency` helps, but fakes show the edges and flips of its transformations.

    Cost: two more passes of the discriminator over the real batch and the fakes.

    Args:
      weight: of real examples, 0 or more; 10 is usual.
      fake_weight: of fakes, 0 or more; 10 is usual.
      flip: whether images are mirrored.
      shift: largest shift as a share of an image's side, in [0, 1).
      std: of the noise on what is not an image, in units of the data.

    Raises:
      ValueError: an argument out of range.

    Reference:
      Zhao, Singh, Lee, Zhang, Odena and Zhang, "Improved Consistency Regularization for GANs", 2021.
    """
    at_least("the weight of balanced_consistency", weight, 0)
    at_least("the fake_weight of balanced_consistency", fake_weight, 0)
    changed = transformation("balanced_consistency", flip=flip, shift=shift, std=std)

    def discriminator_loss(own, key, play):
        del own

        def apart(key, logits, x):
            return jnp.mean((logits - play.discriminate(changed(key, x))) ** 2)

        key_real, key_fake = jax.random.split(key)
        real = apart(key_real, play.loss.logit(play.real_logits), play.real)
        # Not `fake_logits`: the pass over the fakes draws other noise, where the discriminator draws some.
        fake = apart(key_fake, play.discriminate(play.fake), play.fake)
        return weight * real + fake_weight * fake

    return Technique("balanced_consistency", discriminator_loss=discriminator_loss)
