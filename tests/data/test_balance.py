"""Balanced classes: how often each is drawn, and what is then said of the task."""

import jax
import jax.numpy as jnp
import numpy as np
import pytest
from scipy import stats

from jaxgan import data
from jaxgan.evaluation.sides import reals
from jaxgan.types import Batch
from tests.helpers import drawn

# Class 2 does not occur. The value of an example says which one it is.
LABELS = np.array([3, 0, 0, 1, 0, 0, 3, 0, 0, 3])
TASK = data.balanced(data.arrays(np.arange(10.0, dtype=np.float32)[:, None], label=LABELS))


def test_every_class_that_occurs_is_drawn_equally_often_and_so_is_each_of_its_examples():
    batch = jax.tree.map(np.asarray, drawn(TASK, jax.random.key(0), 12_000))
    classes = np.bincount(batch.label, minlength=4)
    assert classes[2] == 0 and stats.chisquare(classes[[0, 1, 3]]).pvalue > 1e-3
    rows = np.bincount(batch.data[:, 0].astype(int), minlength=10)
    for number in (0, 3):
        assert stats.chisquare(rows[number == LABELS]).pvalue > 1e-3
    np.testing.assert_array_equal(batch.label, LABELS[batch.data[:, 0].astype(int)])


def test_the_shares_are_those_that_are_drawn():
    np.testing.assert_allclose(TASK.shares, [1 / 3, 1 / 3, 0, 1 / 3])
    assert TASK.examples.shares.tolist() == [0.6, 0.1, 0, 0.3]
    assert (TASK.modes, TASK.name, TASK.kind, TASK.shape) == (4, "arrays, balanced", "points", (1,))


def test_examples_by_their_number_are_balanced_and_none_comes_twice():
    task = data.balanced(data.arrays(np.arange(40.0)[:, None], label=np.array([0] * 26 + [2] * 14)))
    assert task.size == 28
    batch = jax.tree.map(np.asarray, task.at(np.arange(task.size)))
    assert np.bincount(batch.label).tolist() == [14, 0, 14]
    assert len(set(batch.data[:, 0].tolist())) == 28
    reference, others = reals(task, 100)
    assert not set(np.asarray(reference.data)[:, 0].tolist()) & set(np.asarray(others.data)[:, 0].tolist())


def test_pixels_are_scaled_and_labels_left_out_where_they_are_not_drawn():
    examples = data.digits()
    task = data.balanced(examples)
    assert task.names == examples.names and task.classes.classes == 10
    batch = jax.tree.map(np.asarray, task.at(np.arange(20)))
    assert batch.data.min() == -1 and batch.data.max() <= 1
    np.testing.assert_array_equal(batch.label, np.tile(np.arange(10), 2))
    plain = data.balanced(examples._replace(labelled=False))
    sample = drawn(plain, jax.random.key(1), 5)
    assert not isinstance(sample, Batch) and sample.dtype == jnp.float32
    np.testing.assert_array_equal(sample, drawn(task, jax.random.key(1), 5).data)


@pytest.mark.parametrize(
    ("task", "message"),
    [
        (lambda: data.ring(), "balanced takes examples on the device, .* not a Mixture"),
        (lambda: data.arrays(np.zeros((3, 2))), "balanced needs the classes of 'arrays': whole numbers from 0 on"),
        (lambda: data.arrays(np.zeros((3, 2)), label=np.array([0.5, 1, 2])), "needs the classes of 'arrays'"),
    ],
)
def test_a_task_without_classes_cannot_be_balanced(task, message):
    with pytest.raises(ValueError, match=message):
        data.balanced(task())
