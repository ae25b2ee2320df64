"""From what a JSON file holds to the typed value that was written, or one line that says what does not fit."""

import dataclasses
import math
import types
from collections.abc import Mapping
from pathlib import Path
from typing import Any, Literal, Union, get_args, get_origin, get_type_hints

_SCALARS = {int: "a whole number", str: "a text", bool: "true or false", types.NoneType: "null"}


def decoded(kind: Any, value: Any, where: str) -> Any:
    """Reads a value of JSON as one of a type.

    Args:
      kind: `int`, `str`, `bool`, `None`; `float`, of which null is NaN, since JSON has none; `Any`; `Path`; a
        `Literal`, `tuple[X, ...]`, `dict[str, X]` or `X | Y`; a named tuple or dataclass of such. A field that is
        not there has its default.
      value: what `json.loads` made.
      where: what it is called in errors, such as "run/summary.json: seeds".

    Raises:
      ValueError: it is no such value; one line.
    """
    origin, arguments = get_origin(kind), get_args(kind)
    if kind is Any:
        return value
    if origin in (Union, types.UnionType):
        return _one_of(arguments, value, where)
    if origin is Literal:
        return value if value in arguments else _refuse(value, where, " or ".join(map(repr, arguments)))
    if origin is tuple:
        if not isinstance(value, list):
            _refuse(value, where, "a list")
        return tuple(decoded(arguments[0], item, f"{where}[{i}]") for i, item in enumerate(value))
    if origin in (dict, Mapping):
        return {name: decoded(arguments[1], item, f"{where}.{name}") for name, item in _mapping(value, where).items()}
    if kind is float:
        known = type(value) in (int, float)
        return value if known else math.nan if value is None else _refuse(value, where, "a number")
    if kind in _SCALARS or kind is None:
        kind = types.NoneType if kind is None else kind
        return value if type(value) is kind else _refuse(value, where, _SCALARS[kind])
    if kind is Path:
        return Path(value) if isinstance(value, str) else _refuse(value, where, "a path")
    return _record(kind, value, where)


def _one_of(kinds: tuple[Any, ...], value: Any, where: str) -> Any:
    """Reads the value as the first of the types that it fits; null is None where that is one of them."""
    if value is None and types.NoneType in kinds:
        return None
    complaints = []
    for kind in kinds:
        try:
            return decoded(kind, value, where)
        except ValueError as error:
            complaints.append(str(error))
    raise ValueError(complaints[0])


def _record(kind: Any, value: Any, where: str) -> Any:
    """Reads a named tuple or a dataclass."""
    given, hints = _mapping(value, where), get_type_hints(kind)
    make: Any = kind
    if dataclasses.is_dataclass(kind):
        fields = [field.name for field in dataclasses.fields(kind)]
        missing = dataclasses.MISSING
        needed = [f.name for f in dataclasses.fields(kind) if f.default is missing and f.default_factory is missing]
    else:
        fields, needed = list(kind._fields), [name for name in kind._fields if name not in kind._field_defaults]
    if unknown := [name for name in given if name not in fields]:
        raise ValueError(f"{where} holds {unknown[0]!r}; known are {', '.join(fields)}")
    if absent := [name for name in needed if name not in given]:
        raise ValueError(f"{where} does not hold {absent[0]!r}")
    values = {name: decoded(hints[name], item, f"{where}.{name}") for name, item in given.items()}
    try:
        return make(**values)
    except ValueError as error:
        raise ValueError(f"{where}: {error}") from error


def _mapping(value: Any, where: str) -> dict[str, Any]:
    return value if isinstance(value, dict) else _refuse(value, where, "an object with names")


def _refuse(value: Any, where: str, wanted: str) -> Any:
    shown = repr(value)
    raise ValueError(f"{where} is {shown if len(shown) <= 60 else shown[:57] + '...'}, not {wanted}")
