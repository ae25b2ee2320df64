"""Classes of labelled vectors, told by a forest: through the task, as a run measures it."""

import jax
import numpy as np
import pytest

from jaxgan import data
from jaxgan.evaluation import evaluator
from jaxgan.evaluation.forest import train_forest
from jaxgan.types import Batch

RANDOM = np.random.RandomState(0)
LABELS = np.arange(600) % 3
POINTS = (RANDOM.normal(size=(600, 2)) + 8 * np.stack([LABELS, LABELS == 1], axis=1)).astype(np.float32)


def test_classes_of_points_are_counted_and_missed():
    task = data.arrays(POINTS, label=LABELS)._replace(names=("low", "middle", "high"))
    evaluation = evaluator(task, metrics=("class_accuracy",))
    assert evaluation.names == ("low", "middle", "high")
    found = evaluation.measure(Batch(POINTS, LABELS))
    assert found["modes"] == 3 and found["class_accuracy"] > 0.98
    found = evaluation.measure(Batch(POINTS[LABELS != 1], LABELS[LABELS != 1]))
    assert found["modes"] == 2 and found["counts"][1] == 0
    assert "held-out examples" in evaluation.conventions["modes"]


def test_what_is_not_finite_has_no_class_and_logits_are_of_all_classes():
    forest = train_forest(POINTS[:, :, None], LABELS, key=jax.random.key(0), classes=5)
    broken = POINTS[:4].copy()
    broken[1, 0], broken[2, 1] = np.nan, np.inf
    assert forest.classify(broken[:, :, None]).tolist() == [0, -1, -1, 0]
    logits = forest.logits(POINTS[:, :, None])
    assert logits.shape == (600, 5) and np.isfinite(logits).all() and logits[:, 3:].max() < -10
    assert forest.held_out == 100 == len(forest.rows) and forest.accuracy > 0.95


def test_one_example_is_too_few():
    with pytest.raises(ValueError, match="at least 2 labelled examples are needed to tell the classes, got 1"):
        train_forest(POINTS[:1], LABELS[:1], key=jax.random.key(0), classes=2)
