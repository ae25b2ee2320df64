"""InfoGAN: the codes, the cost of reading them against NumPy, and who is trained by it."""

import itertools
import math

import jax
import jax.numpy as jnp
import numpy as np
import pytest

from jaxgan import Batch, Network, Own, Play, Technique, Unroll, losses, optimizers, packed, techniques
from tests.helpers import derivative, directions, jit, perceptron, played, relative_error, small_gan
from tests.techniques.examples import Example

EXAMPLE = Example("infogan:2,continuous=1,hidden=4")
BATCH, NOISE = 6, 3


def real(n=BATCH, dtype=None):
    return np.random.default_rng(5).standard_normal((n, 2)).astype(dtype or np.float32) + 1.0


# The codes


def test_codes_are_uniform_in_columns_of_their_own():
    technique, n = techniques.infogan((3, 2), 2), 20_000
    assert technique.columns == 7
    z = np.full((n, 10), 9.0, np.float32)
    draw = jit(lambda key, z: technique.latent(Own(), key, Batch(z), slice(2, 9)).data)
    made = np.asarray(draw(jax.random.key(0), z))
    np.testing.assert_array_equal(made[:, [0, 1, 9]], 9.0)
    for columns, k in [(slice(2, 5), 3), (slice(5, 7), 2)]:
        assert set(np.unique(made[:, columns])) == {0.0, 1.0}
        np.testing.assert_array_equal(made[:, columns].sum(axis=1), 1.0)
        np.testing.assert_allclose(made[:, columns].mean(axis=0), 1 / k, atol=0.015)
    continuous = made[:, 7:9]
    assert -1.0 <= continuous.min() < -0.99 and 0.99 < continuous.max() < 1.0
    np.testing.assert_allclose(continuous.std(axis=0), 1 / math.sqrt(3), atol=0.01)
    all_codes = np.stack([made[:, 2:5].argmax(1), made[:, 5:7].argmax(1), *continuous.T])
    np.testing.assert_allclose(np.corrcoef(all_codes), np.eye(4), atol=0.03)  # independent of each other


# The formula


def head(width, hidden, out, seed=1):
    random = np.random.default_rng(seed)
    widths = [width, *([hidden] if hidden else []), out]
    return [
        {"kernel": random.standard_normal((a, b)), "bias": random.standard_normal(b)}
        for a, b in itertools.pairwise(widths)
    ]


def coded(n, technique):
    z = np.zeros((n, NOISE + technique.columns))
    columns = slice(NOISE, NOISE + technique.columns)
    draw = jit(lambda key, z: technique.latent(Own(), key, Batch(z), columns).data)
    return np.asarray(draw(jax.random.key(2), z)), columns


def reference(technique, parameters, features, codes, sizes, weight, continuous_weight):
    """The cost by a loop over examples and codes."""
    y = np.asarray(features)
    for i, layer in enumerate(parameters):
        y = np.where(y > 0, y, 0.1 * y) if i else y
        y = y @ layer["kernel"] + layer["bias"]
    answers = y.reshape(len(codes), technique.columns)
    total = 0.0
    for answer, code in zip(answers, codes, strict=True):
        start = 0
        for k in sizes:
            probabilities = np.exp(answer[start : start + k]) / np.exp(answer[start : start + k]).sum()
            total -= weight * math.log(probabilities[code[start : start + k].argmax()])
            start += k
        for mean, c in zip(answer[start:], code[start:], strict=True):
            density = math.exp(-0.5 * (c - mean) ** 2) / math.sqrt(2 * math.pi)
            total -= continuous_weight * math.log(density)
    return total / len(codes)


@pytest.mark.parametrize(("sizes", "continuous"), [((3, 2), 2), ((4,), 0), ((), 2)])
@pytest.mark.parametrize(
    ("hidden", "m"), [pytest.param(0, 1, marks=pytest.mark.slow), pytest.param(5, 1, marks=pytest.mark.slow), (5, 2)]
)
def test_cost_of_reading_the_codes(sizes, continuous, hidden, m, x64):
    """With packs of m, whose features are those of m neighbours together."""
    technique = techniques.infogan(sizes, continuous, 0.7, continuous_weight=0.3, hidden=hidden)
    z, columns = coded(BATCH, technique)
    x, towards = np.random.default_rng(7).standard_normal((2, BATCH, 3))
    parameters = head(3 * m, hidden, technique.columns * m)

    @jit
    def costs(parameters, x, z):
        def features(x):
            return jnp.tanh(x).reshape(len(x) // m, -1)

        play = played(lambda x: x[:, 0], x, x, latent=z, features=features, columns={"infogan": columns})
        own = Own(discriminator=parameters)

        def cost(x):
            return technique.generator_loss(own, jax.random.key(0), play._replace(fake=Batch(x, None, z)))

        return technique.discriminator_loss(own, jax.random.key(0), play), *jax.value_and_grad(cost)(x)

    of_discriminator, of_generator, gradient = costs(parameters, x, z)
    features = np.tanh(x).reshape(len(x) // m, -1)
    expected = reference(technique, parameters, features, z[:, columns], sizes, 0.7, 0.3)
    np.testing.assert_allclose([of_discriminator, of_generator], expected, rtol=1e-12)
    along = derivative(lambda t: costs(parameters, x + t * towards, z)[1], 0.0, 1e-3)
    np.testing.assert_allclose(np.vdot(gradient, towards), along, rtol=1e-8)


def test_a_head_that_knows_nothing_and_one_that_knows_all(x64):
    """log k for a categorical code of k values; ½ log 2π + 1/6 for a continuous one."""
    technique = techniques.infogan(10, 1, hidden=0)
    z, columns = coded(40_000, technique)

    @jit
    def known(parameters, z):
        play = played(lambda x: x[:, 0], z, z, features=lambda x: x[:, columns], columns={"infogan": columns})
        own = Own(discriminator=parameters)
        state = technique.update(own, jax.random.key(0), play, None)
        return technique.discriminator_loss(own, jax.random.key(0), play), state, technique.report(Own(state=state))

    cost, _, shown = known(jax.tree.map(np.zeros_like, head(11, 0, 11)), z)
    np.testing.assert_allclose(cost, 2.302585 + 1.085605, atol=5e-3)
    np.testing.assert_allclose(shown["information"], 0.0, atol=1e-12)
    np.testing.assert_allclose(shown["error"], 1 / math.sqrt(3), atol=3e-3)
    _, shown, _ = known([{"kernel": np.diag([50.0] * 10 + [1.0]), "bias": np.zeros(11)}], z)
    np.testing.assert_allclose(shown["information"], math.log(10), rtol=1e-9)
    np.testing.assert_allclose(shown["error"], 0.0, atol=1e-5)


# In a GAN


def code_shower(columns):
    """A generator that shows its codes, and a discriminator whose features are what it sees."""

    def make_codes(params, stats, z, *, train, key=None):
        return z[:, NOISE : NOISE + columns] + 0.0 * params, stats

    linear = perceptron([], out=1)
    generator = Network(lambda key, z: (jnp.zeros(()), {}), make_codes)
    return generator, linear._replace(features=lambda params, stats, x, *, train, key=None: x, group=1)


@pytest.mark.slow
@pytest.mark.parametrize("m", [pytest.param(1, marks=pytest.mark.slow), 2])
def test_codes_are_those_that_a_fake_was_made_from(m):
    """Through replay, packing, fresh minibatches and a second technique with columns; a wrong one costs 100 nats."""
    technique = techniques.infogan((3, 2), hidden=0)
    generator, discriminator = code_shower(technique.columns)
    other = Technique("other", columns=2, latent=lambda own, key, z, columns: z)
    gan = small_gan(
        technique,
        other,
        techniques.replay(2 * BATCH),
        techniques.r1(0.1),
        generator=generator,
        discriminator=packed(discriminator, m),
        unroll=Unroll(2, resample=True),
        discriminator_steps=2,
    )
    data = jnp.ones((BATCH, technique.columns))
    state, step = jit(gan.init)(jax.random.key(0), data), jit(gan.step)
    sure = [{"kernel": 100.0 * jnp.eye(technique.columns * m), "bias": jnp.zeros(technique.columns * m)}]
    of_head = state.discriminator.techniques["infogan"]
    assert jax.tree.map(jnp.shape, of_head.params) == jax.tree.map(jnp.shape, sure)
    for _ in range(4):
        learned = {"infogan": of_head._replace(params=sure)}
        state = state._replace(discriminator=state.discriminator._replace(techniques=learned))
        state, info = step(jax.random.key(0), state, data)
        assert info.terms.discriminator["infogan"] < 1e-3 and info.terms.generator["infogan"] < 1e-3
        np.testing.assert_allclose(info.reports["infogan"]["information"], math.log(6), rtol=1e-3)


Z = np.concatenate(
    [np.random.default_rng(3).standard_normal((BATCH, NOISE)), np.eye(3)[[0, 1, 2, 2, 0, 1]], np.ones((BATCH, 1)) / 3],
    axis=1,
)


def fixed_latents():
    """Writes over all latents, so that a test knows them."""
    return Technique("fixed", latent=lambda own, key, z, columns: z._replace(data=jnp.asarray(Z, z.data.dtype)))


def gradients(weight):
    gan = small_gan(techniques.infogan(3, 1, weight, continuous_weight=0.5 * weight, hidden=4), fixed_latents())
    state = jit(gan.init)(jax.random.key(1), real(dtype=jnp.float64))
    return state, jit(gan.gradients)(jax.random.key(3), state, real(dtype=jnp.float64))


@pytest.mark.slow
def test_who_is_trained_by_it(x64):
    """Head and trunk by the discriminator's loss; the generator alone by its own, with both frozen."""
    state, with_it = gradients(0.6)
    _, without = gradients(0.0)
    network, trunk = perceptron([4], out=2), perceptron([5], out=1)
    parameters = state.discriminator.techniques["infogan"].params
    assert with_it.generator_techniques == {}

    @jax.jit
    @jax.value_and_grad
    def cost(of):
        x, _ = network.apply(of["generator"], {}, jnp.asarray(Z), train=True)
        y = trunk.features(of["discriminator"], {}, x, train=True)
        y = y @ of["head"][0]["kernel"] + of["head"][0]["bias"][None]
        y = jnp.where(y > 0, y, 0.1 * y) @ of["head"][1]["kernel"] + of["head"][1]["bias"][None]
        categorical = -jnp.mean(jnp.sum(Z[:, NOISE : NOISE + 3] * jax.nn.log_softmax(y[:, :3]), axis=1))
        return 0.6 * categorical + 0.3 * 0.5 * jnp.mean((Z[:, NOISE + 3] - y[:, 3]) ** 2)

    point = {"generator": state.generator.params, "discriminator": state.discriminator.params, "head": parameters}
    _, expected = cost(point)
    difference = jax.tree.map(lambda a, b: a - b, with_it, without)
    assert relative_error(difference.generator, expected["generator"]) < 1e-9
    assert relative_error(difference.discriminator, expected["discriminator"]) < 1e-9
    assert relative_error(with_it.discriminator_techniques["infogan"], expected["head"]) < 1e-9
    assert all(np.all(g == 0.0) for g in jax.tree.leaves(without.discriminator_techniques))


@pytest.mark.slow
@pytest.mark.parametrize("m", [pytest.param(1, marks=pytest.mark.slow), 2])
def test_derivative_of_a_step_by_the_weight(m, x64):
    """With a lookahead, R1, replay and packing, after two steps of Adam."""
    data, key = real(dtype=jnp.float64), jax.random.key(3)

    def build(weight):
        return small_gan(
            techniques.infogan(3, 1, weight, continuous_weight=weight**2, hidden=4),
            techniques.r1(0.1),
            techniques.replay(2 * BATCH),
            discriminator=packed(perceptron([5], out=1), m),
            unroll=Unroll(2),
        )

    gan = build(0.7)
    state, step = jit(gan.init)(key, data), jit(gan.step)
    for i in range(2):
        state, _ = step(key, state, data + 0.1 * i)

    @jax.jit
    @jax.value_and_grad
    def outcome(weight):
        after, _ = build(weight).step(key, state, data)
        head = after.discriminator.techniques["infogan"].params
        moved = after.generator.params, after.discriminator.params, head
        towards = directions(jax.random.key(8), 1, moved)
        return sum(jnp.vdot(a, b[0]) for a, b in zip(jax.tree.leaves(moved), jax.tree.leaves(towards), strict=True))

    exact = outcome(0.7)[1]
    assert abs(exact) > 1e-5
    np.testing.assert_allclose(exact, derivative(lambda w: outcome(w)[0], 0.7, 1e-3), rtol=1e-6)


def test_a_generator_that_is_free_shows_its_code():
    """Without a game to play, both sides agree on a code of three values within a hundred steps."""
    silent = losses.wasserstein()._replace(
        discriminator=lambda real, fake: 0.0 * fake, generator=lambda real, fake: 0.0 * fake
    )
    gan = small_gan(
        techniques.infogan(3, hidden=8),
        loss=silent,
        generator_optimizer=optimizers.adam(0.03),
        discriminator_optimizer=optimizers.adam(0.03),
    )
    key, data = jax.random.key(0), real(32)

    @jit
    def train(key, data):
        return jax.lax.scan(lambda s, _: gan.step(key, s, data), gan.init(key, data), length=100)[1]

    infos = train(key, data)
    information = np.asarray(infos.reports["infogan"]["information"])
    assert information[0] < 0.3 and information[-1] > 0.9 * math.log(3)


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ((1,), "categories of infogan must be a whole number of at least 2, got 1"),
        (((3, 2.5),), "categories of infogan must be a whole number of at least 2, got 2.5"),
        ((2, -1), "continuous codes of infogan must be a whole number of at least 0, got -1"),
        ((2, 0, -1.0), "weight of infogan must be at least 0, got -1.0"),
        (((), 0), "infogan needs a code"),
    ],
)
def test_arguments_are_checked(arguments, message):
    with pytest.raises(ValueError, match=message):
        techniques.infogan(*arguments)
    with pytest.raises(ValueError, match="hidden units of infogan"):
        techniques.infogan(2, hidden=-1)
    with pytest.raises(ValueError, match="continuous_weight of infogan"):
        techniques.infogan(2, continuous_weight=-0.1)


def test_features_are_needed_and_must_divide_the_batch():
    blind = perceptron([5], out=1)._replace(features=None)
    with pytest.raises(ValueError, match="infogan reads codes from features, but this discriminator shows none"):
        jax.eval_shape(small_gan(techniques.infogan(3), discriminator=blind).init, jax.random.key(0), real())
    shapes = Play(**{
        **dict.fromkeys(Play._fields),
        "features": jax.ShapeDtypeStruct((4, 5), jnp.float32),
        "generated": Batch(None, None, jax.ShapeDtypeStruct((6, 5), jnp.float32)),
    })  # fmt: skip
    with pytest.raises(ValueError, match="the codes of 6 fakes from 4 rows of features"):
        techniques.infogan(3).attach(Own(), jax.random.key(0), shapes)
