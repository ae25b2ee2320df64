"""What the consistency techniques do to an example: every flip and shift of images, and noise on points."""

import jax
import jax.numpy as jnp
import numpy as np
import pytest

from jaxgan.techniques.consistency._transformations import transformation
from jaxgan.types import as_batch
from tests.helpers import jit


def changed(x, key=0, **options):
    """The data after a transformation."""
    change = transformation("it", **{"flip": True, "shift": 0.25, "std": 0.1, **options})
    return np.asarray(jit(lambda key, x: change(key, as_batch(x)).data)(jax.random.key(key), x))


def possible(image, flip, furthest):
    """All results for one image, by NumPy's reflecting padding."""
    height, width, _ = image.shape
    padded = np.pad(image, ((furthest,) * 2, (furthest,) * 2, (0, 0)), mode="reflect")
    places = range(2 * furthest + 1)
    shifted = [padded[i : i + height, j : j + width] for i in places for j in places]
    return {x.tobytes() for x in shifted} | ({x[:, ::-1].tobytes() for x in shifted} if flip else set())


@pytest.mark.parametrize(("shape", "furthest"), [((4, 4, 2), 1), ((8, 8, 1), 2), ((1, 1, 1), 0), ((2, 2, 1), 0)])
@pytest.mark.parametrize("flip", [False, True])
def test_images_are_shifted_with_reflected_edges_and_mirrored(shape, furthest, flip):
    """Two hundred copies of one image take every form that they may, and no other."""
    image = np.random.default_rng(0).normal(size=shape).astype(np.float32)
    found = {x.tobytes() for x in changed(np.broadcast_to(image, (400, *shape)), flip=flip)}
    assert found == possible(image, flip, furthest)


def test_nothing_happens_where_nothing_may():
    image = np.random.default_rng(0).normal(size=(3, 8, 8, 2)).astype(np.float32)
    np.testing.assert_array_equal(changed(image, flip=False, shift=0.0), image)
    np.testing.assert_array_equal(changed(image[:, 0], std=0.0), image[:, 0])


def test_points_and_sequences_get_noise_of_the_given_size():
    for shape in ((2000, 3), (500, 4, 3)):
        noise = changed(np.full(shape, 5.0, np.float32), std=0.2) - 5.0
        np.testing.assert_allclose([np.mean(noise), np.std(noise)], [0.0, 0.2], atol=0.01)


def test_every_array_of_a_tree_is_changed_by_itself():
    change = transformation("it", flip=True, shift=0.25, std=0.1)
    x = {"a": np.zeros((4, 2), np.float32), "b": np.zeros((4, 2), np.float32)}
    both = jit(lambda key, x: change(key, as_batch(x)).data)(jax.random.key(0), x)
    assert np.all(np.asarray(both["a"]) != np.asarray(both["b"]))


def test_gradient_goes_back_to_the_pixels_that_were_moved(x64):
    """Summed weights: a pixel that was doubled by the reflection gets both."""
    image = np.random.default_rng(0).normal(size=(2, 4, 4, 1))
    change = transformation("it", flip=True, shift=0.25, std=0.0)
    weight = np.arange(32.0).reshape(2, 4, 4, 1)

    @jit
    @jax.value_and_grad
    def both(x):
        return jnp.sum(weight * change(jax.random.key(1), as_batch(x)).data)

    # Linear in the image, so that the gradient times the image is the value.
    value, gradient = both(image)
    np.testing.assert_allclose(np.sum(gradient * image), value, rtol=1e-10)


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"shift": 1.0}, r"the shift of it must be in \[0, 1\), got 1.0"),
        ({"std": -0.1}, "the std of it must be at least 0, got -0.1"),
    ],
)
def test_arguments_are_checked(options, message):
    with pytest.raises(ValueError, match=message):
        changed(np.zeros((2, 2)), **options)
