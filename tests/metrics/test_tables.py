"""How alike tables are, against SciPy and closed forms."""

import numpy as np
import pytest
from scipy import stats
from scipy.stats.contingency import association, crosstab

from jaxgan import metrics

WIDTHS = (1, 3, 1, 4, 2)


def rows(seed, n=500, noise=0.2):
    """Rows of which the parts depend on each other, with soft choices."""
    random = np.random.default_rng(seed)
    first = random.normal(size=n)
    choice = np.digitize(first + random.normal(size=n), [-0.5, 0.8])
    second = -0.7 * first + 0.5 * choice + random.normal(size=n)
    other = np.where(random.uniform(size=n) < 0.5, choice, random.integers(0, 4, n))
    last = (second > random.normal(size=n)).astype(int)

    def soft(codes, k):
        hot = np.eye(k)[codes] + random.uniform(0, noise, (n, k))
        return hot / hot.sum(1, keepdims=True)

    parts = (first[:, None], soft(choice, 3), second[:, None], soft(other, 4), soft(last, 2))
    return np.concatenate(parts, 1), (first, choice, second, other, last)


def test_columns_are_those_of_scipy():
    (real, of_real), (fake, of_fake) = rows(0), rows(1, n=300)
    found = metrics.column_distances(real, fake, WIDTHS)
    for i in (0, 2):
        assert found[i] == pytest.approx(stats.ks_2samp(of_real[i], of_fake[i]).statistic, abs=1e-12)
    for i, k in ((1, 3), (3, 4), (4, 2)):
        shares = [np.bincount(x[i], minlength=k) / len(x[i]) for x in (of_real, of_fake)]
        assert found[i] == pytest.approx(0.5 * np.abs(shares[0] - shares[1]).sum(), abs=1e-12)
    assert metrics.column_distances(real, real, WIDTHS).max() == 0


def test_pairs_are_those_of_scipy():
    x, parts = rows(0)
    found = dict(zip(zip(*np.triu_indices(5, 1), strict=True), metrics.associations(x, WIDTHS), strict=True))
    assert found[0, 2] == pytest.approx(stats.pearsonr(parts[0], parts[2]).statistic, abs=1e-12)
    assert found[0, 2] < 0
    for i, j in ((1, 3), (1, 4), (3, 4)):
        table = crosstab(parts[i], parts[j]).count
        assert found[i, j] == pytest.approx(association(table, "cramer"), abs=1e-12)
    for i, j in ((0, 1), (1, 2), (0, 3), (2, 4)):
        number, choice = (parts[i], parts[j]) if i in (0, 2) else (parts[j], parts[i])
        means = np.array([number[choice == c].mean() for c in choice])
        assert found[i, j] == pytest.approx(np.sqrt(means.var() / number.var()), abs=1e-12)


def test_a_category_that_does_not_occur_does_not_weaken_an_association():
    codes = np.array([0, 1] * 50)
    x = np.concatenate([np.eye(5)[codes], np.eye(4)[2 * codes]], 1)
    assert metrics.associations(x, (5, 4)) == pytest.approx([1.0])


def test_what_does_not_vary_goes_with_nothing():
    random = np.random.default_rng(0)
    x = np.concatenate([random.normal(size=(50, 1)), np.full((50, 1), 1e6), np.eye(3)[np.zeros(50, int)]], 1)
    np.testing.assert_array_equal(metrics.associations(x, (1, 1, 3)), np.zeros(3))


def test_lost_categories_are_those_of_the_reals_only():
    real = np.concatenate([np.eye(4)[[0, 1, 2, 2]], np.eye(2)[[0, 1, 0, 1]]], 1)
    fake = np.concatenate([np.eye(4)[[3, 3, 0]], np.eye(2)[[1, 1, 1]]], 1)
    assert metrics.lost_categories(real, fake, (4, 2)) == 3
    assert metrics.lost_categories(real, real, (4, 2)) == 0


def test_copied_rows_are_found_under_rounding_and_others_are_not():
    real, other = (np.stack(rows(seed)[1], axis=1) for seed in (0, 1))
    again = real.copy()
    again[:, 0] += 5e-4 * real[:, 0].std()
    assert metrics.copied_rows(real, other) == 0
    assert metrics.copied_rows(real, np.concatenate([again[:50], other[:150]])) == pytest.approx(0.25)
    again[:, 1] += 1
    assert metrics.copied_rows(real, again) == 0
    only = np.eye(2)[[0, 1, 1]]
    assert metrics.copied_rows(only[:1], only) == pytest.approx(1 / 3)
    for a, b in ((real, real[:, :2]), (real, real[:0]), (real, real + np.nan)):
        with pytest.raises(ValueError, match="rows must be finite and"):
            metrics.copied_rows(a, b)


@pytest.mark.parametrize("name", ["column_distances", "lost_categories"])
def test_rows_that_are_none_are_an_error(name):
    x = np.zeros((3, 2))
    for real, fake, widths in ((x, x, (1,)), (x, x[:, :1], (2,)), (x, x[:0], (2,)), (x, x + np.nan, (1, 1))):
        with pytest.raises(ValueError, match="rows must be"):
            getattr(metrics, name)(real, fake, widths)
