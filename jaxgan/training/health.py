"""Whether the numbers of training are finite, asked inside the compiled step at every step of it."""

from collections.abc import Sequence
from typing import Any, NamedTuple

import jax
import jax.numpy as jnp
import numpy as np

from jaxgan.diagnosis.alarms import WATCHED
from jaxgan.types import Array, PyTree


class Health(NamedTuple):
    """Steps of one seed in which a number was not finite.

    Attributes:
      first: int32 scalar, the first of them, counted from 1; 0 if there was none.
      quantity: int32 scalar, which number it was: its place in `quantities`.
      steps: int32 scalar, how many there were.
    """

    first: Array | np.ndarray
    quantity: Array | np.ndarray
    steps: Array | np.ndarray


def healthy() -> Health:
    """No such step so far."""
    return Health(*(np.zeros((), np.int32) for _ in Health._fields))


def quantities(state: Any, info: Any) -> list[str]:
    """What has to be finite, in the order in which one thing makes the next one go wrong.

    Args:
      state: a named tuple; those of its fields that have `params`, such as players, are watched.
      info: a named tuple of scalars, or None; those that end in "loss" or "gradient_norm" are watched.
    """
    return [*_scalars(info), *_players(state)]


def _scalars(info: Any) -> dict[str, Array]:
    reported = getattr(info, "_fields", ())
    return {name: getattr(info, name) for end in WATCHED for name in reported if name.endswith(end)}


def _players(state: Any) -> dict[str, PyTree]:
    fields = {name: getattr(state, name) for name in getattr(state, "_fields", ())}
    return {f"{name}.params": part.params for name, part in fields.items() if hasattr(part, "params")}


def sums(state: Any) -> list[Array]:
    """Sums of the parameters of each player: scalars that are not finite if a parameter is not."""
    # A sum takes half the time of asking each of them.
    return [_sum(params) for params in _players(state).values()]


def _sum(tree: PyTree) -> Array:
    floats = [a for a in map(jnp.asarray, jax.tree.leaves(tree)) if jnp.issubdtype(a.dtype, jnp.inexact)]
    return sum((jnp.sum(a, dtype=jnp.promote_types(a.dtype, jnp.float32)) for a in floats), jnp.zeros(()))


def finite(summed: Sequence[Array], info: Any) -> Array:
    """Which of the `quantities` are finite: `[..., k]`, of one step or of several that are stacked.

    Args:
      summed: from `sums`.
      info: of the step.
    """
    found = [jnp.isfinite(a) for a in (*_scalars(info).values(), *summed)]
    return jnp.stack(jnp.broadcast_arrays(*found), axis=-1) if found else jnp.ones((1,), bool)


def checked(health: Health, last: Array, found: Array) -> Health:
    """What is known of some steps and of those that follow them.

    Args:
      health: of the steps before.
      last: the last step, counted from 1.
      found: `[steps, k]`, which of the `quantities` were finite after each of the steps up to the last.
    """
    bad = ~found.all(axis=1)
    place = jnp.argmax(bad)
    new = bad.any() & (health.first == 0)
    return Health(
        first=jnp.where(new, last - len(bad) + 1 + place, health.first).astype(jnp.int32),
        quantity=jnp.where(new, jnp.argmin(found[place]), health.quantity).astype(jnp.int32),
        steps=health.steps + bad.sum(dtype=jnp.int32),
    )


def both(earlier: Health, later: Health) -> Health:
    """What is known of some steps and of those that follow them, on the host."""
    known = earlier if int(earlier.steps) else later
    return known._replace(steps=earlier.steps + later.steps)


def params_are_finite(state: PyTree) -> bool:
    """Whether all parameters in a state, or in those of several seeds, are finite."""
    return bool(jax.jit(lambda state: finite(sums(state), None).all())(state))


def not_finite(health: Health, names: Sequence[str]) -> dict[str, Any] | None:
    """What a log line keeps of a seed's health: the step, the quantity and the number of such steps; None if healthy.

    Args:
      health: on the host.
      names: from `quantities`.
    """
    if not int(health.steps):
        return None
    return {"step": int(health.first), "quantity": names[int(health.quantity)], "steps": int(health.steps)}
