"""Bins against explicit loops, the textbook forms of the test and the rate of false alarms."""

import jax.numpy as jnp
import numpy as np
import pytest
from scipy import stats

from jaxgan import metrics
from tests.helpers import fetched

nearest_centre = fetched(metrics.nearest_centre, static_argnames="tile_rows")
different_bins = fetched(metrics.different_bins, static_argnames="significance")


@pytest.mark.parametrize("d", [2, 20])
def test_nearest_centre_equals_the_explicit_loop(d):
    random = np.random.default_rng(d)
    features, centres = random.standard_normal((50, d)), random.standard_normal((30, d))
    expected = [np.argmin([np.linalg.norm(x - centre) for centre in centres]) for x in features]
    found = nearest_centre(features, centres)
    np.testing.assert_array_equal(found, expected)
    assert found.dtype == jnp.int32
    np.testing.assert_array_equal(nearest_centre(features, centres, tile_rows=7), expected)
    if d == 2:
        np.testing.assert_array_equal(metrics.nearest_centre(features, centres), expected)


def test_nearest_centre_far_from_the_origin():
    # Centres that the expanded form of the distance cannot tell apart in float32.
    centres = (1000 + 0.01 * np.random.default_rng(0).standard_normal((30, 20))).astype(np.float32)
    np.testing.assert_array_equal(nearest_centre(centres, centres), np.arange(30))


@pytest.mark.parametrize("seed", range(3))
def test_equals_the_z_test_of_two_proportions(x64, seed):
    random = np.random.default_rng(seed)
    real, fake = random.multinomial(1000, np.full(6, 1 / 6)), random.multinomial(400, [0.3, 0.2, 0.2, 0.1, 0.1, 0.1])
    p_values = []
    for a, b in zip(real, fake, strict=True):
        pooled = (a + b) / 1400
        z = (a / 1000 - b / 400) / np.sqrt(pooled * (1 - pooled) * (1 / 1000 + 1 / 400))
        p_values.append(2 * stats.norm.sf(abs(z)))
    value = different_bins(real, fake)
    np.testing.assert_allclose(value.p_values, p_values, rtol=1e-9)
    assert value.different == sum(np.array(p_values) < 0.05) > 0
    np.testing.assert_allclose(value.share, value.different / 6)
    np.testing.assert_allclose(different_bins(fake, real).p_values, p_values, rtol=1e-9)
    np.testing.assert_allclose(metrics.different_bins(real, fake).p_values, p_values, rtol=1e-9)


def test_p_value_is_that_of_the_chi_square_test():
    table = np.array([[30, 70], [50, 50]])
    expected = stats.chi2_contingency(table, correction=False).pvalue
    np.testing.assert_allclose(different_bins(table[0], table[1]).p_values, [expected] * 2, rtol=1e-5)


def test_same_distribution_is_different_as_often_as_the_significance():
    random = np.random.default_rng(0)
    weights = random.dirichlet(np.full(50, 10.0))
    shares = [
        different_bins(random.multinomial(5000, weights), random.multinomial(4000, weights), significance=0.1).share
        for _ in range(100)
    ]
    np.testing.assert_allclose(np.mean(shares), 0.1, atol=0.015)


def test_lost_bins_are_found():
    real, fake = np.full(10, 100), np.array([0, 0, 0, 0] + [1000 // 6] * 6)
    np.testing.assert_array_equal(different_bins(real, fake).different, 10)
    assert different_bins(real, real).different == 0


def test_bins_that_are_empty_or_hold_all_are_no_different():
    value = different_bins(np.array([5, 0]), np.array([9, 0]))
    np.testing.assert_array_equal(value.p_values, [1, 1])
    assert value.different == 0


@pytest.mark.parametrize(
    ("call", "message"),
    [
        (lambda: metrics.different_bins([1, 2], [1, 2, 3]), r"\(2,\) and \(3,\)"),
        (lambda: metrics.different_bins([1, -2], [1, 2]), r"real_counts must not be negative.*\[1, -2\]"),
        (lambda: metrics.different_bins([1, 2], [0, 0]), r"fake_counts .* nor all 0, got \[0, 0\]"),
        (lambda: metrics.different_bins(np.ones((2, 2)), [1, 2]), r"\(2, 2\)"),
        (lambda: metrics.different_bins([1, 2], [1, 2], significance=1.0), "got 1.0"),
        (lambda: metrics.nearest_centre(np.ones((3, 2)), np.ones((3, 1))), r"\(3, 2\) and \(3, 1\)"),
        (lambda: metrics.nearest_centre(np.ones(3), np.ones((3, 1))), r"features must be .*\(3,\)"),
    ],
)
def test_wrong_arguments_are_named(call, message):
    with pytest.raises(ValueError, match=message):
        call()
