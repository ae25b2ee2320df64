"""BEGAN's controller: the known number, its bounds, and who it helps."""

import jax
import jax.numpy as jnp
import numpy as np
import pytest

from jaxgan import losses, techniques
from jaxgan.types import Halves
from tests.helpers import jit, played, small_gan
from tests.techniques.examples import Example

EXAMPLE = Example("proportional_control:start=0.5")


def updated(technique, real, fake, loss=None, times=1):
    """The state after updates in which all reals have the logit `real`, and all fakes `fake`."""

    @jit
    def run(real, fake):
        play = played(
            lambda x: x[:, 0],
            jnp.zeros((4, 1)),
            jnp.zeros((4, 1)),
            loss=loss or losses.non_saturating(),
            real_logits=jnp.full(4, real),
            fake_logits=jnp.full(4, fake),
        )

        def update(_, own):
            return own._replace(state=technique.update(own, jax.random.key(0), play, None))

        return jax.lax.fori_loop(0, times, update, technique.init(jax.random.key(0), None, 2))

    return jax.tree.map(np.asarray, run(real, fake))


def energies():
    """The loss of which a logit is the real half itself, as BEGAN's energy is."""
    return losses.hinge()._replace(halves=Halves(lambda r: r, lambda f: -f, lambda f: f))


def test_the_papers_controller(x64):
    """Energies of 0.1 and 0.03, γ = 0.5 and λ = 0.001: k becomes 2e-5, and the measure is 0.12."""
    own = updated(techniques.proportional_control(0.5, start=0.0, least=0.0), 0.1, 0.03, energies())
    np.testing.assert_allclose(own.state["factor"], 2e-5, rtol=1e-9)
    np.testing.assert_allclose(own.state["measure"], 0.12, rtol=1e-9)
    assert techniques.proportional_control().report(own) == own.state


def test_twice_is_the_sum_of_both(x64):
    own = updated(techniques.proportional_control(0.5, start=0.2, rate=0.1), 0.1, 0.3, energies(), times=2)
    np.testing.assert_allclose(own.state["factor"], 0.2 + 2 * 0.1 * (0.5 * 0.1 - 0.3), rtol=1e-9)


def test_a_discriminator_that_is_ahead_attends_less_to_fakes_and_an_even_one_as_in_the_plain_game():
    technique = techniques.proportional_control(rate=0.01)
    assert updated(technique, 5.0, -5.0).state["factor"] < 1.0
    assert updated(technique, 0.0, 0.0).state["factor"] == 1.0
    assert updated(technique, 5.0, -5.0, times=50).state["factor"] == np.float32(0.1)


def test_it_comes_back_where_everything_is_called_as_real_as_the_data():
    """The equilibrium at the smallest k: a logit of `log(1 / k)` for real and fake alike."""
    technique = techniques.proportional_control(start=0.1)
    assert updated(technique, np.log(10.0), np.log(10.0)).state["factor"] > 0.1


@pytest.mark.slow
def test_in_a_step_the_fake_half_is_multiplied():
    key, data = jax.random.key(0), jax.random.normal(jax.random.key(5), (8, 2))

    def loss_at(start):
        gan = small_gan(techniques.proportional_control(start=start, rate=0.0))
        return jit(gan.step)(key, jit(gan.init)(key, data), data)[1].discriminator_loss

    none, half, all_of_it = (float(loss_at(start)) for start in (0.0, 0.5, 1.0))
    assert none < all_of_it
    np.testing.assert_allclose(half, (none + all_of_it) / 2.0, rtol=1e-5)


def test_mistakes_are_one_line():
    with pytest.raises(ValueError, match="ratio of proportional_control must be at least 0, got -1"):
        techniques.proportional_control(-1.0)
    with pytest.raises(ValueError, match="rate of proportional_control must be at least 0, got -1"):
        techniques.proportional_control(rate=-1.0)
    with pytest.raises(ValueError, match=r"start of proportional_control must be in .*, got 2"):
        techniques.proportional_control(start=2.0)
    with pytest.raises(ValueError, match=r"least of proportional_control must be in .*, got -1"):
        techniques.proportional_control(least=-1.0)
    with pytest.raises(ValueError, match="proportional_control weighs real and fake examples apart"):
        compares = small_gan(techniques.proportional_control(), loss=losses.relativistic())
        jax.eval_shape(compares.init, jax.random.key(0), np.ones((4, 2), np.float32))
