"""Kernel distances against published implementations and explicit numpy."""

import jax
import jax.numpy as jnp
import numpy as np
import pytest

from jaxgan import metrics
from tests.helpers import fetched
from tests.metrics import golden

kernel_distance = fetched(metrics.kernel_distance, static_argnames=("subsets", "subset_size", "tile_rows"))
discrepancy = fetched(metrics.maximum_mean_discrepancy, static_argnames="tile_rows")


def draw(seed: int, n: int = 40, m: int = 30, d: int = 3) -> tuple[np.ndarray, np.ndarray]:
    random = np.random.default_rng(seed)
    return random.standard_normal((n, d)), 0.8 * random.standard_normal((m, d)) + 0.3


def reference(kernel, real, fake) -> tuple[float, float]:
    """The unbiased estimate one pair at a time, and the standard error from the influence of each sample."""
    xx, yy, xy = (
        np.array([[kernel(a, b) for b in y] for a in x]) for x, y in ((real, real), (fake, fake), (real, fake))
    )
    n, m = xy.shape
    xx_rows, yy_rows = (xx.sum(1) - xx.diagonal()) / (n - 1), (yy.sum(1) - yy.diagonal()) / (m - 1)
    a, b = xx_rows - xy.mean(1), yy_rows - xy.mean(0)
    return xx_rows.mean() + yy_rows.mean() - 2 * xy.mean(), 2 * np.sqrt(a.var(ddof=1) / n + b.var(ddof=1) / m)


def cubic(a, b):
    return (a @ b / len(a) + 1) ** 3


def gaussian(bandwidth):
    return lambda a, b: np.exp(-((a - b) ** 2).sum() / (2 * bandwidth**2))


def test_golden_value(x64):
    data = golden.data()
    value = kernel_distance(data.real, data.fake)
    np.testing.assert_allclose(value.mean, golden.KERNEL, rtol=1e-6)


def test_error_in_float32():
    data = golden.data()
    np.testing.assert_allclose(kernel_distance(data.real, data.fake).mean, golden.KERNEL, rtol=1e-5)


def test_subsets_spread_as_published(key):
    data = golden.data()
    mean, spread = golden.KERNEL_100_SUBSETS_OF_1000
    value = kernel_distance(data.real, data.fake, subsets=20, key=key)
    np.testing.assert_allclose(value.mean, mean, atol=5 * spread / np.sqrt(20))
    np.testing.assert_allclose(value.standard_error * np.sqrt(20), spread, rtol=0.6)


def test_gaussian_kernel_near_the_published_subsets():
    data = golden.data()
    mean, spread = golden.GAUSSIAN_10_100_SUBSETS_OF_1000
    np.testing.assert_allclose(discrepancy(data.real, data.fake, bandwidth=10.0), mean, atol=spread)


@pytest.mark.parametrize("tile_rows", [None, 7, 1])
def test_equals_the_explicit_loop(x64, tile_rows):
    real, fake = draw(0)
    expected = reference(cubic, real, fake)
    np.testing.assert_allclose(kernel_distance(real, fake, tile_rows=tile_rows), expected, rtol=1e-9)
    expected, _ = reference(gaussian(0.7), real, fake)
    np.testing.assert_allclose(discrepancy(real, fake, bandwidth=0.7, tile_rows=tile_rows), expected, rtol=1e-9)
    np.testing.assert_allclose(metrics.maximum_mean_discrepancy(real, fake, bandwidth=0.7), expected, rtol=1e-9)


def test_default_bandwidth_is_the_median_distance_of_reals(x64):
    real, fake = draw(1)
    distances = [np.linalg.norm(a - b) for i, a in enumerate(real) for b in real[:i]]
    expected = discrepancy(real, fake, bandwidth=np.median(distances))
    np.testing.assert_allclose(discrepancy(real, fake), expected, rtol=1e-9)


def test_default_bandwidth_of_constant_reals():
    # Bandwidth 1: all kernel values within a set are 1, and exp(-1/2) between the sets.
    real = np.zeros((5, 1))
    np.testing.assert_allclose(discrepancy(real, real + 1), 2 - 2 * np.exp(-0.5), rtol=1e-6)


@pytest.mark.parametrize("shift", [0.0, 1.0])
def test_unbiased_and_standard_error_is_right(shift):
    keys = jax.random.split(jax.random.key(0), 400)

    def one(key):
        x = jax.random.normal(key, (2, 50, 3))
        return metrics.kernel_distance(x[0], x[1] + shift)

    values = fetched(jax.vmap(one))(keys)
    spread = values.mean.std()
    # E k - 1 = 3 <u, v> / d + 3 <u, v>^2 / d^2 + <u, v>^3 / d^3 for independent u and v, in closed form below.
    expected = 0.0
    if shift:
        d, s = 3, shift**2 * 3

        def moments(a, b):  # of <u, v> with means of squared length a and b and inner product c = sqrt(a b)
            c = np.sqrt(a * b)
            return c, c**2 + a + b + d, c**3 + 3 * c * (a + b) + 3 * c * d + 6 * c

        def mean_kernel(a, b):
            first, second, third = moments(a, b)
            return 3 * first / d + 3 * second / d**2 + third / d**3

        expected = mean_kernel(s, s) + mean_kernel(0, 0) - 2 * mean_kernel(0, s)
    np.testing.assert_allclose(values.mean.mean(), expected, atol=4 * spread / 20)
    np.testing.assert_allclose(values.standard_error.mean(), spread, rtol=0.5)


@pytest.mark.parametrize("seed", range(3))
def test_properties(x64, seed):
    real, fake = draw(seed)
    value = kernel_distance(real, fake)
    np.testing.assert_allclose(kernel_distance(fake, real), value, rtol=1e-9)
    shuffled = np.random.default_rng(seed).permutation(fake)
    np.testing.assert_allclose(kernel_distance(real, shuffled), value, rtol=1e-9)
    np.testing.assert_allclose(discrepancy(real, shuffled), discrepancy(real, fake), rtol=1e-9)
    assert kernel_distance(real, fake + 5).mean > value.mean
    assert discrepancy(real, fake + 5) > discrepancy(real, fake)


def test_subsets_of_everything_are_the_full_estimate(x64, key):
    real, fake = draw(0, 30, 30)
    value = kernel_distance(real, fake, subsets=3, subset_size=100, key=key)
    np.testing.assert_allclose(value.mean, kernel_distance(real, fake).mean, rtol=1e-9)
    assert value.standard_error < 1e-12


def test_large_sets_need_no_large_matrix():
    features = jax.ShapeDtypeStruct((50_000, 64), jnp.float32)
    memory = jax.jit(metrics.kernel_distance).lower(features, features).compile().memory_analysis()
    assert memory.temp_size_in_bytes < 2**29


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"subsets": 1, "key": jax.random.key(0)}, "subsets must be at least 2, got 1"),
        ({"subsets": 3, "subset_size": 1, "key": jax.random.key(0)}, "subset_size must be at least 2, got 1"),
        ({"subsets": 3}, "typed key"),
        ({"subsets": 3, "key": np.zeros(2, np.uint32)}, "typed key"),
        ({"tile_rows": 0}, "tile_rows must be at least 1, got 0"),
    ],
)
def test_wrong_options_are_named(options, message):
    with pytest.raises(ValueError, match=message):
        metrics.kernel_distance(*draw(0), **options)


@pytest.mark.parametrize(
    ("call", "message"),
    [
        (lambda: metrics.kernel_distance(np.ones((1, 2)), np.ones((3, 2))), r"at least 2 rows, .*\(1, 2\)"),
        (lambda: metrics.kernel_distance(np.ones((3, 2)), np.ones((3, 1))), r"\(3, 2\) and \(3, 1\)"),
        (lambda: metrics.maximum_mean_discrepancy(*draw(0), bandwidth=0.0), "bandwidth must be positive, got 0.0"),
        (lambda: metrics.maximum_mean_discrepancy(*draw(0), bandwidth=np.ones(2)), r"scalar, got shape \(2,\)"),
    ],
)
def test_wrong_arguments_are_named(call, message):
    with pytest.raises(ValueError, match=message):
        call()


clip_discrepancy = fetched(metrics.clip_discrepancy, static_argnames="tile_rows")


def test_golden_values_of_clip_embeddings(x64):
    data = golden.data()
    np.testing.assert_allclose(clip_discrepancy(data.real, data.fake), golden.CLIP["data"], rtol=1e-8)
    np.testing.assert_allclose(clip_discrepancy(data.real, data.collapsed), golden.CLIP["collapsed"], rtol=1e-8)


def test_discrepancy_of_two_directions():
    x, y = np.array([[3.0, 0]]), np.array([[0, 0.1]])
    np.testing.assert_allclose(clip_discrepancy(x, y), 2000 * (1 - np.exp(-0.01)), rtol=1e-5)  # 19.900
    np.testing.assert_allclose(clip_discrepancy(x, -x), 2000 * (1 - np.exp(-0.02)), rtol=1e-5)  # the largest
    np.testing.assert_array_equal(clip_discrepancy(x, 2 * x), 0)
    np.testing.assert_array_equal(clip_discrepancy(0 * x, 0 * x), 0)


def test_median_distance():
    np.testing.assert_allclose(metrics.median_distance(np.array([[0.0], [1], [3]])), 2, rtol=1e-6)
    assert metrics.median_distance(np.ones((3, 2))) == 1
