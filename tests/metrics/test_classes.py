import math

import numpy as np
import pytest

from jaxgan import metrics
from tests.helpers import fetched

class_accuracy = fetched(metrics.class_accuracy, static_argnums=2)


def test_each_class_by_a_loop():
    random = np.random.default_rng(0)
    labels, judged = random.integers(0, 5, 400), random.integers(-1, 5, 400)
    found = metrics.class_accuracy(labels, judged, 5)
    each = [
        sum(j == c for label, j in zip(labels, judged, strict=True) if label == c) / (labels == c).sum()
        for c in range(5)
    ]
    np.testing.assert_allclose(found.each, each, rtol=1e-6)
    np.testing.assert_allclose(found.mean, np.mean(each), rtol=1e-6)
    np.testing.assert_allclose(class_accuracy(labels, judged, 5).each, each, rtol=1e-6)


def test_classes_weigh_the_same_and_one_without_samples_is_left_out():
    # Nine samples of class 0 that are all right, one of class 1 that is wrong, none of class 2, one of no class.
    labels = np.array([0] * 9 + [1, -1])
    found = class_accuracy(labels, np.zeros(11, int), 3)
    np.testing.assert_array_equal(found.each, [1, 0, math.nan])
    assert found.mean == 0.5


def test_no_judgement_is_wrong():
    assert class_accuracy(np.array([0, 1]), np.array([-1, 1]), 2).each.tolist() == [0, 1]
    assert class_accuracy(np.array([-1, 1]), np.array([-1, 1]), 2).each.tolist()[1] == 1


@pytest.mark.parametrize(
    ("labels", "judged", "classes", "message"),
    [
        (np.zeros(3, int), np.zeros(2, int), 2, r"\(3,\).*\(2,\)"),
        (np.zeros(3), np.zeros(3, int), 2, "float"),
        (np.zeros((3, 1), int), np.zeros((3, 1), int), 2, r"\(3, 1\)"),
        (np.zeros(3, int), np.zeros(3, int), 0, "classes must be at least 1, got 0"),
    ],
)
def test_errors(labels, judged, classes, message):
    with pytest.raises(ValueError, match=message):
        metrics.class_accuracy(labels, judged, classes)
