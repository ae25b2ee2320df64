"""Values as text: what each type reads, and what is said where it cannot."""

from collections.abc import Callable, Sequence
from typing import Any, Literal

import jax
import numpy as np
import pytest
from numpy.typing import ArrayLike

from jaxgan.runs.values import Reader, guess, reader


@pytest.mark.parametrize(
    ("annotation", "text", "value"),
    [
        (int, "4096", 4096),
        (int, "4e3", 4000),
        (int, "-2", -2),
        (int, "90071992547409931", 90071992547409931),
        (float, "1e-3", 1e-3),
        (float, "2", 2.0),
        (bool, "true", True),
        (bool, "False", False),
        (str, "none", "none"),
        (Literal["resize", "transpose"], "transpose", "transpose"),
        (Literal[True, False, "two_level"], "True", True),
        (int | None, "none", None),
        (int | None, "3", 3),
        (str | float, "1.5", 1.5),
        (str | float, "high", "high"),
        (str | None, "none", None),
        (float | jax.Array, "0.5", 0.5),
        (Sequence[int], "128+64", (128, 64)),
        (list[float], "1e+3+1E-2+5", (1000.0, 0.01, 5.0)),
        (tuple[int, float], "1+0.5", (1, 0.5)),
        (tuple[int, ...], "7", (7,)),
        (Sequence[float] | ArrayLike | None, "1+2", (1.0, 2.0)),
        (tuple[str, ...], "Conv_0+Conv_1/bias", ("Conv_0", "Conv_1/bias")),
    ],
)
def test_reads(annotation, text, value):
    read = reader(annotation)
    assert read is not None
    got = read.value(text)
    assert got == value and type(got) is type(value)
    if isinstance(got, tuple):
        assert [type(part) for part in got] == [type(part) for part in value]


@pytest.mark.parametrize(
    ("annotation", "text", "says"),
    [
        (int, "4.5", "takes a whole number, not '4.5'"),
        (int, "inf", "takes a whole number, not 'inf'"),
        (float, "", "takes a number, not ''"),
        (bool, "1", "takes true or false, not '1'"),
        (Literal["a", "b"], "c", "takes one of a, b, not 'c'"),
        (int | None, "nothing", "takes none or a whole number, not 'nothing'"),
        (int | bool, "x", "takes a whole number or true or false, not 'x'"),
        (Sequence[int], "1+2.5", "takes whole numbers joined by +, such as 128+64, not '1+2.5'"),
        (tuple[int, int], "1+2+3", "takes whole numbers joined by +, such as 128+64, not '1+2+3'"),
    ],
)
def test_says_what_is_wanted(annotation, text, says):
    read = reader(annotation)
    assert read is not None
    with pytest.raises(ValueError) as raised:
        read.value(text)
    assert str(raised.value) == says


@pytest.mark.parametrize("annotation", [jax.Array, Any, Callable, jax.Array | None, type(None) | np.ndarray])
def test_what_no_text_can_say(annotation):
    assert reader(annotation) is None


def test_further_types_are_read_as_the_caller_says():
    others = {complex: Reader("a complex number", complex)}
    read = reader(complex | None, others)
    assert read is not None and read.value("2j") == 2j and read.value("none") is None
    assert reader(complex) is None


@pytest.mark.parametrize(
    ("default", "text", "value"),
    [(0.5, "2", 2.0), (3, "2", 2), ("a", "2", "2"), (True, "false", False), (None, "2", 2)],
)
def test_without_an_annotation_the_default_tells(default, text, value):
    read = reader(guess(default))
    assert read is not None
    assert read.value(text) == value and type(read.value(text)) is type(value)
