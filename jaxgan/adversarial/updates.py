"""The gradients of both players, and one update of the discriminator."""

from collections.abc import Callable
from typing import NamedTuple

import jax
import jax.numpy as jnp

from jaxgan.adversarial import hooks
from jaxgan.adversarial.derivatives import each_devices_own, linearised, mean_over, plus, value_and_gradient
from jaxgan.adversarial.parts import Context, Keys, Parts, Trained, descend_discriminator, own_of, trained
from jaxgan.adversarial.rounds import Minibatch, Seen, features_of, look, make_fakes, play
from jaxgan.types import Array, Batch, Key, Play, Player, State, Stats


class Round(NamedTuple):
    """What a pass of the discriminator leaves behind.

    Attributes:
      loss: scalar, with all terms.
      terms: what each technique added, by name.
      seen: what the discriminator saw and answered.
      gradient: of the discriminator's loss.
      stats: the discriminator's statistics afterwards.
    """

    loss: Array
    terms: dict[str, Array]
    seen: Seen
    gradient: Trained
    stats: Stats


class Answer(NamedTuple):
    """What the generator's pass leaves behind.

    Attributes:
      loss: scalar, with all terms.
      terms: what each technique added, by name.
      gradient: of the generator's loss.
      stats: the generator's statistics afterwards.
    """

    loss: Array
    terms: dict[str, Array]
    gradient: Trained
    stats: Stats


class Fakes(NamedTuple):
    """Fakes of a step, and how they depend on the generator.

    Attributes:
      generated: with labels and latents.
      stats: the generator's statistics afterwards.
      pull_back: `pull_back(cotangent of generated) -> gradient by the generator`.
    """

    generated: Batch
    stats: Stats
    pull_back: Callable[[Batch], Trained]


class Rival(NamedTuple):
    """The discriminator that a generator is trained against.

    Attributes:
      trained: its parameters.
      stats: its statistics.
    """

    trained: Trained
    stats: Stats


def begin_step(parts: Parts, keys: Keys, state: State) -> tuple[Context, Trained]:
    """What a step starts from: its context, and the generator that is differentiated."""
    generator = each_devices_own(parts.axis_name, trained(state.generator))
    return Context(parts, state.techniques, state.generator.stats, keys.generator, state.step), generator


def round_keys(key: Key) -> tuple[Key, Key]:
    """The key for the latents of a minibatch, and that of its round."""
    key_latent, key_round = jax.random.split(key)
    return key_latent, key_round


def meet(context: Context, generator: Trained, discriminator: Trained, key: Key, batch: Batch) -> Minibatch:
    """A minibatch with fakes of its own, for an update that no gradient of the generator goes through."""
    key_latent, key_round = round_keys(key)
    generated, _ = make_fakes(context, generator, discriminator, key_latent, batch)
    return Minibatch(key_round, batch, generated)


def draw_fakes(context: Context, generator: Trained, discriminator: Trained, key_latent: Key, batch: Batch) -> Fakes:
    """The fakes of a step, made once for both players."""

    def fakes(generator: Trained) -> tuple[Batch, Stats]:
        return make_fakes(context, generator, discriminator, key_latent, batch)

    generated, stats, pull_back = linearised(fakes, generator)
    return Fakes(generated, stats, lambda cotangent: pull_back(cotangent)[0])


def discriminator_round(
    context: Context, generator: Trained, player: Player, minibatch: Minibatch, *, together: bool
) -> Round:
    """The discriminator's loss on a minibatch, and its gradient; differentiable in all arguments."""
    parts = context.parts
    # A penalty looks at the real examples, or at the fakes, alone; then these passes are shared with it.
    together = together and not any(technique.discriminator_loss for technique in parts.techniques)

    def objective(discriminator: Trained) -> tuple[Array, tuple[dict[str, Array], Seen, Stats]]:
        def own(technique):
            return own_of(technique, context.states, generator, discriminator)

        features = features_of(context, discriminator.network, player.stats, minibatch.key)
        seen, stats = look(
            context, generator, discriminator, player.stats, minibatch, features, rehearse=True, together=together
        )
        frozen = discriminator.network, player.stats
        game = play(context, generator, discriminator, player.stats, minibatch, seen, frozen, player.params)
        key = minibatch.key
        weights = hooks.weights("discriminator_weights", parts.techniques, own, jax.random.fold_in(key, 6), game)
        terms = hooks.terms("discriminator_loss", parts.techniques, own, jax.random.fold_in(key, 5), game)
        value = discriminator_value(parts, weights, seen) + sum(terms.values())
        return value, (terms, seen, stats)

    (value, (terms, seen, stats)), gradient = value_and_gradient(objective, trained(player), parts.axis_name)
    return Round(value, terms, seen, gradient, mean_over(parts.axis_name, stats))


def discriminator_value(parts: Parts, weights: list | None, seen: Seen) -> Array:
    """The adversarial part of the discriminator's loss."""
    loss = parts.loss
    if weights is None:
        return jnp.mean(loss.discriminator(seen.real_logits, seen.fake_logits))
    halves = _halves(parts, "discriminator_weights")
    real = hooks.weighted(halves.real(seen.real_logits), [of_real for of_real, _ in weights])
    return real + hooks.weighted(halves.fake(seen.fake_logits), [of_fake for _, of_fake in weights])


def generator_value(parts: Parts, weights: list | None, seen: Seen) -> Array:
    """The adversarial part of the generator's loss."""
    loss = parts.loss
    if weights is None:
        return jnp.mean(loss.generator(seen.real_logits, seen.fake_logits))
    return hooks.weighted(_halves(parts, "generator_weights").generator(seen.fake_logits), weights)


def _halves(parts: Parts, hook: str):
    if parts.loss.halves is None:
        names = ", ".join(technique.name for technique in parts.techniques if getattr(technique, hook))
        raise ValueError(
            f"{names} weighs real and fake examples apart, but this loss compares them: take a loss with `halves`"
        )
    return parts.loss.halves


def update_discriminator(
    context: Context, generator: Trained, player: Player, minibatch: Minibatch, *, together: bool = True
) -> tuple[Player, Round]:
    """One optimizer step of the discriminator; differentiable in the generator, the player and the minibatch."""
    played = discriminator_round(context, generator, player, minibatch, together=together)
    return descend_discriminator(context.parts, played.gradient, player, played.stats), played


def generator_objective(
    context: Context,
    generator: Trained,
    minibatch: Minibatch,
    rival: Rival,
    frozen: Rival,
    *,
    together: bool,
) -> tuple[Array, dict[str, Array]]:
    """The generator's loss against a discriminator, and what each technique added to it.

    Args:
      context: of the step.
      generator: that is trained.
      minibatch: of the step.
      rival: the discriminator that it faces; a gradient may go through it.
      frozen: the same discriminator as a constant of the differentiated function, for the features, and for what
        techniques train with it, in the terms.
      together: whether real and fake may share a pass.
    """
    parts, key = context.parts, minibatch.key

    def own(technique):
        return own_of(technique, context.states, generator, frozen.trained)

    features = features_of(context, frozen.trained.network, frozen.stats, key)
    seen, _ = look(
        context, generator, rival.trained, rival.stats, minibatch, features, rehearse=False, together=together
    )
    still = frozen.trained.network, frozen.stats
    game = play(context, generator, rival.trained, rival.stats, minibatch, seen, still, still[0])
    weights = hooks.weights("generator_weights", parts.techniques, own, jax.random.fold_in(key, 6), game)
    terms = hooks.terms("generator_loss", parts.techniques, own, jax.random.fold_in(key, 5), game)
    return generator_value(parts, weights, seen) + sum(terms.values()), terms


def against(
    context: Context, generator: Trained, fakes: Fakes, key: Key, batch: Batch, rival: Rival, *, together: bool
) -> Answer:
    """The generator's gradient against a discriminator that is held constant in it."""

    def objective(generator: Trained, generated: Batch) -> tuple[Array, dict[str, Array]]:
        return generator_objective(
            context, generator, Minibatch(key, batch, generated), rival, rival, together=together
        )

    value, terms, pull_back = linearised(objective, generator, fakes.generated)
    direct, by_fakes = pull_back(jnp.ones_like(value))
    return answer(context.parts, value, terms, plus(direct, fakes.pull_back(by_fakes)), fakes.stats)


def answer(parts: Parts, value: Array, terms: dict[str, Array], gradient: Trained, stats: Stats) -> Answer:
    """What the generator's pass leaves behind, averaged over the devices of a mapped axis."""
    value, gradient, stats = mean_over(parts.axis_name, (value, gradient, stats))
    return Answer(value, terms, gradient, stats)


class Joint(NamedTuple):
    """Both players' passes at one point.

    Attributes:
      generator: the generator's.
      discriminator: the discriminator's.
      minibatch: that the discriminator saw.
    """

    generator: Answer
    discriminator: Round
    minibatch: Minibatch


def joint_round(context: Context, keys: Keys, generator: Trained, player: Player, batch: Batch) -> Joint:
    """Both players' gradients at one point, on the same fakes; differentiable in both players."""
    generator = each_devices_own(context.parts.axis_name, generator)
    key_latent, key_round = round_keys(keys.own)
    rival = Rival(trained(player), player.stats)
    fakes = draw_fakes(context, generator, rival.trained, key_latent, batch)
    minibatch = Minibatch(key_round, batch, fakes.generated)
    played = discriminator_round(context, generator, player, minibatch, together=True)
    made = against(context, generator, fakes, keys.play, batch, rival, together=False)
    return Joint(made, played, minibatch)


def played_round(context: Context, generator: Trained, player: Player, minibatch: Minibatch, played: Round) -> Play:
    """The discriminator's round as techniques look at it after the step."""
    frozen = player.params, player.stats
    return play(context, generator, trained(player), player.stats, minibatch, played.seen, frozen, player.params)
