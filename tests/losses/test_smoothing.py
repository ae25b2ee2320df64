"""Smoothed and flipped labels: the known numbers, the mean over flips, and losses that cannot be smoothed."""

import jax
import numpy as np
import pytest

from jaxgan import losses
from tests.helpers import jit


def test_one_sided_smoothing_moves_the_equilibrium():
    """At equal densities: a discriminator of 0.45, a logit of -0.2007, and a loss below log 4."""
    loss = losses.smoothed(losses.non_saturating())
    logit = np.log(np.array([0.45 / 0.55], np.float32))
    np.testing.assert_allclose(logit, [-0.2007], atol=1e-4)
    value, slope = jit(jax.value_and_grad(lambda v: loss.discriminator(v, v)[0]))(logit)
    np.testing.assert_allclose(value, 1.37628, atol=1e-5)
    np.testing.assert_allclose(slope, [0.0], atol=1e-6)


def test_certain_labels_change_nothing_and_the_generator_is_as_it_was():
    logits = np.array([0.3, -2.0], np.float32), np.array([1.1, 0.0], np.float32)
    plain = losses.hinge()
    expected = jit(plain.discriminator)(*logits)
    for loss in (losses.smoothed(plain, 1.0, 0.0), losses.flipped(plain, 0.0)):
        np.testing.assert_array_equal(jit(loss.discriminator)(*logits), expected)
    np.testing.assert_array_equal(jit(losses.smoothed(plain, 0.7).generator)(*logits), jit(plain.generator)(*logits))


def test_flipped_is_the_mean_over_flips():
    """Each of the two logits is judged with the other label with a probability of 0.1."""
    real, fake = np.array([0.3], np.float32), np.array([1.1], np.float32)
    halves = losses.hinge().halves
    assert halves is not None
    flips = np.random.default_rng(0).random((2, 200_000)) < 0.1
    judged = [
        np.where(flip, wrong(logit), right(logit))
        for flip, logit, right, wrong in (
            (flips[0], real, halves.real, halves.fake),
            (flips[1], fake, halves.fake, halves.real),
        )
    ]
    expected = np.mean(judged[0]) + np.mean(judged[1])
    found = jit(losses.flipped(losses.hinge(), 0.1).discriminator)(real, fake)
    np.testing.assert_allclose(found, [expected], rtol=5e-3)


def test_a_joint_loss_can_be_smoothed():
    loss = losses.smoothed(losses.d2gan())
    logits = np.zeros((3, 2), np.float32)
    assert loss.joint and jit(loss.discriminator)(logits, logits).shape == (3,)
    with pytest.raises(ValueError, match=r"d2gan reads 2 logits"):
        loss.discriminator(np.zeros((3, 4)), np.zeros((3, 4)))


def test_mistakes_are_one_line():
    with pytest.raises(ValueError, match=r"label of real examples must be in .*, got 1.1"):
        losses.smoothed(losses.hinge(), 1.1)
    with pytest.raises(ValueError, match=r"label of fakes must be in .*, got -0.1"):
        losses.smoothed(losses.hinge(), fake=-0.1)
    with pytest.raises(ValueError, match=r"probability of flipped must be in .*, got 0.6"):
        losses.flipped(losses.hinge(), 0.6)
    for make, name in ((losses.smoothed, "smoothed"), (losses.flipped, "flipped")):
        with pytest.raises(ValueError, match=f"{name} mixes the real and the fake half of a loss"):
            make(losses.relativistic())
