"""Clipped density and coverage against the authors' algorithm, known answers, outliers and ties."""

import numpy as np
import pytest

from jaxgan import metrics
from tests.helpers import fetched
from tests.metrics import golden

clipped = fetched(metrics.clipped_density_coverage, static_argnames=("k", "tile_rows"))
REALS = np.array([[1.0], [2], [3], [10], [11], [100]])


def golden_pair(name: str, k: int) -> tuple[np.ndarray, np.ndarray]:
    data = golden.data()
    fake = {"moved": data.fake + 0.7, "collapsed": data.collapsed, "ten points": data.ten_points}[name]
    return (data.real[:500], fake[:300]) if k == 3 else (data.real, fake)


@pytest.mark.parametrize(
    ("name", "k"), [pytest.param(*of, marks=pytest.mark.slow if of[1] == 5 else ()) for of in golden.CLIPPED]
)
def test_golden_values(x64, name, k):
    np.testing.assert_allclose(clipped(*golden_pair(name, k), k=k), golden.CLIPPED[name, k], rtol=1e-9)


def test_published_examples():
    fakes = np.array([[2.0, 1], [12, 1], [80, 1], [2, 1], [12, 2], [80, 2]])
    np.testing.assert_allclose(clipped(REALS, fakes[:, :1], k=2).clipped_density, 1)
    np.testing.assert_allclose(clipped(REALS, fakes[:, 1:], k=2).clipped_coverage, 4 / 7, rtol=1e-6)


def draw(d: int) -> tuple[np.ndarray, np.ndarray]:
    return tuple(np.random.default_rng(0).standard_normal((2, 200, d)))


def test_a_share_of_fakes_far_away_is_what_is_missing():
    for share in (0.0, 0.25, 0.5, 1.0):
        real, fake = draw(2)
        fake[: int(200 * share)] += 1000
        np.testing.assert_allclose(clipped(real, fake), (1 - share, 1 - share), atol=0.08)


def test_one_outlier_among_the_reals_holds_no_fakes():
    real, fake = draw(2)
    real[0] = [80, 0]  # its ball reaches the reals, and holds all fakes on its way
    fake[:, 0] += 40
    assert np.linalg.norm(fake - real[0], axis=1).max() < np.linalg.norm(real[1:] - real[0], axis=1).min()
    assert clipped(real, fake).clipped_density == 0


@pytest.mark.parametrize("d", [2, 20])
def test_constant_sets_are_finite(d):
    constant = np.full((200, d), 1.7)
    np.testing.assert_array_equal(clipped(constant, constant), (1, 0))
    np.testing.assert_array_equal(clipped(constant, constant + 1), (0, 0))


def test_tiles_do_not_change_the_result():
    np.testing.assert_array_equal(clipped(*draw(20), tile_rows=70), clipped(*draw(20)))


@pytest.mark.parametrize(
    ("real", "fake", "message"),
    [
        (np.ones((5, 2)), np.ones((9, 2)), "below the 5 rows .* got 5"),
        (np.ones((9, 2)), np.ones((4, 2)), r"at least k = 5 rows, got shape \(4, 2\)"),
        (np.ones((9, 2)), np.ones((9, 3)), r"\(9, 2\) and \(9, 3\)"),
    ],
)
def test_wrong_arguments_are_named(real, fake, message):
    with pytest.raises(ValueError, match=message):
        metrics.clipped_density_coverage(real, fake)
