"""Feature matching by hand, in both forms."""

import jax
import jax.numpy as jnp
import numpy as np
import pytest

from jaxgan import techniques
from tests.helpers import jit
from tests.techniques.diversity.features import term
from tests.techniques.examples import Example

EXAMPLE = Example("feature_matching:1.0")
REAL, FAKE = np.array([[0.0, 1.0], [2.0, 3.0]]), np.array([[-1.0, 4.0], [1.0, 4.0]])


@pytest.mark.parametrize(("norm", "expected"), [("squared", 5.0), ("absolute", 1.5)])
def test_means_are_compared(x64, norm, expected):
    """The means are (1, 2) and (0, 4)."""
    np.testing.assert_allclose(term(techniques.feature_matching(2.0, norm=norm), REAL, FAKE), 2.0 * expected)


@pytest.mark.parametrize("norm", ["squared", "absolute"])
def test_it_does_not_pair_examples(x64, norm):
    """Fakes in another order are as good: a distance of pairs would pull each to the mean."""
    technique = techniques.feature_matching(1.0, norm=norm)
    np.testing.assert_allclose(term(technique, REAL, REAL[::-1]), 0.0, atol=1e-12)
    np.testing.assert_allclose(term(technique, REAL[:1], FAKE), term(technique, REAL[:1], FAKE[::-1]))


def test_gradient_is_one_direction_for_all_fakes():
    gradient = jit(jax.grad(lambda x: term(techniques.feature_matching(1.0), REAL.astype(np.float32), x)))(
        jnp.asarray(FAKE, jnp.float32)
    )
    np.testing.assert_allclose(gradient, [[-1.0, 2.0], [-1.0, 2.0]], rtol=1e-6)


def test_arguments_are_checked():
    with pytest.raises(ValueError, match=r"weight of feature_matching must be at least 0, got -1.0"):
        techniques.feature_matching(-1.0)
    with pytest.raises(ValueError, match="norm of feature_matching must be 'squared' or 'absolute', got 'l1'"):
        techniques.feature_matching(1.0, norm="l1")
