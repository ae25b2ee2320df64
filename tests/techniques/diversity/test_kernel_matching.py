"""Kernel matching by hand and by loops over pairs."""

import jax
import jax.numpy as jnp
import numpy as np
import pytest

from jaxgan import techniques
from tests.helpers import jit
from tests.techniques.diversity.features import term
from tests.techniques.examples import Example

EXAMPLE = Example("kernel_matching:1.0")
MEDIAN = techniques.kernel_matching(1.0)


def reference(real, fake, squared_bandwidth):
    def kernel(x, y):
        return np.exp(-np.sum((x - y) ** 2) / (2 * squared_bandwidth))

    def among(x):
        return np.mean([kernel(x[i], x[j]) for i in range(len(x)) for j in range(len(x)) if i != j])

    return among(fake) + among(real) - 2 * np.mean([kernel(x, y) for x in fake for y in real])


def test_two_points_each(x64):
    """0.606531 + 0.135335 - 2 · 0.587099: all pairs across, and negative."""
    value = term(techniques.kernel_matching(1.0, 1.0), [[0.0], [1.0]], [[0.0], [2.0]])
    np.testing.assert_allclose(value, -0.432332, rtol=1e-5)


@pytest.mark.parametrize("bandwidth", [None, 0.7])
def test_against_loops(x64, bandwidth):
    random = np.random.default_rng(0)
    real, fake = random.standard_normal((5, 3)) + 4.0, random.standard_normal((4, 3)) + 4.5
    median = np.median([np.sum((real[i] - real[j]) ** 2) for i in range(5) for j in range(i)])
    expected = reference(real, fake, bandwidth**2 if bandwidth else median)
    np.testing.assert_allclose(term(techniques.kernel_matching(2.0, bandwidth), real, fake), 2 * expected, rtol=1e-9)


def test_the_median_is_of_the_real_side_alone(x64):
    """So the generator cannot lower the term by its bandwidth, and its gradient is that of a constant one."""
    random = np.random.default_rng(0)
    real, fake = random.standard_normal((2, 4, 2))
    median = np.median([np.sum((real[i] - real[j]) ** 2) for i in range(4) for j in range(i)])
    constant = techniques.kernel_matching(1.0, float(np.sqrt(median)))
    by_median, by_constant = (
        jit(jax.value_and_grad(lambda x, real, t=technique: term(t, real, x))) for technique in (MEDIAN, constant)
    )
    slope = np.asarray(by_median(fake, real)[1])
    np.testing.assert_allclose(slope, by_constant(fake, real)[1], rtol=1e-9)
    above, below = (float(by_median(fake + step * real, real)[0]) for step in (1e-6, -1e-6))
    np.testing.assert_allclose(np.sum(slope * real), (above - below) / 2e-6, rtol=1e-6)


def test_a_large_batch_takes_the_median_of_rows_spread_over_it():
    """Sorted by class, the first rows would be of one class alone."""
    real = np.repeat(np.array([[0.0], [3.0]], np.float32), 200, axis=0)
    value = term(MEDIAN, real, real + 0.0)
    among = (199 + 200 * np.exp(-0.5)) / 399
    np.testing.assert_allclose(value, 2 * among - (1 + np.exp(-0.5)), rtol=1e-2)


@pytest.mark.parametrize("rows", [2, 5])
def test_equal_examples_are_finite_in_both_derivatives(rows):

    @jit
    def run(same):
        def squared(x):
            value, slope = jax.value_and_grad(lambda x: term(MEDIAN, same, x))(x)
            return jnp.sum(slope**2), (value, slope)

        second, (value, slope) = jax.grad(squared, has_aux=True)(same)
        return value, slope, second, jax.grad(lambda x: term(MEDIAN, x, same))(same)

    value, *derivatives = run(np.ones((rows, 2), np.float32))
    assert float(value) == 0.0 and all(np.all(np.isfinite(derivative)) for derivative in derivatives)


def test_errors():
    with pytest.raises(ValueError, match="kernel_matching compares examples of a batch: take at least 2"):
        term(MEDIAN, np.ones((2, 2)), np.ones((1, 2)))
    with pytest.raises(ValueError, match=r"weight of kernel_matching must be at least 0, got -1.0"):
        techniques.kernel_matching(-1.0)
    with pytest.raises(ValueError, match=r"bandwidth of kernel_matching must be positive and finite, got 0.0"):
        techniques.kernel_matching(1.0, 0.0)
