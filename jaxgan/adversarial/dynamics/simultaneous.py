"""Simultaneous play: both players move at once, from the same point."""

from jaxgan.adversarial.dynamics.moves import Dynamics, Moved
from jaxgan.adversarial.parts import Keys, Parts, descend_discriminator, descend_generator
from jaxgan.adversarial.updates import begin_step, joint_round, played_round
from jaxgan.types import Batch, State


def simultaneous() -> Dynamics:
    """Both players descend their own loss at the point where the step began: `θ ← θ - η v(θ)`, with `v` both gradients.

    On the bilinear game `min_x max_y xy` it spirals outwards by `√(1 + η²)` a step, where alternating play circles.

    Reference:
      Mescheder, Nowozin and Geiger, "The Numerics of GANs", 2017.
    """

    def move(parts: Parts, keys: Keys, state: State, batch: Batch, more: Batch) -> Moved:
        del more
        context, generator = begin_step(parts, keys, state)
        joint = joint_round(context, keys, generator, state.discriminator, batch)
        made, played = joint.generator, joint.discriminator
        return Moved(
            generator=descend_generator(parts, made.gradient, state.generator, made.stats),
            discriminator=descend_discriminator(parts, played.gradient, state.discriminator, played.stats),
            answer=made,
            round=played,
            play=played_round(context, generator, state.discriminator, joint.minibatch, played),
        )

    return Dynamics("simultaneous", move)
