"""The relativistic average losses: the known numbers, the means' gradient, and a batch of one."""

import jax
import jax.numpy as jnp
import numpy as np
import pytest

from jaxgan import losses

REAL, FAKE = jnp.array([2.0, 0.0]), jnp.array([1.0, -1.0])


def test_known_numbers():
    """Pairing judges each place, and the average each against the mean: here log 2 and log(1 + exp(-2)) take turns."""
    pairing, average = losses.relativistic(), losses.relativistic_average()
    np.testing.assert_allclose(jnp.mean(pairing.discriminator(REAL, FAKE)), 0.313262, atol=1e-6)
    np.testing.assert_allclose(jnp.mean(pairing.generator(REAL, FAKE)), 1.313262, atol=1e-6)
    np.testing.assert_allclose(jnp.mean(average.discriminator(REAL, FAKE)), 0.410038, atol=1e-6)
    np.testing.assert_allclose(jnp.mean(average.generator(REAL, FAKE)), 1.410038, atol=1e-6)


@pytest.mark.parametrize("kind", ["standard", "least_squares", "hinge"])
def test_the_means_carry_a_gradient(kind):
    """With both of them, a common shift of all logits changes nothing; with a constant mean it would."""
    loss = losses.relativistic_average(kind)
    for player in (loss.discriminator, loss.generator):
        real, fake = jax.grad(lambda r, f: jnp.mean(player(r, f)), (0, 1))(REAL, 0.4 * FAKE)  # noqa: B023
        assert np.any(np.abs(real) > 1e-3) and np.any(np.abs(fake) > 1e-3)
        np.testing.assert_allclose(jnp.sum(real) + jnp.sum(fake), 0.0, atol=1e-6)


def test_a_batch_of_one_is_pairing():
    real, fake = jnp.array([0.3]), jnp.array([1.7])
    for player in ("discriminator", "generator"):
        pairing, average = (getattr(loss, player) for loss in (losses.relativistic(), losses.relativistic_average()))
        np.testing.assert_allclose(average(real, fake), pairing(real, fake), rtol=1e-6)


def test_another_kind_is_one_line():
    with pytest.raises(ValueError, match="is one of standard, least_squares, hinge, not 'wasserstein'"):
        losses.relativistic_average("wasserstein")
