"""The lines of `metrics.jsonl`, and what is wrong with them: garbled, doubled or missing."""

import json
from collections.abc import Sequence
from typing import Any, NamedTuple

PARTS = {  # of what a line holds besides numbers
    "window": {"counts", "effective", "modes_at_once"},
    "alarms": {"kind", "step", "since", "modes", "p_value", "sentence"},
    "not_finite": {"step", "quantity", "steps"},
}


class Lines(NamedTuple):
    """What the text of `metrics.jsonl` holds.

    Attributes:
      lines: one dictionary for each step and seed, in order.
      texts: of the same lines, as they were written.
      damage: what was left out, in words, such as "line 7 is garbled"; empty when nothing was.
    """

    lines: list[dict[str, Any]]
    texts: list[str]
    damage: list[str]


def parsed(content: bytes, last_step: int | None = None) -> Lines:
    """Reads the lines of a log.

    A last line that is not whole is left out without a word: the process was killed while it wrote.

    Of lines that repeat each other the last one counts.

    Args:
      content: of the file.
      last_step: lines of later steps are left out; None for none.
    """
    *whole, last = content.split(b"\n")
    if _line(last) is not None:
        whole.append(last)
    found: dict[tuple[int, int], tuple[dict[str, Any], str]] = {}
    damage = []
    for number, raw in enumerate(whole, 1):
        line = _line(raw)
        if line is None:
            damage.append(f"line {number} is garbled")
        elif last_step is not None and line["step"] > last_step:
            continue
        else:
            if (place := (line["step"], line["seed"])) in found:
                damage.append(f"line {number} repeats step {place[0]} of seed {place[1]}")
            found[place] = line, raw.decode()
    ordered = [found[place] for place in sorted(found, key=lambda place: place[0])]  # of a step as they were written
    return Lines([line for line, _ in ordered], [text for _, text in ordered], damage)


def _line(raw: bytes) -> dict[str, Any] | None:
    try:
        line = json.loads(raw.decode())
    except (ValueError, RecursionError):
        return None
    return line if isinstance(line, dict) and _has_its_shape(line) else None


def _has_its_shape(line: dict[str, Any]) -> bool:
    """Whether a line holds what the loop writes: numbers, and beside them what has parts of known names."""
    numbers = all(type(line.get(name)) is int for name in ("step", "seed"))
    parts = all(
        isinstance(part, dict) and names <= set(part)
        for name, names in PARTS.items()
        for part in _listed(line.get(name, []))
    )
    return numbers and parts and not any(isinstance(value, str) for value in line.values())


def _listed(value: Any) -> list[Any]:
    return value if isinstance(value, list) else [value]


def missing(lines: Sequence[dict[str, Any]], step: int, seeds: Sequence[int], every: int) -> str:
    """Says which lines up to a step are missing; "" if none is.

    Args:
      lines: in order.
      step: that was reached; it is logged if it is a multiple of `every`.
      seeds: each of which has a line at each step.
      every: steps between two lines. What was logged at other intervals, before the options changed, is taken to have
        gone on as it does beside a gap.
    """
    logged = sorted({line["step"] for line in lines})
    end = max([step - step % every, *logged])
    if end == 0:
        return ""
    seen = {(line["step"], line["seed"]) for line in lines}
    lengths = [b - a for a, b in zip([0, *logged], [*logged, end], strict=True)]
    gaps = [
        f"after step {before}"
        for i, (before, length) in enumerate(zip([0, *logged], lengths, strict=True))
        if length > every and length not in (*lengths[max(i - 1, 0) : i], *lengths[i + 1 : i + 2])
    ]
    if logged and logged[-1] != end and f"after step {logged[-1]}" not in gaps:
        gaps.append(f"after step {logged[-1]}")
    if not logged:
        gaps = ["after step 0"]
    gaps += [f"seed {seed} at step {at}" for at in logged for seed in seeds if (at, seed) not in seen]
    return shortened(gaps)


def shortened(parts: Sequence[str], most: int = 3) -> str:
    """The parts, or the first of them and how many more there are."""
    return ", ".join(parts[:most]) + (f" and {len(parts) - most} more" if len(parts) > most else "")
