"""Adversarial losses against their formulas, their optimal discriminators and the contracts that all of them share."""

import jax
import jax.numpy as jnp
import numpy as np
import pytest

from jaxgan import losses
from tests.helpers import jit

REAL = np.array([-3.0, -0.5, 0.0, 0.7, 2.5])
FAKE = np.array([1.2, -2.0, 0.3, 0.0, -0.4])


def sigmoid(x):
    return 1.0 / (1.0 + np.exp(-x))


def cross_entropy(real, fake):
    return -np.log(sigmoid(real)) - np.log(1.0 - sigmoid(fake))


def hinged(real, fake):
    return np.maximum(0.0, 1.0 - real) + np.maximum(0.0, 1.0 + fake)


def labelled(logits, label):
    """Cross entropy with labels that are no whole numbers."""
    return -label * np.log(sigmoid(logits)) - (1.0 - label) * np.log(1.0 - sigmoid(logits))


def alpha_loss(p, alpha):
    return alpha / (alpha - 1.0) * (1.0 - p ** ((alpha - 1.0) / alpha))


def averaged(kind, penalty):
    """Each against the mean of the others; `penalty` of what should be large."""

    def discriminator(real, fake):
        return (penalty(real - fake.mean()) + penalty(real.mean() - fake)) / 2.0

    def generator(real, fake):
        return (penalty(fake.mean() - real) + penalty(fake - real.mean())) / 2.0

    return losses.relativistic_average(kind), discriminator, generator


PENALTIES = {
    "standard": lambda t: -np.log(sigmoid(t)),
    "least_squares": lambda t: (t - 1.0) ** 2,
    "hinge": lambda t: np.maximum(0.0, 1.0 - t),
}


def divergence(name, output, conjugate):
    """An f-GAN of its output activation and of the conjugate as a function of what is put out."""
    return (
        losses.f_divergence(name),
        lambda real, fake: -output(real) + conjugate(output(fake)),
        lambda real, fake: -output(fake),
    )


# As in table 2 of Nowozin et al. (2016), but for the bias of kl.
DIVERGENCES = {
    name: divergence(name, output, conjugate)
    for name, output, conjugate in (
        ("kl", lambda v: v + 1.0, lambda t: np.exp(t - 1.0)),
        ("reverse_kl", lambda v: -np.exp(-v), lambda t: -1.0 - np.log(-t)),
        ("pearson", lambda v: v, lambda t: t**2 / 4.0 + t),
        ("hellinger", lambda v: 1.0 - np.exp(-v), lambda t: t / (1.0 - t)),
        ("jensen_shannon", lambda v: np.log(2.0) - np.log(1.0 + np.exp(-v)), lambda t: -np.log(2.0 - np.exp(t))),
    )
}

# name: (loss, formula of the discriminator, formula of the generator)
LOSSES = {
    "minimax": (losses.minimax(), cross_entropy, lambda real, fake: -cross_entropy(real, fake)),
    "non_saturating": (losses.non_saturating(), cross_entropy, lambda real, fake: -np.log(sigmoid(fake))),
    "least_squares": (
        losses.least_squares(),
        lambda real, fake: (real - 1.0) ** 2 / 2.0 + fake**2 / 2.0,
        lambda real, fake: (fake - 1.0) ** 2 / 2.0,
    ),
    "hinge": (losses.hinge(), hinged, lambda real, fake: -fake),
    "wasserstein": (losses.wasserstein(), lambda real, fake: fake - real, lambda real, fake: -fake),
    "relativistic": (
        losses.relativistic(),
        lambda real, fake: np.log(1.0 + np.exp(fake - real)),
        lambda real, fake: np.log(1.0 + np.exp(real - fake)),
    ),
    "zero_sum": (losses.zero_sum(losses.hinge()), hinged, lambda real, fake: -hinged(real, fake)),
    **{f"relativistic_average {kind}": averaged(kind, penalty) for kind, penalty in PENALTIES.items()},
    **{f"f_divergence {name}": row for name, row in DIVERGENCES.items()},
    "f_divergence saturating": (
        losses.f_divergence("hellinger", saturating=True),
        DIVERGENCES["hellinger"][1],
        lambda real, fake: -DIVERGENCES["hellinger"][1](real, fake),
    ),
    "alpha": (
        losses.alpha(0.3, 2.0),
        lambda real, fake: alpha_loss(sigmoid(real), 0.3) + alpha_loss(1.0 - sigmoid(fake), 0.3),
        lambda real, fake: alpha_loss(sigmoid(fake), 2.0),
    ),
    "alpha saturating": (
        losses.alpha(0.5, 1.2, saturating=True),
        lambda real, fake: alpha_loss(sigmoid(real), 0.5) + alpha_loss(1.0 - sigmoid(fake), 0.5),
        lambda real, fake: -alpha_loss(sigmoid(real), 1.2) - alpha_loss(1.0 - sigmoid(fake), 1.2),
    ),
    "smoothed": (
        losses.smoothed(losses.non_saturating(), real=0.9, fake=0.2),
        lambda real, fake: labelled(real, 0.9) + labelled(fake, 0.2),
        lambda real, fake: -np.log(sigmoid(fake)),
    ),
    "smoothed least_squares": (
        losses.smoothed(losses.least_squares()),
        lambda real, fake: ((real - 0.9) ** 2 + 0.9 * 0.1) / 2.0 + fake**2 / 2.0,
        lambda real, fake: (fake - 1.0) ** 2 / 2.0,
    ),
    "flipped": (
        losses.flipped(losses.non_saturating(), 0.3),
        lambda real, fake: labelled(real, 0.7) + labelled(fake, 0.3),
        lambda real, fake: -np.log(sigmoid(fake)),
    ),
}

PLAYERS = ("discriminator", "generator")


@pytest.fixture(params=LOSSES)
def name(request):
    return request.param


def of_all(compute):
    """What `compute(function, real, fake)` gives for each loss and player, by their names: one program for all."""

    def run(real, fake):
        return {
            name: {player: compute(getattr(loss, player), real, fake) for player in PLAYERS}
            for name, (loss, *_) in LOSSES.items()
        }

    return jit(run)


def value_and_gradients(function, real, fake):
    total = lambda real, fake: jnp.sum(function(real, fake).astype(jnp.float32))  # noqa: E731
    return function(real, fake), *jax.grad(total, (0, 1))(real, fake)


def together_and_alone(function, real, fake):
    columns = [function(real[:, i], fake[:, i]) for i in range(real.shape[1])]
    return function(real, fake), jnp.stack(columns, axis=1)


VALUES = of_all(lambda function, real, fake: function(real, fake))
VMAPPED = of_all(lambda function, real, fake: jax.vmap(function)(real, fake))
GRADIENTS = of_all(value_and_gradients)
PARTS = of_all(together_and_alone)


def test_every_loss_is_in_the_table():
    public = {name for name, value in vars(losses).items() if callable(value)}
    tested = {name.split()[0] for name in LOSSES} | {"d2gan", "realness"}  # these are joint: test_joint.py
    assert {name for name in public if not name.startswith("_")} == tested


def test_values_equal_the_formulas(name, x64):
    for player, formula in zip(PLAYERS, LOSSES[name][1:], strict=True):
        np.testing.assert_allclose(VALUES(REAL, FAKE)[name][player], formula(REAL, FAKE), rtol=1e-12)


@pytest.mark.parametrize("dtype", [jnp.float32, jnp.bfloat16])
@pytest.mark.parametrize("player", PLAYERS)
def test_one_finite_value_and_gradient_per_example_even_at_extreme_logits(name, player, dtype):
    real, fake = (np.array(a, dtype) for a in ([-1e4, 1e4, 1e4, -1e4, 0.0], [1e4, -1e4, 1e4, -1e4, 0.0]))
    value, *gradients = GRADIENTS(real, fake)[name][player]
    assert value.shape == (5,) and value.dtype == dtype
    assert all(np.all(np.isfinite(np.asarray(a, np.float32))) for a in (value, *gradients))


@pytest.mark.parametrize("player", PLAYERS)
def test_compiled_and_vmapped_values_are_the_same(name, player):
    function = getattr(LOSSES[name][0], player)
    real, fake = np.stack([REAL, FAKE]).astype(np.float32), np.stack([FAKE, REAL]).astype(np.float32)
    separate = np.stack([function(jnp.asarray(real[i]), jnp.asarray(fake[i])) for i in range(2)])
    np.testing.assert_allclose(VMAPPED(real, fake)[name][player], separate, rtol=1e-6)


@pytest.mark.parametrize("shapes", [((4, 1, 1), (4, 1, 1)), ((4, 1), (4,)), ((4,), (4, 1)), ((4,), (3,)), ((), ())])
@pytest.mark.parametrize("player", PLAYERS)
def test_logits_of_another_shape_raise(name, player, shapes):
    with pytest.raises(ValueError, match=r"same shape \[batch\] or \[batch, parts\], not \[.*\] and \[.*\]"):
        getattr(LOSSES[name][0], player)(*(np.zeros(shape, np.float32) for shape in shapes))


def test_parts_are_judged_each_by_itself(name):
    """Logits `[batch, parts]`: every column as if it were alone."""
    real, fake = np.stack([REAL, FAKE], axis=1), np.stack([FAKE, REAL], axis=1)
    for together, alone in PARTS(real, fake)[name].values():
        np.testing.assert_allclose(together, alone, rtol=1e-6)


@jit
def halves(real, fake):
    """Of every loss that has them: the discriminator's two, and the generator's."""
    having = {name: loss.halves for name, (loss, *_) in LOSSES.items() if loss.halves is not None}
    return {name: (of.real(real), of.fake(fake), of.generator(fake)) for name, of in having.items()}


def test_halves_are_the_same_loss(name):
    if LOSSES[name][0].halves is None:
        return
    of_real, of_fake, of_generator = (np.asarray(half) for half in halves(REAL, FAKE)[name])
    whole = VALUES(REAL, FAKE)[name]
    np.testing.assert_allclose(of_real + of_fake, whole["discriminator"])
    np.testing.assert_allclose(of_generator, whole["generator"])


def test_losses_that_compare_real_with_fake_have_no_halves():
    without = {name for name, (loss, *_) in LOSSES.items() if loss.halves is None}
    assert without == {
        *("minimax", "zero_sum", "relativistic", "f_divergence saturating", "alpha saturating"),
        *(f"relativistic_average {kind}" for kind in PENALTIES),
    }


# Optimal discriminators. Eight real and eight fake examples are spread over four places as p and q say.

PLACES_REAL, P = np.array([0, 0, 0, 0, 1, 1, 2, 3]), np.array([4, 2, 1, 1]) / 8
PLACES_FAKE, Q = np.array([0, 1, 1, 1, 2, 3, 3, 3]), np.array([1, 3, 1, 3]) / 8


def discriminator_risk(loss, logits):
    """The discriminator's loss when the logit at each of the four places is given."""
    return jnp.mean(loss.discriminator(logits[PLACES_REAL], logits[PLACES_FAKE]))


OPTIMA = {
    "minimax": np.log(P / Q),
    "non_saturating": np.log(P / Q),
    "least_squares": P / (P + Q),
    "f_divergence kl": np.log(P / Q),
    "f_divergence reverse_kl": np.log(P / Q),
    "f_divergence pearson": 2.0 * (P / Q - 1.0),
    "f_divergence hellinger": np.log(P / Q) / 2.0,
    "f_divergence jensen_shannon": np.log(P / Q),
    "smoothed": np.log((0.9 * P + 0.2 * Q) / (0.1 * P + 0.8 * Q)),
    "flipped": np.log((0.7 * P + 0.3 * Q) / (0.3 * P + 0.7 * Q)),
}


@jit
def slopes(logits):
    return {name: jax.grad(discriminator_risk, 1)(LOSSES[name][0], logits) for name in OPTIMA}


@pytest.mark.parametrize("optimal", OPTIMA)
def test_gradient_vanishes_at_the_optimal_discriminator(x64, optimal):
    np.testing.assert_allclose(slopes(OPTIMA[optimal])[optimal], np.zeros(4), atol=1e-12)
    assert np.all(np.abs(slopes(OPTIMA[optimal] + 0.1)[optimal]) > 1e-3)


def test_hinge_is_smallest_at_the_sign_of_the_difference(x64):
    loss, optimum = losses.hinge(), np.sign(P - Q)
    optimum[optimum == 0] = 0.3  # anything in [-1, 1] where p = q
    shifts = np.concatenate([np.zeros((1, 4)), 0.5 * np.random.default_rng(0).standard_normal((50, 4))])
    smallest, *others = np.asarray(jit(jax.vmap(lambda v: discriminator_risk(loss, v)))(optimum[None] + shifts))
    np.testing.assert_allclose(smallest, 2 * np.sum(np.minimum(P, Q)), rtol=1e-12)
    assert len(others) == 50 and min(others) > smallest - 1e-12


def test_original_game_is_worth_the_jensen_shannon_divergence(x64):
    """Goodfellow et al. (2014), theorem 1: at the optimal discriminator the generator's loss is 2 JSD - log 4."""
    middle = (P + Q) / 2
    divergence = (np.sum(P * np.log(P / middle)) + np.sum(Q * np.log(Q / middle))) / 2
    logits = np.log(P / Q)
    value = np.mean(jit(losses.minimax().generator)(logits[PLACES_REAL], logits[PLACES_FAKE]))
    np.testing.assert_allclose(value, 2 * divergence - np.log(4), rtol=1e-12)


@pytest.mark.parametrize("game", ["minimax", "zero_sum", "f_divergence saturating"])
def test_zero_sum_games_keep_the_real_term(game):
    found = GRADIENTS(REAL.astype(np.float32), FAKE.astype(np.float32))[game]
    of_generator, by_real, _ = found["generator"]
    np.testing.assert_array_equal(of_generator, -np.asarray(found["discriminator"][0]))
    assert np.any(np.abs(by_real) > 0.1)


@pytest.mark.parametrize("comparing", ["wasserstein", "relativistic", "relativistic_average standard"])
def test_comparing_losses_do_not_see_a_common_shift(comparing):
    real, fake = REAL.astype(np.float32), FAKE.astype(np.float32)
    shifted, plain = (VALUES(real + by, fake + by)[comparing]["discriminator"] for by in (5.0, 0.0))
    np.testing.assert_allclose(shifted, plain, rtol=1e-5)
