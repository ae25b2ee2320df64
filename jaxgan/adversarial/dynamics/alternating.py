"""Alternating play: the discriminator moves first, and the generator answers, perhaps looking ahead."""

import functools

import jax
import jax.numpy as jnp

from jaxgan.adversarial.derivatives import linearised, plus
from jaxgan.adversarial.dynamics.moves import Dynamics, Moved
from jaxgan.adversarial.lookahead import Unroll, unrolled
from jaxgan.adversarial.parts import Context, Keys, Parts, Trained, descend_generator, trained
from jaxgan.adversarial.rounds import Minibatch
from jaxgan.adversarial.updates import (
    Answer,
    Fakes,
    Rival,
    Round,
    against,
    answer,
    begin_step,
    draw_fakes,
    generator_objective,
    meet,
    played_round,
    round_keys,
    update_discriminator,
)
from jaxgan.types import Array, Batch, Player, State


def alternating(*, discriminator_steps: int = 1, unroll: Unroll = Unroll()) -> Dynamics:  # noqa: B008 (frozen)
    """The discriminator updates `discriminator_steps` times, then the generator faces the updated discriminator.

    With a lookahead the generator faces the discriminator `unroll.steps` updates ahead; the first of these is the
    discriminator's own update. Both players see the same fakes, so the generator runs forward once.

    The inner gradient of the generator goes through the lookahead's updates, or, with `gradient="first_order"` or
    without a lookahead, takes the discriminator that it faces as given. A caller's own derivative of the whole step
    goes through all of it either way.

    Args:
      discriminator_steps: discriminator updates per step, at least 1.
      unroll: the lookahead.

    Raises:
      ValueError: `discriminator_steps` is below 1.

    Reference:
      Goodfellow et al., "Generative Adversarial Nets", 2014, algorithm 1; Metz, Poole, Pfau and Sohl-Dickstein,
      "Unrolled Generative Adversarial Networks", 2017, section 2.2.
    """
    if discriminator_steps < 1:
        raise ValueError(f"the discriminator takes at least 1 step, not discriminator_steps={discriminator_steps}")
    before = discriminator_steps - 1
    # The lookahead starts with the discriminator's own update; these are the steps beyond it.
    beyond = max(unroll.steps - 1, 0)
    differentiated = unroll.steps > 0 and unroll.gradient == "second_order"

    def move(parts: Parts, keys: Keys, state: State, batch: Batch, more: Batch) -> Moved:
        context, generator = begin_step(parts, keys, state)
        player = _take_steps(context, keys, state, before, more)
        key_latent, key_round = round_keys(keys.own)
        fakes = draw_fakes(context, generator, trained(player), key_latent, batch)
        fresh = jax.tree.map(lambda a: a[before:], more) if unroll.resample else None

        def look_ahead(generator: Trained, generated: Batch) -> tuple[Rival, tuple[Player, Round]]:
            minibatch = Minibatch(key_round, batch, generated)
            # The generator's gradient goes through the fakes of this update only: apart, real examples take less work.
            first = functools.partial(update_discriminator, context, together=not differentiated)
            updated, played = (jax.checkpoint(first) if unroll.remat else first)(generator, player, minibatch)
            ahead = _look_beyond(context, keys, generator, updated, minibatch, unroll, beyond, fresh)
            return Rival(trained(ahead), ahead.stats), (updated, played)

        if differentiated:
            made, updated, played = _through_the_lookahead(context, keys, generator, fakes, batch, look_ahead)
        else:
            rival, (updated, played) = look_ahead(generator, fakes.generated)
            made = against(context, generator, fakes, keys.play, batch, rival, together=False)
        return Moved(
            generator=descend_generator(parts, made.gradient, state.generator, made.stats),
            discriminator=updated,
            answer=made,
            round=played,
            play=played_round(context, generator, player, Minibatch(key_round, batch, fakes.generated), played),
        )

    return Dynamics("alternating", move, minibatches=1 + before + (beyond if unroll.resample else 0))


def _take_steps(context: Context, keys: Keys, state: State, steps: int, more: Batch) -> Player:
    """The discriminator after the updates that come before its own one in the step."""
    if not steps:
        return state.discriminator
    generator = trained(state.generator)

    def update(player: Player, x: tuple[Array, Batch]) -> tuple[Player, Array]:
        i, fresh = x
        minibatch = meet(context, generator, trained(player), jax.random.fold_in(keys.before, i), fresh)
        player, played = update_discriminator(context, generator, player, minibatch)
        return player, played.loss

    fresh = jax.tree.map(lambda a: a[:steps], more)
    player, _ = unrolled(update, steps)(state.discriminator, (jnp.arange(steps), fresh))
    return player


def _look_beyond(
    context: Context,
    keys: Keys,
    generator: Trained,
    player: Player,
    minibatch: Minibatch,
    unroll: Unroll,
    steps: int,
    fresh: Batch | None,
) -> Player:
    """The discriminator after the lookahead's further updates."""
    if not steps:
        return player

    def update(player: Player, x: tuple[Array, Batch | None]) -> tuple[Player, Array]:
        i, batch = x
        key = jax.random.fold_in(keys.beyond, i)
        again = minibatch._replace(key=key)
        seen = again if batch is None else meet(context, generator, trained(player), key, batch)
        player, played = update_discriminator(context, generator, player, seen)
        return player, played.loss

    lookahead = unrolled(update, steps, remat=unroll.remat, scan_unroll=unroll.scan_unroll)
    return lookahead(player, (jnp.arange(steps), fresh))[0]


def _through_the_lookahead(
    context: Context, keys: Keys, generator: Trained, fakes: Fakes, batch: Batch, look_ahead
) -> tuple[Answer, Player, Round]:
    """The generator's answer, whose gradient also goes through the discriminator's updates."""
    rival, (updated, played), pull_ahead = linearised(look_ahead, generator, fakes.generated)

    def objective(generator: Trained, generated: Batch, facing: Rival) -> tuple[Array, dict[str, Array]]:
        minibatch = Minibatch(keys.play, batch, generated)
        return generator_objective(context, generator, minibatch, facing, rival, together=True)

    value, terms, pull_back = linearised(objective, generator, fakes.generated, rival)
    direct, by_fakes, by_rival = pull_back(jnp.ones_like(value))
    ahead, ahead_by_fakes = pull_ahead(by_rival)
    gradient = plus(plus(direct, ahead), fakes.pull_back(plus(by_fakes, ahead_by_fakes)))
    return answer(context.parts, value, terms, gradient, fakes.stats), updated, played
