"""Single digits with their classes, and digits one after the other in time."""

import jax
import numpy as np
import pytest
from sklearn.datasets import load_digits

from jaxgan import data
from tests.helpers import drawn, jit


def labelled(task, key, n):
    return jit(task.draw_labelled, static_argnums=2)(task.arrays, key, n)


def test_digits_are_drawn_with_their_classes(key):
    task = data.digits()
    assert (task.name, task.kind, task.shape, task.size, task.modes) == ("digits", "images", (8, 8, 1), 1797, 10)
    found = load_digits()
    images = found["images"]
    np.testing.assert_allclose(task.shares, np.bincount(found["target"]) / 1797)
    assert task.names[7] == "digit 7"
    batch = jax.tree.map(np.asarray, drawn(task, key, 200))
    assert batch.data.min() == -1 and batch.data.max() == 1
    known = {image.astype(int).tobytes(): label for image, label in zip(images, found["target"], strict=True)}
    grey = np.rint((batch.data[..., 0] + 1) * 8).astype(int)
    assert [known[image.tobytes()] for image in grey] == np.asarray(batch.label).tolist()


def test_a_sequence_holds_the_rows_of_one_digit_after_the_other(key):
    task, stacked = data.digits_in_time(3), data.stacked_digits(3)
    assert (task.kind, task.shape, task.modes) == ("sequences", (24, 8), 1000)
    assert task.names == stacked.names
    np.testing.assert_array_equal(task.shares, stacked.shares)
    # The same draw as that of the stack, whose channels are read from top to bottom, one after the other.
    batch, twin = (jax.tree.map(np.asarray, labelled(t, key, 6)) for t in (task, stacked))
    np.testing.assert_array_equal(batch.label, twin.label)
    for digit in range(3):
        np.testing.assert_array_equal(batch.data[:, 8 * digit : 8 * (digit + 1)], twin.data[..., digit])
    np.testing.assert_array_equal(drawn(task, key, 6), batch.data)


@pytest.mark.parametrize("task", [data.stacked_digits(2), data.digits_in_time(2)])
def test_parts_are_the_single_digits_and_shares_are_those_of_the_labels(task, key):
    batch = jax.tree.map(np.asarray, labelled(task, key, 20_000))
    parts = jit(task.classes.parts)(batch.data[:50])
    assert parts.shape == (50, 2, 8, 8, 1)
    images = np.asarray(task.classes.images)
    label_of = {image.tobytes(): int(label) for image, label in zip(images, task.classes.labels, strict=True)}
    told = [[label_of[part.tobytes()] for part in example] for example in np.asarray(jit(data.to_uint8)(parts))]
    assert [10 * a + b for a, b in told] == batch.label[:50].tolist()
    counts = np.bincount(batch.label, minlength=100)
    np.testing.assert_allclose(task.shares.sum(), 1)
    assert np.abs(counts - 20_000 * task.shares).max() < 5 * np.sqrt(20_000 * task.shares.max())


def test_errors():
    for count in (0, 10):
        with pytest.raises(ValueError, match=rf"count must be in \[1, 9\], got {count}"):
            data.digits_in_time(count)
