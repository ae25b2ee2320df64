"""Information of fakes and latents: the cost against NumPy, who is trained by it, and that it punishes collapse."""

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
        {"kernel": jnp.asarray(random.standard_normal(shape)), "bias": jnp.asarray(random.standard_normal(shape[1]))}
        for shape in [(width, 5), (5, 1)]
    ]


def round_of(x, z):
    return played(lambda x: jnp.zeros(len(x)), jnp.zeros_like(x), jnp.asarray(x), latent=jnp.asarray(z))


def term(technique, parameters, x=X, z=Z):
    return technique.generator_loss(Own(generator=parameters), jax.random.key(0), round_of(x, z))


def reference(parameters, x, z):
    """Mean cross-entropy of telling n right pairs from n pairs with the latent before, by a loop."""
    costs = []
    for i in range(len(z)):
        for latent, label in [(z[i], 1.0), (z[i - 1], 0.0)]:
            y = np.concatenate([x[i].ravel(), latent])
            y = y @ np.asarray(parameters[0]["kernel"]) + np.asarray(parameters[0]["bias"])
            y = np.where(y > 0, y, 0.2 * y) @ np.asarray(parameters[1]["kernel"]) + np.asarray(parameters[1]["bias"])
            probability = 1 / (1 + math.exp(-y[0]))
            costs.append(-math.log(probability if label else 1 - probability))
    return np.mean(costs)


def test_cross_entropy_of_right_pairs_and_shifted_ones(x64):
    parameters, technique = layers(4 + NOISE), techniques.information(0.7)
    np.testing.assert_allclose(term(technique, parameters), 0.7 * reference(parameters, X, Z), rtol=1e-12)


def test_it_is_log_two_where_nothing_is_known_and_zero_where_all_is(x64):
    technique, parameters = techniques.information(), layers(4 + NOISE)
    ignorant = jax.tree.map(jnp.zeros_like, parameters)
    np.testing.assert_allclose(term(technique, ignorant), math.log(2.0), rtol=1e-12)
    own = Own(generator=ignorant)
    shown = technique.report(own._replace(state=technique.update(own, jax.random.key(0), round_of(X, Z), None)))
    np.testing.assert_allclose(shown["information"], 0.0, atol=1e-12)
    # Fakes that are their latents, of signs in turn: 50 (1 - |x - z|) tells right from wrong.
    z = np.array([[1.0], [-1.0]] * 3)
    absolute = [
        {"kernel": jnp.array([[1.0, -1.0], [-1.0, 1.0]]), "bias": jnp.zeros(2)},
        {"kernel": -jnp.full((2, 1), 50.0 / 0.8), "bias": jnp.full(1, 50.0)},
    ]
    assert term(technique, absolute, z, z) < 1e-9


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
    z, data = jnp.asarray(Z), jnp.asarray(RANDOM.standard_normal((BATCH, 2)))

    def found(weight):
        technique = techniques.information(weight, widths=[5])
        gan = small_gan(technique, latent_distribution=constant_latent(z), loss=losses.wasserstein())
        state = jit(gan.init)(jax.random.key(1), data)
        return state, jit(gan.gradients)(jax.random.key(3), state, data)

    (state, with_it), (_, without) = found(0.6), found(0.0)
    network = perceptron([4], out=2)

    @jax.grad
    def expected(of):
        x, _ = network.apply(of[0], {}, z, train=True)
        return 0.6 * term(techniques.information(), of[1], x, z)

    by_hand = jit(expected)((state.generator.params, state.generator.techniques["information"].params))
    difference = jax.tree.map(jnp.subtract, with_it.generator, without.generator)
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
        return learned(keys, jnp.asarray(np.stack([snapped(each, modes) for each in z]), jnp.float32), z)

    healthy = costs(HEALTHY)
    assert np.all(healthy < math.log(2.0) - 0.15)
    for name, modes in COLLAPSED.items():
        assert np.all(costs(modes) > healthy), name


def test_a_generator_that_is_free_shows_its_latents():
    silent = losses.wasserstein()._replace(
        discriminator=lambda real, fake: 0.0 * fake, generator=lambda real, fake: 0.0 * fake
    )
    gan = small_gan(techniques.information(widths=[16]), loss=silent, generator_optimizer=optimizers.adam(0.02))
    key, data = jax.random.key(0), jnp.zeros((64, 2))
    state = jit(gan.init)(key, data)
    _, infos = jit(lambda s: jax.lax.scan(lambda s, _: gan.step(key, s, data), s, length=200))(state)
    shown = infos.reports["information"]["information"]
    assert np.mean(shown[-20:]) > 0.2 > shown[0]
    assert np.max(shown) <= math.log(2.0)


@pytest.mark.parametrize(
    ("run", "message"),
    [
        (lambda: techniques.information(-1.0), r"weight of information must be at least 0, got -1\.0"),
        (lambda: techniques.information(widths=[]), r"must name at least one hidden layer, got \[\]"),
        (lambda: techniques.information(widths=[8, 0]), "widths of information must be a whole number of at least 1"),
        (lambda: term(techniques.information(), layers(7), X[:1], Z[:1]), "take a batch of at least 2"),
    ],
    ids=["weight", "no widths", "width", "batch of one"],
)
def test_mistakes_are_one_line(run, message):
    with pytest.raises(ValueError, match=message):
        run()
