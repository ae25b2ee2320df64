"""VEEGAN: a reconstructor maps examples back to noise, so that a mode which no latent makes is seen as missing."""

import math

import jax
import jax.numpy as jnp
import optax

from jaxgan.techniques.codes import _joint
from jaxgan.types import Array, Network, Technique
from jaxgan.types.checks import at_least


def veegan(
    reconstructor: Network, weight: float | Array = 1.0, *, optimizer: optax.GradientTransformation | None = None
) -> Technique:
    """Shows the discriminator pairs, real `(x, F(x))` against fake `(G(z), z)`, and adds `weight · E d(z, F(G(z)))`.

    The reconstruction of latents is added to the generator's loss, where it trains the generator and the reconstructor
    F. Where F gives as many numbers as the latent has, `d` is the squared Euclidean distance; where it gives twice as
    many, mean and log-variance, real pairs hold a draw from that Gaussian and `d = -log N(z; F(G(z)))`. Without noise
    the real pairs lie on a surface that the discriminator may tell from that of the fake ones.

    As in the paper's algorithm, F is trained by the reconstruction alone, not to fool the discriminator: the
    generator's loss must not read real logits (`losses.relativistic` does), and a lookahead that is differentiated
    through trains F by its effect on the discriminator as well. Two departures: the paper's discriminator is large on
    fake pairs, here on real ones; and the paper's generator minimises the logit itself, as that of `losses.wasserstein`
    does, where here it has the loss of the GAN.

    What the discriminator is given, and in which order techniques act, is as in `techniques.ali`. F is trained with the
    generator, and lies in `state.generator.techniques["veegan"].params`; its statistics, if it has any, in
    `state.techniques["veegan"]`, moved once a step by the real minibatch.

    Use when: modes are lost and a way back from examples to latents is wanted too.

    Cost: two more passes of the reconstructor, over the real batch and over the fakes, for the generator, and one for
    the discriminator.

    Args:
      reconstructor: F, from examples to `[n, width]` or `[n, 2 width]`, with the width of the whole latent.
      weight: of the reconstruction, 0 or more; 1 in the paper.
      optimizer: of the reconstructor; None is the generator's.

    Raises:
      ValueError: a negative weight; when a GAN with it begins, a reconstructor that gives another number of columns, or
        that needs labels and has none.

    Reference:
      Srivastava, Valkov, Russell, Gutmann and Sutton, "VEEGAN: Reducing Mode Collapse in GANs using Implicit
      Variational Learning", 2017.
    """
    at_least("the weight of veegan", weight, 0)

    def generator_loss(own, key, play):
        z = play.latent
        found, _ = _joint.encode("veegan", reconstructor, own, key, play.generated, z.shape[1])
        apart, log_variance = _wide(z) - _wide(found.mean), found.log_variance
        if log_variance is None:
            return weight * jnp.mean(jnp.sum(apart**2, axis=1))
        log_variance = _wide(log_variance)
        each = 0.5 * (apart**2 * jnp.exp(-log_variance) + log_variance + math.log(2 * math.pi))
        return weight * jnp.mean(jnp.sum(each, axis=1))

    def meet(own, key, real, fake, features):
        del features
        return _joint.meet_with_latents("veegan", reconstructor, own, key, real, fake)

    return Technique(
        "veegan",
        init=lambda key, batch, latent_width: _joint.begin("veegan", reconstructor, key, batch, latent_width),
        meet=meet,
        generator_loss=generator_loss,
        update=lambda own, key, play, info: _joint.statistics("veegan", reconstructor, own, key, play.data),
        optimizer=optimizer,
    )


def _wide(x: jax.Array) -> jax.Array:
    """In float32 or wider."""
    return x.astype(jnp.promote_types(x.dtype, jnp.float32))
