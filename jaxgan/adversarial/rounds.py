"""One round of the game between generator and discriminator, with every technique folded in."""

from collections.abc import Callable, Sequence
from typing import Any, NamedTuple

import jax
import jax.numpy as jnp
import optax

from jaxgan.types import AdversarialLoss, Array, Key, Network, Params, Play, Player, Stats, Technique


class Minibatch(NamedTuple):
    """What both players see of one round. `generated` carries the generator's gradient.

    Attributes:
      key: the round's randomness.
      data: `[batch, ...]`, real.
      label: what is known of `data`, or None.
      latent: `[batch, latent_dim]`.
      generated: `[batch, ...]`, made from `latent`.
    """

    key: Key
    data: Array
    label: Any
    latent: Array
    generated: Array


class Seen(NamedTuple):
    """What the discriminator saw and answered in one round: arrays, so that it can leave a transformed function."""

    real: Array
    fake: Array
    real_logits: Array
    fake_logits: Array


class Round(NamedTuple):
    """What is left of a discriminator update for reports and techniques."""

    loss: Array
    gradient_norm: Array
    terms: dict[str, Array]
    seen: Seen


def mean_over(axis_name: str | None, tree: Any) -> Any:
    """Averages floating-point arrays over the devices of a mapped axis, so that all hold the same; None is no axis."""
    if axis_name is None:
        return tree
    return jax.tree.map(
        lambda a: jax.lax.pmean(_varying(axis_name, a), axis_name) if jnp.issubdtype(a.dtype, jnp.inexact) else a, tree
    )


def _varying(axis_name: str, x: Array) -> Array:
    """Marks an array as each device's own, which `pmap` and `shard_map(check_vma=False)` take every array for."""
    mapped = bool(jax.sharding.get_abstract_mesh().manual_axes)  # no axis of a vmap
    if not mapped or axis_name in jax.typeof(x).manual_axis_type.varying:
        return x
    return jax.lax.pcast(x, axis_name, to="varying")


def value_and_gradient(loss: Callable, params: Params, axis_name: str | None) -> tuple[tuple[Array, Any], Params]:
    """`jax.value_and_grad(loss, has_aux=True)(params)`, averaged over the devices of a mapped axis.

    Under `shard_map` the gradient by what all devices share is already a sum over them, which an average would take
    for one device's own. So the parameters are made each device's own first; then `shard_map`, with `check_vma` or
    without, and `pmap` agree. What `loss` returns beside the value stays as it is.
    """
    if axis_name is not None:
        params = jax.tree.map(lambda a: _varying(axis_name, a), params)
    (value, aux), gradient = jax.value_and_grad(loss, has_aux=True)(params)
    return (mean_over(axis_name, value), aux), mean_over(axis_name, gradient)


def as_logits(output: Array) -> Array:
    """Reads a discriminator's output `[batch]` or `[batch, 1]` as logits `[batch]`, in float32 or wider."""
    if output.ndim == 2 and output.shape[1] == 1:
        output = output[:, 0]
    if output.ndim != 1:
        raise ValueError(f"a discriminator returns one logit per example, [batch] or [batch, 1], not {output.shape}")
    return output.astype(jnp.promote_types(output.dtype, jnp.float32))


def fold(techniques: Sequence[Technique], hook: str, stats: Stats, key: Key, x: Array) -> Array:
    """Passes `x` through the transforms named `hook` ("latent", "real", "fake", "rehearse") of all techniques."""
    for i, technique in enumerate(techniques):
        if (transform := getattr(technique, hook)) is not None:
            x = transform(stats[technique.name], jax.random.fold_in(key, i), x)
    return x


def play(
    discriminator: Network, params: Params, stats: Stats, minibatch: Minibatch, seen: Seen, generate: Callable
) -> Play:
    """What techniques may look at after the discriminator, at `params`, saw one minibatch."""
    features = discriminator.features

    def key() -> Key:
        # That of the real pass: a penalty that looks at `real` again is then the same computation, and is done once.
        # Folded in anew at each call, so that JAX's check for reused keys lets a discriminator draw noise.
        return jax.random.fold_in(minibatch.key, 0)

    return Play(
        discriminate=lambda x: as_logits(discriminator.apply(params, stats, x, train=True, key=key())[0]),
        features=features and (lambda x: features(params, stats, x, train=True, key=key())),
        generate=generate,
        data=minibatch.data,
        generated=minibatch.generated,
        latent=minibatch.latent,
        label=minibatch.label,
        **seen._asdict(),
    )


def look(
    discriminator: Network,
    techniques: Sequence[Technique],
    technique_stats: Stats,
    params: Params,
    stats: Stats,
    minibatch: Minibatch,
    *,
    rehearse: bool,
    together: bool,
) -> tuple[Seen, Stats]:
    """Shows one minibatch to the discriminator; returns what it saw, and its statistics afterwards.

    Real and fake go through separately, so that batch normalisation does not mix them; or `together`, which is faster,
    where the discriminator allows it.
    """
    key = minibatch.key
    real = fold(techniques, "real", technique_stats, jax.random.fold_in(key, 2), minibatch.data)
    fake = minibatch.generated
    if rehearse:
        fake = fold(techniques, "rehearse", technique_stats, jax.random.fold_in(key, 3), fake)
    fake = fold(techniques, "fake", technique_stats, jax.random.fold_in(key, 4), fake)
    group = discriminator.group
    if together and group and not jax.tree.leaves(stats) and real.shape == fake.shape and real.shape[0] % group == 0:
        both, separate = _alternating(real, fake, group)
        output, stats = discriminator.apply(params, stats, both, train=True, key=jax.random.fold_in(key, 0))
        return Seen(real, fake, *separate(as_logits(output))), stats
    real_output, stats = discriminator.apply(params, stats, real, train=True, key=jax.random.fold_in(key, 0))
    fake_output, stats = discriminator.apply(params, stats, fake, train=True, key=jax.random.fold_in(key, 1))
    return Seen(real, fake, as_logits(real_output), as_logits(fake_output)), stats


def _alternating(real: Array, fake: Array, group: int) -> tuple[Array, Callable[[Array], tuple[Array, Array]]]:
    """A batch in which `group` real examples and as many fakes take turns, so that no device needs another's.

    Returns `[2 batch, ...]`, and the function that separates their logits again.
    """
    blocks = [jnp.reshape(x, (x.shape[0] // group, group, *x.shape[1:])) for x in (real, fake)]
    both = jnp.reshape(jnp.stack(blocks, axis=1), (2 * real.shape[0], *real.shape[1:]))

    def separate(logits: Array) -> tuple[Array, Array]:
        turns = jnp.reshape(logits, (real.shape[0] // group, 2, -1))
        return jnp.reshape(turns[:, 0], -1), jnp.reshape(turns[:, 1], -1)

    return both, separate


def discriminator_terms(
    techniques: Sequence[Technique], technique_stats: Stats, key: Key, game: Play
) -> dict[str, Array]:
    """What the techniques add to the discriminator's loss, by name."""
    return {
        technique.name: technique.discriminator_loss(technique_stats[technique.name], jax.random.fold_in(key, i), game)
        for i, technique in enumerate(techniques)
        if technique.discriminator_loss is not None
    }


def generator_terms(
    techniques: Sequence[Technique], technique_params: Params, technique_stats: Stats, key: Key, game: Play
) -> dict[str, Array]:
    """What the techniques add to the generator's loss, by name."""
    return {
        technique.name: technique.generator_loss(
            technique_params[technique.name], technique_stats[technique.name], jax.random.fold_in(key, i), game
        )
        for i, technique in enumerate(techniques)
        if technique.generator_loss is not None
    }


def update_discriminator(
    discriminator: Network,
    loss: AdversarialLoss,
    optimizer: optax.GradientTransformation,
    techniques: Sequence[Technique],
    technique_stats: Stats,
    player: Player,
    minibatch: Minibatch,
    generate: Callable,
    axis_name: str | None,
    *,
    together: bool,
) -> tuple[Player, Round]:
    """One optimizer step of the discriminator; differentiable in the player and in the minibatch."""
    # A penalty looks at the real examples, or at the fakes, alone; then these passes are shared with it.
    together = together and not any(technique.discriminator_loss for technique in techniques)

    def objective(params):
        seen, stats = look(
            discriminator,
            techniques,
            technique_stats,
            params,
            player.stats,
            minibatch,
            rehearse=True,
            together=together,
        )
        game = play(discriminator, params, player.stats, minibatch, seen, generate)
        terms = discriminator_terms(techniques, technique_stats, jax.random.fold_in(minibatch.key, 5), game)
        value = jnp.mean(loss.discriminator(seen.real_logits, seen.fake_logits)) + sum(terms.values())
        return value, (stats, terms, seen)

    (value, (stats, terms, seen)), gradient = value_and_gradient(objective, player.params, axis_name)
    stats = mean_over(axis_name, stats)
    updates, opt_state = optimizer.update(gradient, player.opt_state, player.params)
    norm = optax.tree.norm(jax.lax.stop_gradient(gradient))  # reported only; its root has no derivative at zero
    return Player(optax.apply_updates(player.params, updates), stats, opt_state), Round(value, norm, terms, seen)
