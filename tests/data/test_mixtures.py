import math

import jax
import numpy as np
import pytest
from scipy import stats

from jaxgan import data, metrics
from jaxgan.types import CentredModes, GradedModes
from tests.helpers import drawn, jit

MIXTURES = {"ring": data.ring(), "grid": data.grid(), "ring_metz": data.ring(radius=2.0, std=0.02)}


def nearest(task, samples):
    """Index of the nearest mean and distance to it, in float64."""
    difference = np.asarray(samples, np.float64)[:, None, :] - np.asarray(task.means, np.float64)[None, :, :]
    distance = np.linalg.norm(difference, axis=-1)
    return distance.argmin(axis=1), distance.min(axis=1)


def test_ring_positions():
    expected = [[math.cos(i * math.pi / 4), math.sin(i * math.pi / 4)] for i in range(8)]
    np.testing.assert_allclose(data.ring().means, expected, atol=1e-7)
    np.testing.assert_allclose(data.ring(radius=2.0).means, 2 * np.array(expected), atol=1e-6)


def test_ring_neighbours_are_equally_far():
    # The gap between the last mean and the first is the one that an angle grid with its endpoint loses.
    for modes in (2, 3, 7, 8, 100):
        means = np.asarray(data.ring(modes).means, np.float64)
        gaps = np.linalg.norm(means - np.roll(means, 1, axis=0), axis=1)
        np.testing.assert_allclose(gaps, 2 * math.sin(math.pi / modes), rtol=1e-4)


def test_grid_positions():
    expected = {(float(x), float(y)) for x in (-4, -2, 0, 2, 4) for y in (-4, -2, 0, 2, 4)}
    assert {tuple(mean) for mean in np.asarray(data.grid().means).tolist()} == expected
    assert np.asarray(data.grid(side=2, spacing=1.0).means).tolist() == [
        [-0.5, -0.5],
        [-0.5, 0.5],
        [0.5, -0.5],
        [0.5, 0.5],
    ]


def test_grid_turned_and_staggered():
    turned = np.asarray(data.grid(side=2, spacing=2.0, angle=math.pi / 2).means)
    np.testing.assert_allclose(turned, [[1, -1], [-1, -1], [1, 1], [-1, 1]], atol=1e-6)  # (x, y) becomes (-y, x)
    staggered = np.asarray(data.grid(side=3, spacing=2.0, stagger=0.5).means, np.float64)
    columns = staggered.reshape(3, 3, 2)
    np.testing.assert_allclose(columns[..., 0], [[-2] * 3, [0] * 3, [2] * 3], atol=1e-6)
    np.testing.assert_allclose(columns[1, :, 1] - columns[0, :, 1], 1.0, atol=1e-6)
    np.testing.assert_allclose(columns[2, :, 1], columns[0, :, 1], atol=1e-6)
    np.testing.assert_allclose(staggered.mean(axis=0), 0, atol=1e-6)
    assert len(np.unique(np.asarray(data.grid(side=10, angle=0.3, stagger=0.5).means).round(4), axis=0)) == 100
    with pytest.raises(ValueError, match=r"stagger must be in \[0, 1\), got 1"):
        data.grid(stagger=1.0)


@pytest.mark.parametrize("task", [data.ring(), data.grid(), data.grid(side=10), data.embedded_mixture()])
def test_means_and_names_are_distinct(task):
    assert len(np.unique(np.asarray(task.means), axis=0)) == len(task.means)
    assert len(set(task.names)) == len(task.means)


def test_published_protocols():
    assert data.ring().std == 0.01 and data.ring().means.shape == (8, 2)
    assert data.grid().std == 0.05 and data.grid().means.shape == (25, 2)


def test_names():
    assert data.ring().names[3] == "mode 3 at (-0.71, 0.71)"
    assert data.ring().names[4] == "mode 4 at (-1.00, 0.00)"
    assert data.embedded_mixture().names[1] == "mode 1 at (-0.50, ..., -0.50)"


@pytest.mark.parametrize("name", MIXTURES)
def test_share_within_three_standard_deviations(name, key):
    task = MIXTURES[name]
    n = 40_000
    _, distance = nearest(task, drawn(task, key, n))
    expected = 1 - math.exp(-4.5)
    error = math.sqrt(expected * (1 - expected) / n)
    assert abs(np.mean(distance < 3 * task.std) - expected) < 4 * error


@pytest.mark.parametrize("name", MIXTURES)
def test_moments_of_each_mode(name, key):
    task = MIXTURES[name]
    samples = np.asarray(drawn(task, key, 50_000), np.float64)
    mode, _ = nearest(task, samples)
    for index, mean in enumerate(np.asarray(task.means, np.float64)):
        own = samples[mode == index]
        error = task.std / math.sqrt(len(own))
        np.testing.assert_allclose(own.mean(axis=0), mean, atol=5 * error)
        np.testing.assert_allclose(np.cov(own.T), task.std**2 * np.eye(2), atol=8 * task.std * error)


def test_equal_weights_by_default(key):
    task = data.grid()
    mode, _ = nearest(task, drawn(task, key, 25_000))
    assert stats.chisquare(np.bincount(mode, minlength=25)).pvalue > 1e-3
    np.testing.assert_allclose(task.weights, np.full(25, 0.04), rtol=1e-6)


def test_weights_are_respected(key):
    weights = np.array([5.0, 0.0, 1.0, 2.0, 0.5, 0.5, 1.0, 0.0])
    task = data.ring(weights=weights)
    np.testing.assert_allclose(task.weights, weights / 10, rtol=1e-6)
    mode, _ = nearest(task, drawn(task, key, 20_000))
    counts = np.bincount(mode, minlength=8)
    assert counts[1] == counts[7] == 0
    assert stats.chisquare(counts[weights > 0], 2_000 * weights[weights > 0]).pvalue > 1e-3


def test_zero_weight_has_no_share_of_the_running_sum():
    weights = np.random.default_rng(0).random(200)
    weights[[0, 57, 198, 199]] = 0
    cumulative = np.asarray(data.ring(200, weights=weights).arrays.cumulative)
    assert cumulative[0] == 0 and cumulative[57] == cumulative[56]
    assert cumulative[197] == cumulative[198] == cumulative[199] == 1


def test_embedded_mixture(key):
    task = data.embedded_mixture()
    centres = [-1, -0.5, 0, 0.5, -2, -2.5, 10, 0.25, -13, -5.5]
    np.testing.assert_array_equal(task.means, np.repeat(np.array(centres, np.float32)[:, None], 1200, axis=1))
    samples = np.asarray(drawn(task, key, 200), np.float64)
    constant = samples[:, 700:]
    np.testing.assert_array_equal(constant, np.repeat(constant[:, :1], 500, axis=1))
    assert set(constant[:, 0]) == set(centres)
    noise = samples[:, :700] - constant[:, :1]
    assert stats.kstest(noise.ravel()[::10], "norm").pvalue > 1e-3
    # The Euclidean distance to the mean concentrates near sqrt(700), far beyond "10 standard deviations".
    np.testing.assert_allclose(np.linalg.norm(noise, axis=1).mean(), math.sqrt(700), rtol=0.01)


def test_gradient_with_respect_to_the_means(key):
    task = data.ring()

    @jit
    def run(arrays, key):
        def total(means):
            samples = task.draw(arrays._replace(means=means), key, 64)
            return samples.sum(), samples

        return jax.grad(total, has_aux=True)(arrays.means)

    gradient, samples = run(task.arrays, key)
    mode, _ = nearest(task, samples)
    np.testing.assert_allclose(gradient, np.repeat(np.bincount(mode, minlength=8)[:, None], 2, axis=1), rtol=1e-6)


@pytest.mark.parametrize("name", [*MIXTURES, "unequal", "embedded"])
def test_a_mixture_labels_samples_as_mode_coverage_counts_them(name, key):
    task = (MIXTURES | {"unequal": data.grid(side=2, std=[0.1, 0.4]), "embedded": data.embedded_mixture()})[name]
    assert isinstance(task, GradedModes) and isinstance(task, CentredModes)
    samples = np.array(drawn(task, key, 400))
    samples[::3, 0] += np.asarray(task.std).max() * np.linspace(0, 9, len(samples[::3]))
    samples[5] = np.nan
    # Coordinates without noise may be off by as much as the others.
    std = np.where(np.asarray(task.std) > 0, task.std, np.max(task.std))
    metric = "per_dimension" if name == "embedded" else "euclidean"

    @jit
    def run(samples, means, std):
        counted = metrics.mode_coverage(samples, means, std, metric=metric)
        wide = task.with_threshold(1e6).label_of(samples)
        return task.label_of(samples), task.nearest_of(samples), wide, (counted.counts, counted.counts_all)

    label, nearest, wide, counted = jax.tree.map(np.asarray, run(samples, task.means, std))
    assert label.dtype == nearest.dtype == np.int32 and label[5] == nearest[5] == -1
    np.testing.assert_array_equal(np.bincount(label[label >= 0], minlength=task.modes), counted[0])
    np.testing.assert_array_equal(np.bincount(nearest[nearest >= 0], minlength=task.modes), counted[1])
    np.testing.assert_array_equal(label[label >= 0], nearest[label >= 0])
    if name != "embedded":
        assert (label < 0).sum() > 0
        np.testing.assert_array_equal(wide, nearest)


def test_quality_is_the_share_of_real_samples_with_a_label(key):
    for task in (data.ring(), data.ring().with_threshold(1.0), data.grid(std=[0.05, 0.1])):
        draw = jit(lambda arrays, key, task=task: task.label_of(task.draw(arrays, key, 20_000)))
        labels = np.asarray(draw(task.arrays, key))
        np.testing.assert_allclose(task.quality, np.mean(labels >= 0), atol=0.01)
    assert data.ring().near == "within 3 standard deviations (L2) of the nearest mean"
    np.testing.assert_allclose(data.ring(weights=range(8)).shares, np.arange(8) / 28, rtol=1e-6)


def test_a_mode_of_weight_zero_is_nobodys(key):
    task = data.ring(4, weights=[1, 0, 1, 1])
    means = np.asarray(task.means)
    assert jit(task.label_of)(means).tolist() == [0, -1, 2, 3]
    assert jit(task.nearest_of)(means + np.array([[0.02, 0.0]], np.float32)).tolist() == [0, 0, 2, 3]


@pytest.mark.parametrize(
    ("build", "message"),
    [
        (lambda: data.ring(0), "modes must be a whole number of at least 1, got 0"),
        (lambda: data.ring(2.5), "modes must be a whole number"),
        (lambda: data.ring(radius=0.0), "radius must be positive and finite, got 0.0"),
        (lambda: data.ring(std=-0.1), "std must be positive and finite, got -0.1"),
        (lambda: data.ring(std=[1.0, 2.0, 3.0]), r"2 non-negative ones, got shape \(3,\)"),
        (lambda: data.grid(std=[1.0, -2.0]), "from -2.0 to 1.0"),
        (lambda: data.grid(side=0), "side must be a whole number"),
        (lambda: data.grid(spacing=math.nan), "spacing must be positive and finite, got nan"),
        (lambda: data.ring(weights=[1, 2]), r"weights must be 8 numbers, one for each mode, got shape \(2,\)"),
        (lambda: data.ring(2, weights=[1, -1]), r"not negative, got \[1.0, -1.0\]"),
        (lambda: data.ring(2, weights=[1, math.inf]), "weights must be finite"),
        (lambda: data.ring(2, weights=[0, 0]), r"positive sum, got \[0.0, 0.0\]"),
        (lambda: data.mixture("m", [[0, 0], [1, 1], [0, 0]], 1.0), "got 2 distinct ones out of 3"),
        (lambda: data.mixture("m", [0.0, 1.0], 1.0), r"shape \[k, d\].*got shape \(2,\)"),
        (lambda: data.mixture("m", [[math.nan, 0.0]], 1.0), "means must be finite"),
    ],
)
def test_errors(build, message):
    with pytest.raises(ValueError, match=message) as raised:
        build()
    assert "\n" not in str(raised.value)
