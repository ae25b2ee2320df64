"""Mode-regularised GAN: its terms against NumPy and by known answers, who is trained, and that lost modes cost."""

import functools
import math

import jax
import jax.numpy as jnp
import numpy as np
import pytest

from jaxgan import Batch, Network, Own, networks, techniques
from tests.helpers import constant_latent, jit, perceptron, played, relative_error, small_gan
from tests.techniques.examples import Example
from tests.techniques.ranking import COLLAPSED, HEALTHY, MODES, drawn, snapped

EXAMPLE = Example("mode_regularised:mlp(widths=4,out=3)")
BATCH, NOISE = 6, 3
X = np.random.default_rng(0).standard_normal((BATCH, 2))


def scaled(by):
    """An encoder that multiplies by a number."""
    return Network(
        lambda key, x: (jnp.asarray(by), {}), lambda params, stats, x, *, train, key=None: (params * x, stats)
    )


def term(technique, x, generate, discriminate=lambda x: jnp.zeros(len(x)), width=None):
    """The generator's term, for a generator and a discriminator given on arrays."""
    latent = jnp.zeros((len(x), width or x.shape[1]), x.dtype)
    play = played(discriminate, x, x, latent=latent, generate=lambda z: Batch(generate(z.data), z.label, z.data))
    own = technique.init(jax.random.key(0), Batch(x), latent.shape[1])
    return technique.generator_loss(own, jax.random.key(1), play)


def test_reconstruction_of_a_linear_generator(x64):
    """`λ₁ (1 - ab)²` for G(z) = a z, E(x) = b x and x = ±1."""
    x, (a, b) = np.array([[1.0], [-1.0]]), (2.0, 0.3)
    technique = techniques.mode_regularised(scaled(b), 0.2, 0.0, moments=0.0)

    def by(a, b, x):
        play = played(lambda x: x[:, 0], x, x, generate=lambda z: Batch(a * z.data))
        return technique.generator_loss(Own(generator=b), jax.random.key(0), play)

    @jit
    def run(a, b, x):
        return term(technique, x, lambda z: a * z), jax.grad(by, (0, 1))(a, b, x)

    value, gradient = run(a, b, x)
    np.testing.assert_allclose(value, 0.2 * (1 - a * b) ** 2, rtol=1e-12)
    expected = -0.4 * (1 - a * b) * np.array([b, a])
    np.testing.assert_allclose(gradient, expected, rtol=1e-12)


def test_all_terms_against_numpy(x64):
    """Mean squared difference over numbers; the reward is `-log D`; moments of the encodings."""
    encoder, matrix = perceptron([4], out=NOISE), np.random.default_rng(1).standard_normal((NOISE, 2))
    technique = techniques.mode_regularised(encoder, 0.3, 0.5, moments=0.7)

    @jit
    def run(x):
        found = term(technique, x, lambda z: jnp.tanh(z @ matrix), lambda x: 2.0 * x[:, 0] - x[:, 1], NOISE)
        own = technique.init(jax.random.key(0), Batch(x), NOISE)
        return found, encoder.apply(own.generator, {}, x, train=True)[0]

    found, z = (np.asarray(a) for a in run(X))
    made = np.tanh(z @ matrix)
    reconstruction = np.mean([np.mean((a - b) ** 2) for a, b in zip(X, made, strict=True)])
    reward = np.mean([-math.log(1 / (1 + math.exp(-(2 * a - b)))) for a, b in made])
    moments = np.sum(z.mean(0) ** 2) + np.sum((np.cov(z.T, bias=True) - np.eye(NOISE)) ** 2)
    np.testing.assert_allclose(found, 0.3 * reconstruction + 0.5 * reward + 0.7 * moments, rtol=1e-12)


def test_what_looks_real_is_rewarded(x64):
    """A reference program codes this term with the label of fakes, which teaches reconstructions to look fake."""
    technique = techniques.mode_regularised(scaled(1.0), 0.0, 0.4, moments=0.0)

    @jit
    @jax.value_and_grad
    def cost(shift, x):
        return term(technique, x, lambda z: z + shift, lambda x: 3.0 * x[:, 0])

    real, (value, gradient), fake = cost(2.0, X)[0], cost(0.0, X), cost(-2.0, X)[0]
    assert float(real) < float(value) < float(fake) and float(gradient) < -0.1


def test_encodings_that_latents_never_reach_cost(x64):
    """Zero for mean 0, variance 1 and no correlation; `width` where all are the same, at 0."""
    corners = np.array([[1.0, 1.0], [1.0, -1.0], [-1.0, 1.0], [-1.0, -1.0]])
    technique = techniques.mode_regularised(scaled(1.0), 0.0, 0.0, moments=1.0)
    cost = jit(lambda x: term(technique, x, lambda z: z))
    np.testing.assert_allclose(cost(corners), 0.0, atol=1e-12)
    np.testing.assert_allclose(cost(corners + 3.0), 18.0, rtol=1e-12)
    np.testing.assert_allclose(cost(3.0 * corners), 2 * 8.0**2, rtol=1e-12)
    np.testing.assert_allclose(cost(0.0 * corners), 2.0, rtol=1e-12)
    np.testing.assert_allclose(cost(corners[:1]), 2.0 + 2.0, rtol=1e-12)


def test_a_gaussian_encoder_is_drawn_from():
    n, std = 20_000, 0.5
    encoder = Network(
        lambda key, x: (jnp.array([0.0, 2 * math.log(std)]), {}),
        lambda params, stats, x, *, train, key=None: (jnp.broadcast_to(params[None], (len(x), 2)), stats),
    )
    technique = techniques.mode_regularised(encoder, 1.0, 0.0, moments=0.0)
    cost = jit(lambda x: term(technique, x, lambda z: z))(np.ones((n, 1), np.float32))
    np.testing.assert_allclose(cost, 1 + std**2, rtol=0.02)


@functools.cache
def costs_of(modes):
    """In 40 draws, with the encoder that is best: to a latent of the nearest mode that the generator makes."""
    real, made = np.stack([drawn(seed, 128) for seed in range(40)]), MODES[list(modes)]
    encodings = made[np.argmax(real @ made.T, axis=-1)].astype(np.float32)

    @jit
    @jax.vmap
    def costs(real, encodings):
        encoder = Network(lambda key, x: (encodings, {}), lambda z, stats, x, *, train, key=None: (z, stats))
        technique = techniques.mode_regularised(encoder, 1.0, 0.0, moments=0.0)
        return term(technique, real, lambda z: snapped(z, modes))

    return np.asarray(costs(real.astype(np.float32), encodings))


@pytest.mark.parametrize("name", COLLAPSED)
def test_a_generator_without_some_modes_costs_more(name):
    assert np.all(costs_of(HEALTHY) < 1e-3) and np.all(costs_of(tuple(COLLAPSED[name])) > 0.05)


def test_generator_and_encoder_are_trained_and_the_discriminator_is_not(x64):
    z = np.random.default_rng(8).standard_normal((BATCH, NOISE))
    encoder, generator, discriminator = perceptron([4], out=NOISE), perceptron([4], out=2), perceptron([5], out=1)

    technique = techniques.mode_regularised(encoder, 0.3, 0.5, moments=0.7)
    gan = small_gan(technique, latent_distribution=constant_latent(z))

    def expected(of, state, x):
        g, e = of
        adversarial = jax.nn.softplus(
            -discriminator.apply(state.discriminator.params, {}, generator.apply(g, {}, z, train=True)[0], train=True)[
                0
            ]
        )
        encoded = encoder.apply(e, {}, x, train=True)[0]
        made = generator.apply(g, {}, encoded, train=True)[0]
        logits = discriminator.apply(state.discriminator.params, {}, made, train=True)[0]
        centred = encoded - jnp.mean(encoded, axis=0, keepdims=True)
        misfit = jnp.sum(jnp.mean(encoded, axis=0) ** 2)
        misfit += jnp.sum((centred.T @ centred / BATCH - jnp.eye(NOISE)) ** 2)
        terms = 0.3 * jnp.mean((x - made) ** 2) + 0.5 * jnp.mean(jax.nn.softplus(-logits)) + 0.7 * misfit
        return jnp.mean(adversarial) + terms

    @jit
    def run(x):
        state = gan.init(jax.random.key(1), x)
        of = state.generator.params, state.generator.techniques["mode_regularised"].params
        return gan.gradients(jax.random.key(3), state, x), jax.grad(expected)(of, state, x)

    with_it, by_hand = run(X)
    assert relative_error(with_it.generator, by_hand[0]) < 1e-9
    assert relative_error(with_it.generator_techniques["mode_regularised"], by_hand[1]) < 1e-9
    assert max(np.max(np.abs(leaf)) for leaf in jax.tree.leaves(by_hand[1])) > 1e-3
    assert with_it.discriminator_techniques == {}


def test_statistics_of_the_encoder_move_and_labels_reach_a_conditional_generator():
    """The generator's fakes are its labels, so the reconstruction is right only with the real ones."""

    def labelled(params, stats, z, *, train, key=None, label):
        return jnp.broadcast_to(label[:, None].astype(z.dtype), (len(z), 2)) + 0.0 * params, stats

    generator = Network(lambda key, z, label: (jnp.zeros(()), {}), labelled, conditional=True)
    encoder = networks.mlp([4], out=NOISE, batch_norm=True)
    gan = small_gan(
        techniques.mode_regularised(encoder, 1.0, 0.0, moments=0.0),
        generator=generator,
        label_distribution=lambda key, n: jax.random.randint(key, (n,), 5, 9),
    )
    label = np.arange(BATCH, dtype=np.int32)
    data = Batch(np.stack([label, label], axis=1).astype(np.float32), label)

    @jit
    def run(data):
        state = gan.init(jax.random.key(0), data)
        own, stats = state.generator.techniques["mode_regularised"].params, state.techniques["mode_regularised"]
        return *gan.step(jax.random.key(0), state, data), encoder.apply(own, stats, data.data, train=True)[1]

    after, info, expected = run(data)
    assert float(info.terms.generator["mode_regularised"]) == 0.0
    assert relative_error(after.techniques["mode_regularised"], expected) < 1e-5


@pytest.mark.parametrize("wrong", ["weight", "reward", "moments"])
def test_arguments_are_checked(wrong):
    with pytest.raises(ValueError, match=f"the {wrong} of mode_regularised must be at least 0, got -1"):
        techniques.mode_regularised(perceptron([4], out=NOISE), **{wrong: -1.0})


def test_the_encoder_must_fit_the_latent():
    with pytest.raises(ValueError, match="encoder of mode_regularised gives 3 numbers an example"):
        jax.eval_shape(small_gan(techniques.mode_regularised(perceptron([4], out=4))).init, jax.random.key(0), X)
