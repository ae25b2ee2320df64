"""Values that are written as text, read by the type that they must have.

    int, float                4096, 4e3, 1e-3
    bool                      true or false
    str, Literal              as it is
    None                      none
    sequence of numbers       128+64+32
    sequence of texts         Conv_0+Conv_1

>>> read = reader(Sequence[int] | None)
>>> read.words
'none or whole numbers joined by +, such as 128+64'
>>> read.value("128+64"), read.value("none")
((128, 64), None)
>>> read.value("wide")
Traceback (most recent call last):
ValueError: takes none or whole numbers joined by +, such as 128+64, not 'wide'
"""

import contextlib
import inspect
import re
import types
import typing
from collections.abc import Callable, Mapping, Sequence
from typing import Any, Literal, NamedTuple

from jaxgan.types import checks


class Reader(NamedTuple):
    """How the values of a type are written.

    Attributes:
      words: what the text says: "a whole number".
      value: `value(text) -> value`; raises ValueError of words that follow a name: "takes a whole number, not 'x'".
    """

    words: str
    value: Callable[[str], Any]


def reader(annotation: Any, others: Mapping[Any, Reader] | None = None) -> Reader | None:
    """How the values of a type are written, or None where no text can say them.

    Args:
      annotation: a type, resolved. Of a union the first member that fits a text wins: none before numbers, and numbers
        before text; members that no text can say do not count.
      others: readers for further types.
    """
    others = others or {}
    for wanted, of_wanted in others.items():
        if annotation == wanted:
            return of_wanted
    for kind, words, convert in _SIMPLE:
        if annotation is kind:
            return _converting(words, convert)
    origin = typing.get_origin(annotation)
    members: tuple[Any, ...] = typing.get_args(annotation)
    if origin is Literal:
        choices = {str(member): member for member in members}
        return _converting(f"one of {', '.join(choices)}", choices.__getitem__)
    if origin in (typing.Union, types.UnionType):
        return _either([read for member in members if (read := reader(member, others))])
    if origin in (Sequence, list, tuple) and members and members[0] in _JOINED:
        words = f"{_JOINED[members[0]]} joined by +, such as {'a+b' if members[0] is str else '128+64'}"
        return _converting(words, lambda text: _sequence(members, text))
    return None


def guess(default: Any) -> Any:
    """The type of a parameter without an annotation, from its default."""
    known = default is not inspect.Parameter.empty and default is not None
    return type(default) if known else bool | int | float | str | None


def _converting(words: str, convert: Callable[[str], Any]) -> Reader:
    def value(text: str) -> Any:
        try:
            return convert(text)
        except (ValueError, KeyError, OverflowError):
            raise ValueError(f"takes {words}, not {text!r}") from None

    return Reader(words, value)


def _either(readers: list[Reader]) -> Reader | None:
    # Any number is also a text.
    others = sorted((read for read in readers if read.words != _NONE), key=lambda read: read.words == _TEXT)
    nothing = [read for read in readers if read.words == _NONE]
    if not others or len(readers) == 1:
        return others[0] if others else None
    words = " or ".join(read.words for read in (*nothing, *others))

    def value(text: str) -> Any:
        for read in (*nothing, *others[:-1]):
            with contextlib.suppress(ValueError):
                return read.value(text)
        try:
            return others[-1].value(text)
        except ValueError as error:
            if len(others) > 1:
                raise ValueError(f"takes {words}, not {text!r}") from None
            raise ValueError(str(error).replace("takes ", f"takes {_NONE} or ", 1)) from None

    return Reader(words, value)


def _whole(text: str) -> int:
    try:
        return int(text)
    except ValueError:
        number = float(text)
        if number != int(number):
            raise
        return int(number)


def _number(text: str) -> float:
    """A number that float32 can hold."""
    number = float(text)
    if not abs(number) <= checks.LARGEST:
        raise ValueError
    return number


def _sequence(members: tuple[Any, ...], text: str) -> tuple[Any, ...]:
    # The sign of an exponent, as in 1e+3, joins nothing.
    parts = re.split(r"(?<![eE])\+", text)
    fixed = len(members) > 1 and members[1] is not Ellipsis
    each = members if fixed else members[:1] * len(parts)
    read: dict[Any, Callable[[str], Any]] = {int: _whole, float: _number, str: str}
    return tuple(read[kind](part) for kind, part in zip(each, parts, strict=True))


_TEXT, _NONE = "text", "none"
_JOINED = {int: "whole numbers", float: "numbers", str: "texts"}
_SIMPLE: Sequence[tuple[Any, str, Callable[[str], Any]]] = (
    (bool, "true or false", lambda text: {"true": True, "false": False}[text.lower()]),
    (int, "a whole number", _whole),
    (float, "a number", _number),
    (str, _TEXT, str),
    (type(None), _NONE, lambda text: {_NONE: None}[text.lower()]),
)
