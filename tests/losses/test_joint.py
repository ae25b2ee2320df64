"""Losses that read all parts of an example together, against their formulas and the contract that they share."""

import jax
import jax.numpy as jnp
import numpy as np
import pytest

from jaxgan import losses, networks, techniques
from tests.helpers import jit, perceptron, small_gan

REAL = np.random.default_rng(0).standard_normal((5, 4))
FAKE = np.random.default_rng(1).standard_normal((5, 4))


def softplus(x):
    return np.log(1.0 + np.exp(x))


def softmax(x):
    return np.exp(x) / np.exp(x).sum(axis=1, keepdims=True)


def kl(p, q):
    return np.sum(p * np.log(p / q), axis=1)


def bell(centre, atoms=4, spread=0.8):
    heights = np.exp(-((np.linspace(-1.0, 1.0, atoms) - centre) ** 2) / 2.0 / spread**2)
    return (heights / heights.sum())[None]


def answered(real, fake):
    return kl(bell(1.0), softmax(real)) + kl(bell(-1.0), softmax(fake))


# name: (loss, parts, formula of the discriminator, formula of the generator)
LOSSES = {
    "d2gan": (
        losses.d2gan(0.2, 0.7),
        2,
        lambda r, f: (
            -0.2 * np.log(softplus(r[:, 0])) + softplus(f[:, 0]) + softplus(r[:, 1]) - 0.7 * np.log(softplus(f[:, 1]))
        ),
        lambda r, f: -softplus(f[:, 0]) + 0.7 * np.log(softplus(f[:, 1])),
    ),
    "realness": (
        losses.realness(4, 0.8),
        4,
        answered,
        lambda r, f: kl(softmax(r), softmax(f)) - kl(bell(-1.0), softmax(f)),
    ),
    "realness alone": (
        losses.realness(4, 0.8, relative=False),
        4,
        answered,
        lambda r, f: kl(bell(1.0), softmax(f)),
    ),
}
PLAYERS = ("discriminator", "generator")


@pytest.fixture(params=LOSSES)
def name(request):
    return request.param


@pytest.fixture
def named(name):
    return LOSSES[name]


def of_all(compute):
    """What `compute(function, real, fake)` gives for each loss and player, by their names: one program for all."""

    def run(real, fake):
        return {
            name: {player: compute(getattr(loss, player), real[..., :parts], fake[..., :parts]) for player in PLAYERS}
            for name, (loss, parts, *_) in LOSSES.items()
        }

    return jit(run)


def value_and_gradients(function, real, fake):
    total = lambda real, fake: jnp.sum(function(real, fake).astype(jnp.float32))  # noqa: E731
    return function(real, fake), *jax.grad(total, (0, 1))(real, fake)


VALUES = of_all(lambda function, real, fake: function(real, fake))
VMAPPED = of_all(lambda function, real, fake: jax.vmap(function)(real, fake))
GRADIENTS = of_all(value_and_gradients)


def test_all_say_that_they_are_joint(named):
    assert named[0].joint


def test_values_equal_the_formulas(name, x64):
    _, parts, *formulas = LOSSES[name]
    for player, formula in zip(PLAYERS, formulas, strict=True):
        expected = formula(REAL[:, :parts], FAKE[:, :parts])
        np.testing.assert_allclose(VALUES(REAL, FAKE)[name][player], expected, rtol=1e-12)


@pytest.mark.parametrize("dtype", [jnp.float32, jnp.bfloat16])
@pytest.mark.parametrize("player", PLAYERS)
def test_one_finite_value_and_gradient_per_example_even_at_extreme_logits(name, player, dtype):
    columns = np.where(np.arange(4) % 2, -1.0, 1.0)
    real = (np.array([1e4, -1e4, 1e4, 0.0])[:, None] * columns[None]).astype(dtype)
    fake = (np.array([-1e4, -1e4, 1e4, 0.0])[:, None] * columns[None]).astype(dtype)
    value, *gradients = GRADIENTS(real, fake)[name][player]
    assert value.shape == (4,) and value.dtype == dtype
    assert all(np.all(np.isfinite(np.asarray(a, np.float32))) for a in (value, *gradients))


def test_compiled_and_vmapped_values_are_the_same(name):
    loss, parts, *_ = LOSSES[name]
    real, fake = (a[:4].reshape(2, 2, 4).astype(np.float32) for a in (REAL, FAKE))
    for player in PLAYERS:
        function = getattr(loss, player)
        cut = [(jnp.asarray(real[i, :, :parts]), jnp.asarray(fake[i, :, :parts])) for i in range(2)]
        separate = np.stack([function(*logits) for logits in cut])
        np.testing.assert_allclose(VMAPPED(real, fake)[name][player], separate, rtol=1e-5)


def test_logits_of_another_shape_raise(named):
    loss, parts, *_ = named
    for shapes in (((4,), (4,)), ((4, parts + 1), (4, parts + 1)), ((4, parts), (3, parts)), ((4, parts), (4,))):
        for player in PLAYERS:
            with pytest.raises(ValueError, match=rf"reads {parts} logits of each example, .* not \[.*\] and \[.*\]"):
                getattr(loss, player)(*(np.zeros(shape, np.float32) for shape in shapes))


def test_halves_are_the_same_loss(name):
    loss, parts, *_ = LOSSES[name]
    of = loss.halves
    if of is None:
        return
    run = jit(lambda real, fake: (of.real(real) + of.fake(fake), of.generator(fake)))
    of_discriminator, of_generator = run(REAL[:, :parts], FAKE[:, :parts])
    whole = VALUES(REAL, FAKE)[name]
    np.testing.assert_allclose(of_discriminator, whole["discriminator"])
    np.testing.assert_allclose(of_generator, whole["generator"])


@pytest.mark.parametrize(("name", "without"), [("d2gan", False), ("realness", True), ("realness alone", False)])
def test_only_what_compares_has_no_halves(name, without):
    assert (LOSSES[name][0].halves is None) == without


def test_the_one_number_grows_with_realness(named, x64):
    """A step of the discriminator that makes reals more real and fakes less so raises the one, and lowers the other."""
    loss, parts, *_ = named

    @jit
    def run(logits):
        down_real, down_fake = jax.grad(lambda r, f: loss.discriminator(r, f)[0], (0, 1))(logits, logits)
        return [loss.logit(v)[0] for v in (logits, logits - down_real, logits - down_fake)]

    there, by_real, by_fake = (float(logit) for logit in run(np.zeros((1, parts))))
    np.testing.assert_allclose(there, 0.0, atol=1e-12)
    assert by_real > 0.05 and by_fake < -0.05


@pytest.mark.slow
def test_a_gan_plays_it_and_reads_the_one_number(named):
    """With a penalty on it, and with an accuracy that counts examples and not parts."""
    loss, parts, *_ = named
    chosen = [techniques.r1(0.1)] + ([techniques.top_k(0.5)] if loss.halves else [])
    gan = small_gan(*chosen, loss=loss, discriminator=perceptron([5], out=parts))
    key, data = jax.random.key(0), jax.random.normal(jax.random.key(5), (8, 2))
    state = jit(gan.init)(key, data)
    after, info = jit(gan.step)(key, state, data)
    assert all(np.isfinite(leaf) for leaf in jax.tree.leaves(info))
    assert float(info.discriminator_accuracy) * 16 % 1 == 0.0
    assert gan.judge(key, after, data).shape == (8,)


def test_several_discriminators_make_the_two_of_d2gan():
    gan = small_gan(loss=losses.d2gan(), discriminator=networks.several_discriminators(perceptron([5], out=1), 2))
    key, data = jax.random.key(0), np.random.default_rng(5).standard_normal((8, 2)).astype(np.float32)
    _, info = jit(lambda key, data: gan.step(key, gan.init(key, data), data))(key, data)
    assert np.isfinite(info.discriminator_loss)
    with pytest.raises(ValueError, match=r"d2gan reads 2 logits of each example"):
        plain = small_gan(loss=losses.d2gan())
        jax.eval_shape(plain.step, key, jax.eval_shape(plain.init, key, data), data)


@jit
@jax.value_and_grad
def at_one_point(logits):
    return losses.d2gan().discriminator(logits, logits)[0]


def test_d2gan_at_equal_densities(x64):
    """Both discriminators are then 1, with a loss of 2; and that is the smallest one."""
    value, gradient = at_one_point(np.full((1, 2), np.log(np.e - 1.0)))
    np.testing.assert_allclose(value, 2.0, rtol=1e-12)
    np.testing.assert_allclose(gradient, np.zeros((1, 2)), atol=1e-12)


def test_d2gan_does_not_lose_its_logarithm():
    """In float32 a softplus is zero below -104, and its logarithm, as the authors take it, minus infinity."""
    value, gradient = at_one_point(np.array([[-200.0, -200.0]], np.float32))
    np.testing.assert_allclose(value, 400.0, rtol=1e-6)
    np.testing.assert_allclose(gradient, [[-1.0, -1.0]], rtol=1e-6)


def test_realness_of_two_atoms_is_cross_entropy_with_smoothed_labels(x64):
    """The label is the share of the anchor's upper atom; both have the same constant, twice the anchor's entropy."""
    loss, real, fake = losses.realness(2, 0.9), REAL[:, :2], FAKE[:, :2]
    label = float(bell(1.0, 2, 0.9)[0, 1])
    entropy = -label * np.log(label) - (1.0 - label) * np.log(1.0 - label)
    plain = losses.smoothed(losses.non_saturating(), label, 1.0 - label)
    smoothed = jit(plain.discriminator)(real[:, 1] - real[:, 0], fake[:, 1] - fake[:, 0])
    found = jit(loss.discriminator)(real, fake)
    np.testing.assert_allclose(found, np.asarray(smoothed) - 2.0 * entropy, rtol=1e-10)


def test_mistakes_are_one_line():
    with pytest.raises(ValueError, match="alpha of d2gan must be positive and finite, got 0"):
        losses.d2gan(0.0)
    with pytest.raises(ValueError, match="beta of d2gan must be positive and finite, got -1"):
        losses.d2gan(beta=-1.0)
    with pytest.raises(ValueError, match="atoms of realness must be a whole number of at least 2, got 1"):
        losses.realness(1)
    with pytest.raises(ValueError, match="spread of realness must be positive and finite, got 0"):
        losses.realness(spread=0.0)
