"""ALI, BiGAN and VEEGAN: the pairs that the discriminator sees, and who is trained by what."""

import math

import jax
import jax.numpy as jnp
import numpy as np
import pytest

import jaxgan
from jaxgan import Batch, Network, Own, Technique, Unroll, losses, networks, techniques
from tests.helpers import (
    constant_latent,
    derivative,
    directions,
    jit,
    perceptron,
    played,
    recording,
    relative_error,
    small_gan,
)
from tests.techniques.examples import Example

ALI = Example("ali:mlp(widths=4,out=3)", joint=True)
VEEGAN = Example("veegan:mlp(widths=4,out=3)", joint=True)
BATCH, NOISE = 6, 3
Z = np.random.default_rng(8).standard_normal((BATCH, NOISE)).astype(np.float32)
FACTORIES = {"ali": techniques.ali, "veegan": techniques.veegan}
# They share all but a few lines; what they do not share has tests of its own.
both = pytest.mark.parametrize("name", [pytest.param("ali", marks=pytest.mark.slow), "veegan"])


def real(dtype=np.float32):
    return np.random.default_rng(5).standard_normal((BATCH, 2)).astype(dtype) + 1.0


# The pairs


def started(technique, x, width=NOISE):
    batch = Batch(x)
    return technique.init(jax.random.key(0), batch, width)


@both
def test_pairs_of_flat_examples_lie_side_by_side(name):
    encoder = perceptron([4], out=NOISE)
    technique = FACTORIES[name](encoder)

    @jit
    def meet(x, fake, z):
        own = started(technique, x)
        latent, _ = encoder.apply(own.generator, {}, x, train=True)
        return own, technique.meet(own, jax.random.key(1), Batch(x), Batch(fake, None, z), None), latent

    own, (seen_real, seen_fake), latent = meet(real(), real() + 5.0, Z)
    np.testing.assert_allclose(seen_real.data, np.concatenate([real(), latent], axis=1), rtol=1e-6)
    np.testing.assert_array_equal(seen_fake.data, np.concatenate([real() + 5.0, Z], axis=1))
    np.testing.assert_array_equal(seen_fake.latent, Z)
    assert own.discriminator == {} and seen_real.latent is None


@pytest.mark.slow
@both
def test_pairs_of_images_are_a_tree_for_a_network_that_takes_it(name):
    judge = perceptron([5], out=1)

    def joined(pair):
        return jnp.concatenate([pair["x"].reshape(len(pair["x"]), -1), pair["z"]], axis=1)

    discriminator = Network(
        lambda key, pair: judge.init(key, joined(pair)),
        lambda params, stats, pair, *, train, key=None: judge.apply(params, stats, joined(pair), train=train),
        group=1,
    )
    flat = perceptron([4], out=12)

    def image(params, stats, z, *, train, key=None):
        y, stats = flat.apply(params, stats, z, train=train)
        return y.reshape(-1, 2, 2, 3), stats

    gan = small_gan(
        FACTORIES[name](networks.mlp([4], out=NOISE)),
        techniques.r1(0.1),
        techniques.gradient_penalty(0.1),
        techniques.replay(8),
        generator=Network(flat.init, image),
        discriminator=jaxgan.packed(discriminator, 2),
        unroll=Unroll(1),
    )
    data = jnp.ones((BATCH, 2, 2, 3))
    state, step = jit(gan.init)(jax.random.key(0), data), jit(gan.step)
    assert state.discriminator.params[0]["w"].shape == (2 * (12 + NOISE), 5)
    for _ in range(2):
        state, info = step(jax.random.key(0), state, data)
    assert all(np.all(np.isfinite(leaf)) for leaf in jax.tree.leaves(info))
    assert gan.sample(jax.random.key(0), state, 3).shape == (3, 2, 2, 3)
    assert set(gan.effects(jax.random.key(0), state, data)) == {"r1", "gradient_penalty", "replay"}


def constant_encoder(mean, log_variance):
    """A Gaussian whatever the example is."""
    out = np.concatenate([mean, log_variance])

    def apply(params, stats, x, *, train, key=None):
        return jnp.broadcast_to(params[None], (len(x), len(params))).astype(x.dtype), stats

    return Network(lambda key, x: (jnp.asarray(out), {}), apply)


@both
def test_a_gaussian_encoder_is_drawn_from(name):
    n, mean, std = 20_000, np.array([1.0, -2.0, 0.0]), np.array([0.5, 1.0, 2.0])
    technique = FACTORIES[name](constant_encoder(mean, 2 * np.log(std)))
    x = np.zeros((n, 2), np.float32)

    @jit
    def draw(key, x):
        fake = Batch(x, None, jnp.zeros((n, NOISE)))
        return technique.meet(started(technique, x), key, Batch(x), fake, None)[0].data[:, 2:]

    drawn = np.asarray(draw(jax.random.key(1), x))
    np.testing.assert_allclose(drawn.mean(axis=0), mean, atol=0.05)
    np.testing.assert_allclose(drawn.std(axis=0), std, rtol=0.03)
    assert np.all(np.asarray(draw(jax.random.key(2), x)) != drawn)


# The terms


def test_reconstruction_of_latents(x64):
    """The squared distance summed over the latent, or the negative log-density of a Gaussian, by a loop."""
    x, z = real(np.float64), Z.astype(np.float64)

    def run(encoder):
        """The loss, and the encodings of x."""

        @jit
        def found(x, z):
            play, technique = played(lambda x: x[:, 0], x, x, latent=z), techniques.veegan(encoder, 0.7)
            own = started(technique, x)
            encodings, _ = encoder.apply(own.generator, {}, x, train=True)
            return technique.generator_loss(own, jax.random.key(0), play), encodings

        return found(x, z)

    loss, found = run(perceptron([4], out=NOISE))
    found = np.asarray(found)
    expected = np.mean([sum((a - b) ** 2 for a, b in zip(*pair, strict=True)) for pair in zip(z, found, strict=True)])
    np.testing.assert_allclose(loss, 0.7 * expected, rtol=1e-12)

    mean, log_variance = np.array([1.0, -2.0, 0.5]), np.array([0.3, -0.4, 1.0])
    loss, _ = run(constant_encoder(mean, log_variance))
    densities = [
        math.exp(-0.5 * (a - m) ** 2 / math.exp(v)) / math.sqrt(2 * math.pi * math.exp(v))
        for row in z
        for a, m, v in zip(row, mean, log_variance, strict=True)
    ]
    expected = -0.7 * sum(math.log(d) for d in densities) / BATCH
    np.testing.assert_allclose(loss, expected, rtol=1e-12)


@pytest.mark.parametrize(
    ("loss", "by_hand"),
    [({}, lambda r: np.log1p(np.exp(r))), ({"loss": lambda r: r}, lambda r: r)],
    ids=["non-saturating", "Wasserstein"],
)
def test_encoders_loss_is_of_real_pairs(loss, by_hand, x64):
    technique = techniques.ali(perceptron([4], out=NOISE), **loss)
    term = jit(lambda x: technique.generator_loss(Own(), jax.random.key(0), played(lambda x: x[:, 0], x, -x)))
    x = real(np.float64)
    np.testing.assert_allclose(term(x), np.mean(by_hand(x[:, 0])), rtol=1e-12)
    assert techniques.ali(perceptron([4], out=NOISE), loss=None).generator_loss is None


# Who is trained


def begun(gan, x):
    """The first state, and the gradients at it."""

    @jit
    def run(x):
        state = gan.init(jax.random.key(1), x)
        return state, gan.gradients(jax.random.key(3), state, x)

    return run(x)


@both
def test_who_is_trained_by_what(name, x64):
    """The gradients of the whole GAN are those of the paper's three losses, each by its own parameters."""
    z, x = Z.astype(np.float64), real(np.float64)
    encoder, generator, discriminator = perceptron([4], out=NOISE), perceptron([4], out=2), perceptron([5], out=1)
    technique = techniques.ali(encoder) if name == "ali" else techniques.veegan(encoder, 0.7)
    gan = small_gan(technique, latent_distribution=constant_latent(z))
    state, found = begun(gan, x)
    assert state.discriminator.techniques == {} and found.discriminator_techniques == {}

    def logits(g, e, d):
        made = generator.apply(g, {}, z, train=True)[0]
        encode = lambda x: encoder.apply(e, {}, x, train=True)[0]  # noqa: E731
        judge = lambda *pair: discriminator.apply(d, {}, jnp.concatenate(pair, axis=1), train=True)[0]  # noqa: E731
        distance = jnp.mean(jnp.sum((z - encode(made)) ** 2, axis=1))
        return judge(x, encode(x)), judge(made, z), distance

    def of_discriminator(d, g, e):
        on_real, on_fake, _ = logits(g, e, d)
        return jnp.mean(jnp.logaddexp(0, -on_real) + jnp.logaddexp(0, on_fake))

    def of_generator(g, e, d):
        _, on_fake, distance = logits(g, e, d)
        return jnp.mean(jnp.logaddexp(0, -on_fake)) + (0.7 * distance if name == "veegan" else 0.0)

    def of_encoder(e, g, d):
        on_real, _, distance = logits(g, e, d)
        return 0.7 * distance if name == "veegan" else jnp.mean(jnp.logaddexp(0, on_real))

    g, d, e = state.generator.params, state.discriminator.params, state.generator.techniques[name].params

    @jit
    def by_hand(g, d, e):
        return jax.grad(of_discriminator)(d, g, e), jax.grad(of_generator)(g, e, d), jax.grad(of_encoder)(e, g, d)

    expected = by_hand(g, d, e)
    assert relative_error(found.discriminator, expected[0]) < 1e-9
    assert relative_error(found.generator, expected[1]) < 1e-9
    assert relative_error(found.generator_techniques[name], expected[2]) < 1e-9


def size(tree):
    return max(np.max(np.abs(leaf)) for leaf in jax.tree.leaves(tree))


def test_a_relativistic_loss_trains_the_encoder_by_itself():
    gan = small_gan(techniques.ali(perceptron([4], out=NOISE), loss=None), loss=losses.relativistic())
    _, found = begun(gan, real())
    assert size(found.generator_techniques["ali"]) > 1e-4
    separable = small_gan(techniques.ali(perceptron([4], out=NOISE), loss=None))
    _, found = begun(separable, real())
    assert size(found.generator_techniques["ali"]) == 0.0


@pytest.mark.slow
@both
def test_derivative_of_a_step_by_a_weight(name, x64):
    """With a lookahead, R1 and replay, after two steps of Adam."""
    data, key = real(jnp.float64), jax.random.key(3)

    def build(weight):
        encoder = perceptron([4], out=2 * NOISE)
        scaled = {"loss": lambda r: weight * jax.nn.softplus(r)} if name == "ali" else {"weight": weight}
        others = techniques.r1(0.1), techniques.replay(2 * BATCH)
        return small_gan(FACTORIES[name](encoder, **scaled), *others, unroll=Unroll(2))

    gan = build(0.7)
    state, step = jit(gan.init)(key, data), jit(gan.step)
    for i in range(2):
        state, _ = step(key, state, data + 0.1 * i)

    @jax.jit
    @jax.value_and_grad
    def outcome(weight):
        # Twice, since the discriminator sees the weight's effect one step later.
        after = build(weight).step(key, state, data)[0]
        after = build(weight).step(key, after, data)[0]
        moved = after.generator.params, after.discriminator.params, after.generator.techniques[name].params
        towards = directions(jax.random.key(8), 1, moved)
        return sum(jnp.vdot(a, b[0]) for a, b in zip(jax.tree.leaves(moved), jax.tree.leaves(towards), strict=True))

    exact = outcome(0.7)[1]
    assert abs(exact) > 1e-5
    np.testing.assert_allclose(exact, derivative(lambda w: outcome(w)[0], 0.7, 1e-3), rtol=1e-6)


@pytest.mark.slow
@both
def test_a_replayed_fake_is_shown_with_its_own_latent(name):
    """The generator is the identity, so that the two halves of every fake pair are equal."""
    identity = Network(lambda key, z: (jnp.zeros(()), {}), lambda p, stats, z, *, train, key=None: (z + 0.0 * p, stats))

    def guard(own, key, play):
        return jnp.max(jnp.abs(play.fake.data[:, :NOISE] - play.fake.data[:, NOISE:]))

    gan = small_gan(
        techniques.replay(2 * BATCH),
        FACTORIES[name](perceptron([4], out=NOISE)),
        Technique("guard", discriminator_loss=guard, generator_loss=guard),
        generator=identity,
        unroll=Unroll(1, resample=True),
    )
    data = jnp.ones((BATCH, NOISE))
    state, step = jit(gan.init)(jax.random.key(0), data), jit(gan.step)
    for _ in range(4):
        state, info = step(jax.random.key(0), state, data)
        assert info.terms.discriminator["guard"] < 1e-6 and info.terms.generator["guard"] < 1e-6
    old = state.techniques["replay"].buffer
    np.testing.assert_allclose(old.data, old.latent, atol=1e-6)
    assert np.all(old.data.std(axis=0) > 0.1)


@both
def test_statistics_of_the_encoder_move_once_a_step(name):
    encoder = networks.mlp([4], out=NOISE, batch_norm=True)
    gan = small_gan(FACTORIES[name](encoder))

    @jit
    def run(x):
        state = gan.init(jax.random.key(0), x)
        params, stats = state.generator.techniques[name].params, state.techniques[name]
        return gan.step(jax.random.key(0), state, x)[0], stats, encoder.apply(params, stats, x, train=True)[1]

    after, stats, expected = run(real())
    assert relative_error(after.techniques[name], expected) < 1e-5
    assert relative_error(stats, expected) > 1e-3


@both
def test_the_encoder_has_an_optimizer_of_its_own(name):
    gan = small_gan(FACTORIES[name](perceptron([4], out=NOISE), optimizer=recording(0.5)))

    @jit
    def run(x):
        state = gan.init(jax.random.key(0), x)
        return state, gan.step(jax.random.key(0), state, x)[0]

    state, after = run(real())
    before, learned = state.generator.techniques[name], after.generator.techniques[name]
    moved = jax.tree.map(lambda p, g: np.asarray(p) - 0.5 * np.asarray(g), before.params, learned.opt_state)
    assert relative_error(learned.params, moved) < 1e-6


# Labels and mistakes


@both
def test_a_conditional_encoder_is_given_labels(name):
    base = perceptron([4], out=NOISE)

    def joined(x, label):
        return jnp.concatenate([x, label[:, None].astype(x.dtype)], axis=1)

    encoder = Network(
        lambda key, x, label: base.init(key, joined(x, label)),
        lambda params, stats, x, *, train, key=None, label: base.apply(params, stats, joined(x, label), train=train),
        conditional=True,
    )
    technique = FACTORIES[name](encoder)

    @jit
    def run(x, label, z):
        own = technique.init(jax.random.key(0), Batch(x, label), NOISE)
        pair, _ = technique.meet(own, jax.random.key(0), Batch(x, label), Batch(x, label, z), None)
        return pair.data[:, 2:], base.apply(own.generator, {}, joined(x, label), train=True)[0]

    found, expected = run(real(), np.arange(BATCH), Z)
    np.testing.assert_allclose(found, expected, rtol=1e-5)
    with pytest.raises(ValueError, match=f"the encoder of {name} is conditional, and these examples have no labels"):
        technique.init(jax.random.key(0), Batch(real()), NOISE)


@both
def test_the_encoder_must_fit_the_latent(name):
    with pytest.raises(ValueError, match=rf"encoder of {name} gives 3 numbers .* or 6, .*; it gives \(6, 4\)"):
        jax.eval_shape(small_gan(FACTORIES[name](perceptron([4], out=4))).init, jax.random.key(0), real())


def test_the_weight_is_checked():
    with pytest.raises(ValueError, match="the weight of veegan must be at least 0, got -1"):
        techniques.veegan(perceptron([4], out=NOISE), -1.0)
