"""Wasserstein distances against POT, scipy, closed forms and each other."""

import jax
import numpy as np
import pytest
from scipy import stats

from jaxgan import metrics
from tests.helpers import jit
from tests.metrics import golden

sliced = jit(metrics.sliced_wasserstein, static_argnames=("projections", "order"))


def draw(seed: int, n: int = 50, m: int = 50, d: int = 3) -> tuple[np.ndarray, np.ndarray]:
    random = np.random.default_rng(seed)
    return random.standard_normal((n, d)), 0.5 * random.standard_normal((m, d)) + 1


def test_golden_value_of_the_exact_distance():
    data = golden.data()
    value = metrics.wasserstein_distance(data.real[:500], data.fake[:500])
    np.testing.assert_allclose(value**2, golden.EMD2_500, rtol=1e-9)


def test_golden_value_of_the_sliced_distance(key):
    # Other directions than POT's: the two estimates differ by the spread of 200 directions.
    data = golden.data()
    values = [sliced(k, data.real, data.fake) for k in jax.random.split(key, 4)]
    np.testing.assert_allclose(np.mean(values), golden.SLICED, atol=4 * np.std(values, ddof=1) * np.sqrt(1 + 1 / 4))


@pytest.mark.parametrize(("n", "m"), [(50, 50), (50, 30), (1, 7), (48, 36)])
def test_one_dimension_is_scipys_for_any_sizes(x64, key, n, m):
    real, fake = draw(0, n, m, 1)
    expected = stats.wasserstein_distance(real[:, 0], fake[:, 0])
    np.testing.assert_allclose(sliced(key, real, fake, projections=2, order=1), expected, rtol=1e-9)


def test_sizes_that_differ_are_like_copies(x64, key):
    real, fake = draw(1, 12, 18)
    expected = sliced(jax.random.clone(key), real.repeat(3, 0), fake.repeat(2, 0))
    np.testing.assert_allclose(sliced(key, real, fake), expected, rtol=1e-9)


@pytest.mark.parametrize("order", [1, 2, 3.5])
def test_sliced_equals_the_explicit_loop_over_directions(x64, key, order):
    real, fake = draw(2)
    directions = jax.random.normal(jax.random.clone(key), (3, 10), real.dtype)
    costs = []
    for u in np.asarray(directions).T:
        a, b = np.sort(real @ u) / np.linalg.norm(u), np.sort(fake @ u) / np.linalg.norm(u)
        costs.append((np.abs(a - b) ** order).mean())
    value = sliced(jax.random.clone(key), real, fake, projections=10, order=order)
    np.testing.assert_allclose(value, np.mean(costs) ** (1 / order), rtol=1e-9)
    eager = metrics.sliced_wasserstein(key, real, fake, projections=10, order=order)
    np.testing.assert_allclose(eager, value, rtol=1e-9)


def test_a_shift_has_closed_forms(x64, key):
    x = draw(3, 400, d=4)[0]
    shift = np.array([[3.0, 0, 0, 4.0]])
    np.testing.assert_allclose(metrics.wasserstein_distance(x, x + shift), 5, rtol=1e-9)
    np.testing.assert_allclose(metrics.wasserstein_distance(x, x + shift, order=1), 5, rtol=1e-9)
    # Sliced: sqrt(|shift|^2 E u_1^2) = |shift| / sqrt(d).
    np.testing.assert_allclose(sliced(key, x, x + shift, projections=2000), 2.5, rtol=0.04)


def test_collapse_onto_a_point_is_the_spread_around_it():
    x = draw(4)[0]
    point = np.repeat(x[:1], 50, 0)
    np.testing.assert_allclose(metrics.wasserstein_distance(x, point) ** 2, ((x - x[:1]) ** 2).sum(1).mean(), rtol=1e-9)


@pytest.mark.parametrize("seed", range(3))
def test_properties(x64, key, seed):
    real, fake = draw(seed)
    shuffled = np.random.default_rng(0).permutation(fake)
    exact = metrics.wasserstein_distance(real, fake)
    np.testing.assert_allclose(metrics.wasserstein_distance(fake, real), exact, rtol=1e-9)
    np.testing.assert_allclose(metrics.wasserstein_distance(real, shuffled), exact, rtol=1e-9)
    assert metrics.wasserstein_distance(fake, shuffled) == 0
    assert metrics.wasserstein_distance(real, fake, order=1) <= exact
    value = sliced(jax.random.clone(key), real, fake)
    np.testing.assert_allclose(sliced(jax.random.clone(key), fake, real), value, rtol=1e-9)
    np.testing.assert_allclose(sliced(jax.random.clone(key), real, shuffled), value, rtol=1e-9)
    assert sliced(key, fake, shuffled) == 0
    assert value < exact  # a projection brings points together


@pytest.mark.parametrize(
    ("call", "message"),
    [
        (lambda k: metrics.sliced_wasserstein(k, np.ones((3, 2)), np.ones((3, 1))), r"\(3, 2\) and \(3, 1\)"),
        (lambda k: metrics.sliced_wasserstein(k, *draw(0), projections=0), "projections must be at least 1, got 0"),
        (lambda k: metrics.sliced_wasserstein(k, *draw(0), order=0.5), "order must be at least 1 and finite, got 0.5"),
        (lambda k: metrics.wasserstein_distance(*draw(0), order=np.inf), "got inf"),
        (lambda k: metrics.wasserstein_distance(*draw(0, 5, 6)), r"equal size, got \(5, 3\) and \(6, 3\)"),
        (lambda k: metrics.wasserstein_distance(*[np.ones((5001, 1))] * 2), "at most 5000 rows, got 5001"),
    ],
)
def test_wrong_arguments_are_named(key, call, message):
    with pytest.raises(ValueError, match=message):
        call(key)


monge = jit(metrics.monge_inception_distance, static_argnames="projections")


def test_monge_inception_distance_of_a_shift_is_three_times_its_square(key):
    x = golden.data().real[:200]
    shift = np.full(32, 3 / np.sqrt(32))
    np.testing.assert_allclose(monge(key, x, x + shift), 27, rtol=0.2)  # the spread of 1000 directions
    np.testing.assert_allclose(
        monge(key, x, golden.data().fake[:100], projections=50),
        96 * sliced(key, x, golden.data().fake[:100], projections=50) ** 2,
        rtol=1e-5,
    )
    np.testing.assert_array_equal(monge(key, x, x), 0)
    assert np.isfinite(monge(key, x, golden.data().collapsed[:200]))
