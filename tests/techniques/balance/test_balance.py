"""Balance: the controller by hand, and the update of the discriminator that it scales."""

import jax
import jax.numpy as jnp
import numpy as np
import pytest

from jaxgan import Info, Own, losses, techniques
from jaxgan.types import Terms
from tests.helpers import jit, played, small_gan
from tests.techniques.examples import Example

EXAMPLE = Example("balance:0.75", constant=True)


def info(accuracy):
    zero = np.float32(0.0)
    return Info(zero, zero, accuracy, zero, zero, zero, Terms({}, {}))


def play(real, fake, **others):
    return played(
        lambda x: x[:, 0],
        jnp.zeros((4, 1)),
        jnp.zeros((4, 1)),
        real_logits=real,
        fake_logits=fake,
        **others,
    )


def test_the_share_falls_while_accuracy_is_above_its_target_and_comes_back_to_one(x64):
    technique = techniques.balance(0.8, rate=0.5, least=0.1)

    @jit
    def updated(share, accuracy):
        return technique.update(Own(state=share), jax.random.key(0), None, info(accuracy))

    np.testing.assert_allclose(updated(0.5, 1.0), 0.5 * np.exp(-0.1), rtol=1e-9)
    np.testing.assert_allclose(updated(0.5, 0.6), 0.5 * np.exp(0.1), rtol=1e-9)
    assert float(updated(0.99, 0.0)) == 1.0 and float(updated(0.1, 1.0)) == 0.1


def test_the_gap_is_that_of_the_one_number(x64):
    technique = techniques.balance(1.0, "gap", rate=0.5)

    def updated(real, fake, **others):
        @jit
        def run(share, real, fake):
            return technique.update(Own(state=share), jax.random.key(0), play(real, fake, **others), info(0.5))

        return run(0.5, np.array(real), np.array(fake))

    found = updated([2.0, 1.0, 0.0, 1.0], [-1.0, 0.0, 0.0, -1.0])
    np.testing.assert_allclose(found, 0.5 * np.exp(-0.25), rtol=1e-9)
    found = updated([[2.0, 0.0]] * 4, [[0.0, 1.0]] * 4, loss=losses.d2gan())
    np.testing.assert_allclose(found, 0.5 * np.exp(-1.0), rtol=1e-9)


def test_the_update_is_scaled_and_nothing_else():
    """Under Adam, where a factor on the loss would change next to nothing."""
    plain, slowed = small_gan(), small_gan(techniques.balance(0.0, rate=100.0, least=0.25))

    @jit
    def run(key, data):
        start = plain.init(key, data)
        return start, plain.step(key, start, data)[0], *slowed.step(key, slowed.init(key, data), data)

    data = np.random.default_rng(5).standard_normal((8, 2)).astype(np.float32)
    start, whole, state, seen = jax.tree.map(np.asarray, run(jax.random.key(0), data))
    assert seen.reports["balance"]["factor"] == 0.25
    jax.tree.map(
        lambda was, now, less: np.testing.assert_allclose(less, was + 0.25 * (now - was), rtol=1e-5, atol=1e-7),
        start.discriminator.params,
        whole.discriminator.params,
        state.discriminator.params,
    )
    for one, other in (
        (whole.generator, state.generator),
        (whole.discriminator.opt_state, state.discriminator.opt_state),
    ):
        jax.tree.map(lambda a, b: np.testing.assert_allclose(a, b, rtol=1e-5, atol=1e-7), one, other)


def test_a_whole_update_is_the_same_to_the_last_bit():
    idle, data = small_gan(techniques.balance(1.0)), np.random.default_rng(5).standard_normal((8, 2)).astype(np.float32)
    effects = jit(lambda key, data: idle.effects(key, idle.init(key, data), data))(jax.random.key(0), data)
    assert jax.tree.map(float, effects) == {"balance": 0.0}


def test_mistakes_are_one_line():
    with pytest.raises(ValueError, match=r"the accuracy that balance aims at must be in .*, got 1.5"):
        techniques.balance(1.5)
    with pytest.raises(ValueError, match="the gap that balance aims at must be at least 0, got -1"):
        techniques.balance(-1.0, "gap")
    with pytest.raises(ValueError, match="balance goes by accuracy or gap, not 'loss'"):
        techniques.balance(0.5, "loss")
    with pytest.raises(ValueError, match="the rate of balance must be at least 0, got -1"):
        techniques.balance(rate=-1.0)
    with pytest.raises(ValueError, match=r"the least of balance must be in \(0, 1\], got 0"):
        techniques.balance(least=0.0)
