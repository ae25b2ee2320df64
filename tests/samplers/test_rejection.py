"""Rejection sampling: the share of each point that is kept, in closed form."""

import jax
import jax.numpy as jnp
import numpy as np
import pytest

from jaxgan import networks, samplers
from jaxgan.types import Batch
from tests.helpers import jit, perceptron, small_gan
from tests.samplers.games import choices, judged_by, shares

N = 20_000
LOGITS = np.log([0.5, 1.0, 2.0])


def drawn(sampler, state, n=N):
    return np.asarray(jit(lambda key, state: sampler(key, state, n))(jax.random.key(1), state))


def test_without_a_percentile_a_sample_is_kept_with_the_ratio_to_the_best():
    """Logits log(.5, 1, 2) are kept with the probabilities .25, .5 and 1, so shares are in that ratio."""
    gan, state = choices(LOGITS)
    found = shares(drawn(samplers.rejection(gan, percentile=None), state), 3)
    np.testing.assert_allclose(found, np.array([0.25, 0.5, 1.0]) / 1.75, atol=0.012)


def test_a_single_round_keeps_what_was_drawn():
    gan, state = choices(LOGITS)
    found = shares(drawn(samplers.rejection(gan, percentile=None, rounds=1), state), 3)
    np.testing.assert_allclose(found, 1 / 3, atol=0.012)


def test_a_percentile_is_where_half_is_kept():
    """F less its median is the logit of the probability: those with the median's logit are kept half the time."""
    gan, state = choices(LOGITS)
    found = shares(drawn(samplers.rejection(gan, percentile=50.0, first=999), state), 3)
    below = LOGITS - LOGITS[2]
    f = below - np.log(-np.expm1(below - 1e-6))
    kept = 1 / (1 + np.exp(f[1] - f))
    np.testing.assert_allclose(found, kept / kept.sum(), atol=0.012)


def test_a_lost_point_stays_lost():
    gan, state = choices([0.0, 0.0])
    assert set(np.unique(drawn(samplers.rejection(gan), state, 100))) <= {0.0, 1.0}


def test_flat_logits_keep_everything_and_a_calibration_changes_them():
    gan, state = choices([1.0, 1.0])
    assert np.isfinite(drawn(samplers.rejection(gan), state, 8)).all()
    doubled = samplers.rejection(choices(LOGITS / 2)[0], percentile=None, calibration=lambda d: 2 * d)
    found = shares(drawn(doubled, choices(LOGITS / 2)[1]), 3)
    np.testing.assert_allclose(found, np.array([0.25, 0.5, 1.0]) / 1.75, atol=0.012)


def test_it_stands_in_the_place_of_sample():
    gan, state = judged_by(lambda x: x[:, 0])
    better = gan._replace(sample=samplers.rejection(gan))
    one, again = (drawn(better.sample, state, 5) for _ in range(2))
    np.testing.assert_array_equal(one, again)
    assert one.shape == jax.eval_shape(lambda key: gan.sample(key, state, 5), jax.random.key(1)).shape


@pytest.mark.slow
def test_labels_go_with_their_examples():
    def apply(params, stats, z, *, train, key=None, label):
        return z + 10.0 * label[:, None], stats

    generator = networks.mlp([2], out=1)._replace(
        init=lambda key, z, label: ({"unused": jnp.zeros(())}, {}), apply=apply, conditional=True
    )
    gan = small_gan(generator=generator, latent_dim=1)
    state = gan.init(jax.random.key(0), Batch(jnp.zeros((4, 1)), jnp.zeros(4)))
    label = jnp.arange(6.0)
    for sampler in (samplers.rejection(gan, first=9), samplers.metropolis_hastings(gan, proposals=5),
                    samplers.latent_descent(gan, steps=3)):  # fmt: skip
        x = sampler(jax.random.key(1), state, 6, label)
        np.testing.assert_allclose(x[:, 0] / 10.0, label, atol=0.6)


@pytest.mark.parametrize("make", [samplers.rejection, samplers.metropolis_hastings, samplers.latent_descent])
def test_a_packed_discriminator_is_refused(make):
    gan = small_gan(discriminator=networks.packed(perceptron([5], out=1), 2))
    state = jax.eval_shape(gan.init, jax.random.key(0), np.ones((4, 2), np.float32))
    with pytest.raises(ValueError, match=r"one logit for each example, and this discriminator gives \d+ for \d+"):
        jax.eval_shape(lambda key, state: make(gan)(key, state, 4), jax.random.key(1), state)


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"percentile": 101.0}, r"percentile of rejection must be in \[0, 100\], got 101.0"),
        ({"first": 0}, "first samples of rejection must be a whole number of at least 1, got 0"),
        ({"rounds": 0}, "rounds of rejection must be a whole number of at least 1, got 0"),
    ],
)
def test_arguments_are_checked(options, message):
    with pytest.raises(ValueError, match=message):
        samplers.rejection(choices([0.0])[0], **options)
