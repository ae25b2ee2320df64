"""Consistency of real examples: numbers by hand, a closed form, and what it leaves alone."""

import jax
import jax.numpy as jnp
import numpy as np
import pytest

from jaxgan import Batch, Own, techniques
from tests.helpers import jit, played
from tests.techniques.examples import Example

EXAMPLE = Example("consistency:1.0")
REAL, FAR = np.random.default_rng(0).standard_normal((4000, 3)), np.full((4000, 3), 1e3)  # fakes take no part


def term(technique, discriminate, real, fake, answer=None):
    """In a round in which the technique is given the answers of `answer`, or those of `discriminate`."""

    @jit
    def run(real, fake):
        play = played(discriminate, real, fake)
        play = play._replace(discriminate=answer or play.discriminate)
        return technique.discriminator_loss(Own(), jax.random.key(0), play)

    return run(real, fake)


def test_numbers_by_hand(x64):
    """Logits 1 and 2 become 1.5 and 1: a mean square of 0.625."""
    round_of = lambda x: x[:, 0], np.array([[1.0], [2.0]]), np.zeros((2, 1))
    value = term(techniques.consistency(), *round_of, lambda x: jnp.array([1.5, 1.0]))
    np.testing.assert_allclose(value, 6.25)


def test_linear_discriminator_pays_for_its_slope_times_the_noise(x64):
    w = np.array([0.3, -1.0, 2.0])
    value = term(techniques.consistency(0.7, std=0.1), lambda x: x @ w, REAL, FAR)
    np.testing.assert_allclose(value, 0.7 * 0.1**2 * np.sum(w**2), rtol=0.1)


def test_a_discriminator_that_sees_neither_flip_nor_shift_pays_nothing(x64):
    images = REAL[:256].reshape(4, 8, 8, 3)
    constant = np.broadcast_to(images[:, :1, :1], images.shape)  # the same wherever it is shifted to
    flat = term(techniques.consistency(), lambda x: jnp.sum(x**2, axis=(1, 2, 3)), constant, constant)
    np.testing.assert_allclose(flat, 0.0, atol=1e-20)
    corner = lambda x: x[:, 0, 0, 0], images, images
    assert float(term(techniques.consistency(), *corner)) > 0.0
    assert float(term(techniques.consistency(flip=False, shift=0.0), *corner)) == 0.0


def test_examples_keep_their_labels():
    label = np.arange(4)
    seen = []

    def discriminate(x):
        jax.debug.callback(lambda label: seen.append(np.array(label)), x.label)
        return x.data[:, 0]

    round_of = lambda x: x[:, 0], Batch(REAL[:4], label), FAR[:4]
    jax.block_until_ready(term(techniques.consistency(), *round_of, discriminate))
    jax.effects_barrier()
    assert len(seen) == 1 and all(np.all(x == label) for x in seen)


def test_arguments_are_checked():
    with pytest.raises(ValueError, match="weight of consistency must be at least 0, got -1"):
        techniques.consistency(-1)
    with pytest.raises(ValueError, match="std of consistency must be at least 0, got -1"):
        techniques.consistency(std=-1)
