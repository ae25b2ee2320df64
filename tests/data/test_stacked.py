import jax
import jax.numpy as jnp
import numpy as np
import pytest
from scipy import stats
from sklearn.datasets import load_digits

from jaxgan import data
from tests.helpers import drawn, jit


@pytest.fixture(scope="module")
def mnist(mnist_dir):
    return data.stacked_mnist(mnist_dir, split="test")


def labelled(task, key, n):
    return jit(task.draw_labelled, static_argnums=2)(task.arrays, key, n)


def decode(task, batch):
    """The label of each example, found by comparing each of its channels with all single digits."""
    pixels = np.asarray(jit(data.to_uint8)(batch.data))
    label_of = {}
    for image, label in zip(np.asarray(task.images), np.asarray(task.labels), strict=True):
        label_of.setdefault(image.tobytes(), set()).add(int(label))
    labels = []
    for example in pixels:
        label = 0
        for channel in range(task.stack):
            (digit,) = label_of[example[:, :, channel].tobytes()]
            label = 10 * label + digit
        labels.append(label)
    return np.array(labels)


def test_digits_are_those_of_scikit_learn():
    task = data.stacked_digits()
    digits = load_digits()
    assert task.images.shape == (1797, 8, 8) and task.images.dtype == jnp.uint8
    np.testing.assert_array_equal(task.labels, digits["target"])
    np.testing.assert_array_equal(np.rint(np.asarray(task.images) * (16 / 255)), digits["images"])
    assert np.min(task.images) == 0 and np.max(task.images) == 255


@pytest.mark.parametrize("stack", [1, 3, 4])
def test_labels_decode_from_the_channels(stack, key):
    task = data.stacked_digits(stack)
    assert task.modes == 10**stack and task.shape == (8, 8, stack)
    batch = labelled(task, key, 64)
    np.testing.assert_array_equal(batch.label, decode(task, batch))
    assert batch.label.dtype == jnp.int32


def test_draw_is_the_data_of_draw_labelled(key):
    task = data.stacked_digits()
    batch = labelled(task, key, 8)
    np.testing.assert_array_equal(drawn(task, jax.random.clone(key), 8), batch.data)


def test_values_are_in_range(key):
    task = data.stacked_digits()
    sample = np.asarray(drawn(task, key, 256))
    assert sample.min() == -1 and sample.max() == 1


def test_digits_are_drawn_independently_and_uniformly(key):
    task = data.stacked_digits()
    n = 60_000
    label = np.asarray(jit(lambda arrays, key: task.draw_labelled(arrays, key, n).label)(task.arrays, key))
    share = np.bincount(task.labels, minlength=10) / len(task.labels)
    expected = n * np.einsum("a,b,c->abc", share, share, share).ravel()
    counts = np.bincount(label, minlength=1000)
    assert (counts > 0).all()
    assert stats.chisquare(counts, expected).pvalue > 1e-3


def test_names():
    names = data.stacked_digits().names
    assert len(names) == len(set(names)) == 1000
    assert names[17] == "digits 0-1-7"
    assert names[905] == "digits 9-0-5"


def test_errors(tmp_path):
    for stack in (0, 10):
        with pytest.raises(ValueError, match=rf"stack must be in \[1, 9\], got {stack}"):
            data.stacked_digits(stack)
    with pytest.raises(ValueError, match="size must be at least the 28 pixels of MNIST, got 20"):
        data.stacked_mnist(tmp_path, size=20)
    with pytest.raises(data.MissingData, match=f"'mnist' is not in {tmp_path}"):
        data.stacked_mnist(tmp_path)


def test_mnist(mnist, key):
    assert mnist.images.shape == (10_000, 28, 28) and mnist.images.dtype == jnp.uint8
    assert np.bincount(mnist.labels).tolist() == [980, 1135, 1032, 1010, 982, 892, 958, 1028, 974, 1009]
    batch = jax.tree.map(np.asarray, labelled(mnist, key, 32))
    assert batch.data.shape == (32, 28, 28, 3)
    np.testing.assert_array_equal(batch.label, decode(mnist, batch))
    assert batch.data.min() == -1 and batch.data.max() == 1


def test_mnist_is_padded_with_black(mnist_dir, key):
    small = data.stacked_mnist(mnist_dir, split="test[:200]")
    large = data.stacked_mnist(mnist_dir, split="test[:200]", size=33, stack=4)
    assert large.images.shape == (200, 33, 33) and large.modes == 10_000
    np.testing.assert_array_equal(np.asarray(large.images)[:, 2:30, 2:30], small.images)
    assert np.asarray(large.images).sum(dtype=np.int64) == np.asarray(small.images).sum(dtype=np.int64)
    sample = np.asarray(drawn(large, key, 3))
    assert sample.shape == (3, 33, 33, 4)
    assert (sample[:, 0] == -1).all() and (sample[:, -3:] == -1).all()
