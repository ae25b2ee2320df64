"""`gan(...)`: folds two networks, a loss, techniques and a lookahead into the pure functions of a GAN."""

import functools
from collections.abc import Callable, Sequence

import jax
import jax.numpy as jnp
import optax

from jaxgan.adversarial import rounds
from jaxgan.adversarial.lookahead import Unroll, unrolled
from jaxgan.adversarial.rounds import Minibatch, Round, fold
from jaxgan.backend.random_bits import straight
from jaxgan.types import (
    GAN,
    AdversarialLoss,
    Array,
    Batch,
    Info,
    Key,
    Network,
    Params,
    Player,
    State,
    Stats,
    Technique,
    as_batch,
)

# One key serves a whole run: `step` folds in its step count, the others these, which no step reaches.
_INIT, _SAMPLE, _LATENT = 2**32 - 1, 2**32 - 2, 2**32 - 3


def _checked(batch: Array | Batch) -> Batch:
    batch = as_batch(batch)
    if batch.data.ndim < 2 or batch.data.shape[0] < 1:
        raise ValueError(f"a batch is [batch, ...] with at least one example, not {batch.data.shape}")
    if not jnp.issubdtype(batch.data.dtype, jnp.floating):
        raise ValueError(f"a batch holds floating-point numbers, not {batch.data.dtype}: scale images to [-1, 1]")
    return batch


def _described(batch: Batch) -> str:
    return f"{batch.data.dtype} {'without labels' if batch.label is None else 'with labels'}"


def _spread(x: Array) -> Array:
    """Mean distance between neighbours in a batch; in pairs, so that it needs no communication between devices."""
    pairs = x.shape[0] // 2
    x = x[: 2 * pairs].reshape(pairs, 2, -1).astype(jnp.promote_types(x.dtype, jnp.float32))
    return jnp.sum(jnp.sqrt(jnp.sum((x[:, 0] - x[:, 1]) ** 2, axis=-1) + 1e-20)) / max(pairs, 1)


def _apply(optimizer: optax.GradientTransformation, gradient: Params, player: Player, stats: Stats) -> Player:
    updates, opt_state = optimizer.update(gradient, player.opt_state, player.params)
    return Player(optax.apply_updates(player.params, updates), stats, opt_state)


def gan(
    *,
    generator: Network,
    discriminator: Network,
    loss: AdversarialLoss,
    generator_optimizer: optax.GradientTransformation,
    discriminator_optimizer: optax.GradientTransformation,
    latent_dim: int,
    techniques: Sequence[Technique] = (),
    unroll: Unroll = Unroll(),  # noqa: B008 (frozen)
    discriminator_steps: int = 1,
    average: float | None = None,
    latent_distribution: Callable[..., Array] = jax.random.normal,
    axis_name: str | None = None,
) -> GAN:
    """Makes a GAN of its parts.

    A step updates the discriminator `discriminator_steps` times, then the generator against the updated
    discriminator, or, with a lookahead, against the discriminator `unroll.steps` updates ahead; the first of these
    updates is the discriminator's own. Both players see the same fakes, so the generator runs forward once.

    Args:
      generator: maps latents `[batch, latent_dim]` to examples.
      discriminator: maps examples to logits `[batch]` or `[batch, 1]`.
      loss: what they play for.
      generator_optimizer: any optax transformation, with its own learning rate or schedule.
      discriminator_optimizer: the same; a lookahead differentiates through it, so take `optimizers.adam`.
      latent_dim: width of the latent, at least 1.
      techniques: folded in, in order; their names must differ.
      unroll: the lookahead.
      discriminator_steps: discriminator updates per step, at least 1.
      average: decay, in (0, 1), of the moving average of the generator's parameters that `sample` then uses.
      latent_distribution: `latent_distribution(key, shape, dtype) -> z`.
      axis_name: only for a step inside your own `jax.shard_map` or `jax.pmap`: the axis over which every device has a
        minibatch of its own. Gradients, statistics and Info are averaged over it, and every device draws its own
        noise from the same key; batch normalisation is over each device's own minibatch, and what a technique keeps
        is each device's own. Under `jax.jit` with shardings nothing is needed; see `training.placement`.

    Raises:
      ValueError: an argument out of range; when a function is used, shapes that do not fit each other.

    >>> from jaxgan import data, losses, networks
    >>> task = data.ring()
    >>> players = gan(
    ...     generator=networks.mlp([16], out=2), discriminator=networks.mlp([16], out=1), latent_dim=2,
    ...     loss=losses.non_saturating(),
    ...     generator_optimizer=optax.adam(1e-3), discriminator_optimizer=optax.adam(1e-3),
    ... )
    >>> key, key_data = jax.random.split(jax.random.key(0))
    >>> batch = task.sample(key_data, 8)
    >>> state = players.init(key, batch)
    >>> state, info = jax.jit(players.step)(key, state, batch)
    >>> players.sample(key, state, 5).shape
    (5, 2)
    """
    if latent_dim < 1:
        raise ValueError(f"the latent has at least 1 dimension, not latent_dim={latent_dim}")
    if discriminator_steps < 1:
        raise ValueError(f"the discriminator takes at least 1 step, not discriminator_steps={discriminator_steps}")
    if average is not None and not 0.0 < average < 1.0:
        raise ValueError(f"the decay of the average is between 0 and 1, not {average}")
    names = [technique.name for technique in techniques]
    if len(set(names)) < len(names):
        raise ValueError(f"every technique is used once and has a name of its own, not {', '.join(names)}")

    with_techniques = functools.partial(
        gan,
        generator=generator,
        discriminator=discriminator,
        loss=loss,
        generator_optimizer=generator_optimizer,
        discriminator_optimizer=discriminator_optimizer,
        latent_dim=latent_dim,
        unroll=unroll,
        discriminator_steps=discriminator_steps,
        average=average,
        latent_distribution=latent_distribution,
        axis_name=axis_name,
    )
    # The lookahead starts with the discriminator's own update; these are the steps and minibatches beyond it.
    steps_before, steps_beyond = discriminator_steps - 1, max(unroll.steps - 1, 0)
    more_minibatches = steps_before + (steps_beyond if unroll.resample else 0)
    differentiated = unroll.steps > 0 and unroll.gradient == "second_order"

    def draw_latent(key: Key, technique_stats: Stats, n: int, dtype) -> Array:
        key_draw, key_transform = jax.random.split(key)
        z = latent_distribution(key_draw, (n, latent_dim), dtype)
        return fold(techniques, "latent", technique_stats, key_transform, z)

    def init(key: Key, batch: Array | Batch) -> State:
        batch = _checked(batch)
        key_generator, key_discriminator, key_latent, key_techniques, key_apply = jax.random.split(
            jax.random.fold_in(key, _INIT), 5
        )
        begun = {
            technique.name: technique.init(jax.random.fold_in(key_techniques, i), batch) if technique.init else ({}, {})
            for i, technique in enumerate(techniques)
        }
        technique_params, technique_stats = ({name: pair[i] for name, pair in begun.items()} for i in range(2))
        z = draw_latent(key_latent, technique_stats, batch.data.shape[0], batch.data.dtype)
        params, stats = generator.init(key_generator, z)
        made = jax.eval_shape(lambda params: generator.apply(params, stats, z, train=False, key=key_apply)[0], params)
        if made.shape != batch.data.shape:
            raise ValueError(f"the generator makes {made.shape}, but the data are {batch.data.shape}")
        params_d, stats_d = discriminator.init(key_discriminator, batch.data)
        return State(
            step=jnp.zeros((), jnp.int32),
            generator=Player(params, stats, generator_optimizer.init(params)),
            discriminator=Player(params_d, stats_d, discriminator_optimizer.init(params_d)),
            techniques=Player(technique_params, technique_stats, generator_optimizer.init(technique_params)),
            average={} if average is None else jax.tree.map(jnp.copy, params),
        )

    def step(key: Key, state: State, batch: Array | Batch, more: Array | Batch | None = None) -> tuple[State, Info]:
        batch = _checked(batch)
        same = jax.tree.map(lambda a: jnp.broadcast_to(a, (more_minibatches, *a.shape)), batch)
        further = same if more is None else as_batch(more)
        if further.data.dtype != batch.data.dtype or (further.label is None) != (batch.label is None):
            raise ValueError(f"further minibatches are like the batch, {_described(batch)}, not {_described(further)}")
        if further.data.shape != (more_minibatches, *batch.data.shape):
            raise ValueError(
                f"a step of this GAN takes {more_minibatches} more minibatches of {batch.data.shape}, "
                f"not {further.data.shape}"
            )
        key_step = jax.random.fold_in(straight(key), state.step)
        if axis_name is not None:
            key_step = jax.random.fold_in(key_step, jax.lax.axis_index(axis_name))
        key_own, key_before, key_beyond, key_play, key_generator, key_techniques = jax.random.split(key_step, 6)
        technique_stats = state.techniques.stats

        def generate(params: Params, z: Array) -> tuple[Array, Stats]:
            key = jax.random.fold_in(key_generator, 0)
            return generator.apply(params, state.generator.stats, z, train=True, key=key)

        def meet(params: Params, key: Key, batch: Batch) -> tuple[Minibatch, Stats]:
            key_latent, key_round = jax.random.split(key)
            z = draw_latent(key_latent, technique_stats, batch.data.shape[0], batch.data.dtype)
            generated, stats = generate(params, z)
            return Minibatch(key_round, batch.data, batch.label, z, generated), stats

        def update(
            params: Params, player: Player, minibatch: Minibatch, *, together: bool = True
        ) -> tuple[Player, Round]:
            return rounds.update_discriminator(
                discriminator,
                loss,
                discriminator_optimizer,
                techniques,
                technique_stats,
                player,
                minibatch,
                lambda z: generate(params, z)[0],
                axis_name,
                together=together,
            )

        def update_before(player: Player, x: tuple[Array, Batch]) -> tuple[Player, Array]:
            i, fresh = x
            minibatch, _ = meet(state.generator.params, jax.random.fold_in(key_before, i), fresh)
            player, played = update(state.generator.params, player, minibatch)
            return player, played.loss

        player = state.discriminator
        if steps_before:
            fresh = jax.tree.map(lambda a: a[:steps_before], further)
            player, _ = unrolled(update_before, steps_before)(player, (jnp.arange(steps_before), fresh))

        def objective(trained: tuple[Params, Params]):
            params, technique_params = trained
            own, stats = meet(params, key_own, batch)
            given = own if differentiated else jax.lax.stop_gradient(own)

            def look_ahead(player: Player, x) -> tuple[Player, Array]:
                i, fresh = x
                key = jax.random.fold_in(key_beyond, i)
                minibatch = meet(params, key, fresh)[0] if unroll.resample else given._replace(key=key)
                player, played = update(params, player, minibatch)
                return player, played.loss

            # The generator's gradient goes through the fakes of this update only: apart, real examples take less work.
            first = functools.partial(update, params, together=not differentiated)
            updated, played = (jax.checkpoint(first) if unroll.remat else first)(player, given)
            ahead = updated
            if steps_beyond:
                fresh = jax.tree.map(lambda a: a[steps_before:], further) if unroll.resample else None
                lookahead = unrolled(look_ahead, steps_beyond, remat=unroll.remat, scan_unroll=unroll.scan_unroll)
                ahead, _ = lookahead(updated, (jnp.arange(steps_beyond), fresh))
            if not differentiated:
                ahead = jax.lax.stop_gradient(ahead)

            own = own._replace(key=key_play)
            seen, _ = rounds.look(
                discriminator,
                techniques,
                technique_stats,
                ahead.params,
                ahead.stats,
                own,
                rehearse=False,
                together=differentiated,
            )
            after = rounds.play(discriminator, ahead.params, ahead.stats, own, seen, lambda z: generate(params, z)[0])
            terms = rounds.generator_terms(
                techniques, technique_params, technique_stats, jax.random.fold_in(key_play, 5), after
            )
            value = jnp.mean(loss.generator(seen.real_logits, seen.fake_logits)) + sum(terms.values())
            return value, (updated, stats, played, given, terms)

        trained = (state.generator.params, state.techniques.params)
        (value, (updated, stats, played, own, terms)), gradient = rounds.value_and_gradient(
            objective, trained, axis_name
        )
        stats = rounds.mean_over(axis_name, stats)
        made = _apply(generator_optimizer, gradient[0], state.generator, stats)
        info = Info(
            generator_loss=value,
            discriminator_loss=played.loss,
            discriminator_accuracy=(jnp.mean(played.seen.real_logits > 0) + jnp.mean(played.seen.fake_logits < 0)) / 2,
            generator_gradient_norm=optax.tree.norm(jax.lax.stop_gradient(gradient)),
            discriminator_gradient_norm=played.gradient_norm,
            diversity=_spread(own.generated) / jnp.maximum(_spread(own.data), 1e-12),
            terms={name: played.terms.get(name, 0.0) + terms.get(name, 0.0) for name in {**played.terms, **terms}},
        )
        info = rounds.mean_over(axis_name, info)
        judged = rounds.play(
            discriminator, player.params, player.stats, own, played.seen, lambda z: generate(trained[0], z)[0]
        )
        technique_stats = {
            technique.name: technique.update(
                technique_stats[technique.name], jax.random.fold_in(key_techniques, i), judged, info
            )
            if technique.update
            else technique_stats[technique.name]
            for i, technique in enumerate(techniques)
        }
        return State(
            step=state.step + 1,
            generator=made,
            discriminator=updated,
            techniques=_apply(generator_optimizer, gradient[1], state.techniques, technique_stats),
            average={} if average is None else optax.incremental_update(made.params, state.average, 1.0 - average),
        ), info

    def latent(key: Key, state: State, n: int) -> Array:
        dtype = jax.tree.leaves(state.generator.params)[0].dtype
        return draw_latent(jax.random.fold_in(key, _LATENT), state.techniques.stats, n, dtype)

    def sample(key: Key, state: State, n: int) -> Array:
        params = state.generator.params if average is None else state.average
        z = latent(key, state, n)
        key_apply = jax.random.fold_in(key, _SAMPLE)
        return generator.apply(params, state.generator.stats, z, train=False, key=key_apply)[0]

    def effects(key: Key, state: State, batch: Array | Batch) -> dict[str, Array]:
        def trained(state: State) -> Params:
            return state.generator.params, state.discriminator.params

        def change(new: State, old: State) -> Array:
            return optax.tree.norm(optax.tree.sub(trained(new), trained(old)))

        after, _ = step(key, state, batch)
        total = jnp.maximum(change(after, state), 1e-30)
        effect = {}
        for i, technique in enumerate(techniques):
            if not any(technique[2:8]):  # it only watches
                continue
            idle = Technique(technique.name, init=technique.init)
            without = with_techniques(techniques=(*techniques[:i], idle, *techniques[i + 1 :]))
            effect[technique.name] = change(after, without.step(key, state, batch)[0]) / total
        return effect

    return GAN(init, step, sample, latent, effects, more_minibatches + 1)
