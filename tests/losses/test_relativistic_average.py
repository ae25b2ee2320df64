"""The relativistic average losses: the known numbers, the means' gradient, and a batch of one."""

import jax
import jax.numpy as jnp
import numpy as np
import pytest

from jaxgan import losses
from tests.helpers import jit

REAL, FAKE = np.array([2.0, 0.0], np.float32), np.array([1.0, -1.0], np.float32)


@jit
def both(real, fake):
    """The losses of both players, by pairing and by averages."""
    return [
        jnp.stack([loss.discriminator(real, fake), loss.generator(real, fake)])
        for loss in (losses.relativistic(), losses.relativistic_average())
    ]


def test_known_numbers():
    """Pairing judges each place, and the average each against the mean: here log 2 and log(1 + exp(-2)) take turns."""
    pairing, average = both(REAL, FAKE)
    np.testing.assert_allclose(np.mean(pairing, axis=1), [0.313262, 1.313262], atol=1e-6)
    np.testing.assert_allclose(np.mean(average, axis=1), [0.410038, 1.410038], atol=1e-6)


@pytest.mark.parametrize("kind", ["standard", "least_squares", "hinge"])
def test_the_means_carry_a_gradient(kind):
    """With both of them, a common shift of all logits changes nothing; with a constant mean it would."""
    loss = losses.relativistic_average(kind)
    for player in (loss.discriminator, loss.generator):
        gradients = jit(jax.grad(lambda r, f, player=player: jnp.mean(player(r, f)), (0, 1)))
        real, fake = (np.asarray(gradient) for gradient in gradients(REAL, 0.4 * FAKE))
        assert np.any(np.abs(real) > 1e-3) and np.any(np.abs(fake) > 1e-3)
        np.testing.assert_allclose(np.sum(real) + np.sum(fake), 0.0, atol=1e-6)


def test_a_batch_of_one_is_pairing():
    pairing, average = both(np.array([0.3], np.float32), np.array([1.7], np.float32))
    np.testing.assert_allclose(average, pairing, rtol=1e-6)


def test_another_kind_is_one_line():
    with pytest.raises(ValueError, match="is one of standard, least_squares, hinge, not 'wasserstein'"):
        losses.relativistic_average("wasserstein")
