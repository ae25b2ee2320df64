"""DeLiGAN: latents of the mixture, the term on its deviations, who trains it, and that samples come from it."""

import jax
import jax.numpy as jnp
import numpy as np
import optax
import pytest

from jaxgan import Batch, Own, Unroll, losses, techniques
from tests.helpers import derivative, directions, jit, perceptron, relative_error, small_gan, with_learned
from tests.techniques.examples import Example

EXAMPLE = Example("deligan:3", constant=True)
BATCH, NOISE = 6, 3
DATA = np.random.default_rng(0).standard_normal((BATCH, 2))


def mixture(means, std):
    return {"mean": means, "std": np.broadcast_to(np.asarray(std, means.dtype), means.shape)}


def test_latents_are_of_components_with_equal_shares_beside_the_noise():
    technique, n = techniques.deligan(3), 30_000
    means, stds = np.array([[0.0, 50.0], [100.0, 0.0], [-100.0, 7.0]]), np.array([[1.0, 2.0], [0.1, 3.0], [0.5, 0.0]])
    z = np.random.default_rng(1).standard_normal((n, 4)).astype(np.float32)
    draw = jit(lambda params, z: technique.latent(Own(generator=params), jax.random.key(0), Batch(z), slice(1, 3)).data)
    made = np.asarray(draw(mixture(means.astype(np.float32), stds), z))
    np.testing.assert_array_equal(made[:, [0, 3]], z[:, [0, 3]])
    component = np.argmin(np.abs(made[:, 1:2] - means[None, :, 0]), axis=1)
    for k in range(3):
        chosen = made[component == k, 1:3]
        np.testing.assert_allclose(len(chosen) / n, 1 / 3, atol=0.015)
        np.testing.assert_allclose(chosen.mean(axis=0), means[k], atol=0.1)
        np.testing.assert_allclose(chosen.std(axis=0), stds[k], rtol=0.03, atol=1e-4)
    # Drawn for each example by itself: neighbours have nothing to do with each other.
    assert abs(np.mean(component[1:] == component[:-1]) - 1 / 3) < 0.015


def test_the_term_is_smallest_at_deviations_of_one(x64):
    technique, stds = techniques.deligan(3, weight=0.7), np.array([[1.0, 2.0], [0.1, 3.0], [0.5, 0.0]])
    loss = jit(lambda params: technique.generator_loss(Own(generator=params), jax.random.key(0), None))
    term = lambda s: loss(mixture(np.zeros((3, 2)), s))  # noqa: E731
    np.testing.assert_allclose(term(stds), 0.7 * np.mean((1 - stds) ** 2), rtol=1e-12)
    np.testing.assert_allclose(term(1.0), 0.0, atol=1e-12)
    report = jit(lambda params: technique.report(Own(generator=params)))
    np.testing.assert_allclose(report(mixture(np.zeros((3, 2)), -0.5))["std"], 0.5)


def test_the_beginning():
    batch = Batch(np.zeros((4, 2), jnp.bfloat16))
    own = jit(lambda key: techniques.deligan(2000, 3, std=0.3).init(key, batch, 9))(jax.random.key(0))
    mean = np.asarray(own.generator["mean"])
    assert mean.shape == own.generator["std"].shape == (2000, 3) and mean.dtype == jnp.float32
    assert -1.0 <= mean.min() < -0.99 and 0.99 < mean.max() < 1.0
    np.testing.assert_allclose(own.generator["std"], 0.3, rtol=1e-6)


def test_training_and_samples_use_the_learned_mixture():
    """With the moving average on, which is of the network alone."""
    gan = small_gan(techniques.deligan(2), average=0.9)
    far = np.array([[40.0, 41.0], [-40.0, -41.0]], np.float32)

    @jit
    def run(params, data):
        state = with_learned(gan.init(jax.random.key(0), data), "deligan", params)
        z = gan.latent(jax.random.key(3), state, 50)
        made = perceptron([4], out=2).apply(state.average, {}, z, train=False)[0]
        return z, gan.sample(jax.random.key(3), state, 50), made

    z, sampled, made = (np.asarray(found) for found in run(mixture(far, 0.0), DATA))
    assert z.shape == (50, NOISE + 2)
    assert {tuple(row) for row in z[:, NOISE:]} == {tuple(row) for row in far}
    np.testing.assert_allclose(sampled, made, rtol=1e-5)


def test_the_mixture_is_trained_through_the_generator(x64):
    """The derivative of the generator's loss by means and deviations, against differences of the loss."""
    gan = small_gan(techniques.deligan(2, weight=0.3), loss=losses.wasserstein())

    @jit
    def found(t, data):
        """The gradients at what is learned moved by `t` in a direction, and the slope along it."""
        state = gan.init(jax.random.key(1), data)
        learned = state.generator.techniques["deligan"].params
        towards = jax.tree.map(lambda a: a[0], directions(jax.random.key(4), 1, learned))
        moved = with_learned(state, "deligan", jax.tree.map(lambda a, b: a + t * b, learned, towards))
        gradients = gan.gradients(jax.random.key(3), moved, data)
        return gradients, optax.tree.vdot(gradients.generator_techniques["deligan"], towards)

    exact, slope = found(0.0, DATA)
    assert all(np.all(np.asarray(leaf) != 0.0) for leaf in jax.tree.leaves(exact.generator_techniques["deligan"]))
    along = derivative(lambda t: found(t, DATA)[0].generator_loss, 0.0, 1e-3)
    np.testing.assert_allclose(slope, along, rtol=1e-7)
    assert exact.discriminator_techniques == {}


def test_a_step_moves_it_by_the_generators_optimizer_also_with_a_lookahead():
    gan = small_gan(techniques.deligan(2), generator_optimizer=optax.sgd(0.5), unroll=Unroll(1))

    @jit
    def run(data):
        state = gan.init(jax.random.key(1), data)
        return state, *gan.step(jax.random.key(3), state, data)

    state, after, info = run(DATA)
    before, moved = (s.generator.techniques["deligan"].params for s in (state, after))
    assert relative_error(moved["mean"], before["mean"]) > 1e-4
    np.testing.assert_allclose(info.reports["deligan"]["std"], np.mean(np.abs(moved["std"])), rtol=1e-6)


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ({"components": 0}, "components of deligan must be a whole number of at least 1, got 0"),
        ({"width": 0}, "width of deligan must be a whole number of at least 1, got 0"),
        ({"std": 0.0}, r"std of deligan must be positive and finite, got 0\.0"),
        ({"weight": -1.0}, r"weight of deligan must be at least 0, got -1\.0"),
    ],
)
def test_arguments_are_checked(arguments, message):
    with pytest.raises(ValueError, match=message):
        techniques.deligan(**{"components": 3, **arguments})
