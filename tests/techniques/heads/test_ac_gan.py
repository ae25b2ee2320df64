"""AC-GAN: the cost of a class against NumPy, who learns what, and labels that stay with their examples."""

import jax
import jax.numpy as jnp
import numpy as np
import optax
import pytest

import jaxgan
from jaxgan import Batch, Own, losses, networks, optimizers, packed, techniques
from tests.helpers import derivative, in_double, jit, perceptron, played
from tests.techniques.examples import Example

EXAMPLE = Example("ac_gan:3")
RANDOM = np.random.default_rng(0)
FEATURES, KERNEL, BIAS = RANDOM.normal(size=(6, 4)), RANDOM.normal(size=(4, 3)), RANDOM.normal(size=3)
REAL_LABELS, FAKE_LABELS = np.array([0, 1, 2, 2, 1, 0]), np.array([2, 2, 0, 1, 0, 1])


def costs(technique):
    @jit
    def run(parameters, real, fake):
        own, play = Own(discriminator=parameters), played(lambda x: x[:, 0], real, fake, features=lambda x: x)
        return [hook(own, jax.random.key(0), play) for hook in (technique.discriminator_loss, technique.generator_loss)]

    parameters = {"kernel": KERNEL, "bias": BIAS}
    return run(parameters, Batch(FEATURES, REAL_LABELS), Batch(2 * FEATURES, FAKE_LABELS))


def cross_entropy(features, labels):
    scores = features @ KERNEL + BIAS
    return np.mean(np.log(np.exp(scores).sum(1)) - scores[np.arange(6), labels])


def test_costs_are_cross_entropies(x64):
    of_real, of_fake = cross_entropy(FEATURES, REAL_LABELS), cross_entropy(2 * FEATURES, FAKE_LABELS)
    np.testing.assert_allclose(costs(techniques.ac_gan(3, 0.7)), [0.7 * (of_real + of_fake), 0.7 * of_fake], rtol=1e-12)
    np.testing.assert_allclose(costs(techniques.ac_gan(3, of_fakes=False)), [of_real, of_fake], rtol=1e-12)


def three_classes(n=24, dtype=np.float32):
    """Three clusters in the plane, one for each class."""
    label = np.arange(n, dtype=np.int32) % 3
    centres = np.array([[2.0, 0.0], [-1.0, 1.7], [-1.0, -1.7]])
    return Batch((centres[label] + 0.1 * np.random.default_rng(4).standard_normal((n, 2))).astype(dtype), label)


def make(*chosen, discriminator=None, **options):
    return jaxgan.gan(
        **{
            "generator": networks.labelled(perceptron([16], out=2), 3),
            "discriminator": perceptron([16], out=1) if discriminator is None else discriminator,
            "loss": losses.non_saturating(),
            "generator_optimizer": optimizers.adam(3e-3),
            "discriminator_optimizer": optimizers.adam(3e-3),
            "latent_dim": 2,
            "techniques": chosen,
            "label_distribution": lambda key, n: jax.random.randint(key, (n,), 0, 3),
            **options,
        }
    )


@pytest.mark.slow
@pytest.mark.parametrize(
    "discriminator", [None, networks.projection(perceptron([16], out=1), 3)], ids=["plain", "projection"]
)
def test_a_wanted_class_is_made(discriminator):
    """With replay and R1: a wrong label on an old fake, or a label that gets lost, would mix the classes."""
    chosen = techniques.ac_gan(3), techniques.replay(48), techniques.r1(0.1)
    gan, batch, key = make(*chosen, discriminator=discriminator), three_classes(), jax.random.key(1)

    def train():
        return jax.lax.scan(lambda s, _: (gan.step(key, s, batch)[0], None), gan.init(key, batch), length=1500)[0]

    state = jit(train)()
    centres = np.array([[2.0, 0.0], [-1.0, 1.7], [-1.0, -1.7]])
    label = np.arange(60) % 3
    made = np.asarray(gan.sample(key, state, 60, jnp.asarray(label)))
    nearest = np.argmin(((made[:, None] - centres[None]) ** 2).sum(-1), 1)
    assert np.mean(nearest == label) > 0.95


@pytest.mark.slow
def test_outer_gradient_by_the_weight_equals_finite_differences(x64):
    batch, key = three_classes(6, np.float64), jax.random.key(1)
    sgd = {"generator_optimizer": optax.sgd(0.1), "discriminator_optimizer": optax.sgd(0.1)}

    def loss(weight):
        gan = make(techniques.ac_gan(3, weight), discriminator=in_double(perceptron([5], out=1)), **sgd)
        state = jax.tree.map(lambda a: a.astype(jnp.float64) if a.dtype == jnp.float32 else a, gan.init(key, batch))
        for _ in range(2):
            state, info = gan.step(key, state, batch)
        return info.generator_loss

    both = jit(jax.value_and_grad(loss))
    gradient = both(0.7)[1]
    assert abs(gradient) > 1e-4
    np.testing.assert_allclose(gradient, derivative(lambda w: both(w)[0], 0.7, 1e-4), rtol=1e-6)


def started(**options):
    """The shapes of the first state."""
    return jax.eval_shape(make(techniques.ac_gan(3), **options).init, jax.random.key(0), three_classes())


@pytest.mark.parametrize(
    ("run", "message"),
    [
        (lambda: techniques.ac_gan(1), "classes of ac_gan must be a whole number of at least 2, got 1"),
        (lambda: techniques.ac_gan(3, -1.0), "weight of ac_gan must be at least 0, got -1.0"),
        (
            lambda: started(discriminator=packed(perceptron([4], out=1), 2)),
            "cannot read a packed discriminator",
        ),
        (
            lambda: started(discriminator=perceptron([4], out=1)._replace(features=None)),
            "ac_gan classifies features, but this discriminator shows none",
        ),
    ],
    ids=["classes", "weight", "packed", "no features"],
)
def test_mistakes_are_one_line(run, message):
    with pytest.raises(ValueError, match=message):
        run()


def test_examples_without_labels_are_named():
    with pytest.raises(ValueError, match="ac_gan needs labels of real examples and of fakes"):
        jax.eval_shape(make(techniques.ac_gan(3)).step, jax.random.key(0), started(), three_classes().data)
