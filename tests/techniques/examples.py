"""One example of every technique: the tests of a technique say what it is, and the contract gathers them."""

import importlib
from pathlib import Path
from typing import NamedTuple

NOISE = 3  # width of the latents that examples are tried with


class Example(NamedTuple):
    """A technique, for the contract that all of them keep; a test file holds it as a global.

    Attributes:
      call: the technique as it is written on the command line, "r1:1.0", with latents of width `NOISE`.
      parts: how many logits the discriminator has to give.
      joint: whether the discriminator sees more than the example, which comes first: columns beside flat ones, a tree
        with others.
      images: whether it is for square images alone.
      constant: whether none of its terms and weights has a gradient by the round's fakes or the discriminator, as where
        it ranks, looks up or only adjusts, or depends on what it owns alone.
      signed: whether its terms may be below zero.
      direction: whether the discriminator has to be one of `networks.normalised_linear`.
    """

    call: str
    parts: int = 1
    joint: bool = False
    images: bool = False
    constant: bool = False
    signed: bool = False
    direction: bool = False


def gathered() -> dict[str, Example]:
    """All of them, by the names of their techniques."""
    here = Path(__file__).resolve().parent
    found = {}
    for path in sorted(here.rglob("test_*.py")):
        if path.name == "test_contract.py":
            continue
        module = importlib.import_module(".".join(path.relative_to(here.parents[1]).with_suffix("").parts))
        for value in vars(module).values():
            if isinstance(value, Example):
                found[value.call.partition(":")[0]] = value
    return found
