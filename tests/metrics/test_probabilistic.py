"""Probabilistic precision and recall against the authors' algorithm, an explicit loop, and collapsed sets."""

import numpy as np
import pytest

from jaxgan import metrics
from tests.helpers import fetched
from tests.metrics import golden

probabilistic = fetched(metrics.probabilistic_precision_recall, static_argnames=("k", "tile_rows"))


@pytest.mark.parametrize("name", ["moved", pytest.param("ten points", marks=pytest.mark.slow)])
def test_golden_values(x64, name):
    data = golden.data()
    fake = data.fake + 0.7 if name == "moved" else data.ten_points
    np.testing.assert_allclose(probabilistic(data.real, fake), golden.PROBABILISTIC[name], rtol=1e-9)


@pytest.mark.parametrize("d", [2, 20])
def test_equals_the_explicit_loop(d):
    random = np.random.default_rng(d)
    real, fake = random.standard_normal((40, d)), 0.8 * random.standard_normal((40, d)) + 0.2

    def supported(points, centres):
        kth = [sorted(np.linalg.norm(c - other) for other in centres)[2] for c in centres]  # the first is itself
        radius = 1.5 * np.mean(kth)
        near = [[max(0, 1 - np.linalg.norm(x - c) / radius) for c in centres] for x in points]
        return np.mean([1 - np.prod([1 - p for p in of_x]) for of_x in near])

    expected = supported(fake, real), supported(real, fake)
    np.testing.assert_allclose(probabilistic(real, fake, k=2, scale=1.5), expected, rtol=1e-5)
    if d == 20:
        np.testing.assert_allclose(probabilistic(real, fake, k=2, scale=1.5, tile_rows=7), expected, rtol=1e-5)


@pytest.mark.parametrize("d", [2, 20])
def test_collapsed_sets(d):
    random = np.random.default_rng(3)
    real = (5 + random.standard_normal((40, d))).astype(np.float32)
    points, options = [real[i : i + 1].repeat(40, 0) for i in range(2)], {"k": 2, "scale": 1.5}
    # Of the reals only the point itself is recalled.
    np.testing.assert_allclose(probabilistic(real, points[0], **options), (1, 1 / 40), rtol=1e-6)
    np.testing.assert_array_equal(probabilistic(points[0], points[0], **options), (1, 1))
    np.testing.assert_array_equal(probabilistic(points[0], points[1], **options), (0, 0))


@pytest.mark.parametrize(
    ("options", "message"),
    [({"k": 9}, "below the 9 rows .* got 9"), ({"scale": 0.0}, "scale must be .*0")],
)
def test_wrong_arguments_are_named(options, message):
    with pytest.raises(ValueError, match=message):
        metrics.probabilistic_precision_recall(np.ones((9, 2)), np.ones((9, 2)), **options)
