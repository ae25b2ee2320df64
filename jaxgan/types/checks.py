"""Checks of numbers at the boundary: ValueError with the name, the value, and what would be right.

What JAX traces passes, since it has no value yet: a strength may be traced, so that one program trains many of them
(`jax.vmap`) or a loss is differentiated by it (`jax.grad`). A concrete number of Python, NumPy or JAX is checked, and
of an array every number.

>>> at_least("weight", 0.5, 0)
>>> between("share", 1.5, 0, 1, ends="(]")
Traceback (most recent call last):
ValueError: share must be in (0, 1], got 1.5
"""

from typing import Any, Literal

import numpy as np
from jax.core import Tracer

LARGEST = float(np.finfo(np.float32).max)


def at_least(name: str, value: Any, least: float) -> None:
    """Raises ValueError unless `value` is a number of at least `least` that float32 can hold, or traced."""
    numbers = _numbers(name, value)
    if numbers is not None:
        _require(numbers >= least, name, f"at least {least}", value)
        _require(_finite(numbers), name, "finite", value)


def positive(name: str, value: Any) -> None:
    """Raises ValueError unless `value` is a number above zero that float32 can hold, or traced."""
    numbers = _numbers(name, value)
    if numbers is not None:
        _require((numbers > 0) & _finite(numbers), name, "positive and finite", value)


def between(name: str, value: Any, low: float, high: float, *, ends: Literal["[]", "[)", "(]", "()"] = "[]") -> None:
    """Raises ValueError unless `value` is a number from `low` to `high`, or traced.

    Args:
      name: of the number, for the message.
      value: the number.
      low: its lower bound.
      high: its upper bound.
      ends: whether the bounds belong to the range, square, or not, round, as in mathematics.
    """
    numbers = _numbers(name, value)
    if numbers is not None:
        above = numbers >= low if ends[0] == "[" else numbers > low
        below = numbers <= high if ends[1] == "]" else numbers < high
        _require(above & below, name, f"in {ends[0]}{low}, {high}{ends[1]}", value)


def whole(name: str, value: Any, least: int = 1) -> None:
    """Raises ValueError unless `value` is a whole number of at least `least`, or traced."""
    numbers = _numbers(name, value)
    if numbers is not None:
        fits = np.isfinite(numbers) & (numbers >= least) & (np.floor(numbers) == numbers)
        _require(fits, name, f"a whole number of at least {least}", value)


def _numbers(name: str, value: Any) -> np.ndarray | None:
    """The value as an array, or None if it is traced."""
    if isinstance(value, Tracer):
        return None
    numbers = np.asarray(value)
    # bfloat16 and its like are kind "V": NumPy itself does not know them.
    if numbers.dtype.kind not in "biufV":
        raise ValueError(f"{name} must be a number, got {value!r}")
    return numbers


def _finite(numbers: np.ndarray) -> np.ndarray:
    """Which of them are finite in float32, in which JAX computes; 1e39 is not."""
    return np.isfinite(numbers) & (np.abs(numbers) <= LARGEST)


def _require(holds: np.ndarray, name: str, wanted: str, value: Any) -> None:
    if not np.all(holds):
        raise ValueError(f"{name} must be {wanted}, got {value}")
