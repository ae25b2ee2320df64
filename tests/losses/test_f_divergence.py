"""f-GANs at their best discriminators: the divergence itself, and zero where there is nothing to tell."""

import jax
import jax.numpy as jnp
import numpy as np
import pytest

from jaxgan import losses
from tests.helpers import jit

P, Q = np.array([4, 2, 1, 1]) / 8, np.array([1, 3, 1, 3]) / 8
RATIO = P / Q
# name: (the convex f of the ratio, the best logit)
KNOWN = {
    "kl": (lambda u: u * np.log(u), np.log(RATIO)),
    "reverse_kl": (lambda u: -np.log(u), np.log(RATIO)),
    "pearson": (lambda u: (u - 1.0) ** 2, 2.0 * (RATIO - 1.0)),
    "hellinger": (lambda u: (np.sqrt(u) - 1.0) ** 2, np.log(RATIO) / 2.0),
    "jensen_shannon": (lambda u: u * np.log(u) - (u + 1.0) * np.log((u + 1.0) / 2.0), np.log(RATIO)),
}


@pytest.mark.parametrize("name", KNOWN)
def test_the_best_discriminator_finds_the_divergence(name, x64):
    f, logits = KNOWN[name]
    halves = losses.f_divergence(name).halves
    assert halves is not None
    of_real, of_fake = jit(lambda v: (halves.real(v), halves.fake(v)))(logits)
    loss = np.sum(P * of_real) + np.sum(Q * of_fake)
    np.testing.assert_allclose(-loss, np.sum(Q * f(RATIO)), rtol=1e-12)


@pytest.mark.parametrize("name", KNOWN)
def test_without_a_difference_zero_is_best_and_worth_nothing(name, x64):
    loss = losses.f_divergence(name)
    same = jit(jax.value_and_grad(lambda v: jnp.mean(loss.discriminator(v, v))))
    value, gradient = same(np.zeros(3))
    np.testing.assert_allclose(value, 0.0, atol=1e-12)
    np.testing.assert_allclose(gradient, np.zeros(3), atol=1e-12)
    assert float(same(np.full(3, 0.5))[0]) > 1e-3 and float(same(np.full(3, -0.5))[0]) > 1e-3


def test_jensen_shannon_is_the_original_game(x64):
    logits = np.array([0.3, -2.0]), np.array([1.1, 0.0])
    ours, original = (
        jit(lambda real, fake, loss=loss: (loss.discriminator(real, fake), loss.generator(real, fake)))(*logits)
        for loss in (losses.f_divergence("jensen_shannon"), losses.non_saturating())
    )
    np.testing.assert_allclose(ours, np.asarray(original) - np.log([[4.0], [2.0]]))


def test_an_exponential_becomes_its_tangent():
    """Float32 overflows at 89: the value goes on in a straight line from 20 on, and so does its derivative."""
    halves = losses.f_divergence("kl").halves
    assert halves is not None
    run = jit(jax.vmap(jax.value_and_grad(lambda v: halves.fake(v[None])[0])))
    value, slope = run(np.array([19.0, 20.0, 21.0, 200.0], np.float32))
    np.testing.assert_allclose(value, np.exp(20.0) * np.array([np.exp(-1.0), 1.0, 2.0, 181.0]), rtol=1e-5)
    np.testing.assert_allclose(slope, np.exp(20.0) * np.array([np.exp(-1.0), 1.0, 1.0, 1.0]), rtol=1e-5)


def test_another_divergence_is_one_line():
    with pytest.raises(ValueError, match="is one of kl, reverse_kl, pearson, hellinger, jensen_shannon, not 'tv'"):
        losses.f_divergence("tv")
