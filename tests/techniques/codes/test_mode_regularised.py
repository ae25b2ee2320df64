"""Mode-regularised GAN: its terms against NumPy and by known answers, who is trained, and that lost modes cost."""

import math

import jax
import jax.numpy as jnp
import numpy as np
import optax
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
    x = jnp.asarray(x)
    latent = jnp.zeros((len(x), width or x.shape[1]), x.dtype)
    play = played(discriminate, x, x, latent=latent, generate=lambda z: Batch(generate(z.data), z.label, z.data))
    own = technique.init(jax.random.key(0), Batch(x), latent.shape[1])
    return technique.generator_loss(own, jax.random.key(1), play)


def test_reconstruction_of_a_linear_generator(x64):
    """`λ₁ (1 - ab)²` for G(z) = a z, E(x) = b x and x = ±1."""
    x, (a, b) = np.array([[1.0], [-1.0]]), (2.0, 0.3)
    technique = techniques.mode_regularised(scaled(b), 0.2, 0.0, moments=0.0)
    np.testing.assert_allclose(term(technique, x, lambda z: a * z), 0.2 * (1 - a * b) ** 2, rtol=1e-12)

    def by(a, b):
        own = Own(generator=b)
        play = played(lambda x: x[:, 0], jnp.asarray(x), jnp.asarray(x), generate=lambda z: Batch(a * z.data))
        return technique.generator_loss(own, jax.random.key(0), play)

    expected = -0.4 * (1 - a * b) * np.array([b, a])
    np.testing.assert_allclose(jax.grad(by, (0, 1))(a, b), expected, rtol=1e-12)


def test_all_terms_against_numpy(x64):
    """Mean squared difference over numbers; the reward is `-log D`; moments of the encodings."""
    encoder, matrix = perceptron([4], out=NOISE), np.random.default_rng(1).standard_normal((NOISE, 2))
    technique = techniques.mode_regularised(encoder, 0.3, 0.5, moments=0.7)
    found = term(technique, X, lambda z: jnp.tanh(z @ matrix), lambda x: 2.0 * x[:, 0] - x[:, 1], NOISE)
    own = technique.init(jax.random.key(0), Batch(jnp.asarray(X)), NOISE)
    z = np.asarray(encoder.apply(own.generator, {}, jnp.asarray(X), train=True)[0])
    made = np.tanh(z @ matrix)
    reconstruction = np.mean([np.mean((a - b) ** 2) for a, b in zip(X, made, strict=True)])
    reward = np.mean([-math.log(1 / (1 + math.exp(-(2 * a - b)))) for a, b in made])
    moments = np.sum(z.mean(0) ** 2) + np.sum((np.cov(z.T, bias=True) - np.eye(NOISE)) ** 2)
    np.testing.assert_allclose(found, 0.3 * reconstruction + 0.5 * reward + 0.7 * moments, rtol=1e-12)


def test_what_looks_real_is_rewarded(x64):
    """A reference program codes this term with the label of fakes, which teaches reconstructions to look fake."""
    technique = techniques.mode_regularised(scaled(1.0), 0.0, 0.4, moments=0.0)

    def cost(shift):
        return term(technique, X, lambda z: z + shift, lambda x: 3.0 * x[:, 0])

    assert cost(2.0) < cost(0.0) < cost(-2.0)
    assert jax.grad(cost)(0.0) < -0.1


def test_encodings_that_latents_never_reach_cost(x64):
    """Zero for mean 0, variance 1 and no correlation; `width` where all are the same, at 0."""
    corners = np.array([[1.0, 1.0], [1.0, -1.0], [-1.0, 1.0], [-1.0, -1.0]])
    technique = techniques.mode_regularised(scaled(1.0), 0.0, 0.0, moments=1.0)
    generate = lambda z: z  # noqa: E731
    np.testing.assert_allclose(term(technique, corners, generate), 0.0, atol=1e-12)
    np.testing.assert_allclose(term(technique, corners + 3.0, generate), 18.0, rtol=1e-12)
    np.testing.assert_allclose(term(technique, 3.0 * corners, generate), 2 * 8.0**2, rtol=1e-12)
    np.testing.assert_allclose(term(technique, 0.0 * corners, generate), 2.0, rtol=1e-12)
    np.testing.assert_allclose(term(technique, corners[:1], generate), 2.0 + 2.0, rtol=1e-12)


def test_a_gaussian_encoder_is_drawn_from():
    n, std = 20_000, 0.5
    out = jnp.array([0.0, 2 * math.log(std)])
    encoder = Network(
        lambda key, x: (out, {}),
        lambda params, stats, x, *, train, key=None: (jnp.broadcast_to(params[None], (len(x), 2)), stats),
    )
    technique = techniques.mode_regularised(encoder, 1.0, 0.0, moments=0.0)
    np.testing.assert_allclose(term(technique, np.ones((n, 1), np.float32), lambda z: z), 1 + std**2, rtol=0.02)


@pytest.mark.parametrize("name", COLLAPSED)
def test_a_generator_without_some_modes_costs_more(name):
    """With the encoder that is best for each: to a latent of the nearest mode that the generator makes."""
    for seed in range(40):
        real = drawn(seed, 128)
        costs = []
        for modes in (HEALTHY, COLLAPSED[name]):
            nearest = np.argmax(real @ MODES[list(modes)].T, axis=1)
            encodings = jnp.asarray(MODES[list(modes)][nearest], jnp.float32)
            encoder = Network(lambda key, x, z=encodings: (z, {}), lambda z, stats, x, *, train, key=None: (z, stats))
            technique = techniques.mode_regularised(encoder, 1.0, 0.0, moments=0.0)
            make = lambda z, modes=modes: jnp.asarray(snapped(np.asarray(z), modes), jnp.float32)  # noqa: E731
            costs.append(term(technique, real.astype(np.float32), make))
        assert costs[0] < 1e-3 < 0.05 < costs[1]


def test_generator_and_encoder_are_trained_and_the_discriminator_is_not(x64):
    z, x = jax.random.normal(jax.random.key(8), (BATCH, NOISE)), jnp.asarray(X)
    encoder, generator, discriminator = perceptron([4], out=NOISE), perceptron([4], out=2), perceptron([5], out=1)

    def found(*chosen):
        gan = small_gan(*chosen, latent_distribution=constant_latent(z))
        state = jit(gan.init)(jax.random.key(1), x)
        return state, jit(gan.gradients)(jax.random.key(3), state, x)

    state, with_it = found(techniques.mode_regularised(encoder, 0.3, 0.5, moments=0.7))
    own = state.generator.techniques["mode_regularised"].params

    @jax.grad
    def expected(of):
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

    by_hand = jit(expected)((state.generator.params, own))
    assert relative_error(with_it.generator, by_hand[0]) < 1e-9
    assert relative_error(with_it.generator_techniques["mode_regularised"], by_hand[1]) < 1e-9
    assert optax.tree.norm(by_hand[1]) > 1e-3
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
    label = jnp.arange(BATCH)
    data = Batch(jnp.broadcast_to(label[:, None].astype(jnp.float32), (BATCH, 2)), label)
    state = jit(gan.init)(jax.random.key(0), data)
    after, info = jit(gan.step)(jax.random.key(0), state, data)
    assert info.terms.generator["mode_regularised"] == 0.0
    own, stats = state.generator.techniques["mode_regularised"].params, state.techniques["mode_regularised"]
    expected = encoder.apply(own, stats, data.data, train=True)[1]
    assert relative_error(after.techniques["mode_regularised"], expected) < 1e-5


@pytest.mark.parametrize("wrong", ["weight", "reward", "moments"])
def test_arguments_are_checked(wrong):
    with pytest.raises(ValueError, match=f"the {wrong} of mode_regularised must be at least 0, got -1"):
        techniques.mode_regularised(perceptron([4], out=NOISE), **{wrong: -1.0})


def test_the_encoder_must_fit_the_latent():
    with pytest.raises(ValueError, match="encoder of mode_regularised gives 3 numbers an example"):
        small_gan(techniques.mode_regularised(perceptron([4], out=4))).init(jax.random.key(0), jnp.asarray(X))
