"""The pulling-away term by hand: each norm of its own, no diagonal, and relative to the real batch."""

import jax
import numpy as np
import pytest

from jaxgan import techniques
from tests.helpers import jit
from tests.techniques.diversity.features import term
from tests.techniques.examples import Example

EXAMPLE = Example("pulling_away:1.0,relative=false")
FAKE = np.array([[1.0, 0.0], [1.0, 1.0], [0.0, 3.0]])
ALONE = techniques.pulling_away(1.0, relative=False)


def test_mean_squared_cosine_of_different_fakes(x64):
    """Squared cosines of the three pairs are 1/2, 0 and 1/2. With the diagonal over B² it would be 0.555556, and with
    one norm in place of two 0.601852."""
    np.testing.assert_allclose(term(ALONE, FAKE, FAKE), 1 / 3, rtol=1e-6)


def test_the_scale_of_features_and_repeated_examples_change_nothing(x64):
    np.testing.assert_allclose(term(ALONE, FAKE, 7.0 * FAKE), 1 / 3, rtol=1e-6)
    same = np.ones((5, 4))
    np.testing.assert_allclose(term(ALONE, same, same), 1.0, rtol=1e-6)


@pytest.mark.parametrize(("real", "fake", "expected"), [(FAKE, np.ones((3, 2)), 2 / 3), (np.ones((3, 2)), FAKE, 0.0)])
def test_only_what_is_more_alike_than_real_examples_counts(x64, real, fake, expected):
    np.testing.assert_allclose(term(techniques.pulling_away(1.0), real, fake), expected, rtol=1e-6, atol=1e-12)


def test_gradient_turns_fakes_apart_and_no_further_than_real_ones():
    close = np.array([[1.0, 0.1], [1.0, -0.1], [1.0, 0.0]], np.float32)
    slope = jit(jax.grad(lambda x, real: term(techniques.pulling_away(2.0), real, x)))
    gradient = np.asarray(slope(close, FAKE.astype(np.float32)))
    assert gradient[0, 1] < 0.0 < gradient[1, 1]
    spread = slope(close, np.ones((3, 2), np.float32))
    assert not np.any(spread)


@pytest.mark.parametrize("value", [0.0, 1.0])
def test_equal_and_dead_features_are_finite_in_both_derivatives(value):
    function = lambda x: term(ALONE, x, x)  # noqa: E731
    derivatives = jit(lambda x: (jax.grad(function)(x), jax.hessian(function)(x)))
    assert all(np.all(np.isfinite(found)) for found in derivatives(np.full((2, 3), value, np.float32)))


def test_errors():
    with pytest.raises(ValueError, match="pulling_away compares examples of a batch: take at least 2 for each side"):
        term(ALONE, FAKE, FAKE[:1])
    with pytest.raises(ValueError, match=r"weight of pulling_away must be at least 0, got -1.0"):
        techniques.pulling_away(-1.0)
