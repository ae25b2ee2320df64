"""The types that everything else is made of: named tuples of arrays and of pure functions.

A GAN is a value made of pure functions. What changes during training is in `State`, `Player` and the dictionaries
that they hold; everything else closes over its hyper-parameters and never changes.
"""

from collections.abc import Callable
from typing import Any, NamedTuple, Protocol, TypeAlias

import jax
import jax.numpy as jnp

Array: TypeAlias = jax.Array
Key: TypeAlias = jax.Array
PyTree: TypeAlias = Any
Params: TypeAlias = PyTree
Stats: TypeAlias = PyTree


class Batch(NamedTuple):
    """Examples with what is known of them.

    Attributes:
      data: `[batch, ...]`, what the generator imitates.
      label: `[batch, ...]`, or None where nothing is known.
    """

    data: Array
    label: Array | None = None


def as_batch(batch: Array | Batch) -> Batch:
    """Reads an array `[batch, ...]` as a `Batch` without labels; a `Batch` stays as it is."""
    return batch if isinstance(batch, Batch) else Batch(jnp.asarray(batch))


class Network(NamedTuple):
    """A network as pure functions; generator, discriminator, encoder and classifier are all of this type.

    `stats` is whatever changes without a gradient (batch statistics, power-iteration vectors), `{}` if nothing does.
    A wrapper takes a `Network` and returns one, so wrappers nest.

    Attributes:
      init: `init(key, x) -> (params, stats)`, from an example input `[batch, ...]`.
      apply: `apply(params, stats, x, *, train, key=None) -> (y, stats)`. `key` is needed only by a network that draws
        noise. A discriminator gives one logit per example, `[batch]` or `[batch, 1]`.
      features: `features(params, stats, x, *, train, key=None) -> [batch, width]`, the activations below the last
        layer, which feature matching compares; None where the network has no such layer to show.
      group: how many neighbours in the batch are looked at together, the rest having no influence on them: 1 where each
        example is on its own, m in a packed network; None where it may be the whole batch, or is not known. Where it
        is a number and there are no `stats`, real and fake examples can go through a discriminator in one pass.
    """

    init: Callable[..., tuple[Params, Stats]]
    apply: Callable[..., tuple[Array, Stats]]
    features: Callable[..., Array] | None = None
    group: int | None = None


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


class Player(NamedTuple):
    """What training changes of one player.

    Attributes:
      params: trained by the gradient.
      stats: changed without a gradient.
      opt_state: the optimizer's.
    """

    params: Params
    stats: Stats
    opt_state: PyTree


class State(NamedTuple):
    """All that a GAN carries from one step to the next; a checkpoint of it continues the run exactly.

    Attributes:
      step: int32 scalar, the number of steps taken.
      generator: the generator.
      discriminator: the discriminator.
      techniques: what techniques train beside the generator (`params`, by technique name) and what they carry
        (`stats`, by technique name).
      average: moving average of the generator's parameters, `{}` when none is kept.
    """

    step: Array
    generator: Player
    discriminator: Player
    techniques: Player
    average: Params


class Info(NamedTuple):
    """What a step reports: scalars only, and nothing that the next step needs.

    Attributes:
      generator_loss: the generator's loss with all terms.
      discriminator_loss: the discriminator's loss with all terms, before its update.
      discriminator_accuracy: share of examples, real and fake, on the right side of zero, in [0, 1].
      generator_gradient_norm: Euclidean norm of the generator's gradient.
      discriminator_gradient_norm: Euclidean norm of the discriminator's gradient.
      diversity: mean distance between neighbours in the batch of fakes, divided by the same of the real batch: near 1
        when healthy, near 0 when every fake is the same.
      terms: what each technique added to a loss, by name.
    """

    generator_loss: Array
    discriminator_loss: Array
    discriminator_accuracy: Array
    generator_gradient_norm: Array
    discriminator_gradient_norm: Array
    diversity: Array
    terms: dict[str, Array]


class GAN(NamedTuple):
    """A generative adversarial network: pure functions, none of them jitted.

    Attributes:
      init: `init(key, batch) -> State`.
      step: `step(key, state, batch, more=None) -> (State, Info)`. The randomness of a step is
        `fold_in(key, state.step)`, so one key serves a whole run. `more` is a stack `[minibatches - 1, batch, ...]` of
        further real minibatches for the additional discriminator steps and the resampled lookahead; without it these
        see `batch` again, with fresh latents.
      sample: `sample(key, state, n) -> [n, ...]`, from the averaged generator where one is kept, in inference mode.
      latent: `latent(key, state, n) -> [n, latent_dim]`, what `sample` feeds to the generator.
      effects: `effects(key, state, batch) -> {technique: scalar}`, how far the step's result moves when that technique
        alone is left idle, relative to the length of the step. Zero: the technique changes nothing.
      minibatches: how many minibatches of real examples one step can use.
    """

    init: Callable[..., State]
    step: Callable[..., tuple[State, Info]]
    sample: Callable[..., Array]
    latent: Callable[..., Array]
    effects: Callable[..., dict[str, Array]]
    minibatches: int


class Task(Protocol):
    """Real data to imitate, held on the device.

    `draw` takes the arrays as an argument, so that a jitted program holds them once and not as constants.
    """

    @property
    def name(self) -> str:
        """What the data are, e.g. "ring"."""
        ...

    @property
    def arrays(self) -> PyTree:
        """What `draw` reads: uint8 images, the means of a mixture."""
        ...

    @property
    def draw(self) -> Callable[[PyTree, Key, int], Array | Batch]:
        """`draw(arrays, key, n) -> [n, ...]`, or a `Batch` where labels are known; pure."""
        ...

    def sample(self, key: Key, n: int) -> Array | Batch:
        """`draw(self.arrays, key, n)`."""
        ...
