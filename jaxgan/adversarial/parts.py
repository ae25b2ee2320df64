"""What a GAN is made of, what a step knows beside it, and how a player moves along a gradient."""

from collections.abc import Callable
from typing import Any, NamedTuple

import jax
import optax

from jaxgan.types import AdversarialLoss, Array, Key, Learned, Network, Own, Params, Player, PyTree, Stats, Technique


class Parts(NamedTuple):
    """The parts of a GAN, as `jaxgan.gan` documents and checks them."""

    generator: Network
    discriminator: Network
    loss: AdversarialLoss
    generator_optimizer: optax.GradientTransformation
    discriminator_optimizer: optax.GradientTransformation
    techniques: tuple[Technique, ...]
    latent_dim: int
    latent_distribution: Callable[..., Array]
    label_distribution: Callable[[Key, int], PyTree] | None
    axis_name: str | None

    @property
    def columns(self) -> dict[str, slice]:
        """Columns of the latent by technique; the noise comes first."""
        columns, start = {}, self.latent_dim
        for technique in self.techniques:
            columns[technique.name] = slice(start, start + technique.columns)
            start += technique.columns
        return columns

    @property
    def noise(self) -> slice:
        """Columns of the latent that belong to no technique."""
        return slice(0, self.latent_dim)

    @property
    def latent_width(self) -> int:
        """Columns of noise and of all techniques."""
        return self.latent_dim + sum(technique.columns for technique in self.techniques)


class Trained(NamedTuple):
    """What a gradient is taken by: a player's network, and what techniques train with it, by name."""

    network: Params
    techniques: dict[str, Params]


class Keys(NamedTuple):
    """The randomness of one step."""

    own: Key
    before: Key
    beyond: Key
    play: Key
    generator: Key
    techniques: Key


class Context(NamedTuple):
    """What stays as it is during one step.

    Attributes:
      parts: of the GAN.
      states: of techniques, by name.
      generator_stats: the generator's statistics before the step.
      key_generator: the noise inside the generator's network.
      step: int32 scalar.
    """

    parts: Parts
    states: dict[str, PyTree]
    generator_stats: Stats
    key_generator: Key
    step: Array


def trained(player: Player) -> Trained:
    """What training changes of a player by a gradient."""
    return Trained(player.params, {name: learned.params for name, learned in player.techniques.items()})


def own_of(technique: Technique, states: dict[str, PyTree], generator: Trained, discriminator: Trained) -> Own:
    """What a technique owns, put together from both players."""
    name = technique.name
    return Own(generator.techniques.get(name, {}), discriminator.techniques.get(name, {}), states[name])


def begin(
    optimizer: optax.GradientTransformation,
    techniques: tuple[Technique, ...],
    params: Params,
    stats: Stats,
    learned: dict[str, Params],
) -> Player:
    """A player at its start; techniques without parameters have no entry."""

    def start(technique: Technique) -> Learned:
        params = learned[technique.name]
        try:
            return Learned(params, (technique.optimizer or optimizer).init(params))
        except (ValueError, TypeError, KeyError) as error:
            raise ValueError(
                f"the optimizer of the player cannot train the parameters of the technique {technique.name} "
                f"({str(error).splitlines()[0]}): give the technique an optimizer of its own, Technique(optimizer=...)"
            ) from error

    own = {technique.name: start(technique) for technique in techniques if jax.tree.leaves(learned[technique.name])}
    return Player(params, stats, optimizer.init(params), own)


def descend(
    optimizer: optax.GradientTransformation,
    techniques: tuple[Technique, ...],
    gradient: Trained,
    player: Player,
    stats: Stats,
) -> Player:
    """One update of a player: its network by the optimizer, each technique's parameters by theirs."""

    def update(optimizer: optax.GradientTransformation, gradient: Params, params: Params, opt_state: Any) -> Learned:
        updates, opt_state = optimizer.update(gradient, opt_state, params)
        return Learned(optax.apply_updates(params, updates), opt_state)

    own = {technique.name: technique.optimizer or optimizer for technique in techniques}
    params, opt_state = update(optimizer, gradient.network, player.params, player.opt_state)
    return Player(
        params,
        stats,
        opt_state,
        {name: update(own[name], gradient.techniques[name], *learned) for name, learned in player.techniques.items()},
    )


def descend_generator(parts: Parts, gradient: Trained, player: Player, stats: Stats) -> Player:
    """One update of the generator."""
    return descend(parts.generator_optimizer, parts.techniques, gradient, player, stats)


def descend_discriminator(parts: Parts, gradient: Trained, player: Player, stats: Stats) -> Player:
    """One update of the discriminator."""
    return descend(parts.discriminator_optimizer, parts.techniques, gradient, player, stats)
