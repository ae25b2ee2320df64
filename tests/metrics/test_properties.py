"""What must hold of every metric whatever the data: symmetry, no order, zero on identical sets, and lost modes show."""

import jax
import jax.numpy as jnp
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from jaxgan import metrics
from tests.helpers import jit

ROWS, DIMENSIONS, MODES = 24, 3, 6  # one shape, and so one compiled program for each metric
KEY = jax.random.key(0)

DISTANCES = {
    "frechet": jit(metrics.frechet_distance),
    "kernel": jit(lambda a, b: metrics.kernel_distance(a, b).mean),
    "mmd": jit(lambda a, b: metrics.maximum_mean_discrepancy(a, b, bandwidth=1.0)),
    "sliced_wasserstein": jit(lambda a, b: metrics.sliced_wasserstein(jax.random.clone(KEY), a, b, projections=16)),
    "wasserstein": metrics.wasserstein_distance,
}
UNBIASED = ("kernel", "mmd")  # below zero on identical sets, by the diagonal that they leave out
OTHERS = {
    "precision_recall": jit(lambda a, b: jnp.stack(metrics.precision_recall(a, b, k=3))),
    "density_coverage": jit(lambda a, b: jnp.stack(metrics.density_coverage(a, b, k=3))),
    "vendi": jit(lambda a, b: metrics.vendi_score(b)),
    "inception_score": jit(lambda a, b: metrics.inception_score(b, splits=1).mean),
}

MODE_COVERAGE = jit(lambda samples, means: metrics.mode_coverage(samples, means, 0.1, threshold=10.0))

seeds = st.integers(0, 2**31)
scales = st.sampled_from([1e-2, 1.0, 30.0])
offsets = st.sampled_from([0.0, 5.0])


def points(seed, scale, offset):
    return (offset + scale * np.random.RandomState(seed).normal(size=(ROWS, DIMENSIONS))).astype(np.float32)


def size(*sets):
    """What a rounding error is measured against: the largest squared distance between points."""
    every = np.concatenate(sets).astype(float)
    return np.square(every[:, None] - every[None]).sum(axis=2).max() + np.square(every).max()


@pytest.mark.parametrize("name", DISTANCES)
@given(seed=seeds, scale=scales, offset=offsets)
@settings(max_examples=20, deadline=None, derandomize=True)
def test_distances_are_symmetric_and_never_far_below_zero(name, seed, scale, offset):
    a, b = points(seed, scale, offset), points(seed + 1, 1.5 * scale, offset + scale)
    there, back = float(DISTANCES[name](a, b)), float(DISTANCES[name](b, a))
    np.testing.assert_allclose(there, back, rtol=1e-3, atol=1e-4 * min(size(a, b), 1.0 + abs(there)))
    if name not in UNBIASED:
        assert there >= 0


@pytest.mark.parametrize("name", DISTANCES)
@given(seed=seeds, scale=scales, offset=offsets)
@settings(max_examples=20, deadline=None, derandomize=True)
def test_distances_of_identical_sets_are_zero(name, seed, scale, offset):
    a = points(seed, scale, offset)
    value = float(DISTANCES[name](a, a))
    if name in UNBIASED:
        assert value <= 1e-5 * (1 + abs(value))
    else:  # a root of the rounding error where the metric is a root
        assert value <= 1e-3 * max(scale, scale**2)


@pytest.mark.parametrize("name", [*DISTANCES, *OTHERS])
@given(seed=seeds, scale=scales)
@settings(max_examples=20, deadline=None, derandomize=True)
def test_the_order_of_the_samples_does_not_matter(name, seed, scale):
    a, b = points(seed, scale, 0.0), points(seed + 1, 1.5 * scale, scale)
    random = np.random.RandomState(seed)
    metric = {**DISTANCES, **OTHERS}[name]
    value, mixed = metric(a, b), metric(random.permutation(a), random.permutation(b))
    np.testing.assert_allclose(value, mixed, rtol=1e-3, atol=1e-4 * (1 + np.abs(value).max()))


@given(seed=seeds)
@settings(max_examples=20, deadline=None, derandomize=True)
def test_every_removed_mode_makes_every_metric_of_diversity_worse(seed):
    random = np.random.RandomState(seed)
    means = 10.0 * np.eye(MODES, dtype=np.float32)
    of = np.repeat(np.arange(MODES), 8)

    def drawn(modes):
        return (means[modes] + 0.1 * random.normal(size=(len(modes), MODES))).astype(np.float32)

    real = drawn(of)
    recalls, worse = [], []
    for kept in range(MODES, 0, -1):
        fake = drawn(np.resize(of[of < kept], len(of)))
        coverage = MODE_COVERAGE(fake, means)
        precision_recall, density_coverage = (
            OTHERS[name](real, fake) for name in ("precision_recall", "density_coverage")
        )
        assert max(precision_recall[1], density_coverage[1]) <= kept / MODES + 1e-6
        worse.append(
            [
                -OTHERS["vendi"](real, fake),
                -coverage.modes,
                coverage.reverse_kl,
                DISTANCES["frechet"](real, fake),
                DISTANCES["kernel"](real, fake),
                DISTANCES["wasserstein"](real, fake),
            ]
        )
        recalls.append(precision_recall[1])
    assert (np.diff(np.array(worse, float), axis=0) > 0).all()
    assert recalls[-1] < recalls[0]
