"""Old discriminators: which are kept, and that the generator hears their mean."""

import jax
import jax.numpy as jnp
import numpy as np
import pytest

from jaxgan import losses, networks, techniques
from jaxgan.types import Own, Play, as_batch
from tests.helpers import jit, perceptron, played, small_gan
from tests.techniques.examples import Example

EXAMPLE = Example("old_discriminators:2,every=1")

FAKE = np.array([[0.5], [-1.0], [2.0]], np.float32)
REAL = FAKE + 1.0


def judge(params, x):
    return params["a"] * as_batch(x).data[:, 0]


def at(step, slope=0.0, loss=None):
    """A round of the game by a discriminator of this slope."""
    params = {"a": jnp.float32(slope)}
    return played(
        lambda x: judge(params, x), REAL, FAKE,
        judge=judge, discriminator=params, step=jnp.int32(step), loss=loss or losses.non_saturating(),
    )  # fmt: skip


def begun(technique, loss=None):
    shapes = {**dict.fromkeys(Play._fields), "discriminator": jax.eval_shape(lambda: {"a": jnp.ones(())})}
    return technique.attach(Own(), jax.random.key(0), Play(**{**shapes, "loss": loss or losses.non_saturating()}))


def after(technique, slopes):
    """What it owns after steps by discriminators of these slopes."""
    update = jit(lambda own, step, slope: technique.update(own, jax.random.key(0), at(step, slope), None))
    own = begun(technique)
    for step, slope in enumerate(slopes):
        own = own._replace(state=update(own, step, slope))
    return own


SPACED = techniques.old_discriminators(2, every=2, weight=0.3)


@jit
def steps_of_the_spaced(slopes):
    """The term after each of the steps by discriminators of these slopes, and before the first."""

    def term(own, step):
        return SPACED.generator_loss(own, jax.random.key(0), at(step, 100.0))

    def one(own, slope_and_step):
        slope, step = slope_and_step
        own = own._replace(state=SPACED.update(own, jax.random.key(0), at(step, slope), None))
        return own, term(own, step + 1)

    own = begun(SPACED)
    terms = jax.lax.scan(one, own, (slopes, jnp.arange(len(slopes))))[1]
    return jnp.concatenate([term(own, 0)[None], terms])


def softplus(x):
    return np.log1p(np.exp(x))


@pytest.mark.parametrize(
    ("steps", "kept"),
    [(0, []), (1, []), (2, [2]), (3, [2]), (4, [2, 4]), (6, [4, 6]), (8, [6, 8]), (10, [8, 10]), (14, [12, 14])],
)
def test_the_last_of_every_second_step_are_kept_and_their_losses_averaged(steps, kept):
    value = steps_of_the_spaced(np.arange(1.0, 15.0, dtype=np.float32))[steps]
    expected = 0.3 * np.mean([softplus(-slope * FAKE[:, 0]) for slope in kept]) if kept else 0.0
    np.testing.assert_allclose(value, expected, rtol=1e-5)


def test_a_loss_that_compares_hears_old_judgements_of_reals_too():
    technique, loss = techniques.old_discriminators(1, every=1, weight=1.0), losses.relativistic()
    term = jit(lambda own: technique.generator_loss(own, jax.random.key(0), at(1, 100.0, loss)))
    value = term(after(technique, [2.0]))
    np.testing.assert_allclose(value, softplus(2.0 * (REAL - FAKE)[0, 0]), rtol=1e-5)


def test_gradient_is_that_of_the_snapshot_and_of_no_free_place():
    technique = techniques.old_discriminators(3, every=1, weight=1.0)

    def value(fake, slope, own):
        play = at(1, 0.0)
        play = play._replace(fake=play.fake._replace(data=fake), discriminator={"a": slope})
        return technique.generator_loss(own, jax.random.key(0), play)

    of_fake, of_present = jit(jax.grad(value, (0, 1)))(FAKE, np.float32(7.0), after(technique, [2.0]))
    np.testing.assert_allclose(np.asarray(of_fake)[:, 0], -2.0 / (1.0 + np.exp(2.0 * FAKE[:, 0])) / 3, rtol=1e-5)
    assert float(of_present) == 0.0


def test_a_gan_of_several_discriminators_hears_old_ones_by_their_mean():
    discriminator = networks.several_discriminators(perceptron([5], out=1), 2)
    gan = small_gan(techniques.old_discriminators(2, every=1), discriminator=discriminator)

    @jit
    def run(key, data):
        return jax.lax.scan(lambda s, _: gan.step(key, s, data), gan.init(key, data), length=3)[1]

    info = run(jax.random.key(0), np.ones((4, 2), np.float32))
    heard = np.asarray(info.terms.generator["old_discriminators"]) > 0.0
    assert heard.tolist() == [False, True, True]


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"count": 0}, "count of old_discriminators must be a whole number of at least 1, got 0"),
        ({"every": 0}, "steps between old_discriminators must be a whole number of at least 1, got 0"),
        ({"weight": -0.1}, "weight of old_discriminators must be at least 0, got -0.1"),
    ],
)
def test_arguments_are_checked(options, message):
    with pytest.raises(ValueError, match=message):
        techniques.old_discriminators(**options)


def test_a_loss_that_reads_all_parts_together_is_refused():
    with pytest.raises(ValueError, match="this loss reads all parts together"):
        begun(techniques.old_discriminators(), losses.non_saturating()._replace(joint=True))
