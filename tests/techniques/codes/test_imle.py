"""IMLE: the nearest fake of a pool for each real example, by NumPy; gradients of the chosen; lost modes cost."""

import jax
import jax.numpy as jnp
import numpy as np
import optax
import pytest

from jaxgan import Batch, Network, Own, networks, packed, techniques
from tests.helpers import jit, perceptron, played, small_gan
from tests.techniques.examples import Example
from tests.techniques.ranking import COLLAPSED, drawn, snapped

EXAMPLE = Example("imle:1.0,pool=2", constant=True)
BATCH, NOISE = 6, 3


def term(technique, real, pool, generate=lambda z: z, features=None, **labels):
    """With a pool that is given, for a generator on arrays."""
    play = played(
        lambda x: jnp.zeros(len(x)),
        Batch(real, labels.get("of_real")),
        Batch(real, labels.get("of_fake")),
        features=features,
        draw=lambda key: Batch(pool, labels.get("of_fake")),
        generate=lambda z: Batch(generate(z.data), z.label, z.data),
    )
    return technique.generator_loss(Own(), jax.random.key(0), play)


def compiled(technique, real, pool, features=None, **labels):
    return jit(lambda real, pool, labels: term(technique, real, pool, features=features, **labels))(real, pool, labels)


def test_each_real_example_pulls_its_nearest_fake(x64):
    """Of 0, 1 and 5 for 0.2 and 4: (0.04 + 1) / 2."""
    real, pool = np.array([[0.2], [4.0]]), np.array([[0.0], [1.0], [5.0]])

    @jit
    @jax.value_and_grad
    def cost(at, real, pool):
        return term(techniques.imle(1.0, 1), real, pool, lambda z: z + at[jnp.int32(z[:, 0]), None])

    value, by_place = cost(np.zeros(6), real, pool)
    np.testing.assert_allclose(value, 0.52, rtol=1e-12)
    # The gradient of the chosen alone: 1 has none, and moving a fake that nothing chose is free.
    np.testing.assert_allclose(by_place, [-0.2, 0.0, 0.0, 0.0, 0.0, 1.0], rtol=1e-12)


def test_distances_of_images_are_over_all_numbers_far_from_the_origin():
    """Against a loop, in single precision, where squares of what is far away would hide the differences."""
    random = np.random.default_rng(0)
    real, pool = (300.0 + random.standard_normal((n, 2, 2, 3)).astype(np.float32) for n in (5, 20))
    nearest = [min(np.mean((x - y) ** 2) for y in pool) for x in real]
    np.testing.assert_allclose(compiled(techniques.imle(0.7, 1), real, pool), 0.7 * np.mean(nearest), rtol=1e-4)


def test_distances_of_features(x64):
    """Of those alone: the nearest by the first column, whatever the second is."""
    real, pool = np.array([[0.2, 9.0], [4.0, 9.0]]), np.array([[0.0, 0.0], [1.0, 9.0], [5.0, 0.0]])
    technique = techniques.imle(1.0, 1, features=True)
    np.testing.assert_allclose(compiled(technique, real, pool, features=lambda x: x[:, :1]), 0.52, rtol=1e-12)


def test_examples_look_among_fakes_of_their_label():
    """The pool has the labels of the real batch: at 0 and 5 those of label 0, at 1 that of label 1."""
    real, label = np.array([[0.9], [0.0], [4.0]]), np.array([0, 1, 0])
    pool = np.array([[0.0], [1.0], [5.0]])
    technique = techniques.imle(1.0, 1)
    found = compiled(technique, real, pool, of_real=label, of_fake=np.array([1, 1, 1]))
    np.testing.assert_allclose(found, (0.9**2 + 1.0 + 1.0) / 3, rtol=1e-6)
    pairs = {"a": label, "b": np.stack([label, label], axis=1)}
    np.testing.assert_allclose(compiled(technique, real, pool, of_real=pairs, of_fake=pairs), found, rtol=1e-6)
    np.testing.assert_allclose(compiled(technique, real, pool, of_real=label), (0.01 + 0.0 + 1.0) / 3, rtol=1e-4)


@jit
@jax.vmap
def costs(real, pool):
    return term(techniques.imle(1.0, 1), real, pool)


@pytest.mark.parametrize("name", COLLAPSED)
def test_a_generator_without_some_modes_costs_more(name):
    latents = [np.random.default_rng(100 + seed).standard_normal((256, 2)) for seed in range(40)]
    real = np.stack([drawn(seed, 64) for seed in range(40)])
    healthy = np.asarray(costs(real, np.stack([snapped(z) for z in latents])))
    collapsed = np.asarray(costs(real, np.stack([snapped(z, COLLAPSED[name]) for z in latents])))
    assert np.all(healthy < 1e-3) and np.all(collapsed > 0.05)


# In a GAN


def doubled():
    """A generator that is twice its latent."""

    def apply(params, stats, z, *, train, key=None):
        return params * z[:, :2], stats

    return Network(lambda key, z: (jnp.asarray(2.0, z.dtype), {}), apply)


@pytest.mark.slow
def test_it_trains_the_generator_alone(x64):
    """All fakes are at `2 z`, so the scale that it is pulled to is known from the latents that were chosen."""
    data = 3.0 + jax.random.normal(jax.random.key(5), (BATCH, 2))

    def found(weight):
        gan = small_gan(techniques.imle(weight, 3), generator=doubled())
        state = jit(gan.init)(jax.random.key(1), data)
        return jit(gan.gradients)(jax.random.key(3), state, data)

    with_it, without = found(1.0), found(0.0)
    # Real examples lie beyond nearly all fakes: a larger scale is nearer to them.
    assert with_it.generator - without.generator < -0.1
    assert optax.tree.norm(jax.tree.map(jnp.subtract, with_it.discriminator, without.discriminator)) < 1e-12


@pytest.mark.slow
@pytest.mark.parametrize(
    "options",
    [
        {"generator": networks.mlp([4], out=2, batch_norm=True)},
        {"generator": networks.labelled(perceptron([4], out=2), 3)},
    ],
    ids=["batch normalisation", "conditional"],
)
def test_steps_are_finite_with_features_and(options):
    gan = small_gan(techniques.imle(1.0, 2, features=True), **options)
    data = Batch(jax.random.normal(jax.random.key(5), (BATCH, 2)), jnp.arange(BATCH) % 3)
    state, step = jit(gan.init)(jax.random.key(0), data), jit(gan.step)
    for _ in range(2):
        state, info = step(jax.random.key(0), state, data)
    assert info.terms.generator["imle"] > 0.0
    assert all(np.all(np.isfinite(leaf)) for leaf in jax.tree.leaves((state.generator, info)))


@pytest.mark.parametrize(
    ("run", "message"),
    [
        (lambda: techniques.imle(-1.0), r"weight of imle must be at least 0, got -1\.0"),
        (lambda: techniques.imle(1.0, 0), "pool of imle must be a whole number of at least 1, got 0"),
        (
            lambda: compiled(techniques.imle(1.0, features=True), np.ones((4, 2)), np.ones((4, 2)), features=packs),
            "cannot read the features of a packed discriminator",
        ),
    ],
    ids=["weight", "pool", "packed"],
)
def test_mistakes_are_one_line(run, message):
    with pytest.raises(ValueError, match=message):
        run()


def packs(x):
    return x.reshape(len(x) // 2, -1)


def test_without_features_a_packed_discriminator_will_do():
    gan = small_gan(techniques.imle(1.0, 2), discriminator=packed(perceptron([5], out=1), 2))
    data = np.random.default_rng(5).standard_normal((BATCH, 2)).astype(np.float32)
    _, info = jit(lambda key, data: gan.step(key, gan.init(key, data), data))(jax.random.key(0), data)
    assert info.terms.generator["imle"] > 0.0
