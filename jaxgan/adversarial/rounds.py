"""One minibatch: the fakes that are made for it, and how the discriminator sees it."""

from collections.abc import Callable
from typing import NamedTuple

import jax
import jax.numpy as jnp

from jaxgan.adversarial import hooks
from jaxgan.adversarial.parts import Context, Parts, Trained, own_of
from jaxgan.types import Array, Batch, Key, Network, Params, Play, PyTree, Stats, as_batch


class Minibatch(NamedTuple):
    """What both players see of one round.

    Attributes:
      key: the round's randomness.
      data: real.
      generated: fakes, with their labels and latents.
    """

    key: Key
    data: Batch
    generated: Batch


class Seen(NamedTuple):
    """What the discriminator saw and answered in one round: arrays, so that it can leave a transformed function."""

    real: Batch
    fake: Batch
    real_logits: Array
    fake_logits: Array


def run(
    network: Network, params: Params, stats: Stats, x: Batch, *, train: bool, key: Key | None
) -> tuple[PyTree, Stats]:
    """Applies a network to a batch, with its labels if the network is conditional."""
    return network.apply(params, stats, x.data, train=train, key=key, **condition(network, x))


def condition(network: Network, x: Batch) -> dict[str, PyTree]:
    """The keyword argument of a conditional network, none of another one."""
    if not network.conditional:
        return {}
    if x.label is None:
        raise ValueError("a conditional network needs labels, and these examples have none: give Batch(data, label)")
    return {"label": x.label}


def as_logits(output: Array) -> Array:
    """Reads `[n]` or `[n, 1]` as logits `[n]`, and anything else `[n, ...]` as `[n, parts]`; in float32 or wider."""
    if output.ndim == 0:
        raise ValueError("a discriminator returns one logit per example, [batch], or several, not a scalar")
    if output.ndim > 1:
        output = output.reshape(output.shape[0], -1)
        output = output[:, 0] if output.shape[1] == 1 else output
    return output.astype(jnp.promote_types(output.dtype, jnp.float32))


def draw_latents(
    parts: Parts, own: hooks.OwnOf, key: Key, n: int, dtype: jnp.dtype, label: PyTree, *, given: bool
) -> Batch:
    """Draws latents `[n, width]` with the labels of the fakes that will be made of them.

    Labels are those that are `given`, else drawn from `label_distribution`; else `label`, where the generator takes
    one.
    """
    key_draw, key_transform = jax.random.split(key)
    z = parts.latent_distribution(key_draw, (n, parts.latent_width), dtype)
    if not given and parts.label_distribution is not None:
        label = parts.label_distribution(jax.random.fold_in(key, 2), n)
    elif not given and not parts.generator.conditional:
        label = None
    return hooks.latents(parts.techniques, own, key_transform, Batch(z, label), parts.columns)


def latent_dtype(params: Params) -> jnp.dtype:
    """That of the generator's first floating-point parameter, for training and sampling alike."""
    floating = (leaf.dtype for leaf in jax.tree.leaves(params) if jnp.issubdtype(leaf.dtype, jnp.floating))
    return next(floating, jnp.result_type(float))


def generate(context: Context, params: Params, z: Batch) -> tuple[Batch, Stats]:
    """Makes fakes from latents in training mode; they keep their label and latent."""
    key = jax.random.fold_in(context.key_generator, 0)
    data, stats = run(context.parts.generator, params, context.generator_stats, z, train=True, key=key)
    return Batch(data, z.label, z.data), stats


def make_fakes(
    context: Context, generator: Trained, discriminator: Trained, key: Key, batch: Batch
) -> tuple[Batch, Stats]:
    """As many fakes as there are real examples, from new latents."""

    return generate(context, generator.network, new_latents(context, generator, discriminator, key, batch))


def new_latents(context: Context, generator: Trained, discriminator: Trained, key: Key, batch: Batch) -> Batch:
    """As many latents as there are real examples, with the labels of the fakes that will be made of them."""

    def own(technique):
        return own_of(technique, context.states, generator, discriminator)

    n = jax.tree.leaves(batch.data)[0].shape[0]
    return draw_latents(context.parts, own, key, n, latent_dtype(generator.network), batch.label, given=False)


def look(
    context: Context,
    generator: Trained,
    discriminator: Trained,
    stats: Stats,
    minibatch: Minibatch,
    features: Callable[..., Array] | None,
    *,
    rehearse: bool,
    together: bool,
) -> tuple[Seen, Stats]:
    """Shows one minibatch to the discriminator; returns what it saw, and its statistics afterwards.

    Real and fake go through separately, so that batch normalisation does not mix them; or `together`, which is faster,
    where the discriminator allows it.
    """
    parts, key = context.parts, minibatch.key

    def own(technique):
        return own_of(technique, context.states, generator, discriminator)

    real, fake = minibatch.data, minibatch.generated
    if any(technique.shift for technique in parts.techniques):
        # Made again in here, where a gradient by either player meets how the shift depends on it.
        def judge(z: PyTree | Batch) -> Array:
            made, _ = generate(context, generator.network, as_batch(z))
            return judged(context, discriminator.network, stats, key, made)

        z = Batch(fake.latent, fake.label)
        z = hooks.shifted(parts.techniques, own, jax.random.fold_in(key, 7), z, parts.noise, judge)
        fake, _ = generate(context, generator.network, z)
    if rehearse:
        fake = hooks.rehearsed(parts.techniques, own, jax.random.fold_in(key, 3), fake)
    real, fake = hooks.meetings(parts.techniques, own, jax.random.fold_in(key, 4), real, fake, features)
    network, params = parts.discriminator, discriminator.network
    if together and _share_a_pass(network, stats, real, fake):
        assert network.group is not None
        both, separate = _alternating(_seen_by(network, real), _seen_by(network, fake), network.group)
        output, stats = run(network, params, stats, both, train=True, key=jax.random.fold_in(key, 0))
        return Seen(real, fake, *separate(as_logits(output))), stats
    real_output, stats = run(network, params, stats, real, train=True, key=jax.random.fold_in(key, 0))
    fake_output, stats = run(network, params, stats, fake, train=True, key=jax.random.fold_in(key, 1))
    return Seen(real, fake, as_logits(real_output), as_logits(fake_output)), stats


def _seen_by(network: Network, x: Batch) -> Batch:
    """What of a batch goes into a discriminator."""
    return Batch(x.data, x.label if network.conditional else None)


def _share_a_pass(network: Network, stats: Stats, real: Batch, fake: Batch) -> bool:
    if not network.group or jax.tree.leaves(stats):
        return False
    shapes = [jax.tree.map(jnp.shape, _seen_by(network, x)) for x in (real, fake)]
    return shapes[0] == shapes[1] and jax.tree.leaves(real.data)[0].shape[0] % network.group == 0


def _alternating(real: Batch, fake: Batch, group: int) -> tuple[Batch, Callable[[Array], tuple[Array, Array]]]:
    """A batch in which `group` real examples and as many fakes take turns, so that no device needs another's.

    Returns `[2 batch, ...]`, and the function that separates their logits again.
    """

    def mixed(real: Array, fake: Array) -> Array:
        blocks = [jnp.reshape(x, (x.shape[0] // group, group, *x.shape[1:])) for x in (real, fake)]
        return jnp.reshape(jnp.stack(blocks, axis=1), (2 * real.shape[0], *real.shape[1:]))

    def separate(logits: Array) -> tuple[Array, Array]:
        blocks = jax.tree.leaves(real.data)[0].shape[0] // group
        turns = jnp.reshape(logits, (blocks, 2, -1, *logits.shape[1:]))
        of_real, of_fake = (jnp.reshape(turns[:, i], (-1, *logits.shape[1:])) for i in range(2))
        return of_real, of_fake

    return jax.tree.map(mixed, real, fake), separate


def features_of(context: Context, params: Params, stats: Stats, key: Key) -> Callable[..., Array] | None:
    """The discriminator's features of a batch, or None where it shows none."""
    network = context.parts.discriminator
    if (features := network.features) is None:
        return None

    def of(x: PyTree | Batch) -> Array:
        x = as_batch(x)
        return features(params, stats, x.data, train=True, key=jax.random.fold_in(key, 0), **condition(network, x))

    return of


def judged(context: Context, params: Params, stats: Stats, key: Key, x: Batch) -> Array:
    """One number for each logit of a batch that is looked at beside the round's own passes."""
    # The key of the real pass: a penalty that looks at `real` again is then the same computation, and is done once.
    # Folded in anew at each call, so that JAX's check for reused keys lets a discriminator draw noise.
    parts, key = context.parts, jax.random.fold_in(key, 0)
    return parts.loss.logit(as_logits(run(parts.discriminator, params, stats, x, train=True, key=key)[0]))


def play(
    context: Context,
    generator: Trained,
    discriminator: Trained,
    stats: Stats,
    minibatch: Minibatch,
    seen: Seen,
    frozen: tuple[Params, Stats],
    held: Params,
) -> Play:
    """What techniques may look at after the discriminator saw one minibatch.

    Args:
      context: of the step.
      generator: at the parameters that the round is played with.
      discriminator: likewise.
      stats: the discriminator's statistics before it saw the minibatch.
      minibatch: what it saw.
      seen: how it saw it.
      frozen: parameters and statistics for features that a generator's term does not steer; in the discriminator's own
        round those that are trained.
      held: the discriminator's parameters as a constant of the gradient that is taken, in its own round too.
    """
    parts = context.parts

    def judge(params: Params, x: PyTree | Batch) -> Array:
        return judged(context, params, stats, minibatch.key, as_batch(x))

    def make(params: Params, z: PyTree | Batch) -> Batch:
        return generate(context, params, as_batch(z))[0]

    still = features_of(context, *frozen, minibatch.key)
    live = features_of(context, discriminator.network, stats, minibatch.key)

    def features(x: PyTree | Batch, through: bool = False) -> Array:
        chosen = live if through else still
        assert chosen is not None
        return chosen(x)

    return Play(
        discriminate=lambda x: judge(discriminator.network, x),
        features=features if live is not None else None,  # pyright: ignore[reportArgumentType] (hooks.seen_by)
        generate=lambda z: make(generator.network, z),
        judge=judge,
        make=make,
        draw=lambda key: new_latents(context, generator, discriminator, key, minibatch.data),
        data=minibatch.data,
        generated=minibatch.generated,
        loss=parts.loss,
        columns=parts.columns,
        generator=generator.network,
        discriminator=discriminator.network,
        held=held,
        step=context.step,
        **seen._asdict(),
    )
