"""The operations of augmentation, each against what is known of it: means, ranges, and what it leaves alone."""

import functools

import jax
import jax.numpy as jnp
import numpy as np
import pytest

from jaxgan.techniques.augmentation import _operations as operations
from tests.helpers import jit

N = 4000
NOISE = functools.partial(operations.noise, std=0.3)
OF_IMAGES = [
    operations.brightness,
    operations.saturation,
    operations.contrast,
    operations.translation,
    operations.cutout,
    operations.flip,
    operations.quarter_turns,
]
OF_POINTS = [NOISE, operations.rotation, operations.scale]
KEY = jax.random.key(0)


def name(operation):
    return getattr(operation, "__name__", "noise")


def copies(image, n=N):
    return np.broadcast_to(np.asarray(image, np.float32)[None], (n, *np.shape(image)))


def ramp(height, width, channels=1):
    """An image whose values are all different, and not zero."""
    return np.arange(1.0, 1 + height * width * channels).reshape(height, width, channels)


def changed(operation, x):
    return np.asarray(jit(operation)(KEY, x))


@pytest.mark.parametrize("operation", [*OF_IMAGES, *OF_POINTS], ids=name)
def test_examples_are_changed_apart_and_keep_shape_and_dtype(operation):
    shape = (4, 4, 3) if operation in OF_IMAGES else (5,)
    x = copies(np.random.default_rng(0).normal(size=shape), 40)
    found = changed(operation, x)
    assert found.shape == x.shape and found.dtype == jnp.float32
    assert len(np.unique(found.reshape(40, -1), axis=0)) > 1
    assert jax.eval_shape(operation, KEY, x.astype(jnp.bfloat16)).dtype == jnp.bfloat16
    alone = changed(operation, x[:1])
    assert alone.shape == (1, *shape) and np.isfinite(alone).all()


@pytest.mark.slow
@pytest.mark.parametrize("operation", [*OF_IMAGES, *OF_POINTS], ids=name)
def test_the_derivative_is_that_of_finite_differences(operation, x64):
    """All of them are affine in the example, so that central differences are exact."""
    shape = (3, 4, 4, 2) if operation in OF_IMAGES else (3, 4)
    x, v = jax.random.normal(jax.random.key(1), (2, *shape), jnp.float64)
    run = functools.partial(operation, KEY)
    derivative = jax.jvp(run, (x,), (v,))[1]
    np.testing.assert_allclose(derivative, (run(x + v) - run(x - v)) / 2, rtol=1e-9, atol=1e-12)
    assert np.any(derivative)


def test_brightness_moves_a_whole_image_and_is_zero_on_average():
    moved = changed(operations.brightness, copies(ramp(2, 2))) - ramp(2, 2)[None]
    np.testing.assert_allclose(moved, moved[:, :1, :1] + np.zeros((1, 2, 2, 1)), atol=1e-5)
    moved = moved[:, 0, 0, 0]
    assert abs(moved.mean()) < 0.02 and np.abs(moved).max() <= 0.5
    np.testing.assert_allclose(moved.var(), 1 / 12, rtol=0.05)


@pytest.mark.parametrize("operation", [operations.saturation, operations.contrast], ids=name)
def test_a_constant_image_is_left_alone(operation):
    x = copies(np.full((3, 4, 3), 0.3), 50)
    np.testing.assert_allclose(changed(operation, x), x, atol=1e-6)


@pytest.mark.parametrize(
    ("operation", "axes", "reach"), [(operations.saturation, 3, (0, 2)), (operations.contrast, (1, 2, 3), (0.5, 1.5))]
)
def test_deviations_from_the_mean_are_multiplied_by_one_number(operation, axes, reach):
    x = copies(np.random.default_rng(0).normal(size=(2, 3, 3)))
    found = changed(operation, x)
    mean = np.mean(x, axis=axes, keepdims=True)
    np.testing.assert_allclose(found.mean(axis=axes, keepdims=True), mean, atol=1e-5)
    factor = np.sum((found - mean) * (x - mean), axis=(1, 2, 3)) / np.sum((x - mean) ** 2, axis=(1, 2, 3))
    np.testing.assert_allclose(found, mean + factor[:, None, None, None] * (x - mean), atol=1e-5)
    assert reach[0] <= factor.min() and factor.max() <= reach[1]
    np.testing.assert_allclose(factor.mean(), 1.0, atol=0.03)
    np.testing.assert_allclose(factor.var(), (reach[1] - reach[0]) ** 2 / 12, rtol=0.05)


def test_grey_images_have_no_saturation():
    x = copies(ramp(2, 2), 10)
    np.testing.assert_allclose(changed(operations.saturation, x), x)


def shifted(image, down, right):
    """An image shifted with zeros coming in, by a loop over pixels."""
    found = np.zeros_like(image)
    for i in range(image.shape[0]):
        for j in range(image.shape[1]):
            if 0 <= i - down < image.shape[0] and 0 <= j - right < image.shape[1]:
                found[i, j] = image[i - down, j - right]
    return found


def test_translation_is_a_shift_with_zeros_each_equally_often():
    image = ramp(6, 12)  # 1 and 2 pixels: half an eighth rounds up
    every = np.array([shifted(image, down, right) for down in (-1, 0, 1) for right in range(-2, 3)])
    found = changed(operations.translation, copies(image))
    same = (found[:, None] == every[None]).all((2, 3, 4))
    assert (same.sum(1) == 1).all()
    np.testing.assert_allclose(same.mean(0), 1 / 15, atol=0.015)


@pytest.mark.parametrize(("size", "reach"), [(28, 4), (32, 4), (64, 8)])
def test_translation_reaches_an_eighth(size, reach):
    image = np.zeros((size, size, 1))
    image[size // 2, size // 2] = 1
    _, rows, columns, _ = np.nonzero(changed(operations.translation, copies(image, 600)))
    for places in (rows, columns):
        assert (places.min(), places.max()) == (size // 2 - reach, size // 2 + reach)


def kept_share(size, hole):
    """Mean share of an axis that a hole around a uniform place cuts out."""
    centres = range(size + 1 - hole % 2)
    return np.mean([sum(0 <= p - c + hole // 2 < hole for p in range(size)) / size for c in centres])


@pytest.mark.parametrize(("height", "width", "holes"), [(28, 28, (14, 14)), (6, 9, (3, 5)), (32, 8, (16, 4))])
def test_cutout_takes_a_rectangle_of_half_the_size_cut_off_at_the_borders(height, width, holes):
    n = 1500
    cut = changed(operations.cutout, copies(np.ones((height, width, 2)), n)) == 0
    assert (cut[..., 0] == cut[..., 1]).all()
    cut = cut[..., 0]
    rows, columns = cut.any(2), cut.any(1)
    assert (cut == (rows[:, :, None] & columns[:, None, :])).all()
    for inside, hole in ((rows, holes[0]), (columns, holes[1])):
        assert (np.abs(np.diff(np.pad(inside, ((0, 0), (1, 1))).astype(int), axis=1)).sum(1) == 2).all()  # one block
        assert inside.sum(1).max() == hole and inside.sum(1).min() == -(-hole // 2)
    assert (1 - cut.mean((1, 2))).min() >= 1 - holes[0] * holes[1] / (height * width) - 1e-9
    share = kept_share(height, holes[0]) * kept_share(width, holes[1])
    np.testing.assert_allclose(cut.mean(), share, rtol=0.05)


def test_half_of_the_images_are_mirrored():
    image = ramp(2, 3, 2)
    found = changed(operations.flip, copies(image))
    mirrored = (found == image[None, :, ::-1]).all((1, 2, 3))
    assert (mirrored | (found == image[None]).all((1, 2, 3))).all()
    assert abs(mirrored.mean() - 0.5) < 0.03


def test_quarter_turns_are_equally_often():
    image = ramp(3, 3, 2)
    every = np.array([np.rot90(image, turns) for turns in range(4)])
    same = (changed(operations.quarter_turns, copies(image))[:, None] == every[None]).all((2, 3, 4))
    np.testing.assert_allclose(same.mean(0), 0.25, atol=0.03)
    with pytest.raises(ValueError, match="quarter_turns needs square images, got 2x3"):
        operations.quarter_turns(KEY, np.zeros((1, 2, 3, 1)))


def test_noise_has_its_deviation():
    added = changed(NOISE, copies([1.0, -1.0])) - np.array([[1.0, -1.0]])
    np.testing.assert_allclose([added.std(), added.mean()], [0.3, 0.0], atol=0.01)


def test_rotation_turns_the_first_two_coordinates_and_hides_no_mode_of_a_ring():
    found = changed(operations.rotation, copies([2.0, 0.0, 5.0]))
    np.testing.assert_allclose(np.linalg.norm(found[:, :2], axis=1), 2.0, rtol=1e-5)
    np.testing.assert_array_equal(found[:, 2], 5.0)
    angle = np.arctan2(found[:, 1], found[:, 0])
    # A turn by a uniform angle multiplies these by zero, and a lost mode could not be seen.
    for frequency in (1, 4, 8):
        np.testing.assert_allclose(np.cos(frequency * angle).mean(), np.exp(-((0.2 * frequency) ** 2) / 2), atol=0.03)
    assert abs(angle.mean()) < 0.02
    with pytest.raises(ValueError, match="rotation needs points of at least 2 coordinates, got 1"):
        operations.rotation(KEY, np.zeros((3, 1)))


def test_scale_stretches_from_the_origin():
    factor = changed(operations.scale, copies([2.0, -4.0])) / np.array([[2.0, -4.0]])
    np.testing.assert_allclose(factor[:, 0], factor[:, 1], rtol=1e-6)
    np.testing.assert_allclose([np.log2(factor).mean(), np.log2(factor).std()], [0.0, 0.2], atol=0.01)
