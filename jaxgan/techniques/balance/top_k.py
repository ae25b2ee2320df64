"""Top-k training: the generator learns from those fakes alone that the discriminator likes best."""

import jax.numpy as jnp

from jaxgan.types import Array, Technique
from jaxgan.types.checks import between, whole


def top_k(share: float | Array = 0.5, *, share_from: float | Array = 1.0, steps: int = 0) -> Technique:
    """Takes the generator's loss over the `k = ⌊share · batch⌋` fakes with the largest logits; the rest are left out.

    At least one is kept, and of equal logits the earlier. The discriminator learns from all. The share falls
    geometrically from `share_from` to `share` over the given steps and then stays: with 69 epochs of steps it is 0.99
    to the power of the epoch, down to a half, which is usual. Of a discriminator with parts each part chooses for
    itself, unless the loss reads them together; of a packed one packs are chosen. The batch is ranked as a whole where
    it is sharded under `jax.jit`, and on each device by itself inside `axis_name`.

    What is left out are the fakes that are far from the data, and also those in a mode that the discriminator does not
    know yet. So it sharpens samples, and may lose a rare mode.

    Use when: late in training, fakes between the modes are left, and coverage is watched.

    Cost: nothing to speak of.

    Args:
      share: of the batch that is kept in the end, in (0, 1].
      share_from: of the batch that is kept at first, in (0, 1].
      steps: steps from the one to the other; 0 is the last share throughout.

    Raises:
      ValueError: an argument out of range; in use, a loss that compares real and fake examples.

    Reference:
      Sinha, Zhao, Goyal, Raffel and Odena, "Top-k Training of GANs: Improving GAN Performance by
      Throwing Away Bad Samples", 2020, arXiv:2002.06224.
    """
    between("the share of top_k", share, 0, 1, ends="(]")
    between("the share_from of top_k", share_from, 0, 1, ends="(]")
    whole("the steps of top_k", steps, 0)

    def generator_weights(own, key, play):
        del own, key
        logits = play.loss.each(play.fake_logits)
        n = logits.shape[0]
        done = jnp.minimum(play.step / steps, 1.0) if steps else 1.0
        now = jnp.asarray(share_from, float) ** (1.0 - done) * jnp.asarray(share, float) ** done
        # What is a whole number but for rounding is not rounded down.
        k = jnp.clip(jnp.floor(n * now + 1e-3), 1, n)
        rank = jnp.argsort(jnp.argsort(-logits, axis=0), axis=0)
        return jnp.where(rank < k, n / k, 0.0)

    return Technique("top_k", generator_weights=generator_weights)
