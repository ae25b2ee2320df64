"""Diffusion-GAN: how strong the noise is, how often, and how long the diffusion grows."""

import functools

import jax
import jax.numpy as jnp
import numpy as np
import pytest

from jaxgan import Batch, Own, techniques
from jaxgan.techniques._overfitting import Controlled
from jaxgan.techniques.noise.diffusion import _log_kept, _times
from tests.helpers import jit, small_gan
from tests.techniques.examples import Example

EXAMPLE = Example("diffusion:0.5,images=100")
N = 4000


def own_at(probability):
    return Own(state=Controlled(np.float32(probability), np.float32(0.0), np.int32(0)))


def seen(std, x, probability=0.0, **options):
    """Real examples and fakes as the discriminator sees them."""
    batches = meeting(**options)(own_at(probability), x, std)
    return [jax.tree.map(np.asarray, batch.data) for batch in batches]


@functools.cache
def meeting(**options):
    @jit
    def meet(own, x, std):
        return techniques.diffusion(std, **options).meet(own, jax.random.key(0), Batch(x), Batch(x), None)

    return meet


def kept(length):
    return np.exp(jit(_log_kept, static_argnums=1)(np.int32(length), 1000))


@pytest.mark.parametrize("length", [1, 2, 10, 37, 1000])
def test_what_is_kept_is_that_of_a_linear_schedule_over_the_length(length):
    expected = np.cumprod(1 - np.linspace(1e-4, 2e-2, length))
    found = kept(length)
    assert found[0] == 1.0
    np.testing.assert_allclose(found[1 : length + 1], expected, rtol=1e-4)
    assert np.isfinite(found).all()


def test_numbers_of_the_schedule():
    short, long = kept(10), kept(1000)
    np.testing.assert_allclose([short[1], short[10], long[500]], [0.9999, 0.903739, 0.078587], rtol=1e-4)
    np.testing.assert_allclose([np.sqrt(short[10]), np.sqrt(1 - short[10])], [0.950652, 0.310259], rtol=1e-4)


def test_half_is_clean_and_the_others_are_in_proportion_to_their_time():
    """The first time is drawn too, which the authors' table leaves out."""
    draw = jit(lambda key, length, clean: _times(key, 100_000, length, clean))
    times = np.asarray(draw(jax.random.key(0), np.int32(10), 0.5))
    shares = np.bincount(times, minlength=11) / 100_000
    np.testing.assert_allclose(shares, [0.5, *(0.5 * np.arange(1, 11) / 55)], atol=0.006)
    assert 0.007 < shares[1] < 0.011
    long = np.asarray(draw(jax.random.key(1), np.int32(1000), 0.0))
    assert long.min() >= 1 and long.max() == 1000
    np.testing.assert_allclose(np.mean(long), 667, rtol=0.01)


def test_signal_and_noise_have_the_strengths_of_one_time():
    ones = np.ones((N, 3), np.float32)
    signal = seen(0.0, ones)[0]
    assert (signal == signal[:, :1]).all()
    allowed = np.sqrt(np.cumprod([1.0, *(1 - np.linspace(1e-4, 2e-2, 10))]))
    assert np.abs(signal[:, :1] - allowed[None]).min(1).max() < 1e-6
    assert abs(np.mean(signal == 1.0) - 0.5) < 0.03
    # The same key draws the same times.
    level = np.sqrt(1 - np.minimum(signal, 1.0) ** 2)
    noise = seen(2.0, 0.0 * ones)[0]
    assert (noise[signal == 1.0] == 0.0).all()
    np.testing.assert_allclose(np.std(noise[level > 0] / level[level > 0]), 2.0, rtol=0.03)


def test_real_examples_and_fakes_are_noised_apart():
    real, fake = seen(0.0, np.ones((N, 1), np.float32))
    assert abs(np.corrcoef(real[:, 0], fake[:, 0])[0, 1]) < 0.06


def test_the_length_follows_the_probability():
    technique = techniques.diffusion()
    report = jit(technique.report)
    assert [int(report(own_at(p))["length"]) for p in (0.0, 0.5, 1.0)] == [10, 505, 1000]
    assert int(jit(techniques.diffusion(shortest=5, longest=500).report)(own_at(1.0))["length"]) == 500
    # A long diffusion ends in noise alone, √ᾱ = 0.0064, a short one does not.
    lasts = [seen(0.0, np.ones((N, 1), np.float32), p, clean=0.0)[0].min() for p in (0.0, 1.0)]
    assert lasts[0] > 0.95 and lasts[1] < 0.01


@pytest.mark.slow
def test_the_generators_gradient_is_the_strength_of_the_signal():
    technique, x = techniques.diffusion(0.5), np.ones((6, 2), np.float32)

    def total(x):
        return jnp.sum(technique.meet(own_at(1.0), jax.random.key(0), Batch(x), Batch(x), None)[1].data)

    np.testing.assert_allclose(jax.grad(total)(x), seen(0.0, x, 1.0)[1], rtol=1e-6)


@pytest.mark.slow
@pytest.mark.parametrize("shape", [(2,), (5, 3), (4, 4, 3)])
def test_the_strength_can_be_shown_beside_the_example(shape):
    x = np.ones((50, *shape), np.float32)
    for shown in seen(0.0, x, 0.3, show=True):
        assert shown.shape == (50, *shape[:-1], shape[-1] + 1)
        level = shown.reshape(50, -1, shape[-1] + 1)[..., -1]
        assert (level == level[:, :1]).all() and (level[:, 0] == 0).any() and (level[:, 0] > 0).any()
        np.testing.assert_allclose(shown.reshape(50, -1)[:, 0], np.sqrt(1 - level[:, 0] ** 2), rtol=1e-4)


def test_a_discriminator_begins_on_what_it_is_shown():
    players = small_gan(techniques.diffusion(0.1, show=True, images=64))

    @jit
    def run(key, data):
        state = players.init(key, data)
        return state, players.step(key, state, data)[1]

    state, info = run(jax.random.key(0), np.ones((8, 2), np.float32))
    assert state.discriminator.params[0]["w"].shape == (3, 5)
    assert np.isfinite(info.discriminator_loss) and info.reports["diffusion"]["length"] == 10


def test_all_arrays_of_an_example_have_one_time():
    x = {"a": np.ones((40, 2), np.float32), "b": np.ones((40, 3, 1), np.float32)}
    found, _ = seen(0.0, x, 1.0)
    np.testing.assert_allclose(found["a"][:, 0], found["b"][:, 1, 0])
    with pytest.raises(ValueError, match=r"beside one array \[batch, ..., channels\]: leave `show` out"):
        seen(0.0, x, 1.0, show=True)


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"std": -1}, "the std of diffusion must be at least 0, got -1"),
        ({"shortest": 0}, "the shortest of diffusion must be a whole number of at least 1, got 0"),
        ({"longest": 9}, "the longest of diffusion must be a whole number of at least 10, got 9"),
        ({"clean": 1.5}, r"the clean share of diffusion must be in \[0, 1\], got 1.5"),
    ],
)
def test_arguments_are_checked(options, message):
    with pytest.raises(ValueError, match=message):
        techniques.diffusion(**options)
