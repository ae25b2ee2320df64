"""ALI and BiGAN: the discriminator judges an example together with its latent, and an encoder finds latents."""

from collections.abc import Callable

import jax
import jax.numpy as jnp
import optax

from jaxgan.techniques.codes import _joint
from jaxgan.types import Array, Network, Technique


def ali(
    encoder: Network,
    *,
    loss: Callable[[Array], Array] | None = jax.nn.softplus,
    optimizer: optax.GradientTransformation | None = None,
) -> Technique:
    """Shows the discriminator pairs, real `(x, E(x))` against fake `(G(z), z)`, and trains the encoder E to fool it.

    The generator's loss is that of the GAN on fake pairs, plus `E loss(D(x, E(x)))` on real pairs, which is the
    encoder's. With `losses.non_saturating` and the default, both together are the loss of ALI's algorithm 1,
    `-E log(1 - D(x, E(x))) - E log D(G(z), z)` with probabilities D. Only the encoder's parameters receive a gradient
    from the real pairs, and only the generator's from the fake ones, unless a lookahead is differentiated through.

    An encoder that gives as many numbers as the latent has is deterministic: BiGAN. One that gives twice as many, mean
    and log-variance, is a Gaussian from which latents are drawn: ALI. It is trained with the generator, and lies in
    `state.generator.techniques["ali"].params`; its statistics, if it has any, in `state.techniques["ali"]`, moved once
    a step by the real minibatch.

    What the discriminator is given: flat examples `[n, d]` and latents `[n, width]` side by side, `[n, d + width]`; of
    any other examples a tree `{"x": x, "z": z}`, for which it must be a `Network` that takes it. Techniques before this
    one change x alone; those after it, and penalties, act on the pair. A technique that changes the shape of x comes
    after it. With `techniques.replay` an old fake is shown with the latent that it was made from.

    Use when: latents of real examples are wanted beside the generator; as a cure for lost modes it has little evidence.

    Cost: one more pass of the encoder over the real batch for each player, and the discriminator's pass over it in the
    step of the generator.

    Args:
      encoder: from examples to `[n, width]` or `[n, 2 width]`, with the width of the whole latent.
      loss: what the encoder minimises, of real logits: the generator's loss with the sign of the logits changed, such
        as `jax.nn.softplus` for the non-saturating loss, or the identity for hinge and Wasserstein. None where the
        generator's own loss reads real logits already, as `losses.relativistic` and `losses.zero_sum` do.
      optimizer: of the encoder; None is the generator's.

    Raises:
      ValueError: when a GAN with it begins, an encoder that gives another number of columns, or that needs labels and
        has none.

    References:
      Dumoulin et al., "Adversarially Learned Inference", 2017, section 2 and algorithm 1; Donahue, Krähenbühl and
      Darrell, "Adversarial Feature Learning", 2017.
    """

    def generator_loss(own, key, play):
        del own, key
        assert loss is not None
        return jnp.mean(loss(play.real_logits))

    return Technique(
        "ali",
        init=lambda key, batch, latent_width: _joint.begin("ali", encoder, key, batch, latent_width),
        meet=lambda own, key, real, fake, features: _joint.meet_with_latents("ali", encoder, own, key, real, fake),
        generator_loss=None if loss is None else generator_loss,
        update=lambda own, key, play, info: _joint.statistics("ali", encoder, own, key, play.data),
        optimizer=optimizer,
    )
