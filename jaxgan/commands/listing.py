"""What can be named on the command line, with parameters and defaults, from the docstrings."""

import functools
import inspect
import re
import textwrap
import types
from collections.abc import Callable, Mapping
from typing import Any, Literal, TypeAlias

from jaxgan.evaluation import METRICS
from jaxgan.runs.catalogues import DYNAMICS, FROM_OPTIONS, LOSSES, NETWORKS, OPTIMIZERS, TECHNIQUES
from jaxgan.runs.factories import Catalogue, Parameter, parameters
from jaxgan.runs.options import FROM_DATA

Listed: TypeAlias = Literal["techniques", "losses", "networks", "optimizers", "dynamics", "metrics"]

WIDTH = 100

_HOW = {
    "techniques": (TECHNIQUES, "--technique NAME[:VALUE][,PARAMETER=VALUE...], several with spaces between them"),
    "losses": (LOSSES, "--loss NAME[:VALUE][,PARAMETER=VALUE...]"),
    "networks": (
        NETWORKS,
        "--generator and --discriminator NAME[:VALUE][,PARAMETER=VALUE...]",
    ),
    "optimizers": (
        OPTIMIZERS,
        "--generator-optimizer and --discriminator-optimizer NAME[:VALUE][,PARAMETER=VALUE...]",
    ),
    "dynamics": (DYNAMICS, "--dynamics NAME[:VALUE][,PARAMETER=VALUE...]"),
}


def listing(listed: Listed) -> str:
    """All that can be named of one concern: how, and each entry with what it does, its parameters and defaults."""
    if listed == "metrics":
        return "\n\n".join(["metrics: --metric NAME, several with spaces between them", *map(_metric, sorted(METRICS))])
    catalogue, how = _HOW[listed]
    supplied = {"networks": dict.fromkeys(FROM_DATA, "from the data"), "optimizers": FROM_OPTIONS}.get(listed, {})
    entries = (described(catalogue, name, supplied) for name in sorted(catalogue.factories))
    return "\n\n".join((f"{listed}: {how}", *entries))


def described(catalogue: Catalogue, name: str, supplied: Mapping[str, str] = types.MappingProxyType({})) -> str:
    """One entry: its name, the first line of its docstring, and its parameters with their defaults.

    What is `supplied` says, by name, from where.
    """
    factory = catalogue.factories[name]
    lines = [name, *_wrapped((inspect.getdoc(factory) or "").split("\n")[0], 4)]
    documented = documented_arguments(factory)
    for parameter in parameters(catalogue, factory):
        # What no factory makes is not written as text either.
        words = parameter.reader.words if parameter.reader and catalogue.makes else ""
        default = supplied.get(parameter.name) or _default(parameter)
        notes = "; ".join(filter(None, [words, default]))
        said = " ".join(filter(None, [documented.get(parameter.name), notes and f"[{notes}]"]))
        lines += _wrapped(f"{parameter.name}: {said}", 6, hang=4)
    return "\n".join(lines)


def _metric(name: str) -> str:
    """A metric: its name, the kinds of data that it is for, and its numbers with their conventions."""
    kinds = METRICS[name].kinds
    numbers = METRICS[name].conventions(None).items()
    lines = [name, *_wrapped(f"for {', '.join(sorted(kinds))}", 4)] if kinds else [name]
    return "\n".join(sum((_wrapped(f"{number}: {said}", 6, hang=4) for number, said in numbers), lines))


def documented_arguments(factory: Callable[..., Any]) -> dict[str, str]:
    """What the `Args:` of a docstring say of each parameter, in one line each."""
    documentation = inspect.getdoc(factory) or ""
    section = re.search(r"^Args:\n((?:[ ]+.*\n?|\n)*)", documentation, re.MULTILINE)
    found: dict[str, str] = {}
    names: list[str] = []
    for line in section.group(1).splitlines() if section else []:
        begins = re.match(r"[ ]{2}\*?(\w+(?:, \w+)*): +(.*)", line)
        if begins:
            names = begins.group(1).split(", ")
        for name in names:
            found[name] = f"{found.get(name, '')} {begins.group(2) if begins else line.strip()}".strip()
    return found


def _default(parameter: Parameter) -> str:
    value = parameter.default
    if parameter.required:
        return "required"
    if isinstance(value, tuple) and not value:
        return "default none"
    if callable(value):
        value = value.func if isinstance(value, functools.partial) else value
        # An initialiser is a closure without a name of its own.
        name = getattr(value, "__name__", "init")
        return "" if name in ("init", "<lambda>") else f"default {name}"
    return f"default {str(value).lower() if value is None or isinstance(value, bool) else value}"


def _wrapped(text: str, indent: int, hang: int = 0) -> list[str]:
    return textwrap.wrap(text, WIDTH, initial_indent=" " * indent, subsequent_indent=" " * (indent + hang))
