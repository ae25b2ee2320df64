"""What a GAN carries from step to step, and what it is."""

from collections.abc import Callable
from typing import NamedTuple

from jaxgan.types.batches import Array, Params, PyTree, Stats


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
