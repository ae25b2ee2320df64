"""Calls of factories that are written as text, such as `replay:4096,share=0.25`, read by the factory's own signature.

A factory is a function with annotated parameters that makes a value: a technique, a loss, a network. The text is

    NAME                              all parameters at their defaults
    NAME:VALUE                        the first parameter
    NAME:PARAMETER=VALUE,...          any of them
    NAME:VALUE,PARAMETER=VALUE,...    both

with values as in `jaxgan.runs.values`. A value that is itself made by a factory of a catalogue is written in the same
way, `orthogonal:0.8`, or in brackets where it has commas of its own: `mlp(widths=64+64,out=2)`. In place of NAME,
`package.module:factory` names one of the user's own, whose result is annotated. Whatever is wrong is a ValueError of
one line.

>>> def replay(capacity: int, *, share: float = 0.5) -> tuple:
...     return capacity, share
>>> catalogue = Catalogue("technique", {"replay": replay}, tuple)
>>> make(read(catalogue, "replay:4096,share=0.25"))
(4096, 0.25)
>>> make(read(catalogue, "replay:share=0.25", "--technique"))
Traceback (most recent call last):
ValueError: --technique replay:share=0.25: replay needs capacity, a whole number
"""

import difflib
import importlib
import importlib.util
import inspect
import re
import types
import typing
from collections.abc import Callable, Collection, Iterable, Iterator, Mapping
from typing import Any, NamedTuple

from jaxgan.runs.values import Reader, guess, reader

FEW = 15  # names that a message still lists


class Catalogue(NamedTuple):
    """What can be named.

    Attributes:
      kind: what the factories make, in words: "technique".
      factories: by name.
      makes: the type of what they make; a factory of the user's own must make it too. None is any.
      readers: how parameters of further types are written, by type.
    """

    kind: str
    factories: Mapping[str, Callable[..., Any]]
    makes: type | None = None
    readers: Mapping[Any, Reader] = {}


class Parameter(NamedTuple):
    """A parameter of a factory.

    Attributes:
      name: of the parameter.
      default: its default, `inspect.Parameter.empty` if there is none.
      reader: how it is written, or None where no text can say it.
    """

    name: str
    default: Any
    reader: Reader | None

    @property
    def required(self) -> bool:
        """Whether it has no default."""
        return self.default is inspect.Parameter.empty


class Call(NamedTuple):
    """A call that was read and is not yet made.

    Attributes:
      factory: what to call.
      arguments: those that the text gives, by name.
      makes: the type that the factory must return; None is any.
      where: the option and its text, for messages.
    """

    factory: Callable[..., Any]
    arguments: Mapping[str, Any]
    makes: type | None
    where: str


def public(module: types.ModuleType, kind: str, makes: type, readers: Mapping[Any, Reader] | None = None) -> Catalogue:
    """The public functions of a package that say that they return a type, and can be called by text alone.

    A function that needs what no text can say, such as the network that it wraps, is left out.
    """
    catalogue = Catalogue(kind, {}, makes, readers or {})

    def fits(factory: Any) -> bool:
        return (
            inspect.isfunction(factory)
            and _hints(factory).get("return") is makes
            and all(parameter.reader for parameter in parameters(catalogue, factory) if parameter.required)
        )

    found = {name: value for name, value in sorted(vars(module).items()) if not name.startswith("_") and fits(value)}
    return catalogue._replace(factories=found)


def parameters(catalogue: Catalogue, factory: Callable[..., Any]) -> list[Parameter]:
    """The parameters of a factory, in order, with how each is written."""
    hints = _hints(factory)

    def read(name: str, parameter: inspect.Parameter) -> Parameter:
        hint = hints.get(name, guess(parameter.default))
        if parameter.kind is inspect.Parameter.VAR_POSITIONAL:
            return Parameter(name, (), reader(tuple[hint, ...], catalogue.readers))
        return Parameter(name, parameter.default, reader(hint, catalogue.readers))

    each = inspect.signature(factory).parameters.items()
    return [read(name, parameter) for name, parameter in each if parameter.kind is not inspect.Parameter.VAR_KEYWORD]


def read(catalogue: Catalogue, text: str, option: str = "", supplied: Collection[str] = ()) -> Call:
    """Reads a call.

    Args:
      catalogue: what can be named.
      text: the call.
      option: what the text was given to, such as "--technique", for messages.
      supplied: parameters that need not be in the text, since `make` gets them.

    Raises:
      ValueError: a name or a parameter that is not known, a value that does not fit, or a parameter that is missing.
    """
    where = f"{option} {text}".strip()
    try:
        name, factory, written = _factory(catalogue, text)
        known = parameters(catalogue, factory)
        arguments = _arguments(name, known, [] if written is None else split(written))
        for missing in known:
            if missing.required and missing.name not in {*arguments, *supplied}:
                how = missing.reader.words if missing.reader else "which no text can say"
                raise ValueError(f"{name} needs {missing.name}, {how}")
    except ValueError as error:
        raise ValueError(f"{where}: {error}") from None
    return Call(factory, arguments, catalogue.makes, where)


def make(call: Call, supplied: Mapping[str, Any] | None = None) -> Any:
    """Makes a call; the text wins over what is supplied, and what the factory does not take is left out.

    Calls among the arguments, which `naming` leaves where it is supplied with something, are made in the same way.

    Raises:
      ValueError: what the factory raises, with the option and its text in front.
    """
    of_text = {name: make(x, supplied) if isinstance(x, Call) else x for name, x in call.arguments.items()}
    given = {**(supplied or {}), **of_text}
    bound = inspect.signature(call.factory).bind_partial()
    bound.arguments.update({name: given[name] for name in bound.signature.parameters if name in given})
    try:
        made = call.factory(*bound.args, **bound.kwargs)
    except ValueError as error:
        raise ValueError(f"{call.where}: {error}") from error
    if call.makes is not None and not isinstance(made, call.makes):
        raise ValueError(f"{call.where}: makes a {type(made).__name__}, not a {call.makes.__name__}")
    return made


def called(text: str) -> str:
    """The name that the text of a call begins with.

    >>> called("replay:4096,share=0.25")
    'replay'
    """
    return _name_and_arguments(text)[0]


def with_argument(catalogue: Catalogue, text: str, parameter: str, value: str) -> str:
    """The text of a call with another value of a parameter.

    Raises:
      ValueError: a name or a parameter that is not known.

    >>> def replay(capacity: int, *, share: float = 0.5) -> tuple: ...
    >>> with_argument(Catalogue("technique", {"replay": replay}), "replay:4096,share=0.25", "capacity", "512")
    'replay:512,share=0.25'
    """
    name, factory, written = _factory(catalogue, text)
    known = parameters(catalogue, factory)
    _check_known(name, known, parameter)
    texts = {**_written(name, known, [] if written is None else split(written)), parameter: value}
    # The first parameter is written first and without its name, as people do.
    lead = [texts.pop(known[0].name)] if known[0].name in texts else []
    head = text if written is None else text[: text.rindex(written)]
    return f"{head.rstrip('(:')}:{','.join(lead + [f'{each}={of_each}' for each, of_each in texts.items()])}"


def naming(catalogue: Catalogue, supplied: Collection[str] = ()) -> Reader:
    """How a value is written that a catalogue makes; with parameters that are `supplied`, it is left for `make`."""
    a_kind = f"{'an' if catalogue.kind[0] in 'aeiou' else 'a'} {catalogue.kind}"

    def value(text: str) -> Any:
        try:
            call = read(catalogue, text, supplied=supplied)
            return call if supplied else make(call)
        except ValueError as error:
            raise ValueError(f"takes {a_kind}; {error}") from None

    return Reader(f"{a_kind} ({', '.join(catalogue.factories)})", value)


def _factory(catalogue: Catalogue, text: str) -> tuple[str, Callable[..., Any], str | None]:
    """The factory that a text names, and the text of its arguments, None where there is none."""
    name, written = _name_and_arguments(text)
    if name in catalogue.factories:
        return name, catalogue.factories[name], written
    own, of_own = _name_and_arguments(written or "")
    if own.isidentifier() and _is_module(name):
        try:
            factory = getattr(importlib.import_module(name), own)
        except (ImportError, AttributeError) as error:
            raise ValueError(f"cannot import it: {error}") from error
        _check_promise(catalogue, own, factory)
        return own, factory, of_own
    raise ValueError(f"no {catalogue.kind} {name!r}; {_known(name, catalogue.factories)}")


def _check_promise(catalogue: Catalogue, name: str, factory: Any) -> None:
    """Raises ValueError unless a factory of the user's own says that it makes what is wanted.

    The record of a run names factories too, and it may be a stranger's: `os:system` shall not be called to find out
    that it makes something else.
    """
    made = factory if isinstance(factory, type) else _hints(factory).get("return") if callable(factory) else None
    makers = () if catalogue.makes is not None else catalogue.factories.values()
    wanted = [catalogue.makes, *(_hints(maker).get("return") for maker in makers)]
    if not isinstance(made, type) or not issubclass(made, tuple(x for x in wanted if isinstance(x, type))):
        kind = catalogue.makes.__name__ if catalogue.makes else catalogue.kind
        says = f"makes a {made.__name__}" if isinstance(made, type) else "does not say what it makes"
        raise ValueError(f"{name} {says}, not a {kind}: its result is to be annotated")


def _name_and_arguments(text: str) -> tuple[str, str | None]:
    name = re.split(r"[:(]", text, maxsplit=1)[0]
    rest = text[len(name) :]
    if rest.startswith("(") and rest.endswith(")"):
        return name.strip(), rest[1:-1] or None
    return name.strip(), rest[1:] if rest else None


def _is_module(name: str) -> bool:
    try:
        return importlib.util.find_spec(name) is not None
    except (ImportError, ValueError):
        return False


def _written(name: str, known: list[Parameter], parts: Iterable[str]) -> dict[str, str]:
    """The texts of the arguments, by the parameters that they are for."""
    texts: dict[str, str] = {}
    for index, part in enumerate(parts):
        named = re.fullmatch(r"\s*([^\W\d]\w*)\s*=(.*)", part, re.DOTALL)
        if named is None and index > 0:
            raise ValueError(f"only the first value goes without a name: write PARAMETER={part}")
        if named is None and not known:
            raise ValueError(f"{name} takes no parameters")
        parameter, value = named.groups() if named else (known[0].name, part)
        _check_known(name, known, parameter)
        if parameter in texts:
            raise ValueError(f"{parameter} is given twice")
        texts[parameter] = value.strip()
    return texts


def _check_known(name: str, known: list[Parameter], parameter: str) -> None:
    if parameter not in {each.name for each in known}:
        writable = [each.name for each in known if each.reader]
        raise ValueError(f"{name} has no parameter {parameter!r}; {_known(parameter, writable)}")


def _arguments(name: str, known: list[Parameter], parts: Iterable[str]) -> dict[str, Any]:
    by_name = {parameter.name: parameter for parameter in known}
    arguments: dict[str, Any] = {}
    for parameter, text in _written(name, known, parts).items():
        how = by_name[parameter].reader
        if how is None:
            raise ValueError(f"no text can say {parameter}: call {name} from Python")
        try:
            arguments[parameter] = how.value(text)
        except ValueError as error:
            raise ValueError(f"{parameter} {error}") from None
    return arguments


def _known(wrong: str, right: Collection[str]) -> str:
    close = difflib.get_close_matches(wrong, right, 1)
    hint = f"did you mean {close[0]}? " if close else ""
    if len(right) > FEW:
        nearest = difflib.get_close_matches(wrong, right, 3, 0.0)
        return f"{hint}the nearest of {len(right)} are {', '.join(nearest)}; --list names all"
    return f"{hint}known are {', '.join(right) or 'none'}"


def split(text: str) -> Iterator[str]:
    """The parts between the commas outside of brackets."""
    depth, part = 0, ""
    for character in text:
        depth += (character == "(") - (character == ")")
        if character == "," and depth == 0:
            yield part
            part = ""
        else:
            part += character
    yield part


def _hints(factory: Callable[..., Any]) -> dict[str, Any]:
    try:
        return typing.get_type_hints(factory)
    except (NameError, TypeError):  # an annotation for a type checker only, or an object that has none
        return {}
