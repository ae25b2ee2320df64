"""ADA: how many examples are changed at a probability, and that a GAN moves it. Its numbers: test_overfitting.py."""

import jax
import jax.numpy as jnp
import numpy as np
import pytest

from jaxgan import Batch, Own, techniques
from jaxgan.techniques._overfitting import Controlled
from tests.helpers import jit, small_gan
from tests.techniques.examples import Example

EXAMPLE = Example("adaptive_augmentation:images=50,interval=1")
IMAGES = np.random.default_rng(3).uniform(0.1, 0.9, (6, 8, 8, 3)).astype(np.float32)


def own_at(probability):
    return Own(state=Controlled(probability, np.float32(0.0), np.int32(0)))


def seen(technique, probability, x):
    own, batch = own_at(np.float32(probability)), Batch(jnp.asarray(x))
    real, fake = technique.meet(own, jax.random.key(0), batch, batch, None)
    return np.asarray(real.data), np.asarray(fake.data)


@pytest.mark.parametrize("policy", [None, "flip+quarter_turns+translation+color+cutout"])
def test_nothing_is_changed_at_the_start(policy):
    for found in seen(techniques.adaptive_augmentation(policy), 0.0, IMAGES):
        np.testing.assert_array_equal(found, IMAGES)


def test_at_probability_one_it_is_differentiable_augmentation():
    policy = "flip+translation+color"
    fixed = techniques.differentiable_augmentation(policy)
    np.testing.assert_array_equal(seen(techniques.adaptive_augmentation(), 1.0, IMAGES), seen(fixed, 0.0, IMAGES))


def test_each_operation_changes_its_share_of_examples_by_itself():
    x = np.full((8000, 2), 4.0, np.float32)
    for found in seen(techniques.adaptive_augmentation("rotation+scale"), 0.3, x):
        length, direction = np.linalg.norm(found, axis=1), found[:, 0] - found[:, 1]
        scaled, turned = np.abs(length - np.sqrt(32)) > 1e-4, np.abs(direction) > 1e-4
        shares = [scaled.mean(), turned.mean(), (scaled & turned).mean()]
        np.testing.assert_allclose(shares, [0.3, 0.3, 0.09], atol=0.02)


def test_the_gradient_passes_through_at_any_probability():
    technique = techniques.adaptive_augmentation("translation+contrast")

    def total(x, p):
        return jnp.sum(technique.meet(own_at(p), jax.random.key(0), Batch(x), Batch(x), None)[1].data ** 2)

    slope = jit(jax.grad(total))
    for p in (0.0, 0.5, 1.0):
        gradient = slope(IMAGES, np.float32(p))
        assert np.isfinite(gradient).all() and np.any(gradient)


@pytest.mark.slow
def test_a_gan_moves_and_reports_the_probability():
    """With a target that any discriminator exceeds it goes up by 8 · 2 / 100 every second step."""
    technique = techniques.adaptive_augmentation(target=-1.0, images=100, interval=2, maximum=0.4)
    players, data = small_gan(technique), jax.random.normal(jax.random.key(4), (8, 2)) + 3.0
    key = jax.random.key(0)
    state, step, found = jit(players.init)(key, data), jit(players.step), []
    state = state._replace(discriminator=state.discriminator._replace(params=sure(state.discriminator.params)))
    for _ in range(6):
        state, info = step(key, state, data)
        found.append(float(info.reports["adaptive_augmentation"]["probability"]))
    np.testing.assert_allclose(found, [0.0, 0.16, 0.16, 0.32, 0.32, 0.4], rtol=1e-5)


def sure(params):
    """A discriminator that answers 10 to everything."""
    return [*params[:-1], {"w": params[-1]["w"], "b": params[-1]["b"] + 10.0}]


@pytest.mark.parametrize(
    ("x", "message"),
    [
        (np.zeros((2, 3, 4), np.float32), "adaptive_augmentation changes images"),
        ({"a": IMAGES}, "adaptive_augmentation changes"),
    ],
)
def test_other_examples_are_refused(x, message):
    x = jax.tree.map(jnp.asarray, x)
    with pytest.raises(ValueError, match=message):
        techniques.adaptive_augmentation().meet(own_at(0.5), jax.random.key(0), Batch(x), Batch(x), None)


def test_arguments_are_checked():
    with pytest.raises(ValueError, match="adaptive_augmentation has no operation 'hue'"):
        techniques.adaptive_augmentation("hue")
    with pytest.raises(ValueError, match="the noise of adaptive_augmentation must be at least 0, got -1"):
        techniques.adaptive_augmentation(noise=-1)
