"""Calls as text: every form, and one clear line for every mistake."""

import inspect
import types
from collections.abc import Sequence
from typing import NamedTuple

import jax
import pytest

from jaxgan.runs.factories import Catalogue, make, naming, parameters, public, read


class Made(NamedTuple):
    """What the factories here make: whatever they were given."""

    name: str
    given: dict


class Inner(NamedTuple):
    """What is made inside of a call."""

    gain: float
    bias: float


def inner(gain: float = 1.0, bias: float = 0.0) -> Inner:
    return Inner(gain, bias)


def replay(capacity: int, *, share: float = 0.5) -> Made:
    """Replays."""
    if capacity < 1:
        raise ValueError(f"replay takes a capacity of at least 1, not {capacity}")
    return Made("replay", {"capacity": capacity, "share": share})


def stack(widths: Sequence[int], out: int, *, first: Inner = Inner(1.0, 0.0), bias: bool = True) -> Made:  # noqa: B008
    return Made("stack", {"widths": widths, "out": out, "first": first, "bias": bias})


def plain() -> Made:
    return Made("plain", {})


def positional(size: int, /, *rest: int, depth: int = 2, **others: int) -> Made:
    return Made("positional", {"size": size, "rest": rest, "depth": depth, "others": others})


def wraps(x: jax.Array, scale: float = 1.0) -> Made:
    return Made("wraps", {"x": x, "scale": scale})


def elsewhere(weight: float) -> Inner:
    return Inner(weight, 0.0)


INNER = Catalogue("inner thing", {"inner": inner}, Inner)
CATALOGUE = Catalogue(
    "thing",
    {"replay": replay, "stack": stack, "plain": plain, "positional": positional, "wraps": wraps, "other": elsewhere},
    Made,
    {Inner: naming(INNER)},
)


@pytest.mark.parametrize(
    ("text", "given"),
    [
        ("plain", {}),
        ("plain()", {}),
        ("replay:4096", {"capacity": 4096, "share": 0.5}),
        ("replay:capacity=4096", {"capacity": 4096, "share": 0.5}),
        ("replay:4096,share=0.25", {"capacity": 4096, "share": 0.25}),
        ("replay: share = 0.25 , capacity = 8", {"capacity": 8, "share": 0.25}),
        ("replay(8,share=1)", {"capacity": 8, "share": 1.0}),
        ("stack:8+4,out=2", {"widths": (8, 4), "out": 2, "first": Inner(1.0, 0.0), "bias": True}),
        ("stack:8,out=2,first=inner:3", {"widths": (8,), "out": 2, "first": Inner(3.0, 0.0), "bias": True}),
        (
            "stack:8,out=2,first=inner(3,bias=1),bias=false",
            {"widths": (8,), "out": 2, "first": Inner(3.0, 1.0), "bias": False},
        ),
        ("positional:3,rest=4+5", {"size": 3, "rest": (4, 5), "depth": 2, "others": {}}),
        ("positional:3,depth=1", {"size": 3, "rest": (), "depth": 1, "others": {}}),
    ],
)
def test_every_form_calls_the_factory(text, given):
    assert make(read(CATALOGUE, text)).given == given


@pytest.mark.parametrize(
    ("text", "says"),
    [
        ("reply:4", "no thing 'reply'; did you mean replay? known are replay, stack, plain, positional, wraps, other"),
        ("zzz", "no thing 'zzz'; known are replay, stack, plain, positional, wraps, other"),
        ("", "no thing ''; known are replay, stack, plain, positional, wraps, other"),
        ("replay:4,shre=1", "replay has no parameter 'shre'; did you mean share? known are capacity, share"),
        ("wraps:y=1", "wraps has no parameter 'y'; known are scale"),
        ("replay:4,share=half", "share takes a number, not 'half'"),
        ("replay:", "capacity takes a whole number, not ''"),
        ("replay:share=0.5", "replay needs capacity, a whole number"),
        ("replay", "replay needs capacity, a whole number"),
        ("wraps", "wraps needs x, which no text can say"),
        ("wraps:x=1", "no text can say x: call wraps from Python"),
        ("replay:4,5", "only the first value goes without a name: write PARAMETER=5"),
        ("replay:4,capacity=5", "capacity is given twice"),
        ("plain:1", "plain takes no parameters"),
        (
            "stack:8,out=2,first=iner:3",
            "first takes an inner thing; iner:3: no inner thing 'iner'; did you mean inner? ",
        ),
        ("stack:8,out=2,first=inner:x", "first takes an inner thing; inner:x: gain takes a number, not 'x'"),
        ("replay:0", "replay takes a capacity of at least 1, not 0"),
        ("other:1", "makes a Inner, not a Made"),
        ("jaxgan.losses:nothing", "cannot import it: module 'jaxgan.losses' has no attribute 'nothing'"),
        ("jaxgan.losses:hinge", "makes a AdversarialLoss, not a Made"),
        ("jaxgan.no_such:hinge", "no thing 'jaxgan.no_such'; known are"),
    ],
)
def test_a_mistake_is_one_line_that_begins_with_the_option(text, says):
    with pytest.raises(ValueError) as raised:
        make(read(CATALOGUE, text, "--thing"))
    message = str(raised.value)
    assert message.startswith(f"--thing {text}".strip()) and says in message and "\n" not in message


def test_ones_own_factory_is_named_by_its_module(tmp_path, monkeypatch):
    (tmp_path / "own_things.py").write_text(
        "from fractions import Fraction\n"
        "def half(over: int = 2, times=1) -> Fraction:\n"
        "    return Fraction(times, over)\n"
    )
    (tmp_path / "own_broken.py").write_text("import there_is_no_such_module\n")
    monkeypatch.syspath_prepend(tmp_path)
    catalogue = Catalogue("thing", {}, __import__("fractions").Fraction)
    assert make(read(catalogue, "own_things:half")) == 0.5
    assert make(read(catalogue, "own_things:half:4,times=3")) == 0.75
    assert make(read(catalogue, "own_things:half(over=4)")) == 0.25
    with pytest.raises(ValueError, match="half has no parameter 'bottom'; known are over, times"):
        read(catalogue, "own_things:half:bottom=3")
    with pytest.raises(ValueError, match="cannot import it: No module named 'there_is_no_such_module'"):
        read(catalogue, "own_broken:half")


@pytest.mark.parametrize("makes", [Made, None])
@pytest.mark.parametrize(
    "text", ["os:system:touch {}", "subprocess:getoutput(touch {})", "os:getcwd", "sys:path", "os:PathLike"]
)
def test_what_does_not_say_that_it_makes_such_a_thing_is_not_called(tmp_path, text, makes):
    """The record of a run, which may be a stranger's, names factories too."""
    catalogue = CATALOGUE._replace(makes=makes)
    with pytest.raises(ValueError, match=r"does not say what it makes|makes a \w+, not a (Made|thing): its result is"):
        make(read(catalogue, text.format(tmp_path / "ran")))
    assert not (tmp_path / "ran").exists()


def test_what_is_supplied_need_not_be_written_and_what_is_written_wins():
    with pytest.raises(ValueError, match="stack needs out"):
        read(CATALOGUE, "stack:8")
    call = read(CATALOGUE, "stack:8", supplied=("out",))
    assert make(call, {"out": 3, "unknown": 5}).given["out"] == 3
    assert make(read(CATALOGUE, "stack:8,out=4"), {"out": 3}).given["out"] == 4


def test_what_is_supplied_reaches_a_call_inside_of_a_call():
    catalogue = CATALOGUE._replace(readers={Inner: naming(INNER, ("gain",))})
    call = read(catalogue, "stack:8,out=2,first=inner(bias=1)")
    assert make(call, {"gain": 5.0}).given["first"] == Inner(5.0, 1.0)
    assert make(read(catalogue, "stack:8,out=2,first=inner:3"), {"gain": 5.0}).given["first"] == Inner(3.0, 0.0)
    with pytest.raises(ValueError, match="first takes an inner thing; iner: no inner thing 'iner'"):
        read(catalogue, "stack:8,out=2,first=iner")


def test_public_factories_are_found_by_what_they_return():
    module = types.ModuleType("things")
    vars(module).update(replay=replay, wraps=wraps, _hidden=plain, elsewhere=elsewhere, Made=Made, number=3)
    found = public(module, "thing", Made)
    assert dict(found.factories) == {"replay": replay}  # `wraps` needs an array, `elsewhere` makes something else
    assert (found.kind, found.makes) == ("thing", Made)


def test_parameters_are_those_of_the_signature():
    found = {parameter.name: parameter for parameter in parameters(CATALOGUE, replay)}
    assert list(found) == ["capacity", "share"]
    assert found["capacity"].required and found["capacity"].default is inspect.Parameter.empty
    assert not found["share"].required and found["share"].default == 0.5
    assert [parameter.name for parameter in parameters(CATALOGUE, positional)] == ["size", "rest", "depth"]
