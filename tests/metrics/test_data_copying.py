"""The data-copying test against the authors' algorithm, and what it says of copies, fresh data and noise."""

import numpy as np
import pytest

from jaxgan import metrics
from tests.metrics import golden


def halves() -> tuple[np.ndarray, np.ndarray]:
    real = golden.data().real
    return real[:400], real[1000:1400]


def test_golden_values():
    train, test = halves()
    np.testing.assert_allclose(
        metrics.data_copying(train, test, golden.data().fake[:400]), golden.DATA_COPYING, rtol=1e-9
    )
    noisy = train[:200] + 0.1 * np.random.RandomState(0).randn(200, 32)
    np.testing.assert_allclose(metrics.data_copying(train, test, noisy), golden.DATA_COPYING_COPIES, rtol=1e-9)


def test_copies_lie_below_and_other_data_above_fresh_data():
    random = np.random.default_rng(0)
    train, test, fresh = random.standard_normal((3, 300, 80))  # more than are kept
    score = metrics.data_copying(train, test, fresh)
    assert abs(score) < 3
    assert metrics.data_copying(train, test, train) < -5
    assert metrics.data_copying(train, test, fresh * 3) > 5


def test_collapsed_sets_are_finite():
    point = np.ones((60, 3))
    assert np.isfinite(metrics.data_copying(point, point, point))
    random = np.random.default_rng(1)
    train, test = random.standard_normal((2, 200, 3))
    assert metrics.data_copying(train, test, train[:1].repeat(100, 0)) < -5


@pytest.mark.parametrize(
    ("arguments", "options", "message"),
    [
        ((np.ones((9, 2)), np.ones((9, 2)), np.ones((9, 3))), {}, r"fake must be .* got shape \(9, 3\)"),
        ((np.ones((9, 2)), np.ones((9, 2)), np.ones((9, 2))), {}, "more than 20 of the 9 fakes"),
        ((np.ones((9, 2)), np.ones((9, 2)), np.ones((9, 2))), {"cells": 0}, "cells must be .* got 0"),
    ],
)
def test_wrong_arguments_are_named(arguments, options, message):
    with pytest.raises(ValueError, match=message):
        metrics.data_copying(*arguments, **options)
