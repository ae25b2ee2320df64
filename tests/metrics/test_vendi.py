"""The Vendi score against the authors' implementation, closed forms and hard inputs."""

import functools

import numpy as np
import pytest

from jaxgan import metrics
from tests.helpers import fetched
from tests.metrics import golden

vendi_score = fetched(metrics.vendi_score, static_argnames="order")
ORDERS = [0.0, 0.5, 1.0, 2.0, np.inf]
BY_ORDER = pytest.mark.parametrize("order", ORDERS)


@functools.cache
def features() -> np.ndarray:
    return golden.data().real[:200]


@pytest.mark.parametrize(("order", "value"), golden.VENDI.items())
def test_golden_values(x64, order, value):
    np.testing.assert_allclose(vendi_score(features(), order=order), value, rtol=1e-9)


def test_without_jit(x64):
    np.testing.assert_allclose(metrics.vendi_score(features()), golden.VENDI[1.0], rtol=1e-9)


@pytest.mark.parametrize(("order", "value"), golden.VENDI.items())
def test_error_in_float32(order, value):
    np.testing.assert_allclose(vendi_score(features(), order=order), value, rtol=1e-5)


@BY_ORDER
def test_equals_the_eigenvalues_of_the_kernel(x64, order):
    for shape in ((12, 5), (5, 12)):
        x = np.random.default_rng(0).standard_normal(shape)
        unit = x / np.linalg.norm(x, axis=1, keepdims=True)
        values = np.linalg.eigvalsh(unit @ unit.T / len(x))
        values = values[values > 1e-12]
        expected = {
            0.0: len(values),
            1.0: np.exp(-(values * np.log(values)).sum()),
            np.inf: 1 / values.max(),
        }.get(order, (values**order).sum() ** (1 / (1 - order)) if order not in (0, 1, np.inf) else None)
        np.testing.assert_allclose(vendi_score(x, order=order), expected, rtol=1e-9)


@BY_ORDER
def test_collapse_is_one_and_orthogonal_is_n(order):
    np.testing.assert_allclose(vendi_score(golden.data().collapsed, order=order), 1, atol=1e-5)
    np.testing.assert_allclose(vendi_score(3 * np.eye(7), order=order), 7, rtol=1e-5)
    np.testing.assert_allclose(vendi_score(np.ones((1, 4)), order=order), 1, rtol=1e-6)


@BY_ORDER
def test_rows_of_zeros_are_one_more_sample(order):
    x = np.eye(3)
    with_zeros = np.concatenate([x, np.zeros((1, 3))])
    np.testing.assert_allclose(vendi_score(with_zeros, order=order), 4, rtol=1e-5)
    np.testing.assert_allclose(vendi_score(np.zeros((6, 3)), order=order), 1, rtol=1e-5)


def test_length_does_not_matter_however_extreme():
    x = features().astype(np.float32)
    scale = np.logspace(-30, 30, len(x)).astype(np.float32)[:, None]
    np.testing.assert_allclose(vendi_score(x * scale), vendi_score(x), rtol=1e-4)


def test_falls_with_the_order_and_is_continuous_at_one(x64):
    values = [float(vendi_score(features(), order=order)) for order in (0.0, 0.3, 0.8, 0.999999, 1.0, 1.4, 3.0, np.inf)]
    assert values == sorted(values, reverse=True)
    np.testing.assert_allclose(vendi_score(features(), order=1 + 1e-12), vendi_score(features(), order=1.0), rtol=1e-9)
    # The two formulas on the sides of order 1.5.
    close = [vendi_score(features(), order=order) for order in (1.5 - 1e-9, 1.5 + 1e-9)]
    np.testing.assert_allclose(close[0], close[1], rtol=1e-7)


def test_counts_the_modes_that_are_left():
    modes = np.eye(10)[np.arange(200) % 10]
    scores = [float(vendi_score(modes[np.arange(200) % 10 < left])) for left in (10, 6, 2)]
    np.testing.assert_allclose(scores, [10, 6, 2], rtol=1e-5)


@pytest.mark.parametrize(
    ("call", "message"),
    [
        (lambda: metrics.vendi_score(np.ones((3, 2)), order=-1.0), "order must be at least 0, got -1.0"),
        (lambda: metrics.vendi_score(np.ones((3, 2)), order=np.nan), "got nan"),
        (lambda: metrics.vendi_score(np.ones(3)), r"\(3,\)"),
        (lambda: metrics.vendi_score(np.ones((0, 3))), r"at least 1 rows, got shape \(0, 3\)"),
    ],
)
def test_wrong_arguments_are_named(call, message):
    with pytest.raises(ValueError, match=message):
        call()
