"""The inception score against published implementations, closed forms and an explicit loop."""

import numpy as np
import pytest

from jaxgan import metrics
from tests.helpers import jit
from tests.metrics import golden

inception_score = jit(metrics.inception_score, static_argnames="splits")


def test_golden_values(x64):
    logits = golden.data().logits
    np.testing.assert_allclose(inception_score(logits), golden.INCEPTION_10, rtol=1e-6)
    np.testing.assert_allclose(inception_score(logits, splits=1), (golden.INCEPTION_1, 0), rtol=1e-6)


def test_error_in_float32():
    np.testing.assert_allclose(inception_score(golden.data().logits), golden.INCEPTION_10, rtol=1e-5)


def test_equals_the_explicit_loop_with_a_remainder(x64):
    logits = np.random.default_rng(0).standard_normal((23, 4))
    scores = []
    for split in range(5):
        p = np.exp(logits[split * 23 // 5 : (split + 1) * 23 // 5])
        p /= p.sum(1, keepdims=True)
        scores.append(np.exp(np.mean([sum(row * np.log(row / p.mean(0))) for row in p])))
    np.testing.assert_allclose(inception_score(logits, splits=5), (np.mean(scores), np.std(scores)), rtol=1e-12)
    np.testing.assert_allclose(metrics.inception_score(logits, splits=5), inception_score(logits, splits=5), rtol=1e-12)


def test_closed_forms():
    certain = 200 * np.eye(6)[np.arange(60) % 6]
    np.testing.assert_allclose(inception_score(certain, splits=1), (6, 0), rtol=1e-5)
    np.testing.assert_allclose(inception_score(np.where(certain > 0, 0, -np.inf), splits=1), (6, 0), rtol=1e-5)
    np.testing.assert_allclose(inception_score(np.zeros((30, 6))), (1, 0), atol=1e-6)  # undecided
    np.testing.assert_allclose(inception_score(certain[:1].repeat(30, 0)), (1, 0), atol=1e-6)  # collapsed
    # Half of the classes gone halves the score.
    np.testing.assert_allclose(inception_score(certain[np.arange(60) % 6 < 3], splits=1).mean, 3, rtol=1e-5)


def test_a_constant_added_to_the_logits_changes_nothing():
    logits = golden.data().logits[:500]
    np.testing.assert_allclose(inception_score(logits + 30), inception_score(logits), rtol=1e-4)


@pytest.mark.parametrize(
    ("call", "message"),
    [
        (lambda: metrics.inception_score(np.ones((9, 2))), r"at least 10 rows, got shape \(9, 2\)"),
        (lambda: metrics.inception_score(np.ones(9)), r"logits must be \[n, d\].*\(9,\)"),
        (lambda: metrics.inception_score(np.ones((9, 2)), splits=0), "splits must be at least 1, got 0"),
    ],
)
def test_wrong_arguments_are_named(call, message):
    with pytest.raises(ValueError, match=message):
        call()
