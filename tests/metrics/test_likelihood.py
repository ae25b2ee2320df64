"""Feature likelihood divergence against the authors' algorithm, and what it says of copies and collapse."""

import numpy as np
import pytest

from jaxgan import metrics
from tests.helpers import fetched
from tests.metrics import golden

likelihood = fetched(metrics.feature_likelihood_divergence)


def test_golden_values(x64):
    data = golden.data()
    train, test = data.real[:400], data.real[1000:1400]
    np.testing.assert_allclose(likelihood(train, test, data.fake[:300]), golden.LIKELIHOOD, rtol=1e-6)
    np.testing.assert_allclose(likelihood(train, test, train[:300]), golden.LIKELIHOOD_COPIES, rtol=1e-6)


def test_worse_fakes_diverge_more():
    random = np.random.default_rng(0)
    modes = np.where(np.arange(200) % 2, 5, -5)[:, None]
    train, test, fresh = random.standard_normal((3, 200, 4)) + random.permuted(np.tile(modes, (3, 1, 1)), axis=1)
    good = likelihood(train, test, fresh)
    moved = likelihood(train, test, fresh + 1)
    one_mode = likelihood(train, test, np.abs(fresh))
    copies = likelihood(train, test, train)
    assert abs(good.divergence) < 10 < min(moved.divergence, one_mode.divergence)
    assert copies.divergence > 1000 and copies.gap < -1000 and abs(good.gap) < 20


def test_collapsed_sets_are_finite():
    random = np.random.default_rng(1)
    train, test = random.standard_normal((2, 200, 4))
    point = np.ones((200, 4))
    assert np.isfinite(likelihood(train, test, train[:1].repeat(200, 0))).all()
    assert np.isfinite(likelihood(point, point, point)).all()


def test_widths_must_agree():
    with pytest.raises(ValueError, match=r"share d, got \(9, 2\), \(9, 2\) and \(9, 3\)"):
        metrics.feature_likelihood_divergence(np.ones((9, 2)), np.ones((9, 2)), np.ones((9, 3)))
