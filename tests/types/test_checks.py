"""Checks of numbers: what passes, what is refused and how, and that tracers pass."""

import functools
import math

import jax
import jax.numpy as jnp
import numpy as np
import pytest

from jaxgan.types import checks

at_least_0 = functools.partial(checks.at_least, least=0)
share = functools.partial(checks.between, low=0.0, high=1.0)


@pytest.mark.parametrize(
    ("check", "value"),
    [
        (at_least_0, 0),
        (at_least_0, 2.5),
        (at_least_0, np.float32(0.0)),
        (at_least_0, jnp.asarray(1e-3, jnp.bfloat16)),
        (at_least_0, jnp.array([0.0, 3.0])),
        (checks.positive, 1e-30),
        (checks.positive, np.array([1, 2])),
        (share, 0.0),
        (share, 1.0),
        (functools.partial(share, ends="(]"), 1.0),
        (functools.partial(share, ends="[)"), 0.0),
        (functools.partial(share, ends="()"), 0.5),
        (checks.whole, 1),
        (checks.whole, 3.0),
        (checks.whole, np.int64(7)),
        (functools.partial(checks.whole, least=0), 0),
    ],
)
def test_what_is_right_passes(check, value):
    assert check("weight", value) is None


@pytest.mark.parametrize(
    ("check", "value", "says"),
    [
        (at_least_0, -1, "weight must be at least 0, got -1"),
        (at_least_0, math.nan, "weight must be at least 0, got nan"),
        (at_least_0, math.inf, "weight must be finite, got inf"),
        (at_least_0, jnp.asarray(-0.5), "weight must be at least 0, got -0.5"),
        (at_least_0, np.array([1.0, -2.0]), r"weight must be at least 0, got [ 1. -2.]"),
        (at_least_0, None, "weight must be a number, got None"),
        (at_least_0, "3", "weight must be a number, got '3'"),
        (checks.positive, 0.0, "weight must be positive and finite, got 0.0"),
        (checks.positive, math.inf, "weight must be positive and finite, got inf"),
        (checks.positive, jnp.asarray(-1.0, jnp.bfloat16), "weight must be positive and finite, got -1.0"),
        (share, 1.5, "weight must be in [0.0, 1.0], got 1.5"),
        (share, math.nan, "weight must be in [0.0, 1.0], got nan"),
        (functools.partial(share, ends="(]"), 0.0, "weight must be in (0.0, 1.0], got 0.0"),
        (functools.partial(share, ends="[)"), 1.0, "weight must be in [0.0, 1.0), got 1.0"),
        (functools.partial(share, ends="()"), 1.0, "weight must be in (0.0, 1.0), got 1.0"),
        (checks.whole, 0, "weight must be a whole number of at least 1, got 0"),
        (checks.whole, 2.5, "weight must be a whole number of at least 1, got 2.5"),
        (checks.whole, math.inf, "weight must be a whole number of at least 1, got inf"),
        (functools.partial(checks.whole, least=0), -1, "weight must be a whole number of at least 0, got -1"),
    ],
)
def test_what_is_wrong_is_refused_in_one_line(check, value, says):
    with pytest.raises(ValueError) as raised:
        check("weight", value)
    assert str(raised.value) == says


@pytest.mark.parametrize("check", [at_least_0, checks.positive, share, checks.whole])
@pytest.mark.parametrize("transform", [jax.jit, jax.grad, lambda f: lambda x: jax.vmap(f)(x[None])])
def test_what_is_traced_passes(check, transform):
    def double(weight):
        check("weight", weight)
        return 2.0 * weight

    assert np.isfinite(transform(double)(jnp.float32(-0.5)))


def test_a_constant_is_checked_while_something_else_is_traced():
    def scaled(x):
        checks.positive("weight", np.float32(-1.0))
        return x

    with pytest.raises(ValueError, match="positive and finite, got -1"):
        jax.jit(scaled)(1.0)
