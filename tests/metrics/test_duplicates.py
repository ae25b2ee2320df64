"""Near-duplicates against an explicit loop, the birthday paradox and collapsed sets."""

import numpy as np
import pytest

from jaxgan import metrics
from tests.helpers import fetched

duplicates = fetched(metrics.duplicates, static_argnames="tile_rows")
closest = fetched(metrics.closest, static_argnames="tile_rows")


def reference(features, threshold) -> tuple[float, ...]:
    n = len(features)
    close = [[np.linalg.norm(x - y) < threshold for y in features] for x in features]
    pairs = sum(close[i][j] for i in range(n) for j in range(i))
    share = np.mean([any(close[i][j] for j in range(n) if j != i) for i in range(n)])
    return pairs, share, n * (n - 1) / 2 / pairs if pairs else np.inf


@pytest.mark.parametrize("tile_rows", [None, 7])
@pytest.mark.parametrize("d", [2, 20])
def test_equals_the_explicit_loop(d, tile_rows):
    x = np.random.default_rng(d).standard_normal((60, d))
    threshold = {2: 0.3, 20: 4.5}[d]
    expected = reference(x, threshold)
    assert 0 < expected[1] < 1
    np.testing.assert_allclose(duplicates(x, threshold=threshold, tile_rows=tile_rows), expected, rtol=1e-6)
    distance, index = closest(x, tile_rows=tile_rows)
    for i, (length, other) in enumerate(zip(distance, index, strict=True)):
        lengths = [np.inf if j == i else np.linalg.norm(x[i] - x[j]) for j in range(60)]
        assert other == np.argmin(lengths)
        np.testing.assert_allclose(length, lengths[other], rtol=1e-5)


def test_without_jit():
    x = np.random.default_rng(0).standard_normal((30, 2))
    np.testing.assert_allclose(metrics.duplicates(x, threshold=0.3), reference(x, 0.3), rtol=1e-6)


@pytest.mark.parametrize("d", [2, 20])
@pytest.mark.parametrize("threshold", [1e-6, 1.0])
def test_exact_copies_are_counted_at_any_threshold(d, threshold):
    # Ten points, six times each, where the expanded form of the distance of two copies is far from 0.
    points = 1000 * np.random.default_rng(0).standard_normal((10, d))
    value = duplicates(points[np.arange(60) % 10], threshold=threshold)
    np.testing.assert_allclose(value, (10 * 15, 1, 60 * 59 / 300), rtol=1e-6)
    distance, index = closest(points[np.arange(60) % 10])
    np.testing.assert_array_equal(distance, np.zeros(60))
    np.testing.assert_array_equal(np.asarray(index) % 10, np.arange(60) % 10)
    assert (np.asarray(index) != np.arange(60)).all()


def test_crowds_of_near_copies_are_told_apart():
    # Three crowds of twenty, each so tight and so far away that the expanded form of a distance is noise within it.
    random = np.random.default_rng(0)
    centres = 1000 * random.standard_normal((3, 20))
    x = (centres[np.arange(60) % 3] + 0.01 * random.standard_normal((60, 20))).astype(np.float32)
    exact = np.linalg.norm(x[:, None].astype(np.float64) - x[None], axis=2) + np.diag(np.full(60, np.inf))
    distance, index = closest(x)
    np.testing.assert_array_equal(index, exact.argmin(axis=1))
    np.testing.assert_allclose(distance, exact.min(axis=1), rtol=1e-5)
    near = np.sort(exact[exact < 1])
    middle = len(near) // 4 + np.argmax(np.diff(near[len(near) // 4 : -len(near) // 4]))
    threshold = near[middle : middle + 2].mean()
    np.testing.assert_allclose(
        duplicates(x, threshold=threshold), reference(x.astype(np.float64), threshold), rtol=1e-6
    )


def test_one_point_has_a_support_of_one_and_distinct_points_an_infinite_one():
    np.testing.assert_allclose(duplicates(np.ones((60, 20)), threshold=0.1), (60 * 59 / 2, 1, 1), rtol=1e-6)
    assert duplicates(10 * np.eye(60, 20) + np.arange(60)[:, None], threshold=0.1) == (0, 0, np.inf)


@pytest.mark.parametrize("support", [20, 500])
def test_support_of_a_uniform_generator(support):
    # With n (n - 1) / (2 N) pairs expected, their relative spread is about the inverse square root of that number.
    random = np.random.default_rng(support)
    values = [duplicates(np.eye(1, 2) * random.integers(support, size=(300, 1)), threshold=0.5) for _ in range(5)]
    pairs = np.sum([value.pairs for value in values])
    np.testing.assert_allclose(5 * 300 * 299 / 2 / pairs, support, rtol=4 / np.sqrt(pairs) + 0.02)


def test_order_does_not_matter_and_a_larger_threshold_finds_more():
    x = np.random.default_rng(3).standard_normal((60, 20))
    shuffled = np.random.default_rng(0).permutation(x)
    np.testing.assert_allclose(duplicates(shuffled, threshold=5.0), duplicates(x, threshold=5.0), rtol=1e-6)
    pairs = [float(duplicates(x, threshold=threshold).pairs) for threshold in (1.0, 4.5, 5.0, 6.0, 100.0)]
    assert pairs == sorted(pairs) and pairs[0] == 0 and pairs[-1] == 60 * 59 / 2


@pytest.mark.parametrize(
    ("call", "message"),
    [
        (lambda: metrics.duplicates(np.ones((3, 2)), threshold=0.0), "threshold must be positive, got 0.0"),
        (lambda: metrics.duplicates(np.ones((3, 2)), threshold=np.ones(3)), r"scalar, got shape \(3,\)"),
        (lambda: metrics.duplicates(np.ones((1, 2)), threshold=1.0), r"at least 2 rows, got shape \(1, 2\)"),
        (lambda: metrics.duplicates(np.ones((3, 2)), threshold=1.0, tile_rows=0), "tile_rows .* got 0"),
        (lambda: metrics.closest(np.ones((2, 2, 2))), r"\(2, 2, 2\)"),
    ],
)
def test_wrong_arguments_are_named(call, message):
    with pytest.raises(ValueError, match=message):
        call()


def test_the_support_is_what_gives_so_many_pairs_on_average():
    """Of 40 draws from 30 equally likely samples, an average over many draws, and no pair at all."""
    random = np.random.default_rng(0)
    pairs = [np.sum(np.bincount(x) * (np.bincount(x) - 1)) / 2 for x in random.integers(0, 30, (4000, 40))]
    assert float(metrics.birthday_support(40, np.mean(pairs))) == pytest.approx(30, rel=0.01)
    assert np.isinf(float(metrics.birthday_support(40, 0)))
