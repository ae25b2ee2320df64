"""DiffAugment: which examples are changed, by what, and what the generator is told."""

import jax
import jax.numpy as jnp
import numpy as np
import pytest

from jaxgan import Batch, Own, techniques
from jaxgan.techniques.augmentation import _operations, _policy
from tests.helpers import jit
from tests.techniques.examples import Example

EXAMPLE = Example("differentiable_augmentation")
IMAGES = np.random.default_rng(3).uniform(0.1, 0.9, (6, 8, 8, 3)).astype(np.float32)
POINTS = np.random.default_rng(3).standard_normal((6, 2)).astype(np.float32)


def seen(policy, x, seed=0, **options):
    technique = techniques.differentiable_augmentation(policy, **options)
    x = jax.tree.map(jnp.asarray, x)
    real, fake = technique.meet(Own(), jax.random.key(seed), Batch(x, jnp.arange(6)), Batch(x), None)
    assert real.label.tolist() == list(range(6)) and fake.label is None
    return np.asarray(real.data), np.asarray(fake.data)


@pytest.mark.parametrize("x", [IMAGES, POINTS], ids=["images", "points"])
def test_an_empty_policy_changes_nothing(x):
    for found in seen("", x):
        np.testing.assert_array_equal(found, x)


@pytest.mark.parametrize("policy", [None, "color", "translation+cutout", "flip+quarter_turns"])
def test_real_examples_and_fakes_are_changed_apart(policy):
    real, fake = seen(policy, IMAGES)
    assert np.any(real != fake) and np.any(real != IMAGES) and np.any(fake != IMAGES)
    assert np.any(real != seen(policy, IMAGES, seed=1)[0])


def test_operations_follow_in_the_order_of_the_policy():
    brighter_first, cut_first = (seen(policy, IMAGES)[0] for policy in ("brightness+cutout", "cutout+brightness"))
    assert (brighter_first == 0).any((1, 2, 3)).all()
    assert (cut_first != 0).all()  # the hole is as much brighter as the rest


def test_the_default_suits_the_examples():
    named = {"images": (IMAGES, "color+translation+cutout"), "points": (POINTS, "noise + scale")}
    for x, policy in named.values():
        np.testing.assert_array_equal(seen(None, x), seen(policy, x))


def test_noise_is_in_units_of_the_data():
    x = np.zeros((6, 500), np.float32)
    for std in (0.0, 0.5):
        np.testing.assert_allclose(np.std(seen("noise", x, noise=std)[1]), std, rtol=0.05)


def test_the_generators_gradient_passes_through():
    """What is cut out or shifted away has none, the rest has all of it."""
    technique = techniques.differentiable_augmentation("cutout")

    def total(x):
        return jnp.sum(technique.meet(Own(), jax.random.key(0), Batch(x), Batch(x), None)[1].data)

    np.testing.assert_array_equal(jit(jax.grad(total))(IMAGES), seen("cutout", IMAGES)[1] != 0)


@pytest.mark.parametrize(
    ("policy", "x", "message"),
    [
        ("translation", POINTS, "the operation translation of differentiable_augmentation is not for points; known"),
        ("noise", IMAGES, "the operation noise of differentiable_augmentation is not for images; known are color, "),
        (None, np.zeros((6, 4, 2), np.float32), r"changes images .* or points \[batch, width\], not \(6, 4, 2\)"),
        (None, {"a": POINTS}, r"points \[batch, width\], not {'a': \(6, 2\)}"),
    ],
)
def test_examples_that_do_not_fit_are_refused(policy, x, message):
    with pytest.raises(ValueError, match=message) as raised:
        seen(policy, x)
    assert "\n" not in str(raised.value)


def test_arguments_are_checked():
    with pytest.raises(ValueError, match="differentiable_augmentation has no operation 'colour'; known are color, "):
        techniques.differentiable_augmentation("colour+cutout")
    with pytest.raises(ValueError, match="the noise of differentiable_augmentation must be at least 0, got -1"):
        techniques.differentiable_augmentation(noise=-1)


def test_every_operation_can_be_named():
    named = {operation for of in (_policy.OF_IMAGES, _policy.OF_POINTS) for part in of.values() for operation in part}
    own = {value for name, value in vars(_operations).items() if not name.startswith("_") and callable(value)}
    assert named == {value for value in own if getattr(value, "__module__", "") == _operations.__name__}
