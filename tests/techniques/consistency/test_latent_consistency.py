"""Consistency of neighbouring latents: closed forms of a linear game, the bound, and columns of other techniques."""

import jax
import jax.numpy as jnp
import numpy as np
import pytest

from jaxgan import Batch, Own, techniques
from tests.helpers import jit, played
from tests.techniques.examples import Example

EXAMPLE = Example("latent_consistency:1.0")
Z = np.random.default_rng(0).standard_normal((4000, 3))
A = np.random.default_rng(1).standard_normal((3, 2))
W = np.array([0.5, -2.0])


def play(a=A, z=Z, columns=None, seen=None):
    """A round of the generator G(z) = z A and the discriminator D(x) = x W."""

    def generate(z):
        if seen is not None:
            seen.append(z)
        return Batch(z.data @ a, z.label, z.data)

    fake = Batch(z @ a, jnp.arange(len(z)))
    return played(
        lambda x: x @ W,
        jnp.zeros((len(z), 2)),
        fake,
        latent=z,
        generate=generate,
        columns=columns or {},
    )


def terms(technique, game):
    return [hook(Own(), jax.random.key(0), game) for hook in (technique.discriminator_loss, technique.generator_loss)]


def test_both_halves_of_a_linear_game(x64):
    """E (δ A W)² = σ² |A W|² for the discriminator; the generator's mean square is σ² |A|² over the two numbers."""
    technique = techniques.latent_consistency(20.0, generator_weight=0.5, std=0.1, limit=4.0)
    of_discriminator, of_generator = map(float, jit(lambda a, z: terms(technique, play(a, z)))(A, Z))
    np.testing.assert_allclose(of_discriminator, 20.0 * 0.01 * np.sum((A @ W) ** 2), rtol=0.1)
    np.testing.assert_allclose(4.0 - of_generator / 0.5, 0.01 * np.sum(A**2) / 2, rtol=0.1)


def test_gradient_spreads_neighbours_until_the_limit(x64):
    """Below it that of the paper's `-d`, above it none; the value is never below zero."""
    technique = techniques.latent_consistency(generator_weight=0.5, std=0.1, limit=1.0)

    @jit
    @jax.value_and_grad
    def both(scale, z):
        return technique.generator_loss(Own(), jax.random.key(0), play(scale * A, z))

    (at_zero, _), (at_one, gradient), far = ([float(x) for x in both(scale, Z)] for scale in (0.0, 1.0, 1e7))
    of_paper = 0.5 * (at_zero - at_one) * 2  # d is quadratic in the scale
    np.testing.assert_allclose(gradient, -2 * of_paper, rtol=1e-9)
    assert far == [0.0, 0.0]


def test_a_collapsed_generator_has_the_whole_loss_and_a_finite_gradient(x64):
    technique = techniques.latent_consistency(generator_weight=0.5, limit=3.0)

    @jit
    @jax.value_and_grad
    def both(a, z):
        return technique.generator_loss(Own(), jax.random.key(0), play(a, z))

    value, gradient = both(0.0 * A, Z)
    np.testing.assert_allclose(value, 1.5)
    assert np.all(np.isfinite(gradient))


def test_columns_of_techniques_and_labels_stay_as_they_are():

    @jit
    def run(z):
        seen = []
        terms(techniques.latent_consistency(std=0.1), play(A, z, {"mgan": slice(1, 3), "r1": slice(3, 3)}, seen))
        return seen

    found = run(Z)
    assert len(found) == 2
    for z in found:
        np.testing.assert_array_equal(z.label, np.arange(len(Z)))
        moved = np.asarray(z.data) - Z
        np.testing.assert_allclose(np.std(moved[:, 0]), 0.1, rtol=0.1)
        np.testing.assert_allclose(moved[:, 1:], 0.0, atol=1e-6)


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ({"weight": -1.0}, "the weight of latent_consistency must be at least 0, got -1.0"),
        ({"generator_weight": -1.0}, "the generator_weight of latent_consistency must be at least 0, got -1.0"),
        ({"std": 0.0}, "the std of latent_consistency must be positive and finite, got 0.0"),
        ({"limit": 0.0}, "the limit of latent_consistency must be positive and finite, got 0.0"),
    ],
)
def test_arguments_are_checked(arguments, message):
    with pytest.raises(ValueError, match=message):
        techniques.latent_consistency(**arguments)
