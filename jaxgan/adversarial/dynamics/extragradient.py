"""Extragradient: both players look where they are going before they go."""

import jax
import jax.numpy as jnp

from jaxgan.adversarial.dynamics.moves import Dynamics, Moved
from jaxgan.adversarial.parts import Keys, Parts, Trained, descend_discriminator, descend_generator, trained
from jaxgan.adversarial.updates import begin_step, joint_round, played_round
from jaxgan.types import Batch, Player, State


def extragradient(*, from_the_past: bool = False) -> Dynamics:
    """Both players step to a point ahead, and then move from where they were by the gradients at that point.

    `θ' = θ - η v(θ)`, then `θ ← θ - η v(θ')`. The point ahead is judged on a minibatch of its own, with latents of its
    own. An optimizer with moments updates them by both gradients, as the authors' ExtraAdam does. On the bilinear game
    `min_x max_y xy` it converges by `√((1 - η²)² + η²)` a step.

    Use when: the losses turn in circles with a fixed period, in small games and research on them.

    Cost: twice that of a step; from the past, memory for one more gradient of both players.

    Args:
      from_the_past: extrapolate by the gradients of the last point ahead instead of new ones, `θ' = θ - η v(θ'_last)`,
        which halves the cost. The optimizer then sees each gradient once for its moments; the first step extrapolates
        by nothing.

    Reference:
      Gidel, Berard, Vignoud, Vincent and Lacoste-Julien, "A Variational Inequality Perspective on Generative
      Adversarial Networks", 2019, the sections on extrapolation and on extrapolation from the past; ExtraAdam is
      algorithm 4.
    """

    def move(parts: Parts, keys: Keys, state: State, batch: Batch, more: Batch) -> Moved:
        context, generator = begin_step(parts, keys, state)
        made_before, judged_before = state.generator, state.discriminator
        if from_the_past:
            of_generator, of_discriminator = state.memory
            made_ahead = descend_generator(parts, of_generator, made_before, made_before.stats)
            judged_ahead = descend_discriminator(parts, of_discriminator, judged_before, judged_before.stats)
            fresh, second = batch, keys
            start = made_before, judged_before
        else:
            first = joint_round(context, keys, generator, judged_before, batch)
            made_ahead = descend_generator(parts, first.generator.gradient, made_before, first.generator.stats)
            judged_ahead = descend_discriminator(
                parts, first.discriminator.gradient, judged_before, first.discriminator.stats
            )
            fresh = jax.tree.map(lambda a: a[0], more)
            second = keys._replace(own=keys.before, play=keys.beyond)
            start = _moments_of(made_before, made_ahead), _moments_of(judged_before, judged_ahead)
        ahead = context._replace(generator_stats=made_ahead.stats)
        joint = joint_round(ahead, second, trained(made_ahead), judged_ahead, fresh)
        made, played = joint.generator, joint.discriminator
        return Moved(
            generator=descend_generator(parts, made.gradient, start[0], made.stats),
            discriminator=descend_discriminator(parts, played.gradient, start[1], played.stats),
            answer=made,
            round=played,
            play=played_round(ahead, trained(made_ahead), judged_ahead, joint.minibatch, played),
            memory=(made.gradient, played.gradient) if from_the_past else {},
        )

    def begin(generator: Trained, discriminator: Trained) -> tuple[Trained, Trained]:
        return jax.tree.map(jnp.zeros_like, (generator, discriminator))

    if from_the_past:
        return Dynamics("extragradient from the past", move, begin=begin)
    return Dynamics("extragradient", move, minibatches=2)


def _moments_of(player: Player, ahead: Player) -> Player:
    """The player where it was, with the optimizers' states of the point ahead."""
    learned = {
        name: own._replace(opt_state=ahead.techniques[name].opt_state) for name, own in player.techniques.items()
    }
    return player._replace(opt_state=ahead.opt_state, techniques=learned)
