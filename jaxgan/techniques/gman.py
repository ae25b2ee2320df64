"""GMAN: several discriminators, of which the generator listens most to those that are hardest to fool."""

import jax
import jax.numpy as jnp

from jaxgan.types import Array, Own, Technique
from jaxgan.types.checks import at_least


def gman(sharpness: float | Array | None = None, *, reward: float | Array = 0.001) -> Technique:
    """Weighs the generator's loss of each discriminator: `Σ w_i ℓ_i` with `w = softmax(λ ℓ)`, in place of the mean.

    `ℓ_i` is the mean over the batch of the generator's loss against discriminator i, and the weights are not held
    constant in its gradient. λ = 0 is the mean, a large λ the hardest discriminator alone. Without `sharpness` the
    generator chooses λ itself (GMAN*): λ = softplus(Λ), Λ starts at -2 and is trained by the generator's loss, from
    which `reward · λ` is taken, so that it does not simply choose the mildest mean. Each discriminator has the loss of
    the GAN, whatever λ. Take it with `networks.several_discriminators`; penalties such as R1 act on the mean of their
    logits. `Info.reports` shows `sharpness`, λ.

    Use when: training against a single discriminator is unstable, and there is memory for several.

    Cost: as many discriminators as there are, in time and memory; the weights themselves are nothing to speak of.

    Args:
      sharpness: λ, 0 or more; None lets the generator choose it.
      reward: for a large λ, 0 or more, where the generator chooses; 0.001 in the paper's experiments.

    Raises:
      ValueError: a number out of range; when a GAN with it begins, a discriminator with a single logit, or a loss that
        compares real and fake examples.

    Reference:
      Durugkar, Gemp and Mahadevan, "Generative Multi-Adversarial Networks", 2017, arXiv:1611.01673,
      equations 3 and 7: the soft discriminator and automating regulation.
    """
    if sharpness is not None:
        at_least("the sharpness of gman", sharpness, 0)
    at_least("the reward of gman", reward, 0)

    def init(key, batch, latent_width):
        del key, batch, latent_width
        return Own(generator={"raw": jnp.asarray(-2.0)}) if sharpness is None else Own()

    def attach(own, key, shapes):
        del key
        if len(shapes.fake_logits.shape) != 2:
            raise ValueError(
                "gman weighs several discriminators, and this one gives a single logit: take "
                "networks.several_discriminators"
            )
        if shapes.loss.halves is None:
            raise ValueError(
                "gman weighs discriminators by the loss of their fakes, and this loss compares them with reals: take "
                "one with `halves`"
            )
        return own

    def chosen(own: Own) -> Array:
        return jax.nn.softplus(own.generator["raw"]) if sharpness is None else jnp.asarray(sharpness, float)

    def generator_weights(own, key, play):
        del key
        assert play.loss.halves is not None
        losses = jnp.mean(play.loss.halves.generator(play.fake_logits), axis=0)
        # Times their number: the mean over discriminators that is then taken is the weighted sum.
        return losses.shape[0] * jax.nn.softmax(chosen(own) * losses)[None]

    return Technique(
        "gman",
        init=init,
        attach=attach,
        generator_weights=generator_weights,
        generator_loss=(lambda own, key, play: -reward * chosen(own)) if sharpness is None else None,
        report=lambda own: {"sharpness": chosen(own)},
    )
