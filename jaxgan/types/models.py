"""What a model carries from step to step, what it reports, and what the training loop asks of it."""

from collections.abc import Callable
from typing import Any, NamedTuple, Protocol

from jaxgan.types.batches import Array, Params, PyTree, Stats


class Learned(NamedTuple):
    """What a technique trains beside a player's network.

    Attributes:
      params: trained by that player's loss.
      opt_state: the optimizer's, which is the technique's own or the player's.
    """

    params: Params
    opt_state: PyTree


class Player(NamedTuple):
    """What training changes of one player.

    Attributes:
      params: the network's, trained by the gradient.
      stats: changed without a gradient.
      opt_state: the optimizer's.
      techniques: what techniques train with this player, by name; only those that do.
    """

    params: Params
    stats: Stats
    opt_state: PyTree
    techniques: dict[str, Learned] = {}


class State(NamedTuple):
    """All that a GAN carries from one step to the next; a checkpoint of it continues the run exactly.

    Attributes:
      step: int32 scalar, the number of steps taken.
      generator: the generator.
      discriminator: the discriminator.
      techniques: what techniques carry without a gradient, by name.
      average: moving average of the parameters of the generator's network, `{}` when none is kept.
      memory: what the dynamics carry, `{}` for most.
    """

    step: Array
    generator: Player
    discriminator: Player
    techniques: dict[str, PyTree]
    average: Params = {}
    memory: PyTree = {}


class Terms(NamedTuple):
    """What each technique added to each player's loss, by name.

    Attributes:
      generator: `{technique: scalar}`.
      discriminator: `{technique: scalar}`.
    """

    generator: dict[str, Array]
    discriminator: dict[str, Array]


class Info(NamedTuple):
    """What a step reports: scalars only, and nothing that the next step needs.

    Attributes:
      generator_loss: the generator's loss with all terms.
      discriminator_loss: the discriminator's loss with all terms, before its update.
      discriminator_accuracy: share of logits, real and fake, on the right side of zero, in [0, 1].
      generator_gradient_norm: Euclidean norm of the gradient of the generator's network alone.
      discriminator_gradient_norm: Euclidean norm of the gradient of the discriminator's network alone.
      diversity: mean distance between neighbours in the batch of fakes, divided by the same of the real batch: near 1
        when healthy, near 0 when every fake is the same.
      terms: what each technique added to each player's loss.
      reports: what techniques show of themselves, `{technique: {name: scalar}}`.
    """

    generator_loss: Array
    discriminator_loss: Array
    discriminator_accuracy: Array
    generator_gradient_norm: Array
    discriminator_gradient_norm: Array
    diversity: Array
    terms: Terms
    reports: dict[str, dict[str, Array]] = {}


class Gradients(NamedTuple):
    """Both players' gradients at one point, and what their passes left behind; `gan.apply` takes them.

    Attributes:
      generator: like `state.generator.params`.
      discriminator: like `state.discriminator.params`.
      generator_techniques: of what techniques train with the generator, by name.
      discriminator_techniques: of what techniques train with the discriminator, by name.
      generator_stats: the generator's statistics afterwards.
      discriminator_stats: the discriminator's statistics afterwards.
      generator_loss: scalar, with all terms.
      discriminator_loss: scalar, with all terms.
    """

    generator: Params
    discriminator: Params
    generator_techniques: dict[str, Params]
    discriminator_techniques: dict[str, Params]
    generator_stats: Stats
    discriminator_stats: Stats
    generator_loss: Array
    discriminator_loss: Array


class Model(Protocol):
    """What the loop, the report, checkpoints and the diagnosis need of a model; a GAN is one.

    A state is a named tuple of arrays with an int32 scalar `step`, and an info a named tuple of scalars. Those of its
    fields whose names end in `loss` or `gradient_norm` are what a run is alarmed about. What a model does not offer is
    None.
    """

    @property
    def init(self) -> Callable[..., Any]:
        """`init(key, batch) -> state`, or `init(key, batch, start_from)` with the state of another run."""
        ...

    @property
    def step(self) -> Callable[..., tuple[Any, Any]]:
        """`step(key, state, batch, more=None) -> (state, info)`; pure, not jitted."""
        ...

    @property
    def sample(self) -> Callable[..., PyTree]:
        """`sample(key, state, n, label=None) -> [n, ...]`."""
        ...

    @property
    def latent(self) -> Callable[..., Array] | None:
        """`latent(key, state, n) -> [n, width]`, what `sample` decodes; or None."""
        ...

    @property
    def effects(self) -> Callable[..., dict[str, Array]] | None:
        """`effects(key, state, batch) -> {technique: scalar}`, how much each one matters; or None."""
        ...

    @property
    def judge(self) -> Callable[..., Array] | None:
        """`judge(key, state, x) -> [n]`, large for what looks real to the model; or None."""
        ...

    @property
    def minibatches(self) -> int:
        """How many minibatches of real examples one step can use."""
        ...

    @property
    def conditional(self) -> bool:
        """Whether `sample` takes labels."""
        ...


class GAN(NamedTuple):
    """A generative adversarial network: pure functions, none of them jitted. It is a `Model`.

    Attributes:
      init: `init(key, batch, start_from=None) -> State`. From a state of another GAN, trained on other data perhaps,
        come both networks, the average, and what techniques of the same names train, where shapes fit; optimizers, the
        step count and what techniques carry without a gradient begin anew. Networks that differ are a ValueError.
      step: `step(key, state, batch, more=None) -> (State, Info)`. The randomness of a step is
        `fold_in(key, state.step)`, so one key serves a whole run. `more` is a stack `[minibatches - 1, batch, ...]` of
        further real minibatches for additional discriminator steps, a resampled lookahead or an extrapolation; without
        it these see `batch` again, with fresh latents.
      sample: `sample(key, state, n, label=None) -> [n, ...]`, from the averaged generator where one is kept, in
        inference mode. `label` is a tree of arrays `[n, ...]`, the condition of a conditional generator.
      latent: `latent(key, state, n, label=None) -> [n, width]`, what `sample` feeds to the generator.
      effects: `effects(key, state, batch) -> {technique: scalar}`, how far the step's result moves when that technique
        alone is left idle, relative to the length of the step. Exactly zero: the technique changes nothing. A technique
        that changes the shape of what the discriminator sees cannot be left idle, and has no entry.
      minibatches: how many minibatches of real examples one step can use.
      gradients: `gradients(key, state, batch) -> Gradients`, both players' at one point; differentiable.
      apply: `apply(state, gradients) -> State`, one update of both players by their optimizers; no technique's state
        changes.
      judge: `judge(key, state, x) -> [n]`, the discriminator's logits in inference mode, one number each.
      decode: `decode(key, state, z, label=None) -> [n, ...]`, what `sample` makes of latents `[n, width]`: with the
        same key and label, `sample` is `decode` of `latent`.
      conditional: whether the generator takes labels.
    """

    init: Callable[..., State]
    step: Callable[..., tuple[State, Info]]
    sample: Callable[..., PyTree]
    latent: Callable[..., Array]
    effects: Callable[..., dict[str, Array]]
    minibatches: int
    gradients: Callable[..., Gradients]
    apply: Callable[..., State]
    judge: Callable[..., Array]
    decode: Callable[..., PyTree]
    conditional: bool = False
