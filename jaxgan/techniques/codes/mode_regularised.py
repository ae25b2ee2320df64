"""Mode-regularised GAN: every real example must be made again from its encoding, so that no mode can be left out."""

import jax
import jax.numpy as jnp
import optax

from jaxgan.techniques._trees import flat
from jaxgan.techniques.codes import _joint
from jaxgan.types import Array, Batch, Network, Technique
from jaxgan.types.checks import at_least


def mode_regularised(
    encoder: Network,
    weight: float | Array = 0.2,
    reward: float | Array = 0.4,
    *,
    moments: float | Array = 0.1,
    optimizer: optax.GradientTransformation | None = None,
) -> Technique:
    """Adds `weight · E d(x, G(E(x))) - reward · E log D(G(E(x)))` over real x to the generator's loss.

    `d` is the mean squared difference of the numbers of an example, and `D` the sigmoid of the discriminator's logit
    (of its mean where it has parts), on G(E(x)) as it is. Generator and encoder E minimise both terms. A mode without
    fakes has a large d, and pulls.

    The terms bring back a mode only if E puts it where latents are drawn; else `sample` never shows what training
    reconstructs. So a third term, which the paper has not, fits the encodings of a batch to independent latents of
    mean 0 and variance 1: `moments · (‖mean E(x)‖² + ‖cov E(x) - I‖²)`, with the covariance over n and the sum over
    its entries. In a batch of n it stays at about `width² / n` for perfect encodings. For latents drawn otherwise
    take `moments=0`.

    E is as in `techniques.ali`: it encodes the whole latent, with the columns of other techniques, either as a point or
    as a Gaussian that is drawn from. It is trained with the generator, and lies in
    `state.generator.techniques["mode_regularised"].params`. A conditional generator gets the real labels. This is the
    paper's first form; its manifold-diffusion training needs a second discriminator. Not after
    `techniques.ali` or `veegan`, whose discriminator judges pairs.

    Use when: modes of the data are lost and no fake is near them, so that nothing else pulls there.

    Cost: a pass of the encoder, and one more of generator and discriminator, over the real batch, in the generator's
    step.

    Args:
      encoder: E, from examples to `[n, width]` or `[n, 2 width]`, with the width of the whole latent.
      weight: λ₁ of the reconstruction, 0 or more.
      reward: λ₂ of looking real, 0 or more.
      moments: of the fit to the distribution of the latents, 0 or more; 0 is the paper's.
      optimizer: of the encoder; None is the generator's.

    Raises:
      ValueError: a negative argument; when a GAN with it begins, an encoder that gives another number of columns, or
        that needs labels and has none.

    Reference:
      Che, Li, Jacob, Bengio and Li, "Mode Regularized Generative Adversarial Networks", 2017, arXiv:1612.02136; the
      moments are after Li, Shi and Yan, "IID-GAN: an IID Sampling Perspective for Regularizing Mode Collapse", 2023.
    """
    at_least("the weight of mode_regularised", weight, 0)
    at_least("the reward of mode_regularised", reward, 0)
    at_least("the moments of mode_regularised", moments, 0)

    def generator_loss(own, key, play):
        key_encoder, key_draw = jax.random.split(key)
        width, dtype = play.latent.shape[1], play.latent.dtype
        encoded, _ = _joint.encode("mode_regularised", encoder, own, key_encoder, play.data, width)
        z = encoded.draw(key_draw)
        made = play.generate(Batch(z.astype(dtype), play.data.label))
        apart = jnp.mean((flat(play.data.data) - flat(made.data)) ** 2)
        doubt = jnp.mean(jax.nn.softplus(-play.discriminate(made)))
        return weight * apart + reward * doubt + moments * _misfit(flat(z))

    return Technique(
        "mode_regularised",
        init=lambda key, batch, latent_width: _joint.begin("mode_regularised", encoder, key, batch, latent_width),
        generator_loss=generator_loss,
        update=lambda own, key, play, info: _joint.statistics("mode_regularised", encoder, own, key, play.data),
        optimizer=optimizer,
    )


def _misfit(z: Array) -> Array:
    """How far mean and covariance of `[n, width]` are from those of independent normal numbers."""
    n, width = z.shape
    mean = jnp.mean(z, axis=0)
    apart = z - mean[None]
    covariance = apart.T @ apart / n
    return jnp.sum(mean**2) + jnp.sum((covariance - jnp.eye(width, dtype=z.dtype)) ** 2)
