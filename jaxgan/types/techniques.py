"""What techniques and losses are."""

from collections.abc import Callable
from typing import NamedTuple

from jaxgan.types.batches import Array, Params, PyTree


class AdversarialLoss(NamedTuple):
    """What the two players minimise, as functions of logits `[batch]` that return one value for each example.

    Attributes:
      discriminator: `discriminator(real_logits, fake_logits) -> [batch]`.
      generator: `generator(real_logits, fake_logits) -> [batch]`.
    """

    discriminator: Callable[[Array, Array], Array]
    generator: Callable[[Array, Array], Array]


class Play(NamedTuple):
    """One round of the game: what a technique's term may look at.

    Attributes:
      discriminate: `discriminate(x) -> logits`, the discriminator at the parameters that the round is played with, on
        `x` as it is (no technique's `real` or `fake` is applied).
      features: `features(x) -> [batch, width]`, the discriminator's activations below its last layer, or None.
      generate: `generate(z) -> x`, the generator.
      real: `[batch, ...]`, real examples as the discriminator saw them.
      fake: `[batch, ...]`, fakes as the discriminator saw them.
      data: `[batch, ...]`, real examples before any technique changed them.
      generated: `[batch, ...]`, the generator's output before any technique changed it.
      latent: `[batch, latent_dim]`, what `generated` was made from.
      label: what the batch says of `data`, or None.
      real_logits: `[batch]`, or `[batch / m]` when the discriminator is packed.
      fake_logits: like `real_logits`.
    """

    discriminate: Callable[[Array], Array]
    features: Callable[[Array], Array] | None
    generate: Callable[[Array], Array]
    real: Array
    fake: Array
    data: Array
    generated: Array
    latent: Array
    label: Array | None
    real_logits: Array
    fake_logits: Array


class Technique(NamedTuple):
    """A technique against mode collapse: a name and those of these functions that it needs.

    `gan` folds a sequence of techniques, in order, into the step. All functions are pure, `state` is the technique's
    own, and a missing function is the identity (for a transform) or zero (for a loss).

    Attributes:
      name: what the technique is called in `Info.terms` and in error messages.
      init: `init(key, batch) -> (params, state)`, once; `params` are trained together with the generator.
      latent: `latent(state, key, z) -> z`, before the generator.
      real: `real(state, key, x) -> x`, on the real examples that the discriminator sees, inside the gradient.
      fake: `fake(state, key, x) -> x`, on the fakes that the discriminator sees, inside the gradient, when either
        player is trained.
      rehearse: `rehearse(state, key, x) -> x`, on the fakes that the discriminator is trained on, before `fake`; the
        generator is trained on its own fakes only, since a fake that it did not just make teaches it nothing.
      discriminator_loss: `discriminator_loss(state, key, play) -> scalar`, added to the discriminator's loss, also
        inside the lookahead.
      generator_loss: `generator_loss(params, state, key, play) -> scalar`, added to the generator's loss.
      update: `update(state, key, play, info) -> state`, after the step. `play` is the round that the discriminator
        was trained on.
    """

    name: str
    init: Callable[..., tuple[Params, PyTree]] | None = None
    latent: Callable[..., Array] | None = None
    real: Callable[..., Array] | None = None
    fake: Callable[..., Array] | None = None
    rehearse: Callable[..., Array] | None = None
    discriminator_loss: Callable[..., Array] | None = None
    generator_loss: Callable[..., Array] | None = None
    update: Callable[..., PyTree] | None = None
