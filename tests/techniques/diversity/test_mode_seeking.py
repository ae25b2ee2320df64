"""Mode seeking against NumPy, for a generator that spreads and for one that has collapsed."""

import functools

import jax
import jax.numpy as jnp
import numpy as np
import pytest

from jaxgan import Own, techniques
from tests.helpers import jit, played
from tests.techniques.examples import Example

EXAMPLE = Example("mode_seeking:1.0")
LATENT = np.random.default_rng(0).standard_normal((7, 4))
GENERATED = np.random.default_rng(1).standard_normal((7, 2, 2, 3))


def term(generated, latent=LATENT, **options):
    """The term, and its gradient by the fakes."""
    return both(**options)(generated, latent)


@functools.cache
def both(**options):
    @jit
    @jax.value_and_grad
    def run(generated, latent):
        play = played(lambda x: jnp.zeros(len(x)), jnp.zeros_like(generated), generated, latent=latent)
        return techniques.mode_seeking(0.7, **options).generator_loss(Own(), jax.random.key(0), play)

    return run


def test_reciprocal_of_the_ratio_of_mean_distances(x64):
    """Pairs are neighbours; of seven examples the last has none."""
    apart = np.mean(np.abs(GENERATED[[0, 2, 4]] - GENERATED[[1, 3, 5]]))
    ratio = apart / (np.mean(np.abs(LATENT[[0, 2, 4]] - LATENT[[1, 3, 5]])) + 1e-3)
    np.testing.assert_allclose(term(GENERATED, epsilon=1e-3)[0], 0.7 / (ratio + 1e-3), rtol=1e-12)


def test_ratio_is_the_mean_over_pairs(x64):
    apart = np.mean(np.abs(GENERATED[[0, 2, 4]] - GENERATED[[1, 3, 5]]), axis=(1, 2, 3))
    latents = np.mean(np.abs(LATENT[[0, 2, 4]] - LATENT[[1, 3, 5]]), axis=1)
    expected = -0.7 * np.mean(apart / (latents + 1e-3))
    np.testing.assert_allclose(term(GENERATED, epsilon=1e-3, form="ratio")[0], expected, rtol=1e-12)


def test_both_forms_of_two_pairs(x64):
    """Differences (0.1, 0.1) of fakes and (0.1, 1) of latents: a mean of ratios of 0.55, a ratio of means of 0.1818."""
    fakes, latent = np.array([[0.0], [0.1], [0.0], [0.1]]), np.array([[0.0], [0.1], [0.0], [1.0]])
    np.testing.assert_allclose(term(fakes, latent)[0] / 0.7, 5.4997, rtol=1e-4)
    np.testing.assert_allclose(term(fakes, latent, form="ratio")[0] / 0.7, -0.55, rtol=1e-3)


def test_spreading_is_rewarded_and_collapse_is_bounded(x64):
    collapsed = np.ones_like(GENERATED)
    wide, plain, none = (float(term(x)[0]) for x in (3.0 * GENERATED, GENERATED, collapsed))
    assert wide < plain < none
    np.testing.assert_allclose(term(collapsed, epsilon=0.1)[0], 0.7 / 0.1, rtol=1e-12)
    assert np.all(np.isfinite(term(collapsed)[1]))


def test_gradient_pushes_neighbours_apart():
    points = np.array([[0.0], [1.0]], np.float32)
    towards = -np.asarray(term(points, points)[1])
    assert towards[0, 0] < 0.0 < towards[1, 0]


def test_a_pair_is_needed():
    with pytest.raises(ValueError, match="mode_seeking compares pairs of fakes: take a batch of at least 2"):
        term(GENERATED[:1], LATENT[:1])


@pytest.mark.parametrize(("weight", "epsilon"), [(-1.0, 1e-5), (1.0, 0.0), (1.0, -1e-5)])
def test_arguments_are_checked(weight, epsilon):
    wrong = weight if weight < 0 else epsilon
    with pytest.raises(ValueError, match=f"mode_seeking must be .*, got {wrong}"):
        techniques.mode_seeking(weight, epsilon=epsilon)


def test_the_form_is_one_of_two():
    with pytest.raises(ValueError, match="form of mode_seeking must be 'reciprocal' or 'ratio', got 'mean'"):
        techniques.mode_seeking(1.0, form="mean")
