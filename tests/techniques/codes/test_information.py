"""Information of fakes and latents: the cost against NumPy, who is trained by it, and that it punishes collapse."""

import functools
import math

import jax
import jax.numpy as jnp
import numpy as np
import optax
import pytest

from jaxgan import Own, losses, optimizers, techniques
from tests.helpers import constant_latent, derivative, directions, jit, perceptron, played, relative_error, small_gan
from tests.techniques.examples import Example
from tests.techniques.ranking import COLLAPSED, HEALTHY, snapped

EXAMPLE = Example("information:1.0,widths=4")
BATCH, NOISE = 6, 3
RANDOM = np.random.default_rng(0)
Z, X = RANDOM.standard_normal((BATCH, NOISE)), RANDOM.standard_normal((BATCH, 2, 2, 1))


def layers(width, seed=1):
    random = np.random.default_rng(seed)
    return [
        {"kernel": random.standard_normal(shape), "bias": random.standard_normal(shape[1])}
        for shape in [(width, 5), (5, 1)]
    ]


def round_of(x, z):
    return played(lambda x: jnp.zeros(len(x)), jnp.zeros_like(x), x, latent=z)


def term(technique, parameters, x=X, z=Z):
    return technique.generator_loss(Own(generator=parameters), jax.random.key(0), round_of(x, z))


def reference(parameters, x, z):
    """Mean cross-entropy of telling n right pairs from n pairs with the latent before, by a loop."""
    costs = []
    for i in range(len(z)):
        for latent, label in [(z[i], 1.0), (z[i - 1], 0.0)]:
            y = np.concatenate([x[i].ravel(), latent])
            y = y @ parameters[0]["kernel"] + parameters[0]["bias"]
            y = np.where(y > 0, y, 0.2 * y) @ parameters[1]["kernel"] + parameters[1]["bias"]
            probability = 1 / (1 + math.exp(-y[0]))
            costs.append(-math.log(probability if label else 1 - probability))
    return np.mean(costs)


def test_cross_entropy_of_right_pairs_and_shifted_ones(x64):
    parameters, cost = layers(4 + NOISE), jit(functools.partial(term, techniques.information(0.7)))
    np.testing.assert_allclose(cost(parameters, X, Z), 0.7 * reference(parameters, X, Z), rtol=1e-12)


def test_it_is_log_two_where_nothing_is_known_and_zero_where_all_is(x64):
    technique = techniques.information()

    @jit
    def run(parameters, x, z):
        own = Own(generator=parameters)
        state = technique.update(own, jax.random.key(0), round_of(x, z), None)
        return term(technique, parameters, x, z), technique.report(own._replace(state=state))

    cost, shown = run(jax.tree.map(np.zeros_like, layers(4 + NOISE)), X, Z)
    np.testing.assert_allclose(cost, math.log(2.0), rtol=1e-12)
    np.testing.assert_allclose(shown["information"], 0.0, atol=1e-12)
    # Fakes that are their latents, of signs in turn: 50 (1 - |x - z|) tells right from wrong.
    z = np.array([[1.0], [-1.0]] * 3)
    absolute = [
        {"kernel": np.array([[1.0, -1.0], [-1.0, 1.0]]), "bias": np.zeros(2)},
        {"kernel": -np.full((2, 1), 50.0 / 0.8), "bias": np.full(1, 50.0)},
    ]
    assert run(absolute, z, z)[0] < 1e-9


@pytest.mark.slow
def test_gradients_reach_generator_and_network(x64):
    """The reference programs that treat the estimate as a number to print teach the generator nothing."""
    technique, parameters = techniques.information(0.7), layers(4 + NOISE)

    @jit
    @jax.value_and_grad
    def cost(at):
        return term(technique, *at)

    at = parameters, jnp.asarray(X)
    towards = jax.tree.map(lambda a: a[0], directions(jax.random.key(4), 1, at))
    exact = cost(at)[1]
    assert optax.tree.norm(exact[0]) > 1e-3 and optax.tree.norm(exact[1]) > 1e-3
    along = derivative(lambda t: cost(jax.tree.map(lambda a, b: a + t * b, at, towards))[0], 0.0, 1e-4)
    np.testing.assert_allclose(optax.tree.vdot(exact, towards), along, rtol=1e-7)


def test_generator_and_network_are_trained_by_the_generators_loss(x64):
    network = perceptron([4], out=2)

    def expected(of, z):
        x, _ = network.apply(of[0], {}, z, train=True)
        return 0.6 * term(techniques.information(), of[1], x, z)

    @jit
    def found(weight, z, data):
        technique = techniques.information(weight, widths=[5])
        gan = small_gan(technique, latent_distribution=constant_latent(z), loss=losses.wasserstein())
        state = gan.init(jax.random.key(1), data)
        of = state.generator.params, state.generator.techniques["information"].params
        return gan.gradients(jax.random.key(3), state, data), jax.grad(expected)(of, z)

    data = RANDOM.standard_normal((BATCH, 2))
    (with_it, by_hand), (without, _) = found(0.6, Z, data), found(0.0, Z, data)
    difference = jax.tree.map(lambda a, b: np.asarray(a) - np.asarray(b), with_it.generator, without.generator)
    assert relative_error(difference, by_hand[0]) < 1e-9
    assert relative_error(with_it.generator_techniques["information"], by_hand[1]) < 1e-9
    assert with_it.discriminator_techniques == {}
    assert relative_error(with_it.discriminator, without.discriminator) < 1e-12


def test_collapse_costs_more_once_the_network_has_learned():
    """By 150 steps on each of several generators that stand still; in all of eight draws."""
    technique, optimizer = techniques.information(widths=[16]), optax.adam(0.02)

    @jit
    @jax.vmap
    def learned(key, x, z):
        own = technique.init(key, round_of(x, z).data, 2)

        def cost(parameters):
            return term(technique, parameters, x, z)

        def step(carried, _):
            parameters, moments = carried
            updates, moments = optimizer.update(jax.grad(cost)(parameters), moments)
            return (optax.apply_updates(parameters, updates), moments), None

        start = own.generator, optimizer.init(own.generator)
        return cost(jax.lax.scan(step, start, length=150)[0][0])

    z = np.random.default_rng(5).standard_normal((8, 128, 2)).astype(np.float32)
    keys = jax.random.split(jax.random.key(1), 8)

    def costs(modes):
        return np.asarray(learned(keys, np.stack([snapped(each, modes) for each in z]).astype(np.float32), z))

    healthy = costs(HEALTHY)
    assert np.all(healthy < math.log(2.0) - 0.15)
    for name, modes in COLLAPSED.items():
        assert np.all(costs(modes) > healthy), name


def test_a_generator_that_is_free_shows_its_latents():
    silent = losses.wasserstein()._replace(
        discriminator=lambda real, fake: 0.0 * fake, generator=lambda real, fake: 0.0 * fake
    )
    gan = small_gan(techniques.information(widths=[16]), loss=silent, generator_optimizer=optimizers.adam(0.02))

    @jit
    def train(key, data):
        return jax.lax.scan(lambda s, _: gan.step(key, s, data), gan.init(key, data), length=200)[1]

    infos = train(jax.random.key(0), np.zeros((64, 2), np.float32))
    shown = np.asarray(infos.reports["information"]["information"])
    assert np.mean(shown[-20:]) > 0.2 > shown[0]
    assert np.max(shown) <= math.log(2.0)


@pytest.mark.parametrize(
    ("run", "message"),
    [
        (lambda: techniques.information(-1.0), r"weight of information must be at least 0, got -1\.0"),
        (lambda: techniques.information(widths=[]), r"must name at least one hidden layer, got \[\]"),
        (lambda: techniques.information(widths=[8, 0]), "widths of information must be a whole number of at least 1"),
        (
            lambda: jax.eval_shape(lambda: term(techniques.information(), layers(7), X[:1], Z[:1])),
            "take a batch of at least 2",
        ),
    ],
    ids=["weight", "no widths", "width", "batch of one"],
)
def test_mistakes_are_one_line(run, message):
    with pytest.raises(ValueError, match=message):
        run()
