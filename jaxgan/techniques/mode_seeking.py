"""Mode seeking: rewards the generator for making different things from different latents."""

import jax
import jax.numpy as jnp

from jaxgan.types import Array, Technique
from jaxgan.types.checks import at_least, positive


def mode_seeking(weight: float | Array, *, epsilon: float = 1e-5) -> Technique:
    """Adds `weight / (r + ε)` to the generator's loss, with `r = E |G(z₁) - G(z₂)| / E |z₁ - z₂|`.

    Distances are mean absolute differences. The pairs are neighbours in the batch, so that the generator need not run
    again; a last odd example is left out. The paper (equation 3) maximises the mean of the pairs' own ratios; this is
    the bounded form that its authors' program minimises: the reciprocal of a ratio of means.

    Args:
      weight: λ, 0 or more.
      epsilon: ε, above 0; bounds the loss by `weight / ε` when all fakes are the same.

    Raises:
      ValueError: an argument out of range, or a batch of one.

    Reference:
      Mao et al., "Mode Seeking Generative Adversarial Networks for Diverse Image Synthesis", 2019, section 3.2.
    """
    at_least("the weight of mode_seeking", weight, 0)
    positive("the epsilon of mode_seeking", epsilon)

    def distance(tree):
        leaves = jax.tree.leaves(tree)
        pairs = leaves[0].shape[0] // 2
        if pairs == 0:
            raise ValueError("mode_seeking compares pairs of fakes: take a batch of at least 2")
        x = jnp.concatenate([leaf[: 2 * pairs].reshape(pairs, 2, -1) for leaf in leaves], axis=2)
        x = x.astype(jnp.promote_types(x.dtype, jnp.float32))
        return jnp.mean(jnp.abs(x[:, 0] - x[:, 1]))

    def generator_loss(own, key, play):
        del own, key
        return weight / (distance(play.generated.data) / (distance(play.latent) + epsilon) + epsilon)

    return Technique("mode_seeking", generator_loss=generator_loss)
