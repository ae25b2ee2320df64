"""JSON as typed values, by the types alone."""

import dataclasses
import math
from pathlib import Path
from typing import Any, Literal, NamedTuple

import pytest

from jaxgan.runs.decoding import decoded
from jaxgan.runs.folder import plain
from jaxgan.runs.options import Architecture, Run, Training


class Inner(NamedTuple):
    """A named tuple, one of whose fields has a default."""

    x: int
    y: float | None = None


@dataclasses.dataclass(frozen=True)
class Outer:
    """A dataclass that refuses a negative number."""

    inner: Inner
    many: tuple[Inner, ...] = ()
    either: bool | Literal["two_level"] = False
    where: Path | None = None

    def __post_init__(self):
        if self.inner.x < 0:
            raise ValueError(f"x is 0 or more, not {self.inner.x}")


@pytest.mark.parametrize(
    ("kind", "value", "result"),
    [
        (int, 3, 3),
        (float, 3, 3),
        (bool, True, True),
        (Any, {"a": [None]}, {"a": [None]}),
        (int | bool, True, True),
        (float | None, None, None),
        (Literal["a", "b"], "b", "b"),
        (tuple[int, ...], [1, 2], (1, 2)),
        (dict[str, tuple[float, ...]], {"a": [1.5]}, {"a": (1.5,)}),
        (Path, "a/b", Path("a/b")),
        (Outer, {"inner": {"x": 1}}, Outer(Inner(1))),
        (
            Outer,
            {"inner": {"x": 1, "y": 2.5}, "many": [{"x": 3}], "either": "two_level", "where": "w"},
            Outer(Inner(1, 2.5), (Inner(3),), "two_level", Path("w")),
        ),
    ],
)
def test_values(kind, value, result):
    found = decoded(kind, value, "here")
    assert found == result and type(found) is type(result)


def test_null_is_nan_where_a_number_is_wanted():
    assert math.isnan(decoded(float, None, "here"))


@pytest.mark.parametrize(
    ("kind", "value", "says"),
    [
        (int, True, "here is True, not a whole number"),
        (int, 1.0, "here is 1.0, not a whole number"),
        (float, "1", "here is '1', not a number"),
        (str, None, "here is None, not a text"),
        (Literal["a", "b"], "c", "here is 'c', not 'a' or 'b'"),
        (tuple[int, ...], [1, "x"], r"here\[1\] is 'x', not a whole number"),
        (dict[str, int], [1], r"here is \[1\], not an object with names"),
        (Outer, {"inner": {"x": -1}}, "here: x is 0 or more, not -1"),
        (Outer, {"inner": {}}, "here.inner does not hold 'x'"),
        (Outer, {"inner": {"x": 1}, "new": 2}, "here holds 'new'; known are inner, many"),
        (Outer, {"inner": {"x": 1}, "either": "three"}, "here.either is 'three', not true or false"),
        (str, ["long"] * 100, r"\.\.\., not a text"),
    ],
)
def test_what_does_not_fit_is_one_line(kind, value, says):
    with pytest.raises(ValueError, match=says) as raised:
        decoded(kind, value, "here")
    assert len(str(raised.value)) < 120


@pytest.mark.parametrize(
    "options",
    [
        Architecture(initialisation="orthogonal:0.8", batch_norm=True, compute="bfloat16"),
        Training(technique=("r1:1.0", "replay:8"), average=0.99, batch_size=64, pack=2),
        Run(seeds=3, workdir=Path("x"), on_alarm="stop"),
    ],
)
def test_options_survive_config_json(options):
    assert decoded(type(options), plain(dataclasses.asdict(options)), "options") == options
