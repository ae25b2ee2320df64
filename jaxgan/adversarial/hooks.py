"""How the hooks of techniques are folded into a step, always by name, with errors that name the technique."""

from collections.abc import Callable
from typing import NoReturn

import jax
import jax.numpy as jnp

from jaxgan.types import Array, Batch, Key, Own, Play, Technique

OwnOf = Callable[[Technique], Own]


def latents(techniques: tuple[Technique, ...], own: OwnOf, key: Key, z: Batch, columns: dict[str, slice]) -> Batch:
    """Passes latents through every technique."""
    for i, technique in enumerate(techniques):
        if technique.latent is not None:
            changed = technique.latent(own(technique), jax.random.fold_in(key, i), z, columns[technique.name])
            z = _still_latents("latent", technique, changed, z)
    return z


def shifted(
    techniques: tuple[Technique, ...], own: OwnOf, key: Key, z: Batch, noise: slice, judge: Callable[..., Array]
) -> Batch:
    """Latents as the fakes of a round are made of them, in training."""
    for i, technique in enumerate(techniques):
        if technique.shift is not None:
            changed = technique.shift(own(technique), jax.random.fold_in(key, i), z, noise, judge)
            z = _still_latents("shift", technique, changed, z)
    return z


def _still_latents(hook: str, technique: Technique, z: Batch, before: Batch) -> Batch:
    if not isinstance(z, Batch):
        raise ValueError(f"the {hook} hook of {technique.name} returns a Batch, not {type(z).__name__}")
    if z.data.shape != before.data.shape or z.data.dtype != before.data.dtype:
        raise ValueError(
            f"the {hook} hook of {technique.name} keeps the shape and dtype {before.data.dtype}{before.data.shape}, "
            f"and writes into columns of its own, Technique(columns=...); it made {z.data.dtype}{z.data.shape}"
        )
    return z


def meetings(
    techniques: tuple[Technique, ...],
    own: OwnOf,
    key: Key,
    real: Batch,
    fake: Batch,
    features: Callable[..., Array] | None,
) -> tuple[Batch, Batch]:
    """Real examples and fakes as the discriminator will see them."""
    for i, technique in enumerate(techniques):
        if technique.meet is not None:
            real, fake = technique.meet(own(technique), jax.random.fold_in(key, i), real, fake, features)
            if not (isinstance(real, Batch) and isinstance(fake, Batch)):
                raise ValueError(f"the meet hook of {technique.name} returns two Batches, (real, fake)")
    return real, fake


def rehearsed(techniques: tuple[Technique, ...], own: OwnOf, key: Key, fake: Batch) -> Batch:
    """Fakes as the discriminator is trained on them."""
    for i, technique in enumerate(techniques):
        if technique.rehearse is not None:
            fake = technique.rehearse(own(technique), jax.random.fold_in(key, i), fake)
            if not isinstance(fake, Batch):
                raise ValueError(f"the rehearse hook of {technique.name} returns a Batch, not {type(fake).__name__}")
    return fake


def terms(hook: str, techniques: tuple[Technique, ...], own: OwnOf, key: Key, play: Play) -> dict[str, Array]:
    """What the techniques add to a loss, by name; `hook` is "discriminator_loss" or "generator_loss"."""
    found = {}
    for i, technique in enumerate(techniques):
        if (term := getattr(technique, hook)) is not None:
            value = term(own(technique), jax.random.fold_in(key, i), seen_by(technique, play))
            if jnp.shape(value) != ():
                raise ValueError(f"the {hook} of {technique.name} is a scalar, not of shape {jnp.shape(value)}")
            found[technique.name] = value
    return found


def weights(hook: str, techniques: tuple[Technique, ...], own: OwnOf, key: Key, play: Play) -> list | None:
    """What the techniques weigh a loss with, in order; None where none does."""
    found = [
        getattr(technique, hook)(own(technique), jax.random.fold_in(key, i), seen_by(technique, play))
        for i, technique in enumerate(techniques)
        if getattr(technique, hook) is not None
    ]
    return found or None


def seen_by(technique: Technique, play: Play) -> Play:
    """The round as one technique sees it: where there are no features, asking for them is an error that names it."""

    def no_features(*_: object, **__: object) -> NoReturn:
        raise ValueError(
            f"the technique {technique.name} compares features, but this discriminator shows none: "
            "give its Network `features`"
        )

    return play if play.features is not None else play._replace(features=no_features)


def weighted(losses: Array, factors: list[Array]) -> Array:
    """The mean of losses `[logits]` or `[logits, parts]`, each times all factors."""
    for factor in factors:
        factor = jnp.asarray(factor, losses.dtype)
        if factor.shape not in ((), losses.shape[:1], losses.shape, (1, *losses.shape[1:])):
            raise ValueError(
                f"weights are a scalar, {losses.shape[:1]} or {losses.shape}, like the losses, not {factor.shape}"
            )
        if factor.ndim == 1 and losses.ndim == 2:
            factor = factor[:, None]
        losses = losses * factor
    return jnp.mean(losses)
