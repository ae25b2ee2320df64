"""Mode coverage against an explicit numpy loop, closed forms and the mistakes of published code."""

import functools
from typing import Any

import jax
import jax.numpy as jnp
import numpy as np
import pytest

from jaxgan import metrics
from tests.helpers import fetched

mode_coverage = fetched(metrics.mode_coverage, static_argnames="metric")
class_coverage = fetched(metrics.class_coverage, static_argnames="classes")


def ring(modes: int = 8, radius: float = 2.0) -> np.ndarray:
    angles = 2 * np.pi * np.arange(modes) / modes
    return radius * np.stack([np.cos(angles), np.sin(angles)], axis=1)


def draw(means: np.ndarray, std: Any, n: int, seed: int = 0, weights: np.ndarray | None = None) -> np.ndarray:
    random = np.random.default_rng(seed)
    mode = random.choice(len(means), n, p=weights)
    return means[mode] + std * random.standard_normal((n, means.shape[1]))


def reference(samples, means, std, threshold=3.0, weights=None, per_dimension=False) -> dict[str, Any]:
    """Mode coverage one sample and one mode at a time, in float64."""
    k = len(means)
    weights = np.full(k, 1 / k) if weights is None else np.asarray(weights) / np.sum(weights)
    counts, counts_all = np.zeros(k, int), np.zeros(k, int)
    for x in samples:
        if not np.isfinite(x).all():
            continue
        distances = [np.sqrt((((x - mean) / std) ** 2).sum()) for mean in means]
        best = int(np.argmin(distances))
        unit = np.sqrt(len(x)) if per_dimension else 1.0
        counts_all[best] += 1
        counts[best] += distances[best] / unit < threshold

    def kl(histogram):
        if not histogram.sum():
            return -np.log(weights.min())
        shares = histogram / histogram.sum()
        return sum(p * np.log(p / w) for p, w in zip(shares, weights, strict=True) if p)

    return {
        "modes": (counts > 0).sum(),
        "high_quality": counts.sum() / len(samples),
        "reverse_kl": kl(counts),
        "reverse_kl_all": kl(counts_all),
        "counts": counts,
        "counts_all": counts_all,
    }


def assert_equals(coverage: metrics.ModeCoverage, expected: dict[str, Any]) -> None:
    for name, value in coverage._asdict().items():
        np.testing.assert_allclose(value, expected[name], rtol=1e-5, atol=1e-6, err_msg=name)


@pytest.mark.parametrize("threshold", [1.0, 3.0, 4.0])
@pytest.mark.parametrize("std", [0.01, 0.5, (0.3, 0.02)])
@pytest.mark.parametrize("weights", [None, np.arange(1.0, 6.0)], ids=["uniform", "unequal"])
def test_equals_the_explicit_loop(threshold, std, weights):
    means = ring(5)
    samples = draw(means, 1.5 * np.asarray(std), 300).astype(np.float32)
    samples[::17] += 0.7
    expected = reference(samples, means, np.asarray(std), threshold, weights)
    assert_equals(mode_coverage(samples, means, np.asarray(std), threshold=threshold, weights=weights), expected)


def test_distance_per_dimension_equals_the_explicit_loop():
    means = np.random.default_rng(1).standard_normal((4, 40))
    samples = draw(means, 0.3, 200, seed=2).astype(np.float32)
    coverage = mode_coverage(samples, means, 0.3, threshold=1.05, metric="per_dimension")
    expected = reference(samples, means, 0.3, 1.05, per_dimension=True)
    assert 0.2 < expected["high_quality"] < 0.9  # the threshold cuts through the samples
    assert_equals(coverage, expected)
    assert mode_coverage(samples, means, 0.3).high_quality < 0.01  # no sample is near in Euclidean terms


def test_real_ring_reaches_the_ceilings_and_the_floor():
    coverage = mode_coverage(draw(ring(), 0.01, 2500), ring(), 0.01)
    assert coverage.modes == 8
    np.testing.assert_allclose(coverage.high_quality, 1 - np.exp(-4.5), atol=3 * np.sqrt(0.011 / 2500))
    assert 0 < coverage.reverse_kl < 4 * metrics.expected_reverse_kl(8, 2500)


def test_precise_for_a_tiny_std_at_a_large_radius():
    means, std = ring(8, radius=100.0).astype(np.float32), 1e-4
    offsets = np.linspace(0, 2.9 * std, 8) * np.array([[1.0], [0.0]])
    near = (means.astype(np.float64) + offsets.T).astype(np.float32)
    expected = reference(near.astype(np.float64), means.astype(np.float64), std)
    assert_equals(mode_coverage(near, means, std), expected)


def test_means_with_the_endpoint_twice_are_seven_modes():
    # np.linspace(0, 2 pi, 8) includes both ends: real samples of such a ring miss one of the eight modes.
    angles = np.linspace(0, 2 * np.pi, 8)
    seven = np.stack([np.cos(angles), np.sin(angles)], axis=1)
    coverage = mode_coverage(draw(seven, 0.01, 2500), ring(radius=1.0), 0.01)
    assert coverage.modes == 1  # only angle 0 is at a right place
    assert coverage.high_quality == pytest.approx(2 / 8, abs=0.03)
    distinct = np.unique(seven.round(9), axis=0)
    assert len(distinct) == 7
    counts = mode_coverage(draw(seven, 0.01, 2500), distinct, 0.01).counts
    assert (np.asarray(counts) > 500).sum() == 1  # the double mode has twice the share of the others


def test_removed_modes_are_named():
    names = [f"mode {i}" for i in range(8)]
    weights = np.array([0, 1, 1, 1, 0, 1, 1, 1]) / 6
    coverage = mode_coverage(draw(ring(), 0.01, 600, weights=weights), ring(), 0.01)
    assert metrics.missing_modes(coverage.counts, names) == ("mode 0", "mode 4")
    assert coverage.modes == 6
    np.testing.assert_allclose(coverage.reverse_kl, np.log(8 / 6), atol=0.02)


def test_all_samples_at_one_mean():
    coverage = mode_coverage(np.tile(ring()[3], (100, 1)), ring(), 0.01)
    assert (coverage.modes, coverage.high_quality) == (1, 1.0)
    np.testing.assert_allclose([coverage.reverse_kl, coverage.reverse_kl_all], np.log(8), rtol=1e-6)


@pytest.mark.parametrize("value", [np.nan, np.inf, -np.inf, 1e30])
def test_samples_that_are_not_finite_or_overflow_have_no_mode(value):
    coverage = mode_coverage(np.full((50, 2), value), ring(), 0.01)
    assert (coverage.modes, coverage.high_quality) == (0, 0.0)
    np.testing.assert_array_equal(coverage.counts_all, np.zeros(8))
    np.testing.assert_allclose([coverage.reverse_kl, coverage.reverse_kl_all], np.log(8), rtol=1e-6)


def test_samples_that_are_not_finite_do_not_touch_the_others():
    clean = draw(ring(), 0.01, 400)
    dirty = np.concatenate([clean, [[np.nan, 0], [np.inf, 2], [0, -np.inf]] * 50])
    a, b = mode_coverage(clean, ring(), 0.01), mode_coverage(dirty, ring(), 0.01)
    np.testing.assert_array_equal(a.counts, b.counts)
    np.testing.assert_array_equal(a.counts_all, b.counts_all)
    np.testing.assert_allclose(a.reverse_kl, b.reverse_kl)
    np.testing.assert_allclose(a.high_quality * 400 / 550, b.high_quality, rtol=1e-6)


def test_far_samples_belong_to_a_mode_but_are_no_good():
    coverage = mode_coverage(100 * ring(), ring(), 0.01)
    assert (coverage.modes, coverage.high_quality) == (0, 0.0)
    np.testing.assert_array_equal(coverage.counts_all, np.ones(8))
    np.testing.assert_allclose(coverage.reverse_kl_all, 0, atol=1e-6)
    np.testing.assert_allclose(coverage.reverse_kl, np.log(8), rtol=1e-6)


def test_the_largest_divergence_is_that_of_the_least_likely_mode():
    coverage = mode_coverage(np.full((9, 2), np.nan), ring(3), 0.01, weights=np.array([0.5, 0.4, 0.1]))
    np.testing.assert_allclose(coverage.reverse_kl, np.log(10), rtol=1e-6)


def test_jit_vmap_and_half_precision_agree_with_the_plain_call():
    samples = np.stack([draw(ring(), 0.1, 100, seed) for seed in range(3)]).astype(np.float32)
    cover = functools.partial(metrics.mode_coverage, means=ring(), weights=np.arange(1.0, 9.0))
    plain = [cover(x, std=0.1) for x in samples]
    traced = fetched(lambda x, std: cover(x, std=std))(samples[0], 0.1)
    batched = fetched(jax.vmap(lambda x: cover(x, std=0.1)))(samples)
    for name in metrics.ModeCoverage._fields:
        np.testing.assert_allclose(getattr(traced, name), getattr(plain[0], name), rtol=1e-6, err_msg=name)
        np.testing.assert_allclose(getattr(batched, name), [getattr(p, name) for p in plain], rtol=1e-6, err_msg=name)
    half = jax.eval_shape(lambda x: cover(x, std=0.1), samples[0].astype(jnp.bfloat16))
    assert half.reverse_kl.dtype == jnp.float32
    assert plain[0].counts.dtype == jnp.int32


def test_double_precision_is_kept(x64):
    del x64
    coverage = mode_coverage(draw(ring(), 0.01, 300), ring(), 0.01)
    np.testing.assert_allclose(
        coverage.reverse_kl, reference(draw(ring(), 0.01, 300), ring(), 0.01)["reverse_kl"], 1e-12
    )


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ({"samples": np.zeros((4, 3))}, r"\(4, 3\)"),
        ({"samples": np.zeros(4)}, r"\(4,\)"),
        ({"samples": np.zeros((0, 2))}, r"\(0, 2\)"),
        ({"std": 0.0}, "std .* 0.0"),
        ({"std": np.ones(3)}, r"\(3,\)"),
        ({"threshold": -1.0}, "threshold .* -1.0"),
        ({"weights": [1.0, 2.0]}, r"weights must be \[8\]"),
        ({"weights": [0.0] + [1.0] * 7}, "weights must be positive"),
        ({"metric": "manhattan"}, "manhattan"),
    ],
)
def test_wrong_arguments_are_named(arguments, message):
    with pytest.raises(ValueError, match=message):
        metrics.mode_coverage(**{"samples": np.zeros((4, 2)), "means": ring(), "std": 0.1, **arguments})


def test_classes_are_counted_where_the_first_and_the_last_are_missing():
    # np.histogram(labels, 1000) spreads its bins over the labels that it sees, and finds other counts.
    labels = np.repeat(np.arange(1, 999), 2)
    coverage = class_coverage(labels, 1000)
    np.testing.assert_array_equal(coverage.counts, np.bincount(labels, minlength=1000))
    assert coverage.modes == 998
    np.testing.assert_allclose(coverage.reverse_kl, np.log(1000 / 998), rtol=1e-3)


def test_class_divergence_equals_the_formula():
    labels, shares = np.array([0, 0, 2, 2, 2, 3]), np.array([1.0, 2.0, 3.0, 2.0])
    p, r = np.array([2, 3, 1]) / 6, shares[[0, 2, 3]] / 8
    coverage = class_coverage(labels, 4, reference=shares)
    np.testing.assert_allclose(coverage.reverse_kl, (p * np.log(p / r)).sum(), rtol=1e-6)
    np.testing.assert_allclose(class_coverage(labels, 4).reverse_kl, (p * np.log(4 * p)).sum(), rtol=1e-6)


def test_labels_out_of_range_are_no_class():
    coverage = class_coverage(np.array([-1, -1, 3, 7, 1]), 3)
    np.testing.assert_array_equal(coverage.counts, [0, 1, 0])
    none = class_coverage(np.array([-1, 3]), 3)
    assert none.modes == 0
    np.testing.assert_allclose(none.reverse_kl, np.log(3), rtol=1e-6)
    np.testing.assert_array_equal(class_coverage(np.array([255], np.uint8), 1000).counts.nonzero()[0], [255])


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ({"labels": np.zeros(3)}, "float"),
        ({"labels": np.zeros((3, 1), int)}, r"\(3, 1\)"),
        ({"classes": 0}, "got 0"),
        ({"reference": [1.0]}, r"\(1,\)"),
        ({"reference": [1.0, 0.0]}, "positive"),
    ],
)
def test_wrong_classes_are_named(arguments, message):
    with pytest.raises(ValueError, match=message):
        metrics.class_coverage(**{"labels": np.zeros(3, int), "classes": 2, **arguments})


def test_stacked_labels_are_decimal_numbers():
    digits = np.array([[0, 0, 0], [1, 2, 3], [9, 9, 9], [-1, 2, 3], [1, 10, 1]])
    stacked = fetched(metrics.stacked_labels, static_argnames="classes")
    labels, pairs = stacked(digits), stacked(digits[:1, :2] + 1, classes=2)
    np.testing.assert_array_equal(labels, [0, 123, 999, -1, -1])
    np.testing.assert_array_equal(pairs, [3])
    with pytest.raises(ValueError, match="float"):
        metrics.stacked_labels(np.zeros((2, 3)))


def test_missing_modes_needs_a_name_for_each_count():
    assert metrics.missing_modes(np.array([1, 0]), ["a", "b"]) == ("b",)
    with pytest.raises(ValueError, match=r"\(3,\)"):
        metrics.missing_modes(np.zeros(3), ["a", "b"])


def test_nearest_mode_is_what_mode_coverage_counts():
    random = np.random.default_rng(0)
    means, std = random.normal(size=(6, 2)), np.array([0.3, 0.5])
    samples = random.normal(size=(300, 2)).astype(np.float32)
    samples[:3] = np.array([np.nan, np.inf, 1e30])[:, None]
    found = fetched(metrics.nearest_mode)(samples, means, std, threshold=1.5)
    assert found.mode[:3].tolist() == [-1, -1, -1] and not found.good[:3].any()
    counted = mode_coverage(samples, means, std, threshold=1.5)
    mode, good = np.asarray(found.mode), np.asarray(found.good)
    np.testing.assert_array_equal(np.bincount(mode[mode >= 0], minlength=6), counted.counts_all)
    np.testing.assert_array_equal(np.bincount(mode[good], minlength=6), counted.counts)
    for sample, nearest, near in list(zip(samples, mode, good, strict=True))[3:]:
        distances = np.linalg.norm((sample - means) / std, axis=1)
        assert nearest == distances.argmin() and near == (distances.min() < 1.5)
