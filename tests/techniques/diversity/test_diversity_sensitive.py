"""The diversity-sensitive term by hand, and its bound, which is of each pair."""

import functools

import jax
import jax.numpy as jnp
import numpy as np
import pytest

from jaxgan import Own, techniques
from tests.helpers import jit, played
from tests.techniques.examples import Example

EXAMPLE = Example("diversity_sensitive:1.0,bound=2.0", signed=True)
LATENT = np.array([[0.0], [1.0], [0.0], [1.0]])


def term(generated, latent=LATENT, bound=2.0, **options):
    """The term, and its gradient by the fakes."""
    return both(**options)(generated, latent, bound)


@functools.cache
def both(**options):
    @jit
    @jax.value_and_grad
    def run(generated, latent, bound):
        play = played(lambda x: jnp.zeros(len(x)), generated, generated, latent=latent)
        technique = techniques.diversity_sensitive(1.0, bound, **options)
        return technique.generator_loss(Own(), jax.random.key(0), play)

    return run


def test_a_pair_beyond_the_bound_is_left_alone(x64):
    """Ratios 3 and 1 with a bound of 2: their mean is within it, but the first pair is not."""
    value, gradient = term(np.array([[0.0], [3.0], [0.0], [1.0]]), epsilon=1e-12)
    np.testing.assert_allclose(value, -1.5, rtol=1e-9)
    np.testing.assert_allclose(np.asarray(gradient)[:, 0], [0.0, 0.0, 0.5, -0.5], rtol=1e-9)


def test_ever_larger_fakes_gain_nothing(x64):
    far = np.array([[0.0], [1.0], [0.0], [2.0]]) * 100.0
    (value, gradient), (further, _) = term(far), term(10.0 * far)
    np.testing.assert_allclose([value, further], -2.0)
    assert not np.any(gradient)


def test_mean_over_neighbours_of_bounded_ratios(x64):
    """Of seven examples the last has no pair."""
    random = np.random.default_rng(0)
    latent, generated = random.standard_normal((7, 3)), random.standard_normal((7, 2, 2))
    ratios = [
        np.abs(generated[i] - generated[i + 1]).mean() / (np.abs(latent[i] - latent[i + 1]).mean() + 1e-5)
        for i in (0, 2, 4)
    ]
    assert min(ratios) < 0.9 < max(ratios)
    np.testing.assert_allclose(term(generated, latent, 0.9)[0], -np.mean(np.minimum(ratios, 0.9)), rtol=1e-12)


def test_equal_fakes_and_equal_latents_are_finite():
    value, gradient = term(np.ones((4, 2), np.float32), np.ones((4, 3), np.float32))
    assert float(value) == 0.0 and np.all(np.isfinite(gradient))


def test_a_pair_is_needed():
    with pytest.raises(ValueError, match="diversity_sensitive compares pairs of fakes: take a batch of at least 2"):
        term(np.ones((1, 2)), np.ones((1, 1)))


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ({"weight": -1.0, "bound": 1.0}, "weight of diversity_sensitive must be at least 0, got -1.0"),
        ({"weight": 1.0, "bound": 0.0}, "bound of diversity_sensitive must be positive and finite, got 0.0"),
        ({"weight": 1.0, "bound": 1.0, "epsilon": 0.0}, "epsilon of diversity_sensitive must be positive"),
    ],
)
def test_arguments_are_checked(arguments, message):
    with pytest.raises(ValueError, match=message):
        techniques.diversity_sensitive(**arguments)
