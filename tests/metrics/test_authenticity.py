"""Authenticity: known answers, an explicit loop, copies and fresh data."""

import numpy as np
import pytest

from jaxgan import metrics
from tests.helpers import fetched

authenticity = fetched(metrics.authenticity, static_argnames="tile_rows")


def test_known_answer():
    # 0.1 is nearer to 0 than 1 is; 5 is farther from 1 than 0 is.
    assert authenticity(np.array([[0.0], [1], [10]]), np.array([[0.1], [5]])) == 0.5


@pytest.mark.parametrize("d", [2, 20])
def test_equals_the_explicit_loop(d):
    random = np.random.default_rng(0)
    real, fake = random.standard_normal((2, 40, d))
    apart = np.linalg.norm(real[:, None] - real[None], axis=2) + np.diag(np.full(40, np.inf))
    nearest = [np.linalg.norm(real - y, axis=1) for y in fake]
    expected = np.mean([of.min() > apart[of.argmin()].min() for of in nearest])
    assert 0.1 < expected < 0.9
    np.testing.assert_allclose(authenticity(real, fake), expected, rtol=1e-6)
    if d == 20:
        np.testing.assert_allclose(authenticity(real, fake, tile_rows=7), expected, rtol=1e-6)
    near_copies = real + 1e-4
    assert authenticity(real, near_copies) == 0


def test_constant_sets_are_finite():
    constant = np.full((40, 20), 1.7)
    assert authenticity(constant, constant) == 0  # copies
    assert authenticity(constant, constant + 1) == 1


@pytest.mark.parametrize(
    ("real", "message"), [(np.ones((1, 2)), r"at least 2 rows, got shape \(1, 2\)"), (np.ones((4, 3)), "share d")]
)
def test_wrong_arguments_are_named(real, message):
    with pytest.raises(ValueError, match=message):
        metrics.authenticity(real, np.ones((4, 2)))
