"""Learned noise: what is added, by whom it is trained, and that its term is the entropy of PresGAN without sampler."""

import math

import jax
import jax.numpy as jnp
import numpy as np
import optax
import pytest

from jaxgan import Batch, Own, Technique, losses, techniques
from tests.helpers import derivative, jit, perceptron, small_gan, with_learned
from tests.techniques.examples import Example

EXAMPLE = Example("learned_noise:1.0")
BATCH = 6


def logit(share):
    return math.log(share / (1 - share))


def deviations(sigma, largest=0.3):
    """What the technique owns, for deviations."""
    return Own(generator=jax.tree.map(lambda s: jnp.log(s / largest) - jnp.log1p(-s / largest), sigma))


def test_the_same_noise_is_on_real_and_fake_with_a_deviation_for_each_number():
    technique, n = techniques.learned_noise(), 20_000
    sigma, zeros = np.array([[0.01, 0.2], [0.1, 0.29]], np.float32), np.zeros((n, 2, 2), np.float32)

    @jit
    def meet(key, sigma, x):
        real, fake = Batch(x, jnp.arange(n)), Batch(x + 1.0, None, jnp.ones((n, 1)))
        seen_real, seen_fake = technique.meet(deviations(sigma), key, real, fake, None)
        assert seen_real.label is real.label and seen_fake.latent is fake.latent
        return seen_real.data, seen_fake.data

    seen_real, seen_fake = (np.asarray(x) for x in meet(jax.random.key(0), sigma, zeros))
    np.testing.assert_allclose(seen_real, seen_fake - 1.0, atol=1e-6)
    np.testing.assert_allclose(np.std(seen_real, axis=0), sigma, rtol=0.03)
    np.testing.assert_allclose(np.corrcoef(np.reshape(seen_real, (n, 4)).T), np.eye(4), atol=0.03)
    assert np.all(np.asarray(meet(jax.random.key(1), sigma, zeros)[0]) != seen_real)


def test_the_beginning_and_trees():
    technique = techniques.learned_noise(std=0.2, largest=0.5)
    data = {"a": np.zeros((4, 3), np.float32), "b": np.zeros((4, 2, 2), jnp.bfloat16)}

    @jit
    def begin(data):
        own = technique.init(jax.random.key(0), Batch(data), 3)
        real, _ = technique.meet(own, jax.random.key(0), Batch(data), Batch(data), None)
        return own, technique.report(own), real.data

    own, shown, real = begin(data)
    a, b = np.asarray(real["a"]), np.asarray(real["b"])
    assert jax.tree.map(jnp.shape, own.generator) == {"a": (3,), "b": (2, 2)}
    np.testing.assert_allclose(shown["std"], 0.2, rtol=1e-6)
    assert b.dtype == jnp.bfloat16 and np.all(a != 0.0)
    assert np.all(a[:, 0] != b[:, 0, 0])


@jit
def entropy_term(sigma, weight):
    """The term, and its gradient by the deviations."""
    technique = techniques.learned_noise(weight)
    return jax.value_and_grad(lambda s: technique.generator_loss(deviations(s), jax.random.key(0), None))(sigma)


def test_the_term_is_the_entropy_of_the_noise(x64):
    sigma = np.array([0.01, 0.2, 0.29])
    term = entropy_term(sigma, 0.7)[0]
    np.testing.assert_allclose(term, -0.7 * np.sum(np.log(sigma)), rtol=1e-12)
    entropy = 0.5 * np.sum(np.log(2 * math.pi * math.e * sigma**2))
    np.testing.assert_allclose(term, -0.7 * (entropy - 1.5 * math.log(2 * math.pi * math.e)), rtol=1e-12)


def test_it_is_the_mean_of_presgans_term_where_its_sampler_stands_still(x64):
    """`E c (G(z) + σ ε)` with the constant c = ε / σ: `1 / σ` for the deviation, and nothing for the generator."""
    n, sigma = 400_000, 0.2
    epsilon, z = np.random.default_rng(0).standard_normal((2, n))

    def presgan(sigma, slope, epsilon, z):
        c = jax.lax.stop_gradient(epsilon / sigma)
        return jnp.mean(c * (slope * z + sigma * epsilon))

    by_sigma, by_generator = jit(jax.grad(presgan, (0, 1)))(sigma, 3.0, epsilon, z)
    np.testing.assert_allclose(by_sigma, 1 / sigma, rtol=0.01)
    np.testing.assert_allclose(by_generator, 0.0, atol=0.03)
    np.testing.assert_allclose(-entropy_term(np.array([sigma]), 1.0)[1], 1 / sigma, rtol=1e-9)


def test_entropy_of_noisy_fakes_of_a_linear_generator_is_at_least_that_of_the_noise(x64):
    """`log (w² + σ²) / 2 >= log σ`, with the score `-x / (w² + σ²)`: what PresGAN's own constant would be."""
    for w, sigma in [(0.0, 0.2), (1.5, 0.2)]:
        whole = 0.5 * math.log(w**2 + sigma**2)
        noise = -float(entropy_term(np.array([sigma]), 1.0)[0])
        assert noise <= whole + 1e-12 and (noise == pytest.approx(whole)) == (w == 0.0)


def test_deviations_are_trained_by_the_generators_loss(x64):
    """Through the noise on its fakes and through the term; a discriminator that sees the noise can shrink it."""
    data, towards = np.random.default_rng(5).standard_normal((BATCH, 2)), np.array([0.6, -0.8])

    @jit
    def found(weight, t, data):
        """The gradients at what is learned moved by `t` times `towards`, and where it was."""
        gan = small_gan(techniques.learned_noise(weight), loss=losses.non_saturating())
        state = gan.init(jax.random.key(1), data)
        learned = state.generator.techniques["learned_noise"].params
        moved = with_learned(state, "learned_noise", learned + t * towards)
        return gan.gradients(jax.random.key(3), moved, data), learned

    exact, learned = found(0.3, 0.0, data)
    assert exact.discriminator_techniques == {}
    along = derivative(lambda t: found(0.3, t, data)[0].generator_loss, 0.0, 1e-3)
    with_it = np.asarray(exact.generator_techniques["learned_noise"])
    np.testing.assert_allclose(np.vdot(with_it, towards), along, rtol=1e-7)
    adversarial = np.asarray(found(0.0, 0.0, data)[0].generator_techniques["learned_noise"])
    assert np.all(adversarial != 0.0)
    np.testing.assert_allclose(with_it - adversarial, -0.3 / (1 + np.exp(np.asarray(learned))), rtol=1e-9)


@pytest.mark.slow
def test_both_players_see_it_and_samples_do_not():
    """The mean size of what is added is `std · sqrt(2 / π)` in the rounds of both, and the same on real and fake."""

    def size(own, key, play):
        on_real, on_fake = play.real.data - play.data.data, play.fake.data - play.generated.data
        return jnp.mean(jnp.abs(on_real)) + 100.0 * jnp.max(jnp.abs(on_real - on_fake))

    watch = Technique("watch", discriminator_loss=size, generator_loss=size)
    gan = small_gan(techniques.learned_noise(std=0.2), watch)
    data, key = jnp.zeros((500, 2)), jax.random.key(3)
    state = jit(gan.init)(jax.random.key(1), data)
    _, info = jit(gan.step)(key, state, data)
    for terms in (info.terms.discriminator, info.terms.generator):
        np.testing.assert_allclose(terms["watch"], 0.2 * math.sqrt(2 / math.pi), rtol=0.1)
    np.testing.assert_allclose(info.reports["learned_noise"]["std"], 0.2, rtol=0.02)
    clean = perceptron([4], out=2).apply(state.generator.params, {}, gan.latent(key, state, 9), train=False)[0]
    np.testing.assert_allclose(gan.sample(key, state, 9), clean, rtol=1e-5)


@pytest.mark.slow
def test_wide_noise_is_bounded():
    """A flat discriminator lets the entropy pull for ever."""
    gan = small_gan(
        techniques.learned_noise(1.0, std=0.1, largest=0.3, optimizer=optax.sgd(10.0)),
        discriminator_optimizer=optax.sgd(0.0),
    )
    key, data = jax.random.key(0), jnp.zeros((BATCH, 2))
    state = jit(gan.init)(key, data)
    _, infos = jit(lambda s: jax.lax.scan(lambda s, _: gan.step(key, s, data), s, length=50))(state)
    shown = infos.reports["learned_noise"]["std"]
    assert 0.29 < shown[-1] <= 0.3 and np.all(np.isfinite(infos.terms.generator["learned_noise"]))


@pytest.mark.parametrize(
    ("run", "message"),
    [
        (lambda: techniques.learned_noise(-1.0), r"weight of learned_noise must be at least 0, got -1\.0"),
        (lambda: techniques.learned_noise(std=0.0), "std of learned_noise must be positive"),
        (lambda: techniques.learned_noise(largest=0.0), "largest of learned_noise must be positive"),
        (lambda: techniques.learned_noise(std=0.3), r"std of learned_noise must be below its largest, 0\.3, got 0\.3"),
        (
            lambda: jax.eval_shape(
                lambda x: techniques.learned_noise().meet(
                    deviations(jnp.full(2, 0.1)), jax.random.key(0), Batch(x), Batch(x), None
                ),
                np.ones((4, 5)),
            ),
            r"deviations \[\(2,\)\] for the numbers of an example, and sees examples \[\(5,\)\]",
        ),
    ],
    ids=["weight", "std", "largest", "std and largest", "shape"],
)
def test_mistakes_are_one_line(run, message):
    with pytest.raises(ValueError, match=message):
        run()
