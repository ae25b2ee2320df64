"""The controller that three techniques share: how far and when its probability moves."""

import jax
import jax.numpy as jnp
import numpy as np
import pytest

from jaxgan import techniques
from jaxgan.techniques._overfitting import controller
from jaxgan.types import Own
from tests.helpers import jit, played

CONTROLLED = {
    "adaptive_augmentation": techniques.adaptive_augmentation,
    "diffusion": techniques.diffusion,
    "pseudo_augmentation": techniques.pseudo_augmentation,
}


def round_with(logits):
    """A round whose real examples are answered by these logits."""
    real = logits[:, None]
    return played(lambda x: x[:, 0], real, jnp.zeros_like(real))


def followed(control, *rounds):
    """The probability after each round."""

    @jit
    def run(rounds):
        def one(state, logits):
            state = control.moved(state, round_with(logits))
            return state, state.probability

        return jax.lax.scan(one, control.begin(), rounds)[1]

    return np.asarray(run(np.array(rounds, np.float32))).tolist()


def test_numbers_of_the_paper():
    """A batch of 64: 4 · 64 / 500 000 every 4 steps, so p needs 500 000 images from 0 to 1."""
    sure = [1.0] * 64
    found = followed(controller("x", 0.6, 500_000, 4), *[sure] * 9)
    np.testing.assert_allclose(found, [0.0] * 3 + [5.12e-4] * 4 + [1.024e-3] * 2, rtol=1e-6)
    np.testing.assert_allclose([1 / found[3], 4 / found[3]], [1953.125, 7812.5], rtol=1e-6)


def test_three_of_four_are_too_few_to_rise_and_nothing_falls_below_zero():
    control = controller("x", 0.6, 64, 1)
    np.testing.assert_allclose(
        followed(control, [1.0] * 4, [1.0] * 4, [5, 1, 2, -1], [-1] * 4, [-1] * 4),
        [
            0.0625,
            0.125,
            0.0625,
            0.0,
            0.0,
        ],
    )


def test_the_mean_over_the_interval_counts():
    control = controller("x", 0.6, 16, 2)
    rises, falls = [1, 1, 1, 1], [1, 1, -1, -1]
    assert followed(control, rises, [1, 1, 1, -1])[-1] == 0.5  # 0.75 on average
    assert followed(control, rises, rises, rises, falls) == [0.0, 0.5, 0.5, 0.0]  # 0.5 on average
    assert followed(controller("x", 0.5, 16, 2), rises, rises, rises, falls)[-1] == 0.5  # as wanted: it stays


def test_it_stops_at_its_maximum():
    np.testing.assert_allclose(followed(controller("x", 0.6, 8, 1, 0.8), *[[1.0] * 4] * 3), [0.5, 0.8, 0.8])


def test_a_discriminator_with_parts_is_read_by_its_one_logit():

    @jit
    def probability(target, logits):
        control = controller("x", target, 2, 1)
        return control.moved(control.begin(), round_with(jnp.ones(2))._replace(real_logits=logits)).probability

    for target, moved in ((-0.1, 1.0), (0.1, 0.0)):  # the means are 1 and -0.5
        assert float(probability(target, np.array([[3.0, -1.0], [1.0, -2.0]], np.float32))) == moved


@pytest.mark.parametrize("name", CONTROLLED)
def test_techniques_are_moved_by_it(name):
    technique = CONTROLLED[name](images=1000, interval=2)

    @jit
    def run():
        own = technique.init(None, None, 3) if technique.init else Own()
        play = round_with(jnp.ones(10))
        if technique.attach:
            own = technique.attach(own, None, play)
        for _ in range(4):
            own = own._replace(state=technique.update(own, None, play, None))
        return technique.report(own)

    (shown,) = run().values()
    np.testing.assert_allclose(shown, {"diffusion": 10 + round(0.04 * 990)}.get(name, 0.04), rtol=1e-5)


@pytest.mark.parametrize("name", CONTROLLED)
@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"target": 1.5}, r"the target of NAME must be in \[-1, 1\], got 1.5"),
        ({"images": 0}, "the images of NAME must be positive and finite, got 0"),
        ({"interval": 0}, "the interval of NAME must be a whole number of at least 1, got 0"),
    ],
)
def test_its_numbers_are_checked(name, options, message):
    with pytest.raises(ValueError, match=message.replace("NAME", name)):
        CONTROLLED[name](**options)


@pytest.mark.parametrize("name", ["adaptive_augmentation", "pseudo_augmentation"])
def test_the_maximum_is_checked(name):
    with pytest.raises(ValueError, match=rf"the maximum of {name} must be in \[0, 1\], got 1.2"):
        CONTROLLED[name](maximum=1.2)
