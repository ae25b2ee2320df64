"""LeCam: numbers by hand, the averages without a bias, and what is a constant of the step."""

import jax
import jax.numpy as jnp
import numpy as np
import pytest

from jaxgan import Info, Own, techniques
from jaxgan.techniques.penalties.lecam import LecamState
from jaxgan.types import Terms
from tests.helpers import jit, played, small_gan
from tests.techniques.examples import Example

EXAMPLE = Example("lecam:1.0")
INFO = Info(*[np.float32(0.0)] * 6, Terms({}, {}))


def term(real, fake, state, technique=None):
    play = played(lambda x: x[:, 0], real[:, None], fake[:, None])
    return (technique or techniques.lecam(1.0)).discriminator_loss(Own(state=state), jax.random.key(0), play)


def averages(real, fake):
    """Averages of one step whose decay is 0.75: stored at a quarter, they are these."""
    return LecamState(np.float64(0.25 * real), np.float64(0.25 * fake), np.float64(0.25))


def test_numbers_by_hand_for_the_one_sided_form(x64):
    """Two-sided squares, the paper's equation, give 20 both times: the second tells the forms apart."""
    state, run = averages(2.0, -1.0), jit(term)
    np.testing.assert_allclose(run(np.array([1.0, 3.0]), np.array([-2.0, 0.0]), state), 20.0)
    np.testing.assert_allclose(run(np.array([-3.0, 3.0]), np.array([-2.0, 4.0]), state), 16.0)


def test_nothing_before_there_is_an_average_and_then_the_average_without_bias(x64):
    """The first step's average is its mean, and the second's weighs both as the decay says."""
    technique = techniques.lecam(1.0, decay=0.9)

    @jit
    def run(first, second):
        first, second = (played(lambda x: x[:, 0], *pair) for pair in (first, second))
        own = technique.attach(Own(), jax.random.key(0), first)
        before, known = term(jnp.array([10.0, 20.0]), jnp.array([-30.0, 5.0]), own.state, technique), []
        for play in (first, second):
            own = own._replace(state=technique.update(own, jax.random.key(0), play, INFO))
            known.append(jnp.stack([own.state.real / own.state.weight, own.state.fake / own.state.weight]))
        return before, known, own.state.weight

    first = np.array([[1.0], [3.0]]), np.array([[-2.0], [0.0]])
    before, known, weight = run(first, (np.array([[5.0], [7.0]]), np.array([[1.0], [-4.0]])))
    assert float(before) == 0.0
    np.testing.assert_allclose(known[0], [2.0, -1.0], rtol=1e-12)
    np.testing.assert_allclose(known[1], np.array([0.9 * 2 + 6, 0.9 * -1 - 1.5]) / 1.9, rtol=1e-12)
    np.testing.assert_allclose(weight, 1 - 0.9**2, rtol=1e-12)


def test_gradient_pulls_real_logits_down_and_fake_ones_up(x64):
    real, fake = np.array([1.0, -3.0]), np.array([-2.0, 4.0])
    down, up = jit(jax.grad(term, (0, 1)))(real, fake, averages(2.0, -1.0))
    np.testing.assert_allclose(down, [2.0, 0.0])
    np.testing.assert_allclose(up, [-4.0, 0.0])


def test_several_logits_an_example_count_by_their_mean(x64):

    @jit
    def run(real, fake, state):
        play = played(lambda x: x[:, 0], jnp.zeros((2, 1)), jnp.zeros((2, 1)), real_logits=real, fake_logits=fake)
        return techniques.lecam(1.0).discriminator_loss(Own(state=state), jax.random.key(0), play)

    value = run(np.array([[0.0, 2.0], [4.0, 2.0]]), np.array([[-3.0, -1.0]] * 2), averages(2.0, -1.0))
    np.testing.assert_allclose(value, (4 + 16) / 2 + 16)


@pytest.mark.slow
def test_a_game_starts_without_it_and_then_has_it():
    game, data, key = small_gan(techniques.lecam(1.0)), jnp.ones((4, 2)), jax.random.key(0)
    state, found = game.init(key, data), []
    for _ in range(2):
        state, info = game.step(key, state, data)
        found.append(float(info.terms.discriminator["lecam"]))
    assert found[0] == 0.0 < found[1]


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ({"weight": -1.0}, "weight of lecam must be at least 0, got -1.0"),
        ({"decay": 1.0}, r"decay of lecam must be in \[0, 1\), got 1.0"),
    ],
)
def test_arguments_are_checked(arguments, message):
    with pytest.raises(ValueError, match=message):
        techniques.lecam(**arguments)
