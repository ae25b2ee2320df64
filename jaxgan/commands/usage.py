"""What `--help` and `--help-all` say of the options of a run: the common ones on one screen, and all of them."""

import dataclasses
import textwrap
from collections.abc import Mapping, Sequence
from typing import Annotated, Any, TypeVar

import tyro

from jaxgan.adversarial.lookahead import Unroll
from jaxgan.commands.parsing import parse
from jaxgan.runs.catalogues import LOSSES, TECHNIQUES
from jaxgan.runs.options import Architecture, Run, Training

Options = TypeVar("Options")

ALL = "--help-all"
HELP = ("-h", "--help", ALL)
# What `--help` shows; of all other parts, such as the data, it shows everything.
COMMON: Mapping[type, frozenset[str]] = {
    Run: frozenset({"workdir", "seeds"}),
    Architecture: frozenset({"generator_width", "discriminator_width"}),
    Training: frozenset(
        {"steps", "batch_size", "loss", "technique", "pack"}
        | {"generator_learning_rate", "discriminator_learning_rate"}
    ),
    Unroll: frozenset({"steps"}),
}
WIDTH = 80


def parse_options(
    default: Options,
    arguments: Sequence[str],
    *,
    description: str,
    kind: Any = None,
    details: str = "",
    prog: str | None = None,
) -> Options:
    """Reads all options of a run.

    Args:
      default: a frozen dataclass of them, with their defaults.
      arguments: the command line.
      description: what `--help` and `--help-all` begin with.
      kind: the type of the options, if it is not the class of `default`, as of a generic one.
      details: what only `--help-all` says.
      prog: name of the program.

    Raises:
      ValueError: a mistake in them; one line.
      SystemExit: help was asked for, and has been printed.
    """
    texts = [description, names()]
    if ALL in arguments:
        text = "\n\n".join(filter(None, (*texts, details)))
        return parse(kind or type(default), ["--help"], default=default, description=text, prog=prog)
    if any(name in arguments for name in HELP):
        shown = _shortened(default, kind or type(default))
        text = "\n\n".join((*texts, f"These are the common options; {ALL} shows all of them."))
        return parse(type(shown), ["--help"], default=shown, description=text, prog=prog)
    return parse(kind or type(default), arguments, default=default, description=description, prog=prog)


def _shortened(options: Any, kind_of_options: Any) -> Any:
    """The same options, of a type like theirs that shows only the common ones."""
    fields, values = [], {}
    common = next((names for part, names in COMMON.items() if isinstance(options, part)), None)
    for field in dataclasses.fields(options):
        value, kind = getattr(options, field.name), field.type
        if dataclasses.is_dataclass(value):
            value = _shortened(value, type(value))
            kind = Annotated[(type(value), *getattr(kind, "__metadata__", (tyro.conf.arg(),)))]
        elif common is not None and field.name not in common:
            kind = tyro.conf.Suppress[kind]
        fields.append((field.name, kind, field))
        values[field.name] = value
    short = dataclasses.make_dataclass(type(options).__name__, fields, bases=(kind_of_options,), frozen=True)
    return short(**values)


def names() -> str:
    """What can be named, and where all of it is explained."""
    losses = textwrap.fill(
        f"Losses: {', '.join(sorted(LOSSES.factories))}.", WIDTH, initial_indent="  ", subsequent_indent="    "
    )
    return (
        "--loss, --technique, --generator, --discriminator and their optimizers take NAME, NAME:VALUE or "
        f"NAME:PARAMETER=VALUE,...; --list explains all names, and jaxgan techniques when to use which of the "
        f"{len(TECHNIQUES.factories)} techniques.\n{losses}"
    )


def description(text: str, arms: Mapping[str, Any], data: Any) -> str:
    """What help of an experiment says before the options.

    Args:
      text: docstring of the experiment; its first paragraph is shown, and the rest is the record.
      arms: of the experiment, by name.
      data: frozen dataclass of the options of its data.
    """
    said = " ".join(text.strip().split("\n\n")[0].split()) + (
        " Results, hardware and time stand in the docstring of this file."
    )
    if len(arms) < 2:
        return said
    others = ["--list", *(_flag(field.name) for field in dataclasses.fields(data))]
    return (
        f"{said}\n\nIt compares {len(arms)} arms from the same seeds: {', '.join(arms)}. Any option besides "
        f"{', '.join(others)} and those of the run switches from {len(arms)} arms to one: a single configuration that "
        f"starts from {next(iter(arms))}, whose defaults are shown below."
    )


def differences(arms: Mapping[str, Any]) -> str:
    """How each arm differs from the first one, as options; empty where there is one.

    Args:
      arms: named tuples of frozen dataclasses, by name.
    """
    first, *others = arms
    written = (f"{name}: {first} with {_differences(arms[first], arms[name])}" for name in others)
    # The parser of the command line joins lines that begin with a letter, and keeps those that are indented.
    return "\n".join(
        textwrap.fill(line, WIDTH, initial_indent="  ", subsequent_indent="    ", break_on_hyphens=False)
        for line in written
    )


def _differences(first: Any, other: Any) -> str:
    before, after = _flat(first._asdict()), _flat(other._asdict())
    return " ".join(_option(name, value) for name, value in after.items() if value != before[name])


def _flag(name: str) -> str:
    return f"--{name.replace('_', '-')}"


def _option(name: str, value: Any) -> str:
    if isinstance(value, bool):
        group, dot, field = name.rpartition(".")
        return _flag(name) if value else _flag(f"{group}{dot}no-{field}")
    return f"{_flag(name)} {' '.join(value) if isinstance(value, tuple) else value}"


def _flat(values: Mapping[str, Any], prefix: str = "") -> dict[str, Any]:
    """Fields of the arm by their options: those of its parts without a prefix, those of a part's own parts with one."""
    flat: dict[str, Any] = {}
    for part in values.values():
        for field in dataclasses.fields(part):
            value = getattr(part, field.name)
            inner = dataclasses.is_dataclass(value)
            flat |= _flat({field.name: value}, f"{field.name}.") if inner else {prefix + field.name: value}
    return flat
