"""The Fréchet distance against published implementations, closed forms and singular covariances."""

import jax
import numpy as np
import pytest
from scipy import linalg

from jaxgan import metrics
from tests.helpers import fetched, jit
from tests.metrics import golden

frechet_distance = fetched(metrics.frechet_distance)


def draw(seed: int, n: int = 300, d: int = 5) -> np.ndarray:
    random = np.random.default_rng(seed)
    return random.standard_normal((n, d)) @ random.standard_normal((d, d)) + random.standard_normal(d)


def test_golden_values(x64):
    data = golden.data()
    np.testing.assert_allclose(frechet_distance(data.real, data.fake), golden.FRECHET, rtol=1e-6)
    np.testing.assert_allclose(frechet_distance(data.real, data.collapsed), golden.FRECHET_COLLAPSED, rtol=1e-6)


def test_error_in_float32():
    # Measured: 4e-5 of 2.6 and 2e-5 of 227, with tr S_r + tr S_f = 236.
    data = golden.data()
    np.testing.assert_allclose(frechet_distance(data.real, data.fake), golden.FRECHET, atol=2e-4)
    np.testing.assert_allclose(frechet_distance(data.real, data.collapsed), golden.FRECHET_COLLAPSED, rtol=1e-6)


def test_offset_costs_no_digits_in_float32():
    data = golden.data()
    np.testing.assert_allclose(frechet_distance(data.real + 100, data.fake + 100), golden.FRECHET, atol=3e-4)


def test_few_samples_of_a_steep_spectrum_in_float32():
    # 40 samples of 96 dimensions: the covariances are singular, and eigenvalues span six orders of magnitude.
    random = np.random.default_rng(0)
    real, fake = random.standard_normal((2, 40, 96)) * np.arange(1.0, 97)[None, None, :] ** -1.5
    with jax.enable_x64(True):
        exact = float(frechet_distance(real, fake))
    assert exact > 0.01
    np.testing.assert_allclose(frechet_distance(real, fake), exact, rtol=1e-3)


@pytest.mark.parametrize("seed", range(3))
def test_equals_the_matrix_square_root(x64, seed):
    real, fake = draw(seed), draw(seed + 10, 200)
    a, b = np.cov(real.T), np.cov(fake.T)
    shift = ((real.mean(0) - fake.mean(0)) ** 2).sum()
    expected = shift + np.trace(a + b) - 2 * np.trace(linalg.sqrtm(a @ b)).real
    np.testing.assert_allclose(frechet_distance(real, fake), expected, rtol=1e-9)
    np.testing.assert_allclose(metrics.frechet_distance(real, fake), expected, rtol=1e-9)


def test_one_dimension_is_means_and_standard_deviations(x64):
    real, fake = draw(0, d=1), draw(1, d=1)
    expected = (real.mean() - fake.mean()) ** 2 + (real.std(ddof=1) - fake.std(ddof=1)) ** 2
    np.testing.assert_allclose(frechet_distance(real, fake), expected, rtol=1e-9)


@pytest.mark.parametrize("seed", range(3))
def test_properties(x64, seed):
    real, fake = draw(seed), draw(seed + 10)
    value = frechet_distance(real, fake)
    np.testing.assert_allclose(frechet_distance(fake, real), value, rtol=1e-9)
    np.testing.assert_allclose(frechet_distance(real, np.random.default_rng(0).permutation(fake)), value, rtol=1e-9)
    np.testing.assert_allclose(frechet_distance(3 * real, 3 * fake), 9 * value, rtol=1e-9)
    assert 0 <= frechet_distance(real, real) < 1e-9
    assert frechet_distance(real, fake + 10) > value


def test_constant_sets_are_no_error():
    constant = np.ones((20, 4))
    assert frechet_distance(constant, constant) == 0
    np.testing.assert_allclose(frechet_distance(constant, constant + 2), 16, rtol=1e-6)


def test_moments_are_numpys():
    features = draw(3) + 1000
    mean, covariance = jax.jit(metrics.moments)(features)
    np.testing.assert_allclose(mean, features.mean(0), rtol=1e-6)
    np.testing.assert_allclose(
        covariance, np.cov(features.astype(np.float32).astype(np.float64).T), rtol=1e-4, atol=1e-5
    )


def test_stored_moments_give_the_same(x64):
    real, fake = draw(0), draw(1)
    stored = metrics.Moments(real.mean(0), np.cov(real.T))
    value = jit(lambda real, fake: metrics.frechet_distance_from_moments(real, metrics.moments(fake)))(stored, fake)
    np.testing.assert_allclose(value, frechet_distance(real, fake), rtol=1e-9)


@pytest.mark.parametrize(
    ("call", "message"),
    [
        (lambda: metrics.frechet_distance(np.ones(3), np.ones((3, 2))), r"real must be .*\(3,\)"),
        (lambda: metrics.frechet_distance(np.ones((3, 2)), np.ones((1, 2))), r"fake must have at least 2 .*\(1, 2\)"),
        (lambda: metrics.frechet_distance(np.ones((3, 2)), np.ones((3, 4))), r"\(3, 2\) and \(3, 4\)"),
        (lambda: metrics.frechet_distance(np.ones((3, 0)), np.ones((3, 0))), r"\(3, 0\)"),
        (
            lambda: metrics.frechet_distance_from_moments(
                metrics.Moments(np.ones(2), np.eye(3)), metrics.Moments(np.ones(2), np.eye(2))
            ),
            r"real must .*\(2,\) and \(3, 3\)",
        ),
        (
            lambda: metrics.frechet_distance_from_moments(
                metrics.Moments(np.ones(2), np.eye(2)), metrics.Moments(np.ones(3), np.eye(3))
            ),
            r"\(2,\) and \(3,\)",
        ),
    ],
)
def test_wrong_arguments_are_named(call, message):
    with pytest.raises(ValueError, match=message):
        call()


infinity = fetched(metrics.frechet_distance_infinity, static_argnames="sizes")


def test_infinity_is_the_intercept_of_a_line_through_subsets(x64, key):
    real, fake = draw(0, 60, 3), draw(1, 50, 3)
    counts = np.linspace(5, 50, 4).astype(int)
    orders = [np.asarray(jax.random.permutation(k, 50)) for k in jax.random.split(key, 4)]
    distances = [
        metrics.frechet_distance(real, fake[order[:count]]) for order, count in zip(orders, counts, strict=True)
    ]
    expected = np.polyfit(1 / counts, np.array(distances), 1)[1]
    np.testing.assert_allclose(infinity(key, real, fake, sizes=4), expected, rtol=1e-8)


def test_infinity_takes_away_most_of_the_bias_by_the_number_of_fakes(key):
    random = np.random.default_rng(0)
    real, fake = random.standard_normal((4000, 8)), random.standard_normal((100, 8))
    assert abs(infinity(key, real, fake)) < 0.5 * frechet_distance(real, fake)
    assert np.isfinite(infinity(key, real, fake[:1].repeat(100, 0)))


@pytest.mark.parametrize(
    ("fake", "sizes", "message"),
    [(np.ones((2, 2)), 15, r"at least 3 rows, got shape \(2, 2\)"), (np.ones((9, 2)), 1, "sizes .* got 1")],
)
def test_infinity_needs_two_sizes(key, fake, sizes, message):
    with pytest.raises(ValueError, match=message):
        metrics.frechet_distance_infinity(key, np.ones((9, 2)), fake, sizes=sizes)
