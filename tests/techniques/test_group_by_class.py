"""Grouping by class: order, what travels along, and packs of one class."""

import jax
import jax.numpy as jnp
import numpy as np
import pytest

from jaxgan import Batch, Own, techniques
from tests.helpers import jit
from tests.techniques.examples import Example

EXAMPLE = Example("group_by_class")
TECHNIQUE = techniques.group_by_class()
LABELS = np.array([2, 0, 1, 0, 2, 0])
FLOATS = np.arange(18.0, dtype=np.float32)
REAL = Batch({"x": FLOATS[:6], "y": FLOATS[:12].reshape(6, 2)}, LABELS)
FAKE = Batch(FLOATS[:6, None], LABELS[::-1], FLOATS.reshape(6, 3))


@jit
def meet(real, fake):
    return TECHNIQUE.meet(Own(), jax.random.key(0), real, fake, None)


def test_examples_are_sorted_by_class_and_keep_their_order_label_and_latent():
    real, fake = meet(REAL, FAKE)
    np.testing.assert_array_equal(real.label, [0, 0, 0, 1, 2, 2])
    np.testing.assert_array_equal(real.data["x"], [1, 3, 5, 2, 0, 4])
    np.testing.assert_array_equal(real.data["y"], REAL.data["y"][[1, 3, 5, 2, 0, 4]])
    np.testing.assert_array_equal(np.asarray(fake.data)[:, 0], [0, 2, 4, 3, 1, 5])
    np.testing.assert_array_equal(fake.latent, FAKE.latent[[0, 2, 4, 3, 1, 5]])


def test_soft_labels_count_as_their_likeliest_class():
    soft = np.eye(3, dtype=np.float32)[LABELS] * 0.8 + 0.1
    real, _ = meet(REAL._replace(label=soft), FAKE)
    np.testing.assert_array_equal(real.data["x"], [1, 3, 5, 2, 0, 4])


def test_both_sides_have_the_same_packs_of_one_class_where_counts_allow():
    """Fakes of a conditional generator are made for the labels of the real minibatch, in its order."""
    labels = np.array([2, 0, 1, 0, 2, 1])
    for met in meet(REAL._replace(label=labels), FAKE._replace(label=labels)):
        np.testing.assert_array_equal(np.reshape(met.label, (3, 2)), [[0, 0], [1, 1], [2, 2]])


def test_gradients_reach_the_generator():
    gradient = jit(jax.grad(lambda x: jnp.sum(meet(REAL, FAKE._replace(data=x))[1].data * jnp.arange(6.0)[:, None])))
    np.testing.assert_array_equal(np.asarray(gradient(FAKE.data))[:, 0], [0, 4, 1, 3, 2, 5])


@pytest.mark.parametrize(
    ("real", "fake", "message"),
    [
        (REAL._replace(label=None), FAKE, "the real examples have none"),
        (REAL, FAKE._replace(label=None), "the fakes have none"),
        (REAL._replace(label=np.zeros((6, 2), int)), FAKE, r"int \[batch\] or float \[batch, classes\], got \(6, 2\)"),
        (REAL._replace(label={"a": LABELS}), FAKE, r"got \{'a': \(6,\)\}"),
    ],
)
def test_labels_are_needed_on_both_sides(real, fake, message):
    with pytest.raises(ValueError, match=message):
        meet(real, fake)
