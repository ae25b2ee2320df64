"""Spectrum matching by hand, and what GDPP's published loss does not promise: the order of a batch does not matter."""

import jax
import numpy as np
import pytest

from jaxgan import techniques
from tests.helpers import jit
from tests.techniques.diversity.features import term
from tests.techniques.examples import Example

EXAMPLE = Example("spectrum_matching:1.0")
SPECTRUM = techniques.spectrum_matching(1.0)
REAL = np.array([[1.0, 0.0], [0.6, 0.8]])  # eigenvalues 0.2 and 0.8


@pytest.mark.parametrize(
    ("fake", "expected"),
    [([[1.0, 0.0], [0.8, 0.6]], 2 * 0.1**2), ([[3.0, 0.0], [3.0, 0.0]], 2 * 0.2**2)],
    ids=["closer", "equal"],
)
def test_eigenvalues_are_compared_in_order(x64, fake, expected):
    """Of fakes 0.1 and 0.9, or 0 and 1."""
    np.testing.assert_allclose(term(SPECTRUM, REAL, fake), expected, rtol=1e-6)


def test_neither_the_order_nor_the_size_of_the_batch_matters(x64):
    random = np.random.default_rng(0)
    real, fake = random.standard_normal((2, 6, 3))
    value = term(SPECTRUM, real, fake)
    np.testing.assert_allclose(term(SPECTRUM, real[::-1], np.roll(fake, 2, axis=0)), value, rtol=1e-9)
    np.testing.assert_allclose(term(SPECTRUM, np.tile(real, (2, 1)), np.tile(fake, (2, 1))), value, rtol=1e-6)


def test_the_smaller_matrix_has_the_same_eigenvalues(x64):
    """Features that are zero beyond the second make the matrix of the batch the smaller one."""
    random = np.random.default_rng(0)
    real, fake = random.standard_normal((2, 4, 2))
    wider = [np.pad(x, ((0, 0), (0, 5))) for x in (real, fake)]
    np.testing.assert_allclose(term(SPECTRUM, *wider), term(SPECTRUM, real, fake), rtol=1e-6)


def test_gradient_spreads_fakes_that_are_alike():
    fake = np.array([[1.0, 0.1], [1.0, -0.1]], np.float32)
    gradient = np.asarray(jit(jax.grad(lambda x: term(SPECTRUM, REAL.astype(np.float32), x)))(fake))
    assert gradient[0, 1] < 0.0 < gradient[1, 1]


@pytest.mark.parametrize("rows", [1, 2, 5])
def test_equal_fakes_and_many_eigenvalues_of_zero_have_finite_gradients(rows):
    real = np.random.default_rng(0).standard_normal((rows, 3)).astype(np.float32)
    assert np.all(np.isfinite(jit(jax.grad(lambda x: term(SPECTRUM, real, x)))(np.ones((rows, 3), np.float32))))


def test_weight_is_checked():
    with pytest.raises(ValueError, match=r"weight of spectrum_matching must be at least 0, got -1.0"):
        techniques.spectrum_matching(-1.0)
