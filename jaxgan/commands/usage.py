"""What `--help` of an experiment says before the options: what it is, and when it compares arms."""

import dataclasses
import textwrap
from collections.abc import Mapping
from typing import Any

NAMES = (
    "--loss, --technique, --generator, --discriminator and their optimizers take NAME, NAME:VALUE or "
    "NAME:PARAMETER=VALUE,...; --list prints the names. -H explains each option. Results, hardware and time stand in "
    "the docstring of this file."
)


def description(text: str, arms: Mapping[str, Any]) -> str:
    """What `--help` says before the options.

    Args:
      text: docstring of the experiment; its first paragraph is shown, and the rest is the record.
      arms: named tuples of frozen dataclasses, by name; how each differs from the first one is written as options.
    """
    paragraphs = [" ".join(text.strip().split("\n\n")[0].split())]
    first, *others = arms
    if others:
        paragraphs.append(
            f"Without an option of architecture, training or lookahead it compares {len(arms)} arms from the same "
            f"seeds. Any such option switches from {len(arms)} arms to one: a single configuration that starts from "
            f"{first}, whose defaults are shown below. The others are"
        )
        arms_as_options = (f"{name}: {first} with {_differences(arms[first], arms[name])}" for name in others)
        # The parser of the command line joins lines that begin with a letter, and keeps those that are indented.
        paragraphs[-1] += "".join(
            "\n" + textwrap.fill(line, 80, initial_indent="  ", subsequent_indent="    ", break_on_hyphens=False)
            for line in arms_as_options
        )
    paragraphs.append(NAMES)
    return "\n\n".join(paragraphs)


def _differences(first: Any, other: Any) -> str:
    before, after = _flat(first._asdict()), _flat(other._asdict())
    return " ".join(_option(name.replace("_", "-"), value) for name, value in after.items() if value != before[name])


def _option(name: str, value: Any) -> str:
    if isinstance(value, bool):
        group, dot, field = name.rpartition(".")
        return f"--{name}" if value else f"--{group}{dot}no-{field}"
    return f"--{name} {' '.join(value) if isinstance(value, tuple) else value}"


def _flat(values: Mapping[str, Any], prefix: str = "") -> dict[str, Any]:
    """Fields of the arm by their options: those of its parts without a prefix, those of a part's own parts with one."""
    flat: dict[str, Any] = {}
    for part in values.values():
        for field in dataclasses.fields(part):
            value = getattr(part, field.name)
            inner = dataclasses.is_dataclass(value)
            flat |= _flat({field.name: value}, f"{field.name}.") if inner else {prefix + field.name: value}
    return flat
