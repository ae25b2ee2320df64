"""Covariance matching by hand and against NumPy's roots, from both matrices, with both derivatives."""

import itertools

import jax
import jax.numpy as jnp
import numpy as np
import pytest

from jaxgan import techniques
from jaxgan.techniques.diversity import _roots
from jaxgan.techniques.diversity._roots import root, trace_of_root
from tests.helpers import jit
from tests.techniques.diversity.features import term
from tests.techniques.examples import Example

EXAMPLE = Example("covariance_matching:1.0")
BURES = techniques.covariance_matching(1.0)
LINE = np.array([[1.0, 0.0], [-1.0, 0.0], [1.0, 0.0], [-1.0, 0.0]])
CROSS = np.array([[1.0, 0.0], [-1.0, 0.0], [0.0, 1.0], [0.0, -1.0]])


@pytest.fixture
def exact(x64, monkeypatch):
    """Double precision and roots as good as without an epsilon."""
    monkeypatch.setattr(_roots, "EPSILON", 1e-18)


def reference(real, fake):
    """tr C_f + tr C_r - 2 tr (C_f C_r)^½ over n, by the eigenvalues of the product of covariances."""
    covariances = []
    for x in (real, fake):
        centred = x - x.mean(axis=0)
        rows = centred / np.linalg.norm(centred, axis=1, keepdims=True)
        covariances.append(rows.T @ rows / len(x))
    real, fake = covariances
    roots = np.sqrt(np.maximum(np.linalg.eigvals(fake @ real).real, 0.0))
    return np.trace(real) + np.trace(fake) - 2.0 * roots.sum()


def test_a_line_and_a_cross(exact):
    """Covariances diag(4, 0) and diag(2, 2): 8 - 2 √8, over the batch of 4."""
    np.testing.assert_allclose(term(BURES, CROSS, LINE), 2.343146 / 4, rtol=1e-6)


@pytest.mark.parametrize("width", [3, 5, 12], ids=["of_features", "of_features_too", "of_the_batch"])
def test_against_the_root_of_the_product(exact, width):
    """Covariances that do not commute, from the smaller of the two matrices."""
    random = np.random.default_rng(width)
    real, fake = random.standard_normal((2, 8, width)) * np.linspace(0.1, 2.0, width)
    np.testing.assert_allclose(term(BURES, real, fake), reference(real, fake), rtol=1e-4)
    np.testing.assert_allclose(term(BURES, real, np.roll(fake, 1, axis=0)), term(BURES, real, fake), rtol=1e-7)


@pytest.mark.parametrize("width", [2, 9], ids=["of_features", "of_the_batch"])
def test_equal_batches_cost_nothing_and_equal_fakes_one(width):
    """Twice the batch is the same number."""
    real = np.random.default_rng(0).standard_normal((6, width)).astype(np.float32)
    values = [term(BURES, real, real), term(BURES, np.tile(real, (2, 1)), np.ones((12, width), np.float32))]
    np.testing.assert_allclose(values, [0.0, 1.0], atol=3e-3)


def test_a_lost_direction_is_pushed_and_a_surplus_one_pulled():
    fake = np.array([[1.0, 0.1], [-1.0, -0.1], [1.0, -0.1], [-1.0, 0.1]], np.float32)
    gradient = np.asarray(jit(jax.grad(lambda x: term(BURES, CROSS.astype(np.float32), x)))(fake))
    assert np.all(np.sign(gradient[:, 1]) == -np.sign(fake[:, 1]))


@pytest.mark.parametrize("width", [2, 7], ids=["of_features", "of_the_batch"])
@pytest.mark.parametrize("rows", [2, 4])
def test_equal_eigenvalues_and_equal_fakes_are_finite_in_both_derivatives(rows, width):
    real = np.zeros((rows, width), np.float32)
    real[:, :2] = CROSS[:rows]

    @jit
    def both(real, fake):
        def squared(x):
            slope = jax.grad(lambda x: term(BURES, real, x))(x)
            return jnp.sum(slope**2), slope

        return jax.grad(squared, has_aux=True)(fake)

    for fake in (np.ones((rows, width), np.float32), real):
        assert all(np.all(np.isfinite(derivative)) for derivative in both(real, fake))


@pytest.mark.slow
@pytest.mark.parametrize("matrix", [np.diag([0.5, 0.5, 0.2]), np.diag([0.0, 0.0, 1.0])], ids=["equal", "zeros"])
def test_three_derivatives_of_the_root(x64, matrix):
    """Along a direction that splits equal eigenvalues, against differences of the derivative below."""
    a = jnp.asarray(matrix)
    half = jnp.asarray(np.random.default_rng(1).standard_normal((3, 3)))
    direction = half @ half.T
    np.testing.assert_allclose(root(a) @ root(a), a, atol=1e-3)
    functions = [lambda t: trace_of_root(a + (t + 0.1) * direction)]
    for _ in range(3):
        functions.append(jax.grad(functions[-1]))
    for below, function in itertools.pairwise(functions):
        below, function = jit(below), jit(function)
        np.testing.assert_allclose(function(0.0), (below(1e-5) - below(-1e-5)) / 2e-5, rtol=1e-5)
    np.testing.assert_allclose(
        jit(jax.grad(lambda t: jnp.trace(root(a + (t + 0.1) * direction))))(0.0), functions[1](0.0)
    )
    # Where the eigenvalues are equal themselves.
    at_ties = jit(jax.grad(jax.grad(lambda t: trace_of_root(jnp.eye(3) + t * direction))))(0.0)
    np.testing.assert_allclose(at_ties, -0.25 * np.trace(direction @ direction), rtol=1e-6)


def test_errors():
    with pytest.raises(ValueError, match="covariance_matching compares examples of a batch: take at least 2"):
        term(BURES, CROSS[:1], CROSS[:1])
    with pytest.raises(ValueError, match=r"weight of covariance_matching must be at least 0, got -1.0"):
        techniques.covariance_matching(-1.0)
