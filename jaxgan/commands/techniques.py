"""`jaxgan techniques`: what there is against collapse, when to use it, and what it costs."""

import dataclasses
import difflib
import inspect
import re
from collections.abc import Callable, Mapping
from types import ModuleType
from typing import Any, NamedTuple

import rich.box
import rich.console
import rich.table
import tyro

from jaxgan.commands.sample import SAMPLERS

_OPTIONS = {
    "Unroll": "--unroll.steps",
    "SpectralNorm": "--spectral-norm",
    "packed": "--pack",
    "weight_clipping": "--clip",
    "labelled": "--generator labelled",
    **{name: f"jaxgan sample --sampler {name}" for name in SAMPLERS},
}


class Entry(NamedTuple):
    """What one technique is, from its docstring.

    Attributes:
      name: of the factory.
      factory: the function or class itself.
      how: the option that asks for it, or its import.
      use: the symptom that it is for.
      cost: what it adds to a step.
    """

    name: str
    factory: Callable[..., Any]
    how: str
    use: str
    cost: str


def _packages() -> tuple[tuple[ModuleType, str, Mapping[str, Any]], ...]:
    """Where they are, and the option of an experiment that asks for what its catalogue can write as text."""
    import jaxgan
    from jaxgan import data, losses, networks, optimizers, samplers, techniques
    from jaxgan.adversarial import dynamics
    from jaxgan.runs.catalogues import DYNAMICS, LOSSES, NETWORKS, OPTIMIZERS, TECHNIQUES

    return (
        (techniques, "--technique", TECHNIQUES.factories),
        (losses, "--loss", LOSSES.factories),
        (dynamics, "--dynamics", DYNAMICS.factories),
        (networks, "--discriminator", NETWORKS.factories),
        (optimizers, "--discriminator-optimizer", OPTIMIZERS.factories),
        (samplers, "", {}),
        (data, "", {}),
        (jaxgan, "", {}),
    )


def entries() -> dict[str, Entry]:
    """Every public factory whose docstring says when to use it and what it costs, by name."""
    found: dict[str, Entry] = {}
    for package, option, written in _packages():
        for name in (name for name in dir(package) if not name.startswith("_") and name not in found):
            factory = getattr(package, name)
            use, cost = labelled(factory, "Use when"), labelled(factory, "Cost")
            if callable(factory) and use and cost:
                how = _OPTIONS.get(name) or (f"{option} {name}" if name in written else f"{package.__name__}.{name}")
                found[name] = Entry(name, factory, how, use, cost)
    return found


def labelled(documented: Any, label: str) -> str:
    """The paragraph of a docstring that begins with `label:`, in one line; empty where there is none."""
    paragraph = re.search(rf"^{label}: (.+?)(?:\n\n|\Z)", inspect.getdoc(documented) or "", re.DOTALL | re.MULTILINE)
    return " ".join(paragraph.group(1).split()) if paragraph else ""


@dataclasses.dataclass(frozen=True)
class Techniques:
    """Lists every technique against collapse with when to use it and what it costs; with a NAME, its formula, its
    paper and its parameters."""

    name: tyro.conf.Positional[str] = ""
    """A technique, e.g. r1; none lists all of them."""

    def __call__(self) -> int:
        known = entries()
        if self.name and self.name not in known:
            near = difflib.get_close_matches(self.name, known, n=1)
            hint = f"; did you mean {near[0]}?" if near else "; `jaxgan techniques` lists all of them"
            raise ValueError(f"there is no technique {self.name}{hint}")
        print(described(known[self.name]) if self.name else "", end="")
        if not self.name:
            # A pipe has no width of its own, and 80 columns would break every word of a narrow column.
            console = rich.console.Console(width=None if rich.get_console().is_terminal else 160)
            console.print(table(known))
        return 0


def table(known: dict[str, Entry]) -> rich.table.Table:
    """All of them, for a terminal."""
    shown = rich.table.Table(box=rich.box.SIMPLE_HEAD, show_lines=False, pad_edge=False)
    for column, ratio in (("technique", None), ("use when", 3), ("cost of a step", 2), ("how", None)):
        shown.add_column(column, ratio=ratio, no_wrap=ratio is None)
    for entry in known.values():
        shown.add_row(entry.name, entry.use, entry.cost, entry.how)
    return shown


def described(entry: Entry) -> str:
    """One of them in full: how it is written, then its own documentation."""
    signature = str(inspect.signature(entry.factory)).partition(" -> ")[0]
    return f"{entry.name}{signature}\n{entry.how}\n\n{inspect.getdoc(entry.factory)}\n"
