"""Self-supervision by turned images: the turns, the cost against NumPy, and who is trained by it."""

import jax
import jax.numpy as jnp
import numpy as np
import pytest

from jaxgan import Batch, Network, Own, losses, networks, optimizers, packed, techniques
from tests.helpers import jit, perceptron, played, small_gan
from tests.techniques.examples import Example

EXAMPLE = Example("self_supervised:1.0", images=True)
SIZE = 3
RANDOM = np.random.default_rng(0)
REAL, FAKE = RANDOM.normal(size=(8, SIZE, SIZE, 2)), RANDOM.normal(size=(8, SIZE, SIZE, 2))
HEAD = {"kernel": RANDOM.normal(size=(2 * SIZE**2, 4)), "bias": RANDOM.normal(size=4)}


def flat(x):
    return x.reshape(len(x), -1)


def terms(technique, seeds, real=REAL, fake=FAKE, head=HEAD):
    """The terms of both players by the seed, `[seeds, 2]`."""

    @jit
    def run(seeds, head, real, fake):
        play = played(lambda x: jnp.sum(flat(x), axis=1), real, fake, features=flat)
        hooks = technique.discriminator_loss, technique.generator_loss

        def one(seed):
            return jnp.stack([hook(Own(discriminator=head), jax.random.key(seed), play) for hook in hooks])

        return jax.vmap(one)(seeds)

    return np.asarray(run(np.arange(seeds), head, real, fake))


def cost(images, first):
    """Mean of `-log P(turn)` with the turns first, first + 1, ... by a loop."""
    costs = []
    for i, image in enumerate(images):
        turn = (first + i) % 4
        scores = np.rot90(image, turn).ravel() @ HEAD["kernel"] + HEAD["bias"]
        costs.append(np.log(np.exp(scores).sum()) - scores[turn])
    return np.mean(costs)


def test_cost_of_telling_the_turns_from_each_beginning(x64):
    technique, begun = techniques.self_supervised(0.7, 0.3), {"real": set(), "fake": set()}
    for of_real, of_fake in terms(technique, 20):
        for name, found, weight, images in [("real", of_real, 0.7, REAL), ("fake", of_fake, 0.3, FAKE)]:
            fits = [k for k in range(4) if np.isclose(found, weight * cost(images, k), rtol=1e-12)]
            assert len(fits) == 1
            begun[name].update(fits)
    assert begun == {"real": {0, 1, 2, 3}, "fake": {0, 1, 2, 3}}


def test_one_image_is_turned_at_random_too(x64):
    found = {round(float(of_real), 9) for of_real, _ in terms(techniques.self_supervised(), 30, REAL[:1])}
    assert found == {round(cost(REAL[:1], k), 9) for k in range(4)}


def test_a_head_that_knows_nothing_costs_log_four(x64):
    found = terms(techniques.self_supervised(), 1, head=jax.tree.map(np.zeros_like, HEAD))
    np.testing.assert_allclose(found, [[np.log(4), 0.2 * np.log(4)]], rtol=1e-12)


def images(network, shape=()):
    """A network on images read as vectors, which makes images where a shape is given."""

    def apply(params, stats, x, **options):
        y, stats = network.apply(params, stats, flat(x), **options)
        return y.reshape(-1, *shape) if shape else y, stats

    def features(params, stats, x, **options):
        return network.features(params, stats, flat(x), **options)

    return Network(lambda key, x: network.init(key, flat(x)), apply, features, 1)


def make(*chosen, **options):
    return small_gan(
        *chosen,
        **{
            "generator": images(perceptron([4], out=SIZE**2), (SIZE, SIZE, 1)),
            "discriminator": images(perceptron([16], out=1)),
            "discriminator_optimizer": optimizers.adam(0.02),
            **options,
        },
    )


def upright(n=16):
    """Images whose first row is bright."""
    x = 0.1 * np.random.default_rng(4).standard_normal((n, SIZE, SIZE, 1)).astype(np.float32)
    x[:, 0] += 1.0
    return x


@pytest.mark.slow
def test_the_discriminator_learns_the_turns_of_real_images_and_the_generator_makes_such():
    """With no other game: the discriminator's loss alone trains the head, and fakes become images that stand."""
    silent = losses.wasserstein()._replace(
        discriminator=lambda real, fake: 0.0 * fake, generator=lambda real, fake: 0.0 * fake
    )
    gan, key = make(techniques.self_supervised(1.0, 1.0), loss=silent), jax.random.key(0)
    state = jit(gan.init)(key, upright())
    assert state.generator.techniques == {} and set(state.discriminator.techniques) == {"self_supervised"}
    state, infos = jit(lambda s: jax.lax.scan(lambda s, _: gan.step(key, s, upright()), s, length=500))(state)
    of_real, of_fake = infos.terms.discriminator["self_supervised"], infos.terms.generator["self_supervised"]
    assert of_real[0] > 0.8 and np.mean(of_real[-20:]) < 0.1
    assert np.mean(of_fake[-20:]) < 0.5
    made = np.asarray(gan.sample(key, state, 50)).mean(axis=0)[:, :, 0]
    others = [np.rot90(made, k)[0].mean() for k in (1, 2, 3)]
    assert made[0].mean() > max(others)


def test_a_conditional_discriminator_gets_the_labels():
    labels = np.arange(16, dtype=np.int32) % 3
    discriminator = networks.projection(images(perceptron([4], out=1)), 3)
    gan = make(
        techniques.self_supervised(),
        discriminator=discriminator,
        label_distribution=lambda key, n: jax.random.randint(key, (n,), 0, 3),
    )
    run = jit(lambda key, data: gan.step(key, gan.init(key, data), data)[1])
    info = run(jax.random.key(0), Batch(upright(), labels))
    assert float(info.terms.discriminator["self_supervised"]) > 0.0


def begin(data, **options):
    return jax.eval_shape(make(techniques.self_supervised(), **options).init, jax.random.key(0), data)


@pytest.mark.parametrize(
    ("run", "message"),
    [
        (lambda: techniques.self_supervised(-1.0), r"weight of self_supervised must be at least 0, got -1\.0"),
        (lambda: techniques.self_supervised(1.0, -0.2), r"generator_weight of self_supervised .* got -0\.2"),
        (
            lambda: begin(
                np.ones((4, 2), np.float32), generator=perceptron([4], out=2), discriminator=perceptron([4], out=1)
            ),
            r"turns square images \[batch, size, size, channels\], not \(4, 2\)",
        ),
        (
            lambda: begin(np.ones((4, 2, 3, 1), np.float32), generator=images(perceptron([4], out=6), (2, 3, 1))),
            r"not \(4, 2, 3, 1\)",
        ),
        (lambda: begin(upright(), discriminator=packed(images(perceptron([4], out=1)), 2)), "packed discriminator"),
        (
            lambda: begin(upright(), discriminator=images(perceptron([4], out=1))._replace(features=None)),
            "self_supervised classifies features, but this discriminator shows none",
        ),
    ],
    ids=["weight", "generator_weight", "points", "not square", "packed", "no features"],
)
def test_mistakes_are_one_line(run, message):
    with pytest.raises(ValueError, match=message):
        run()
