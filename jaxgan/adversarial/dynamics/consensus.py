"""Consensus: both players also descend the length of their joint gradient."""

import jax

from jaxgan.adversarial.derivatives import plus, square_norm, value_and_gradient
from jaxgan.adversarial.dynamics.moves import Dynamics, Moved
from jaxgan.adversarial.parts import Keys, Parts, Trained, descend_discriminator, descend_generator, trained
from jaxgan.adversarial.updates import Joint, begin_step, joint_round, played_round
from jaxgan.types import Array, Batch, Learned, Player, State
from jaxgan.types.checks import at_least


def consensus(weight: float | Array = 0.1) -> Dynamics:
    """Simultaneous play with the consensus term: `θ ← θ - η (v(θ) + γ ∇ ½‖v(θ)‖²)`, with `v` both players' gradients.

    The length counts what techniques train, too.

    Use when: the losses turn in circles, in small networks; with large ones the gradient of the length is noisy.

    Cost: two more backward passes through both networks.

    Args:
      weight: γ, 0 or more; 0 is simultaneous play, and 0.1 the authors' program's default.

    Raises:
      ValueError: a negative weight.

    Reference:
      Mescheder, Nowozin and Geiger, "The Numerics of GANs", 2017.
    """
    at_least("the weight of consensus", weight, 0)

    def move(parts: Parts, keys: Keys, state: State, batch: Batch, more: Batch) -> Moved:
        del more
        context, generator = begin_step(parts, keys, state)

        def half_square(point: tuple[Trained, Trained]) -> tuple[Array, Joint]:
            of_generator, of_discriminator = point
            joint = joint_round(context, keys, of_generator, _at(state.discriminator, of_discriminator), batch)
            return 0.5 * square_norm((joint.generator.gradient, joint.discriminator.gradient)), joint

        point = generator, trained(state.discriminator)
        (_, joint), agreement = value_and_gradient(half_square, point, parts.axis_name)
        made, played = joint.generator, joint.discriminator
        pull = jax.tree.map(lambda a: weight * a, agreement)
        of_generator, of_discriminator = plus(made.gradient, pull[0]), plus(played.gradient, pull[1])
        return Moved(
            generator=descend_generator(parts, of_generator, state.generator, made.stats),
            discriminator=descend_discriminator(parts, of_discriminator, state.discriminator, played.stats),
            answer=made,
            round=played,
            play=played_round(context, generator, state.discriminator, joint.minibatch, played),
        )

    return Dynamics("consensus", move)


def _at(player: Player, point: Trained) -> Player:
    """The player at other parameters."""
    learned = {name: Learned(point.techniques[name], own.opt_state) for name, own in player.techniques.items()}
    return player._replace(params=point.network, techniques=learned)
