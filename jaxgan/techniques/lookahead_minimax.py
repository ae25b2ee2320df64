"""Lookahead-minimax: every few steps both players go back part of the way that they came."""

from typing import NamedTuple

import jax
import jax.numpy as jnp

from jaxgan.types import Array, Params, State, Technique
from jaxgan.types.checks import between, whole


class SlowWeights(NamedTuple):
    """Where both players were when they last went back, with what techniques train beside them.

    Attributes:
      generator: its parameters.
      discriminator: its parameters.
    """

    generator: tuple[Params, dict[str, Params]]
    discriminator: tuple[Params, dict[str, Params]]


def lookahead_minimax(period: int = 5, step: float | Array = 0.5) -> Technique:
    """Sets both players to `slow + step · (θ - slow)` every `period` steps, where slow are their last such parameters.

    Both go back at the same time, after the last step of a period, and with them the parameters that techniques train
    beside them. Moments of the optimizers, batch statistics and `gan(average=)` stay as they are: that average is of
    the fast weights, before they go back. On the bilinear game, where simultaneous gradient descent spirals outwards,
    this spirals inwards. Between two returns nothing happens, and `GAN.effects` is then exactly zero.

    It counts steps of the GAN, so additional updates of the discriminator in a step belong to its period. It is not the
    generator's lookahead, `Unroll`.

    Use when: losses swing with a fixed period, or samples jump from mode to mode while their average covers them.

    Cost: memory for the parameters of both players once more; no pass of a network.

    Args:
      period: k, steps between two returns, at least 1; 5 in the authors' program.
      step: α, in (0, 1]; how much of the way is kept, 0.5 in the authors' program; 1 changes nothing.

    Raises:
      ValueError: an argument out of range.

    Reference:
      Chavdarova, Pagliardini, Stich, Fleuret and Jaggi, "Taming GANs with Lookahead-Minmax", 2021,
      arXiv:2006.14567.
    """
    whole("the period of lookahead_minimax", period, 1)
    between("the step of lookahead_minimax", step, 0, 1, ends="(]")

    def adjust(own, key, before, after):
        del key, before
        if not own.state:  # the GAN begins
            return after, _weights(after)
        fast = _weights(after)
        returns = after.step % period == 0

        def slow_step(slow: Array, fast: Array) -> Array:
            return (slow + step * (fast - slow)).astype(slow.dtype)

        def chosen(new: Array, old: Array) -> Array:
            return jnp.where(returns, new, old)

        back = jax.tree.map(slow_step, own.state, fast)
        return _with_weights(after, jax.tree.map(chosen, back, fast)), jax.tree.map(chosen, back, own.state)

    return Technique("lookahead_minimax", adjust=adjust)


def _weights(state: State) -> SlowWeights:
    return SlowWeights(
        *(
            (player.params, {name: learned.params for name, learned in player.techniques.items()})
            for player in (state.generator, state.discriminator)
        )
    )


def _with_weights(state: State, weights: SlowWeights) -> State:
    players = [
        player._replace(
            params=params,
            techniques={name: learned._replace(params=own[name]) for name, learned in player.techniques.items()},
        )
        for player, (params, own) in zip((state.generator, state.discriminator), weights, strict=True)
    ]
    return state._replace(generator=players[0], discriminator=players[1])
