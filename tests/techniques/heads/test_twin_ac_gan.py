"""Twin AC-GAN: both heads against NumPy, what each learns, and that they cancel where they agree."""

import jax
import jax.numpy as jnp
import numpy as np
import pytest

from jaxgan import Batch, Own, losses, networks, optimizers, packed, techniques
from tests.helpers import jit, perceptron, played, relative_error, small_gan
from tests.techniques.examples import Example

EXAMPLE = Example("twin_ac_gan:3", signed=True)
RANDOM = np.random.default_rng(0)
REAL, FAKE = RANDOM.normal(size=(6, 4)), RANDOM.normal(size=(6, 4))
HEADS = {name: {"kernel": RANDOM.normal(size=(4, 3)), "bias": RANDOM.normal(size=3)} for name in ("real", "fake")}
REAL_LABELS, FAKE_LABELS = np.array([0, 1, 2, 2, 1, 0]), np.array([2, 2, 0, 1, 0, 1])


def terms(technique, heads=HEADS, labels=(REAL_LABELS, FAKE_LABELS)):
    @jit
    def run(heads, real, fake):
        own, play = Own(discriminator=heads), played(lambda x: x[:, 0], real, fake, features=lambda x: x)
        return [hook(own, jax.random.key(0), play) for hook in (technique.discriminator_loss, technique.generator_loss)]

    return run(heads, Batch(REAL, labels[0]), Batch(FAKE, labels[1]))


def cross_entropy(head, features, labels):
    scores = features @ head["kernel"] + head["bias"]
    return np.mean(np.log(np.exp(scores).sum(1)) - scores[np.arange(6), labels])


def test_terms_are_cross_entropies(x64):
    of_real = cross_entropy(HEADS["real"], REAL, REAL_LABELS)
    told, of_fake = (cross_entropy(HEADS[name], FAKE, FAKE_LABELS) for name in ("real", "fake"))
    expected = [0.7 * (of_real + of_fake), 0.7 * (told - of_fake)]
    np.testing.assert_allclose(terms(techniques.twin_ac_gan(3, 0.7)), expected, rtol=1e-12)


def test_heads_that_agree_cancel_for_the_generator(x64):
    """Also where their scores differ by a constant of each example, so that only the probabilities are equal."""
    shifted = {"kernel": HEADS["real"]["kernel"] + 3.0, "bias": HEADS["real"]["bias"] - 1.0}
    heads = {"real": HEADS["real"], "fake": shifted}
    np.testing.assert_allclose(terms(techniques.twin_ac_gan(3), heads)[1], 0.0, atol=1e-12)

    def by_features(features, heads):
        fake = Batch(features, FAKE_LABELS)
        play = played(lambda x: x[:, 0], fake, fake, features=lambda x: x)
        return techniques.twin_ac_gan(3).generator_loss(Own(discriminator=heads), jax.random.key(0), play)

    np.testing.assert_allclose(jit(jax.grad(by_features))(FAKE, heads), 0.0, atol=1e-12)


def test_overlapping_classes_are_right_as_they_are():
    """Fakes like the real ones, N(-1, 1) and N(1, 1): AC-GAN moves the classes apart, the twin leaves them there.

    The exact posterior is `sigmoid(2 x)`, a linear head.
    """
    random = np.random.default_rng(1)
    label = np.arange(4000) % 2
    made = Batch((random.standard_normal((4000, 1)) + 2.0 * label[:, None] - 1.0).astype(np.float32), label)
    head = {"kernel": np.array([[-1.0, 1.0]], np.float32), "bias": np.zeros(2, np.float32)}

    def pull(technique, own):
        def moved(apart, own, fake):
            label = fake.label
            further = fake._replace(data=fake.data + apart * (2.0 * label[:, None] - 1.0))
            play = played(lambda x: x[:, 0], further, further, features=lambda x: x)
            return technique.generator_loss(own, jax.random.key(0), play)

        return float(jit(jax.grad(moved))(0.0, own, made))

    twin = pull(techniques.twin_ac_gan(2), Own(discriminator={"real": head, "fake": head}))
    assert abs(twin) < 1e-6 < 0.1 < -pull(techniques.ac_gan(2), Own(discriminator=head))


def labelled_data(n=24):
    label = np.arange(n, dtype=np.int32) % 3
    centres = np.array([[2.0, 0.0], [-1.0, 1.7], [-1.0, -1.7]])
    return Batch((centres[label] + 0.1 * np.random.default_rng(4).standard_normal((n, 2))).astype(np.float32), label)


def make(*chosen, **options):
    return small_gan(
        *chosen,
        **{
            "generator": networks.labelled(perceptron([16], out=2), 3),
            "discriminator": perceptron([16], out=1),
            "generator_optimizer": optimizers.adam(3e-3),
            "discriminator_optimizer": optimizers.adam(3e-3),
            "label_distribution": lambda key, n: jax.random.randint(key, (n,), 0, 3),
            **options,
        },
    )


@pytest.mark.slow
def test_heads_are_trained_by_the_discriminators_loss_each_on_its_own_examples():
    """Without a game, in which fakes have one label: Q learns that, and P the real ones."""
    silent = losses.wasserstein()._replace(
        discriminator=lambda real, fake: 0.0 * fake, generator=lambda real, fake: 0.0 * fake
    )
    gan = make(
        techniques.twin_ac_gan(3),
        loss=silent,
        label_distribution=lambda key, n: jnp.zeros(n, int),
        discriminator_optimizer=optimizers.adam(0.02),
    )
    key, data = jax.random.key(0), labelled_data()
    state = jit(gan.init)(key, data)
    first = state.discriminator.techniques["twin_ac_gan"].params
    assert relative_error(first["real"], first["fake"]) > 0.1
    state, _ = jit(lambda s: jax.lax.scan(lambda s, _: gan.step(key, s, data), s, length=300))(state)
    heads = state.discriminator.techniques["twin_ac_gan"].params
    features = perceptron([16], out=1).features(state.discriminator.params, {}, data.data, train=True)
    scores = {name: features @ head["kernel"] + head["bias"][None] for name, head in heads.items()}
    np.testing.assert_array_equal(jnp.argmax(scores["real"], axis=1), data.label)
    assert state.generator.techniques == {}
    made = gan.sample(key, state, 10, jnp.zeros(10, int))
    told = perceptron([16], out=1).features(state.discriminator.params, {}, made, train=True)
    assert np.all(jnp.argmax(told @ heads["fake"]["kernel"] + heads["fake"]["bias"][None], axis=1) == 0)


@pytest.mark.slow
def test_a_wanted_class_is_made():
    gan = make(techniques.twin_ac_gan(3), techniques.replay(48), techniques.r1(0.1))
    data, key = labelled_data(), jax.random.key(1)
    step = lambda s, _: (gan.step(key, s, data)[0], None)  # noqa: E731
    state = jit(lambda: jax.lax.scan(step, gan.init(key, data), length=1500)[0])()
    label = np.arange(60) % 3
    made = np.asarray(gan.sample(key, state, 60, jnp.asarray(label)))
    centres = np.array([[2.0, 0.0], [-1.0, 1.7], [-1.0, -1.7]])
    nearest = np.argmin(((made[:, None] - centres[None]) ** 2).sum(-1), 1)
    assert np.mean(nearest == label) > 0.95


def begin(**options):
    return jax.eval_shape(make(techniques.twin_ac_gan(3), **options).init, jax.random.key(0), labelled_data())


@pytest.mark.parametrize(
    ("run", "message"),
    [
        (lambda: techniques.twin_ac_gan(1), "classes of twin_ac_gan must be a whole number of at least 2, got 1"),
        (lambda: techniques.twin_ac_gan(3, -1.0), r"weight of twin_ac_gan must be at least 0, got -1\.0"),
        (lambda: begin(discriminator=packed(perceptron([4], out=1), 2)), "cannot read a packed discriminator"),
        (
            lambda: begin(discriminator=perceptron([4], out=1)._replace(features=None)),
            "twin_ac_gan classifies features, but this discriminator shows none",
        ),
        (
            lambda: terms(techniques.twin_ac_gan(3), labels=(None, FAKE_LABELS)),
            "twin_ac_gan needs labels of real examples and of fakes",
        ),
    ],
    ids=["classes", "weight", "packed", "no features", "no labels"],
)
def test_mistakes_are_one_line(run, message):
    with pytest.raises(ValueError, match=message):
        run()
