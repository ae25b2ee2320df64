import jax
import jax.numpy as jnp
import numpy as np
import pytest
from scipy import stats

from jaxgan import data
from jaxgan.types import Batch
from tests.helpers import drawn, jit


def test_floats_are_used_as_they_are(key):
    points = np.random.default_rng(0).normal(size=(50, 3)).astype(np.float32)
    sample = np.asarray(drawn(data.arrays(points), key, 20))
    assert {tuple(row) for row in sample.tolist()} <= {tuple(row) for row in points.tolist()}


def test_examples_are_drawn_uniformly(key):
    sample = np.asarray(drawn(data.arrays(np.arange(10.0)), key, 10_000)).astype(int)
    assert stats.chisquare(np.bincount(sample, minlength=10)).pvalue > 1e-3


def test_uint8_is_scaled_when_drawn(key):
    levels = np.arange(256, dtype=np.uint8)[:, None, None, None]
    task = data.arrays(levels, label=np.arange(256))
    assert task.data.dtype == jnp.uint8
    batch = jax.tree.map(np.asarray, drawn(task, key, 4_000))
    np.testing.assert_allclose(batch.data[:, 0, 0, 0], batch.label / 127.5 - 1, atol=2e-7)
    # Both ends are exact: an image model that ends in tanh can reach, and no metric sees a value outside of [-1, 1].
    assert batch.data.min() == -1 and batch.data.max() == 1


def test_labels_stay_with_their_examples(key):
    points = np.random.default_rng(0).normal(size=(40, 2)).astype(np.float32)
    task = data.arrays(points, label=points.sum(axis=1), name="mine")
    assert task.name == "mine" and task.shape == (2,) and task.size == 40
    batch = drawn(task, key, 100)
    assert isinstance(batch, Batch)
    np.testing.assert_allclose(batch.label, np.asarray(batch.data).sum(axis=1), rtol=1e-6)
    plain = drawn(task._replace(labelled=False), jax.random.clone(key), 100)
    np.testing.assert_array_equal(plain, batch.data)


def test_a_list_and_a_jax_array_are_arrays(key):
    assert drawn(data.arrays([[1.0, 2.0]]), key, 2).tolist() == [[1.0, 2.0], [1.0, 2.0]]
    assert drawn(data.arrays(jnp.asarray([[1.0, 1.0]], jnp.bfloat16)), key, 2).dtype == jnp.bfloat16


def test_float64_survives_only_under_x64(key, x64):
    task = data.arrays(np.full((1, 1), 1 + 1e-12))
    assert np.asarray(drawn(task, key, 1))[0, 0] == 1 + 1e-12


def test_to_uint8_inverts_the_scaling(key):
    levels = np.arange(256, dtype=np.uint8)
    to_uint8 = jit(data.to_uint8)
    scaled = np.asarray(drawn(data.arrays(levels), key, 1_000))
    np.testing.assert_allclose(to_uint8(scaled), scaled * 127.5 + 127.5, atol=1e-3)
    np.testing.assert_array_equal(to_uint8(levels / 127.5 - 1), levels)
    assert to_uint8(np.array([-3.0, -1.0, 0.0, 1.0, 7.0], np.float32)).tolist() == [0, 0, 128, 255, 255]
    assert to_uint8(scaled).dtype == jnp.uint8


@pytest.mark.parametrize(
    ("build", "message"),
    [
        (lambda: data.arrays([]), r"at least one example that is not empty, got shape \(0,\)"),
        (lambda: data.arrays(np.zeros((0, 2))), r"got shape \(0, 2\)"),
        (lambda: data.arrays(np.zeros((3, 0))), r"got shape \(3, 0\)"),
        (lambda: data.arrays(np.float64(3.0)), r"got shape \(\)"),
        (lambda: data.arrays(np.array([[1, 2], [3, np.nan], [np.inf, 0]])), r"got nan at index \(1, 1\)"),
        (lambda: data.arrays(np.array([[1, 2], [-np.inf, 0]], np.float32)), r"got -inf at index \(1, 0\)"),
        (lambda: data.arrays(np.array([1.0, 1e300])), r"got inf at index \(1,\)"),
        (lambda: data.arrays(np.arange(3)), "floating point, or uint8 from 0 to 255, got int64"),
        (lambda: data.arrays(np.zeros((3, 2)), label=[0, 1]), r"'arrays' has 3 examples but labels of shape \(2,\)"),
        (lambda: data.arrays(np.zeros((3, 2)), label=1), r"labels of shape \(\)"),
        (
            lambda: data.arrays(np.zeros((2, 2)), label=[0, np.nan]),
            r"'arrays, label' must be finite, got nan at index \(1,\)",
        ),
        (
            lambda: data.arrays([np.zeros((8, 8, 1)), np.zeros((8, 8, 1)), np.zeros((8, 9, 1))]),
            "differ in size: image 0 is 8x8 and image 2 is 8x9",
        ),
        (lambda: data.arrays([np.zeros((8, 8, 3)), np.zeros((8, 8, 1))]), "image 0 has 3 channels and image 1 has 1"),
        (lambda: data.arrays([[0.0, 1.0], [2.0]], name="mine"), r"'mine' differ in shape: \(2,\) at 0 and \(1,\) at 1"),
    ],
)
def test_errors(build, message):
    with pytest.raises(ValueError, match=message) as raised:
        build()
    assert "\n" not in str(raised.value)


@pytest.mark.parametrize(
    ("shape", "kind"), [((5,), "points"), ((5, 3), "points"), ((5, 4, 2), "sequences"), ((5, 8, 8, 1), "images")]
)
def test_what_examples_are_is_said_or_follows_from_their_axes(shape, kind):
    assert data.arrays(np.zeros(shape, np.float32)).kind == kind
    assert data.arrays(np.zeros(shape, np.float32), kind="tables").kind == "tables"


def test_a_kind_that_no_number_of_axes_suggests_has_to_be_said():
    with pytest.raises(ValueError, match=r"'arrays' has examples \(2, 3, 3, 1\), .* say kind="):
        data.arrays(np.zeros((5, 2, 3, 3, 1)))
    assert data.arrays(np.zeros((5, 2, 3, 3, 1)), kind="images").shape == (2, 3, 3, 1)


def test_classes_are_those_of_whole_labels():
    images = np.zeros((4, 8, 8, 1), np.uint8)
    task = data.arrays(images, label=np.array([0, 3, 3, 1]))
    assert task.modes == 4 and task.shares.tolist() == [0.25, 0.25, 0, 0.5]
    assert task.classes is not None and task.classes.by_default
    assert task.classes.parts(np.zeros((2, 8, 8, 1))).shape == (2, 1, 8, 8, 1)
    assert not task._replace(labelled=False).classes.by_default
    for other in (
        data.arrays(images),
        data.arrays(images, label=np.array([0.5, 1, 2, 3])),
        data.arrays(images, label=np.array([-1, 0, 1, 2])),
        data.arrays(images, label=np.zeros((4, 2), int)),
    ):
        assert other.modes == 0 and other.shares.shape == (0,) and other.classes is None
    # Known, but nothing that a classifier can be trained on.
    for other in (data.arrays(images - 1.5, label=np.arange(4)), data.arrays(images, label=np.zeros(4, int))):
        assert other.modes and other.classes is None


def test_what_a_classifier_reads_is_in_the_units_of_the_samples():
    pixels = np.linspace(0, 255, 8).astype(np.uint8).reshape(4, 1, 2, 1)
    for kind, array, expected in (
        ("image", pixels, pixels),
        ("image", pixels / 127.5 - 1, pixels),
        ("point", pixels[:, 0, :, 0], pixels[:, 0, :, 0] / 127.5 - 1),
        ("sequence", pixels[..., 0] / 9.0, pixels[..., 0] / 9),
    ):
        classes = data.arrays(array, label=np.arange(4)).classes
        assert classes is not None and classes.part == kind and classes.by_default
        np.testing.assert_allclose(classes.images, expected, atol=1e-6)
