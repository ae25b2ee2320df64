"""What a technique against mode collapse is: a name and those hooks that it needs, each documented by a protocol."""

from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING, NamedTuple, Protocol

from jaxgan.types.batches import Array, Batch, Key, Params, PyTree
from jaxgan.types.losses import AdversarialLoss

if TYPE_CHECKING:
    import optax

    from jaxgan.types.models import Info, State


class Own(NamedTuple):
    """What a technique owns; every hook gets it first.

    Attributes:
      generator: parameters that are trained by the generator's loss.
      discriminator: parameters that are trained by the discriminator's loss; they go through the lookahead with it.
      state: what changes without a gradient, by `update` and `adjust`.
    """

    generator: Params = {}
    discriminator: Params = {}
    state: PyTree = {}


class Play(NamedTuple):
    """One minibatch as the discriminator saw it: what a technique's term may look at.

    All functions take a `Batch`, or an array where no labels matter.

    Attributes:
      discriminate: `discriminate(x) -> [logits]`, one number a logit, by the discriminator at the parameters that the
        round is played with, on `x` as it is (no technique's `meet` is applied).
      features: `features(x, through=False) -> [batch, width]`, the activations below the discriminator's last layer;
        raises a ValueError where it has none. In a generator's term they are frozen: the term cannot be lowered by
        steering the discriminator through the lookahead, unless it asks for that with `through=True`.
      generate: `generate(z) -> Batch`, the generator in training mode.
      judge: `judge(params, x) -> [logits]`, the discriminator's network at any parameters.
      make: `make(params, z) -> Batch`, the generator's network at any parameters.
      draw: `draw(key) -> Batch`, as many new latents as the minibatch has, with labels, for `generate`; techniques have
        changed them, as they did those of the minibatch.
      real: real examples as the discriminator saw them.
      fake: fakes as the discriminator saw them.
      data: real examples before any technique changed them.
      generated: the generator's output before any technique changed it, with its label and latent.
      loss: the GAN's loss, as functions of logits.
      columns: which columns of the latent belong to which technique.
      real_logits: `[batch]`, `[batch / m]` when the discriminator is packed; `[..., parts]` where it has parts.
      fake_logits: like `real_logits`.
      generator: the parameters of the generator's network.
      discriminator: the parameters of the discriminator's network.
      held: the same as a constant of the gradient that is being taken, in both players' rounds, for a term that trains
        only a part of the discriminator: `judge({**play.held, "head": play.discriminator["head"]}, x)`. A caller's own
        derivative of the step goes through it, as `stop_gradient` would not let it.
      step: int32 scalar, steps taken so far.
    """

    discriminate: Callable[..., Array]
    features: Callable[..., Array]
    generate: Callable[..., Batch]
    judge: Callable[..., Array]
    make: Callable[..., Batch]
    draw: Callable[[Key], Batch]
    real: Batch
    fake: Batch
    data: Batch
    generated: Batch
    loss: AdversarialLoss
    columns: Mapping[str, slice]
    real_logits: Array
    fake_logits: Array
    generator: Params
    discriminator: Params
    held: Params
    step: Array

    @property
    def latent(self) -> Array:
        """`[batch, width]`, what `generated` was made from."""
        assert self.generated.latent is not None
        return self.generated.latent


class Init(Protocol):
    """Makes what the technique owns, before there are networks."""

    def __call__(self, key: Key, batch: Batch, latent_width: int, /) -> Own:
        """`latent_width` counts the columns of all techniques."""
        ...


class Attach(Protocol):
    """Completes what the technique owns, once the shapes of a whole round are known."""

    def __call__(self, own: Own, key: Key, shapes: Play, /) -> Own:
        """`shapes` holds a `jax.ShapeDtypeStruct` in place of every array, and of `features`: that of the real batch.

        Its other functions are None, but for the loss; `features` is None where the discriminator shows none. `latent`
        and `meet` are called before it too, with what `init` returned, so that the networks can begin.
        """
        ...


class Latent(Protocol):
    """Changes latents before the generator sees them."""

    def __call__(self, own: Own, key: Key, z: Batch, columns: slice, /) -> Batch:
        """`z.data` is `[batch, width]`, whose `columns` are the technique's own to write; `z.label` is the condition.

        Neither the shape nor the dtype of `z.data` changes.
        """
        ...


class Shift(Protocol):
    """Moves the latents of a minibatch in training alone, inside the gradient of both players."""

    def __call__(
        self, own: Own, key: Key, z: Batch, noise: slice, judge: Callable[[PyTree | Batch], Array], /
    ) -> Batch:
        """Fakes are made again of what it returns, and the discriminator sees these; `sample` does not call it.

        `z` is as `latent` left it, `noise` the columns of its data that belong to no technique. `judge(z) -> [logits]`
        is the discriminator's answer to what the generator makes of `z`, with the parameters of the round. Neither the
        shape nor the dtype of `z.data` changes. `Play.generated` is still made of the latents before, and the latents
        after are in `Play.fake`.
        """
        ...


class Meet(Protocol):
    """Changes real examples and fakes alike as the discriminator will see them, inside the gradient of both players."""

    def __call__(
        self, own: Own, key: Key, real: Batch, fake: Batch, features: Callable[..., Array] | None, /
    ) -> tuple[Batch, Batch]:
        """May change shapes and labels: the discriminator is initialised on what it will see.

        `features` are the discriminator's; None at `init`, and where there are none.
        """
        ...


class Rehearse(Protocol):
    """Changes the fakes that the discriminator is trained on, before `meet`; the generator trains on its own only."""

    def __call__(self, own: Own, key: Key, fake: Batch, /) -> Batch:
        """A fake keeps its label and its latent."""
        ...


class DiscriminatorWeights(Protocol):
    """Factors on the halves of the discriminator's loss; those of several techniques are multiplied."""

    def __call__(self, own: Own, key: Key, play: Play, /) -> tuple[Array, Array]:
        """For real and for fake logits: a scalar, `[logits]`, `[1, parts]`, or of the logits' own shape."""
        ...


class GeneratorWeights(Protocol):
    """Factors on the generator's loss; those of several techniques are multiplied."""

    def __call__(self, own: Own, key: Key, play: Play, /) -> Array:
        """A scalar, `[logits]`, `[1, parts]`, or of the logits' own shape."""
        ...


class Term(Protocol):
    """A term that is added to a player's loss."""

    def __call__(self, own: Own, key: Key, play: Play, /) -> Array:
        """A scalar."""
        ...


class Update(Protocol):
    """Changes the technique's state after the step."""

    def __call__(self, own: Own, key: Key, play: Play, info: "Info", /) -> PyTree:
        """`play` is the round that the discriminator was trained on, judged by it as it was before its update."""
        ...


class Adjust(Protocol):
    """Changes the players themselves, last of all: slow weights, restarts."""

    def __call__(self, own: Own, key: Key, before: "State", after: "State", /) -> tuple["State", PyTree]:
        """Returns the state of the GAN, and the technique's own state."""
        ...


class Report(Protocol):
    """Shows numbers of the technique in `Info.reports`."""

    def __call__(self, own: Own, /) -> Mapping[str, Array]:
        """Scalars by name."""
        ...


class Technique(NamedTuple):
    """A technique against mode collapse: a name and those of these hooks that it needs.

    `gan` folds a sequence of techniques, in order, into the step. All hooks are pure. A missing hook is the identity
    (for what changes examples), one (for weights) or zero (for a loss). The protocol of each says what it is given.

    Attributes:
      name: what the technique is called in `Info`, in the state and in error messages.
      columns: how many columns of the latent are its own; they come after the noise, drawn like it.
      init: `init(key, batch, latent_width) -> Own`.
      attach: `attach(own, key, shapes) -> Own`.
      latent: `latent(own, key, z, columns) -> z`.
      shift: `shift(own, key, z, noise, judge) -> z`, in training alone.
      meet: `meet(own, key, real, fake, features) -> (real, fake)`.
      rehearse: `rehearse(own, key, fake) -> fake`.
      discriminator_weights: `discriminator_weights(own, key, play) -> (real, fake)`.
      generator_weights: `generator_weights(own, key, play) -> [logits]`.
      discriminator_loss: `discriminator_loss(own, key, play) -> scalar`, also inside the lookahead.
      generator_loss: `generator_loss(own, key, play) -> scalar`.
      update: `update(own, key, play, info) -> state`.
      adjust: `adjust(own, key, before, after) -> (State, state)`.
      report: `report(own) -> {name: scalar}`.
      optimizer: an optax transformation for its own parameters; None is that of the player.
    """

    name: str
    columns: int = 0
    init: Init | None = None
    attach: Attach | None = None
    latent: Latent | None = None
    shift: Shift | None = None
    meet: Meet | None = None
    rehearse: Rehearse | None = None
    discriminator_weights: DiscriminatorWeights | None = None
    generator_weights: GeneratorWeights | None = None
    discriminator_loss: Term | None = None
    generator_loss: Term | None = None
    update: Update | None = None
    adjust: Adjust | None = None
    report: Report | None = None
    optimizer: "optax.GradientTransformation | None" = None

    def acts(self) -> bool:
        """Whether it can change a player, and does not only watch."""
        return any(getattr(self, hook) is not None for hook in ACTING)


ACTING = (
    "latent",
    "shift",
    "meet",
    "rehearse",
    "discriminator_weights",
    "generator_weights",
    "discriminator_loss",
    "generator_loss",
    "adjust",
)
"""The hooks that can change a player, by name."""
