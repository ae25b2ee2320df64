"""A sweep: the values that options take in turn, and the settings that all of them together make.

    discriminator_learning_rate=1e-4,3e-4     an option of the networks or of the training
    technique.r1.weight=0.01,0.1,1            a parameter of a technique, which is added where it is not named yet

Values are written as on the command line, with commas between; one with commas of its own has them in brackets:
`generator=mlp(widths=64+64),mlp(widths=32)`.
"""

import dataclasses
import difflib
import itertools
import math
import typing
from collections.abc import Iterator, Sequence
from typing import Any, NamedTuple

from jaxgan.runs.catalogues import TECHNIQUES
from jaxgan.runs.factories import called, split, with_argument
from jaxgan.runs.options import Architecture, Training
from jaxgan.runs.values import reader

Arm = tuple[Architecture, Training]
MOST = 1000  # settings
SWEEP = "sweep"  # among the options of `config.json`: the axes, `{name: values}`


class Axis(NamedTuple):
    """An option and the values that it takes.

    Attributes:
      name: of the option, as in `config.json`, such as `unroll.steps`; or `technique.NAME.PARAMETER`.
      values: as they were written, in order, at least one.
    """

    name: str
    values: tuple[str, ...]


def read_axes(texts: Sequence[str]) -> tuple[Axis, ...]:
    """Reads what `--sweep` names: `OPTION=VALUE,VALUE,...` each.

    Raises:
      ValueError: an option that is not known or is named twice, or no values; one line.
    """
    axes = tuple(_axis(text) for text in texts)
    for axis in axes:
        if [other.name for other in axes].count(axis.name) > 1:
            raise ValueError(f"--sweep {axis.name} is given twice: write its values in one, with commas between")
    if (count := math.prod(len(axis.values) for axis in axes)) > MOST:
        raise ValueError(f"--sweep asks for {count:,} settings, of which {MOST:,} are the most")
    return axes


def settings(axes: Sequence[Axis], architecture: Architecture, training: Training) -> dict[str, Arm]:
    """All combinations of the values, the last axis fastest, by the names of their folders.

    Args:
      axes: what varies.
      architecture: the networks, besides.
      training: everything else, besides.

    Raises:
      ValueError: a value that does not fit, or a combination that is no training; one line, which says of what.
    """
    made: dict[str, Arm] = {}
    for values in itertools.product(*(axis.values for axis in axes)):
        arm = (architecture, training)
        for axis, value in zip(axes, values, strict=True):
            try:
                arm = _changed(arm, axis.name, value)
            except ValueError as error:
                raise ValueError(f"--sweep {axis.name}={value}: {error}") from None
        name = setting_name(axes, values)
        if name in made:
            raise ValueError(f"--sweep: two settings would have the folder {name}")
        made[name] = arm
    return made


def setting_name(axes: Sequence[Axis], values: Sequence[str]) -> str:
    """The folder of a setting, such as `discriminator_learning_rate=1e-4,unroll.steps=5`.

    What a file system or a shell may take for something else becomes an underscore.
    """
    text = ",".join(f"{axis.name}={value}" for axis, value in zip(axes, values, strict=True))
    return "".join(x if x.isalnum() or x in "=,.+-_" else "_" for x in text)


def setting_names(axes: Sequence[Axis]) -> list[str]:
    """The folders of all settings, the last axis fastest."""
    return [setting_name(axes, values) for values in itertools.product(*(axis.values for axis in axes))]


def recorded_axes(options: Any) -> tuple[Axis, ...] | None:
    """The axes that the options of a `config.json` name; None where it is not that of a sweep."""
    named = options.get(SWEEP) if isinstance(options, dict) else None
    if not isinstance(named, dict) or not named or not all(isinstance(x, list) and x for x in named.values()):
        return None
    return tuple(Axis(str(name), tuple(map(str, values))) for name, values in named.items())


def _axis(text: str) -> Axis:
    name, equals, written = text.partition("=")
    name = name.strip().removeprefix("--").replace("-", "_")
    values = tuple(value.strip() for value in split(written))
    if not equals or not all(values):
        raise ValueError(f"--sweep {text}: write OPTION=VALUE,VALUE,...")
    if len(set(values)) < len(values):
        raise ValueError(f"--sweep {text}: a value is given twice")
    if name.startswith("technique."):
        if name.count(".") != 2:
            raise ValueError(f"--sweep {text}: write technique.NAME.PARAMETER=VALUE,VALUE,...")
    elif name not in (known := [*_options(Architecture), *_options(Training)]):
        close = difflib.get_close_matches(name, known, 1)
        hint = (
            f"did you mean {close[0]}?" if close else "it takes options of the networks and the training (--help-all)"
        )
        raise ValueError(f"--sweep {text}: no option {name}; {hint}")
    return Axis(name, values)


def _options(kind: Any) -> Iterator[str]:
    """Names of the options, those of a part with its name before them."""
    types = typing.get_type_hints(kind)  # the fields' own are changed by tyro once it has read a command line
    for field in dataclasses.fields(kind):
        if dataclasses.is_dataclass(of_field := types[field.name]):
            yield from (f"{field.name}.{name}" for name in _options(of_field))
        else:
            yield field.name


def _changed(arm: Arm, name: str, value: str) -> Arm:
    architecture, training = arm
    if name.startswith("technique."):
        _, technique, parameter = name.split(".")
        return architecture, _with_technique(training, technique, parameter, value)
    if name in _options(Architecture):
        return _with_option(architecture, name, value), training
    return architecture, _with_option(training, name, value)


def _with_option(options: Any, name: str, value: str) -> Any:
    field, _, inner = name.partition(".")
    if inner:
        return dataclasses.replace(options, **{field: _with_option(getattr(options, field), inner, value)})
    how = reader(typing.get_type_hints(type(options))[field])
    assert how is not None, name
    return dataclasses.replace(options, **{field: how.value(value)})


def _with_technique(training: Training, name: str, parameter: str, value: str) -> Training:
    named = [called(text) == name for text in training.technique]
    if sum(named) > 1:
        raise ValueError(f"--technique names {name} {sum(named)} times, so this does not say which")
    texts = training.technique if any(named) else (*training.technique, name)
    changed = (with_argument(TECHNIQUES, text, parameter, value) if called(text) == name else text for text in texts)
    return dataclasses.replace(training, technique=tuple(changed))
