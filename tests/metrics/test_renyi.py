"""Rényi kernel entropies against the authors' package, closed forms, and the Vendi score of order 2."""

import numpy as np
import pytest

from jaxgan import metrics
from tests.helpers import fetched
from tests.metrics import golden

entropy = fetched(metrics.renyi_kernel_entropy, static_argnames="tile_rows")
relative = fetched(metrics.relative_renyi_kernel_entropy)


def test_golden_values(x64):
    real, fake = golden.data().real[:200], golden.data().fake[:200]
    np.testing.assert_allclose(entropy(real, bandwidth=5.0), golden.RENYI_200, rtol=1e-9)
    np.testing.assert_allclose(relative(real, fake, bandwidth=5.0), golden.RELATIVE_RENYI_200, rtol=1e-9)


@pytest.mark.parametrize("d", [3, 20])
def test_tight_clusters_are_counted(d):
    centres = 100 * np.eye(d)[:3] + 50
    clusters = np.repeat(centres, [20, 20, 20], axis=0)
    np.testing.assert_allclose(entropy(clusters, bandwidth=0.1), 3, rtol=1e-5)
    np.testing.assert_allclose(entropy(clusters[:1].repeat(60, 0), bandwidth=0.1), 1, rtol=1e-6)
    jittered = clusters + 1e-3 * np.random.default_rng(0).standard_normal(clusters.shape)
    np.testing.assert_allclose(entropy(jittered, bandwidth=0.1, tile_rows=7), 3, rtol=1e-2)


def test_a_lost_mode_adds_minus_the_logarithm_of_what_is_left(x64):
    reals = np.repeat(100 * np.eye(4), 15, axis=0)
    np.testing.assert_allclose(relative(reals, reals, bandwidth=1.0), 0, atol=1e-9)
    np.testing.assert_allclose(relative(reals, reals[:45], bandwidth=1.0), -np.log(0.75), rtol=1e-9)
    apart = relative(reals, reals + 1e4, bandwidth=1.0)
    assert np.isfinite(apart) and apart > 100


def test_is_the_vendi_score_of_order_two_with_that_kernel(x64):
    x = np.random.default_rng(1).standard_normal((30, 4))
    kernel = np.exp(-np.square(x[:, None] - x[None]).sum(axis=2) / (2 * 1.5**2))
    eigenvalues = np.linalg.eigvalsh(kernel / 30)
    np.testing.assert_allclose(entropy(x, bandwidth=1.5), 1 / np.square(eigenvalues).sum(), rtol=1e-9)


@pytest.mark.parametrize("bandwidth", [0.0, -1.0, np.ones(2)])
def test_a_bandwidth_is_positive(bandwidth):
    with pytest.raises(ValueError, match="bandwidth must be"):
        metrics.renyi_kernel_entropy(np.ones((3, 2)), bandwidth=bandwidth)
