"""`gan(...)`: folds two networks, a loss, techniques and a way of taking turns into the pure functions of a GAN."""

from collections.abc import Callable, Sequence

import jax
import jax.numpy as jnp
import optax

from jaxgan.adversarial import hooks
from jaxgan.adversarial.derivatives import mean_over, norm
from jaxgan.adversarial.dynamics import Dynamics, alternating
from jaxgan.adversarial.dynamics.moves import Moved
from jaxgan.adversarial.lookahead import Unroll
from jaxgan.adversarial.parts import (
    Keys,
    Parts,
    Trained,
    descend_discriminator,
    descend_generator,
    own_of,
    trained,
)
from jaxgan.adversarial.rounds import as_logits, draw_latents, latent_dtype, run
from jaxgan.adversarial.updates import begin_step, joint_round
from jaxgan.backend.random_bits import straight
from jaxgan.models.beginning import begin_gan
from jaxgan.models.checking import check_batch, check_further, check_parts, check_state
from jaxgan.models.effects import effects_of
from jaxgan.types import (
    GAN,
    AdversarialLoss,
    Array,
    Batch,
    Gradients,
    Info,
    Key,
    Network,
    PyTree,
    State,
    Technique,
    Terms,
    as_batch,
)
from jaxgan.types.checks import between

# One key serves a whole run: `step` folds in its step count, the others these, which no step reaches.
_INIT, _SAMPLE, _LATENT, _JUDGE = 2**32 - 1, 2**32 - 2, 2**32 - 3, 2**32 - 4


def gan(
    *,
    generator: Network,
    discriminator: Network,
    loss: AdversarialLoss,
    generator_optimizer: optax.GradientTransformation,
    discriminator_optimizer: optax.GradientTransformation,
    latent_dim: int,
    techniques: Sequence[Technique] = (),
    unroll: Unroll | None = None,
    discriminator_steps: int | None = None,
    dynamics: Dynamics | None = None,
    average: float | Array | None = None,
    latent_distribution: Callable[..., Array] = jax.random.normal,
    label_distribution: Callable[[Key, int], PyTree] | None = None,
    axis_name: str | None = None,
) -> GAN:
    """Makes a GAN of its parts.

    Strengths may be traced: a learning rate, a technique's weight or the decay of the average, so that `jax.vmap` over
    a function that builds a GAN sweeps them in one program, and `jax.grad` differentiates by them.

    Args:
      generator: maps latents `[batch, width]` to examples; a conditional one also takes their labels.
      discriminator: maps examples to logits `[batch]` or `[batch, parts]`.
      loss: what they play for.
      generator_optimizer: any optax transformation, with its own learning rate or schedule. To differentiate through
        several steps take `optimizers.adam`: the derivative of `optax.adam` is NaN where a gradient is exactly zero.
      discriminator_optimizer: the same; a lookahead differentiates through it, so take `optimizers.adam`.
      latent_dim: columns of noise in the latent, at least 1; techniques add columns of their own.
      techniques: folded in, in order; their names must differ.
      unroll: the lookahead of alternating play; None is none.
      discriminator_steps: discriminator updates per step of alternating play, at least 1; None is 1.
      dynamics: how the players take turns; None is `dynamics.alternating` with the two arguments above, which hold for
        it alone.
      average: decay, in (0, 1), of the moving average of the generator's parameters that `sample` then uses.
      latent_distribution: `latent_distribution(key, shape, dtype) -> z`.
      label_distribution: `label_distribution(key, n) -> labels [n, ...]` of fakes. None gives the fakes of a
        conditional generator the labels of the real minibatch in training, and `sample` must then be told them.
      axis_name: only for a step inside your own `jax.shard_map` or `jax.pmap`: the axis over which every device has a
        minibatch of its own. Gradients, statistics and Info are averaged over it, and every device draws its own
        noise from the same key; batch normalisation is over each device's own minibatch, and what a technique keeps
        is each device's own. Under `jax.jit` with shardings nothing is needed; see `training.placement`.

    Raises:
      ValueError: an argument out of range or of the wrong kind; when a function is used, shapes that do not fit.

    >>> from jaxgan import data, losses, networks, optimizers
    >>> task = data.ring()
    >>> players = gan(
    ...     generator=networks.mlp([16], out=2), discriminator=networks.mlp([16], out=1), latent_dim=2,
    ...     loss=losses.non_saturating(),
    ...     generator_optimizer=optimizers.adam(1e-3), discriminator_optimizer=optimizers.adam(1e-3),
    ... )
    >>> key, key_data = jax.random.split(jax.random.key(0))
    >>> batch = task.sample(key_data, 8)
    >>> state = players.init(key, batch)
    >>> state, info = jax.jit(players.step)(key, state, batch)
    >>> players.sample(key, state, 5).shape
    (5, 2)
    """
    if dynamics is None:
        steps = 1 if discriminator_steps is None else discriminator_steps
        dynamics = alternating(discriminator_steps=steps, unroll=unroll or Unroll())
    elif not isinstance(dynamics, Dynamics):
        raise ValueError(f"dynamics are a value such as dynamics.alternating(), not {dynamics!r}")
    elif unroll is not None or discriminator_steps is not None:
        raise ValueError("unroll and discriminator_steps are alternating play's own: give them to dynamics.alternating")
    if average is not None:
        between("the decay of the average", average, 0, 1, ends="()")
    parts = check_parts(
        Parts(
            generator,
            discriminator,
            loss,
            generator_optimizer,
            discriminator_optimizer,
            techniques,  # pyright: ignore[reportArgumentType] (check_parts makes it a tuple)
            latent_dim,
            latent_distribution,
            label_distribution,
            axis_name,
        )
    )

    def init(key: Key, batch: PyTree | Batch, start_from: State | None = None) -> State:
        return _init(parts, dynamics, average, key, batch, start_from)

    def step(key: Key, state: State, batch: PyTree | Batch, more: PyTree | Batch | None = None) -> tuple[State, Info]:
        return _step(parts, dynamics, average, key, state, batch, more)

    def sample(key: Key, state: State, n: int, label: PyTree = None) -> PyTree:
        return _sample(parts, average, key, state, n, label)

    def latent(key: Key, state: State, n: int, label: PyTree = None) -> Array:
        return _latents(parts, key, state, n, label).data

    def effects(key: Key, state: State, batch: PyTree | Batch) -> dict[str, Array]:
        def step_with(techniques: tuple[Technique, ...]) -> State:
            return _step(parts._replace(techniques=techniques), dynamics, average, key, state, batch)[0]

        return effects_of(step_with, parts.techniques, state)

    def gradients(key: Key, state: State, batch: PyTree | Batch) -> Gradients:
        return _gradients(parts, key, state, batch)

    def apply(state: State, gradients: Gradients) -> State:
        return _apply(parts, average, state, gradients)

    def judge(key: Key, state: State, x: PyTree | Batch) -> Array:
        return _judge(parts, key, state, x)

    def decode(key: Key, state: State, z: Array, label: PyTree = None) -> PyTree:
        check_state(parts, state)
        return _decode(parts, average, key, state, Batch(z, label))

    conditional, minibatches = generator.conditional, dynamics.minibatches
    return GAN(init, step, sample, latent, effects, minibatches, gradients, apply, judge, decode, conditional)


def _init(
    parts: Parts,
    dynamics: Dynamics,
    average: float | Array | None,
    key: Key,
    batch: PyTree | Batch,
    start_from: State | None,
) -> State:
    averages = average is not None
    state = begin_gan(parts, jax.random.fold_in(key, _INIT), check_batch(batch), start_from, averages=averages)
    state = state._replace(memory=dynamics.begin(trained(state.generator), trained(state.discriminator)))
    for i, technique in enumerate(parts.techniques):
        if technique.adjust is not None:
            state = _adjusted(technique, jax.random.fold_in(key, i), state, state)
    # Own buffers, so that a state can be donated, and strong types, so that the first step compiles as all others.
    return jax.tree.map(lambda a: jnp.array(a, jnp.asarray(a).dtype, copy=True), state)


def _step(
    parts: Parts,
    dynamics: Dynamics,
    average: float | Array | None,
    key: Key,
    state: State,
    batch: PyTree | Batch,
    more: PyTree | Batch | None = None,
) -> tuple[State, Info]:
    batch = check_batch(batch)
    check_state(parts, state)
    further = check_further(batch, more, dynamics.minibatches - 1)
    keys = _keys(parts, key, state.step)
    moved = dynamics.move(parts, keys, state, batch, further)
    info = mean_over(parts.axis_name, _info(moved))
    after = _moved_state(state, moved, average)
    return _finish(parts, keys.techniques, state, after, moved, info)


def _keys(parts: Parts, key: Key, step: Array) -> Keys:
    """The randomness of a step; each device of a mapped axis draws its own."""
    key = jax.random.fold_in(straight(key), step)
    if parts.axis_name is not None:
        key = jax.random.fold_in(key, jax.lax.axis_index(parts.axis_name))
    return Keys(*jax.random.split(key, 6))


def _moved_state(state: State, moved: Moved, average: float | Array | None) -> State:
    return state._replace(
        step=state.step + 1,
        generator=moved.generator,
        discriminator=moved.discriminator,
        average=_averaged(average, moved.generator.params, state.average),
        memory=moved.memory,
    )


def _averaged(average: float | Array | None, params: PyTree, before: PyTree) -> PyTree:
    return {} if average is None else optax.incremental_update(params, before, 1.0 - average)


def _info(moved: Moved) -> Info:
    seen, play = moved.round.seen, moved.play
    real, fake = (play.loss.each(logits) for logits in (seen.real_logits, seen.fake_logits))
    right = jnp.mean(real > 0) + jnp.mean(fake < 0)
    return Info(
        generator_loss=moved.answer.loss,
        discriminator_loss=moved.round.loss,
        discriminator_accuracy=right / 2,
        generator_gradient_norm=norm(moved.answer.gradient.network),
        discriminator_gradient_norm=norm(moved.round.gradient.network),
        diversity=_spread(play.generated.data) / jnp.maximum(_spread(play.data.data), 1e-12),
        terms=Terms(moved.answer.terms, moved.round.terms),
    )


def _spread(tree: PyTree) -> Array:
    """Mean distance between neighbours in a batch; in pairs, so that it needs no communication between devices."""
    leaves = jax.tree.leaves(tree)
    pairs = leaves[0].shape[0] // 2
    square = jnp.zeros(pairs, jnp.float32)
    for x in leaves:
        x = x[: 2 * pairs].reshape(pairs, 2, -1).astype(jnp.promote_types(x.dtype, jnp.float32))
        square = square + jnp.sum((x[:, 0] - x[:, 1]) ** 2, axis=-1)
    return jnp.sum(jnp.sqrt(square + 1e-20)) / max(pairs, 1)


def _finish(parts: Parts, key: Key, before: State, after: State, moved: Moved, info: Info) -> tuple[State, Info]:
    """What techniques do after the players moved: update, adjust, report."""
    states = dict(before.techniques)
    for i, technique in enumerate(parts.techniques):
        if technique.update is not None:
            play = hooks.seen_by(technique, moved.play)
            key_update = jax.random.fold_in(key, i)
            states[technique.name] = technique.update(_own(technique, before), key_update, play, info)
    after = after._replace(techniques=states)
    for i, technique in enumerate(parts.techniques):
        if technique.adjust is not None:
            key_adjust = jax.random.fold_in(jax.random.fold_in(key, len(parts.techniques)), i)
            after = _adjusted(technique, key_adjust, before, after)
    reports = {
        technique.name: dict(technique.report(_own(technique, after)))
        for technique in parts.techniques
        if technique.report is not None
    }
    return after, info._replace(reports=reports)


def _own(technique: Technique, state: State):
    return own_of(technique, state.techniques, trained(state.generator), trained(state.discriminator))


def _adjusted(technique: Technique, key: Key, before: State, after: State) -> State:
    assert technique.adjust is not None
    after, own = technique.adjust(_own(technique, after), key, before, after)
    if not isinstance(after, State):
        raise ValueError(f"the adjust hook of {technique.name} returns (State, its own state)")
    return after._replace(techniques={**after.techniques, technique.name: own})


def _gradients(parts: Parts, key: Key, state: State, batch: PyTree | Batch) -> Gradients:
    check_state(parts, state)
    keys = _keys(parts, key, state.step)
    context, generator = begin_step(parts, keys, state)
    joint = joint_round(context, keys, generator, state.discriminator, check_batch(batch))
    made, played = joint.generator, joint.discriminator
    return Gradients(
        generator=made.gradient.network,
        discriminator=played.gradient.network,
        generator_techniques=made.gradient.techniques,
        discriminator_techniques=played.gradient.techniques,
        generator_stats=made.stats,
        discriminator_stats=played.stats,
        generator_loss=made.loss,
        discriminator_loss=played.loss,
    )


def _apply(parts: Parts, average: float | Array | None, state: State, gradients: Gradients) -> State:
    of_generator = Trained(gradients.generator, gradients.generator_techniques)
    of_discriminator = Trained(gradients.discriminator, gradients.discriminator_techniques)
    made = descend_generator(parts, of_generator, state.generator, gradients.generator_stats)
    judged = descend_discriminator(parts, of_discriminator, state.discriminator, gradients.discriminator_stats)
    return state._replace(
        step=state.step + 1,
        generator=made,
        discriminator=judged,
        average=_averaged(average, made.params, state.average),
    )


def _latents(parts: Parts, key: Key, state: State, n: int, label: PyTree) -> Batch:
    check_state(parts, state)
    if label is None and parts.generator.conditional and parts.label_distribution is None:
        raise ValueError("a conditional generator is told what to make: sample(key, state, n, label)")
    if label is not None and any(jnp.shape(leaf)[:1] != (n,) for leaf in jax.tree.leaves(label)):
        raise ValueError(f"{n} samples take {n} labels, not {jax.tree.map(jnp.shape, label)}")
    if label is not None and not parts.generator.conditional:
        raise ValueError("this generator is unconditional: it takes no labels")
    key = jax.random.fold_in(key, _LATENT)
    dtype = latent_dtype(state.generator.params)
    return draw_latents(parts, lambda t: _own(t, state), key, n, dtype, label, given=label is not None)


def _sample(
    parts: Parts, average: float | Array | None, key: Key, state: State, n: int, label: PyTree = None
) -> PyTree:
    return _decode(parts, average, key, state, _latents(parts, key, state, n, label))


def _decode(parts: Parts, average: float | Array | None, key: Key, state: State, z: Batch) -> PyTree:
    params = state.generator.params if average is None else state.average
    key = jax.random.fold_in(key, _SAMPLE)
    return run(parts.generator, params, state.generator.stats, z, train=False, key=key)[0]


def _judge(parts: Parts, key: Key, state: State, x: PyTree | Batch) -> Array:
    judged = state.discriminator
    key = jax.random.fold_in(key, _JUDGE)
    return parts.loss.logit(
        as_logits(run(parts.discriminator, judged.params, judged.stats, as_batch(x), train=False, key=key)[0])
    )
