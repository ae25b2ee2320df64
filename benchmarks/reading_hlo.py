"""What a compiled program does, read off its text: loops, collectives and kernels, each as often as it runs."""

import math
import re
from collections import Counter
from collections.abc import Iterator
from typing import NamedTuple

BYTES = {"pred": 1, "s8": 1, "u8": 1, "bf16": 2, "f16": 2, "f32": 4, "s32": 4, "u32": 4, "f64": 8, "s64": 8, "u64": 8}
COLLECTIVES = ("all-reduce", "all-gather", "all-to-all", "reduce-scatter", "collective-permute", "collective-broadcast")
# What is no work of its own.
_FREE = {
    "parameter",
    "constant",
    "tuple",
    "get-tuple-element",
    "bitcast",
    "while",
    "conditional",
    "call",
    "partition-id",
}
_INSTRUCTION = re.compile(r"^\s+(?:ROOT )?%\S+ = (?P<shape>.*?) (?P<kind>[a-z][\w-]*)\(")
_LIMIT = re.compile(r"s32\[\]\S* constant\((\d+)\)")


class Loop(NamedTuple):
    """A loop of the program.

    Attributes:
      turns: how often its body runs each time; None where the program does not say.
      inside: the turns of the loops around it, from the outermost one.
    """

    turns: int | None
    inside: tuple[int | None, ...]


class Reading(NamedTuple):
    """What one run of a program does; where a loop does not say how often it turns, its body counts once.

    Attributes:
      loops: all of them, an outer one before those in it.
      collectives: `{kind: (how many, bytes together)}`, of one device.
      kernels: `{kind: how many}`, such as fusions and copies.
    """

    loops: tuple[Loop, ...]
    collectives: dict[str, tuple[int, int]]
    kernels: dict[str, int]


def size(shapes: str) -> int:
    """Bytes of the arrays in a piece of a program's text, without the padding of their layout.

    >>> size("(f32[3,4]{1,0:T(8,128)}, bf16[2])")
    52
    """
    found = re.findall(r"\b([a-z]+\d*)\[([\d,]*)\]", shapes)
    return sum(BYTES[kind] * math.prod(int(n) for n in dims.split(",") if n) for kind, dims in found if kind in BYTES)


def read(text: str) -> Reading:
    """Reads the text of a compiled program, `jax.stages.Compiled.as_text()`."""
    computations, entry = _computations(text)
    loops: list[Loop] = []
    kernels: Counter[str] = Counter()
    count: Counter[str] = Counter()
    moved: Counter[str] = Counter()
    channels: set[str] = set()

    def collect(line: str, found: re.Match[str], times: int) -> None:
        # One that runs beside other work is written once in each of the fusions that carry it on, on one channel.
        channel = re.search(r"channel_id=(\d+)", line)
        if channel is not None and channel[1] in channels:
            return
        channels.update(() if channel is None else (channel[1],))
        kind = found["kind"].removesuffix("-start")
        # The result of what begins and ends apart holds the operands as well.
        halves = 2 if found["kind"].endswith("-start") and found["shape"].startswith("((") else 1
        count[kind] += times
        moved[kind] += times * size(found["shape"]) // halves

    def walk(name: str, times: int, around: tuple[int | None, ...]) -> None:
        for line in computations.get(name, ()):
            found = _INSTRUCTION.match(line)
            if found is None:
                continue
            kind = found["kind"].removesuffix("-start")
            if kind == "while":
                condition, body = (_named(line, role) for role in ("condition", "body"))
                turns = _turns(computations.get(condition, ()))
                loops.append(Loop(turns, around))
                walk(body, times * (turns or 1), (*around, turns))
            elif kind in ("call", "conditional"):
                for inner in _inner(line):
                    walk(inner, times, around)
            elif kind in COLLECTIVES:
                collect(line, found, times)
            elif kind not in _FREE and not kind.endswith("-done"):
                kernels[kind] += times
                for fused in computations.get(_named(line, "calls"), ()):
                    inside = _INSTRUCTION.match(fused)
                    if inside is not None and inside["kind"].removesuffix("-start") in COLLECTIVES:
                        collect(fused, inside, times)

    walk(entry, 1, ())
    return Reading(tuple(loops), {kind: (count[kind], moved[kind]) for kind in count}, dict(kernels))


def _computations(text: str) -> tuple[dict[str, list[str]], str]:
    """The lines of each computation by its name, and the name of the one that runs first."""
    found: dict[str, list[str]] = {}
    entry = name = ""
    for line in text.splitlines():
        if begins := re.match(r"(ENTRY )?%(\S+) \(", line):
            name = begins[2]
            found[name] = []
            entry = name if begins[1] else entry
        elif name:
            found[name].append(line)
    return found, entry


def _named(line: str, role: str) -> str:
    found = re.search(rf"{role}=%([^,\s]+)", line)
    return found[1] if found else ""


def _inner(line: str) -> Iterator[str]:
    for role in ("to_apply", "true_computation", "false_computation"):
        if name := _named(line, role):
            yield name
    if branches := re.search(r"branch_computations=\{([^}]*)\}", line):
        yield from (name.strip().removeprefix("%") for name in branches[1].split(","))


def _turns(condition: list[str] | tuple[()]) -> int | None:
    """How often a loop turns whose condition compares a counter from zero with a constant."""
    if not any("direction=LT" in line for line in condition):
        return None
    limits = [int(found[1]) for line in condition if (found := _LIMIT.search(line))]
    return limits[0] if len(limits) == 1 else None
