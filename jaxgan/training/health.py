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
    return [name for name, _ in _parts(state, info)]


def _parts(state: Any, info: Any) -> list[tuple[str, PyTree]]:
    reported = getattr(info, "_fields", ())
    scalars = [(name, getattr(info, name)) for end in WATCHED for name in reported if name.endswith(end)]
    fields = {name: getattr(state, name) for name in getattr(state, "_fields", ())}
    return scalars + [(f"{name}.params", part.params) for name, part in fields.items() if hasattr(part, "params")]


def _finite(tree: PyTree) -> Array:
    """Whether all numbers of a tree are finite, and can be summed: a scalar."""
    floats = [a for a in map(jnp.asarray, jax.tree.leaves(tree)) if jnp.issubdtype(a.dtype, jnp.inexact)]
    # A sum is not finite if one of its terms is not, and takes half the time of asking each of them.
    return jnp.isfinite(sum((jnp.sum(a, dtype=jnp.promote_types(a.dtype, jnp.float32)) for a in floats), jnp.zeros(())))


def checked(health: Health, state: Any, info: Any) -> tuple[Health, Array]:
    """Looks at a step that was taken; returns what is known so far, and whether all of this step was finite.

    Args:
      health: before the step.
      state: after the step.
      info: of the step.
    """
    finite = jnp.stack([_finite(part) for _, part in _parts(state, info)])
    bad, new = ~finite.all(), health.first == 0
    first = jnp.where(bad & new, state.step, health.first)
    quantity = jnp.where(bad & new, jnp.argmin(finite).astype(jnp.int32), health.quantity)
    return Health(first, quantity, health.steps + bad.astype(jnp.int32)), ~bad


def both(earlier: Health, later: Health) -> Health:
    """What is known of some steps and of those that follow them, on the host."""
    known = earlier if int(earlier.steps) else later
    return known._replace(steps=earlier.steps + later.steps)


def params_are_finite(state: PyTree) -> bool:
    """Whether all parameters in a state, or in those of several seeds, are finite."""
    return bool(jax.jit(lambda state: _finite([part for _, part in _parts(state, None)]))(state))


def not_finite(health: Health, names: Sequence[str]) -> dict[str, Any] | None:
    """What a log line keeps of a seed's health: the step, the quantity and the number of such steps; None if healthy.

    Args:
      health: on the host.
      names: from `quantities`.
    """
    if not int(health.steps):
        return None
    return {"step": int(health.first), "quantity": names[int(health.quantity)], "steps": int(health.steps)}
