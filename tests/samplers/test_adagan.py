"""AdaGAN's rounds: what each is given, against the rule written out, and on the ring."""

import jax
import jax.numpy as jnp
import numpy as np
import optax
import pytest

import jaxgan
from jaxgan import data, losses, networks, optimizers, samplers, techniques
from tests.helpers import jit

SIZE = 400
MODES = np.random.default_rng(0).integers(0, 8, SIZE)
MASS = np.bincount(MODES) / SIZE


def forgetful(key, weights):
    """A generator that keeps the three heaviest modes of the data that it is shown: the mass that it gives to each."""
    mass = np.bincount(MODES, weights=weights)
    mass[np.argsort(mass)[:-3]] = 0.0
    return mass / mass.sum()


def exact(key, components, shares):
    return (shares @ np.stack(components) / MASS)[MODES]


def test_rounds_win_back_what_was_lost():
    seen = []

    def train(key, weights):
        seen.append(weights)
        return forgetful(key, weights)

    components, shares = samplers.adagan(jax.random.key(0), SIZE, 3, train, exact)
    np.testing.assert_allclose(shares, 1 / 3)
    covered = [set(np.flatnonzero(mass)) for mass in components]
    assert len(covered[0]) == 3 and not covered[0] & covered[1] and set.union(*covered) == set(range(8))
    np.testing.assert_allclose(seen[0], 1 / SIZE)
    for t in (2, 3):
        beta, ratios = 1 / t, exact(None, components[: t - 1], np.full(t - 1, 1 / (t - 1)))
        lam = np.max(seen[t - 1] * SIZE * beta + (1 - beta) * np.where(seen[t - 1] > 0, ratios, 0))
        np.testing.assert_allclose(
            seen[t - 1], np.maximum(lam - (1 - beta) * ratios, 0) / (SIZE * beta), rtol=1e-3, atol=1e-8
        )
        np.testing.assert_allclose(seen[t - 1].sum(), 1.0, rtol=1e-12)


def test_shares_of_ones_own_and_keys_that_differ():
    keys = []

    def train(key, weights):
        keys.append(key)
        return forgetful(key, weights)

    def ratios(key, components, shares):
        keys.append(key)
        return exact(key, components, shares)

    found = samplers.adagan(jax.random.key(0), SIZE, 3, train, ratios, share=lambda t: 0.2)
    np.testing.assert_allclose(found.shares, [0.64, 0.16, 0.2])
    assert len(np.unique([jax.random.key_data(key) for key in keys], axis=0)) == 5


def test_mistakes():
    key = jax.random.key(0)
    for size, rounds, says in (
        (0, 1, "number of examples must be a whole"),
        (3, 0, "rounds of adagan must be a whole"),
    ):
        with pytest.raises(ValueError, match=says):
            samplers.adagan(key, size, rounds, forgetful, exact)
    with pytest.raises(ValueError, match=r"share of round 2 must be in \(0, 1\), got 1"):
        samplers.adagan(key, SIZE, 2, forgetful, exact, share=lambda t: 1)
    with pytest.raises(ValueError, match=r"a ratio for each of 400 examples, not of shape \(8,\)"):
        samplers.adagan(key, SIZE, 2, forgetful, lambda key, components, shares: np.ones(8))


@pytest.mark.slow
def test_a_second_gan_covers_the_modes_that_the_first_has_lost():
    """The first is shown four modes of the ring only, in place of a training that loses the others."""
    ring = data.ring()
    x = np.asarray(ring.sample(jax.random.key(1), 2048))
    modes = np.asarray(ring.nearest_of(x))
    gan = jaxgan.gan(
        generator=networks.mlp([64, 64], 2, activation=jnp.tanh),
        discriminator=networks.mlp([64, 64], 1, activation=jnp.tanh),
        loss=losses.relativistic(),
        generator_optimizer=optimizers.adam(2e-3),
        discriminator_optimizer=optimizers.adam(2e-3),
        latent_dim=2,
        techniques=(techniques.r1(0.1), techniques.r2(0.1)),
    )

    @jit
    def trained(key, x):
        def step(state, i):
            batch = x[jax.random.randint(jax.random.fold_in(key, i), (128,), 0, len(x))]
            return gan.step(key, state, batch)[0], None

        return jax.lax.scan(step, gan.init(key, x[:128]), jnp.arange(3000))[0]

    classifier = networks.mlp([64, 64], 1, activation=jnp.tanh)
    optimizer = optax.adam(3e-3)

    @jit
    def logits(key, x, fake):
        def loss(params):
            real, made = (classifier.apply(params, {}, side, train=True)[0][:, 0] for side in (x, fake))
            return jnp.mean(jax.nn.softplus(-real)) + jnp.mean(jax.nn.softplus(made))

        def step(carry, _):
            params, state = carry
            updates, state = optimizer.update(jax.grad(loss)(params), state, params)
            return (optax.apply_updates(params, updates), state), None

        params, _ = classifier.init(key, x)
        (params, _), _ = jax.lax.scan(step, (params, optimizer.init(params)), length=300)
        return classifier.apply(params, {}, x, train=False)[0][:, 0]

    shown = []

    def train(key, weights):
        weights = weights if shown else np.where(modes < 4, weights, 0.0)
        rows = np.random.default_rng(len(shown)).choice(len(x), len(x), p=weights / weights.sum())
        shown.append(np.bincount(modes[rows], minlength=8) / len(x))
        return trained(key, x[rows])

    def ratios(key, components, shares):
        key_fake, key_classifier = jax.random.split(key)
        fake = samplers.mixture([gan.sample] * len(components), shares)(key_fake, components, len(x))
        return np.exp(-logits(key_classifier, x, fake))

    states, shares = samplers.adagan(jax.random.key(2), len(x), 2, train, ratios)
    first, second = (np.bincount(ring.nearest_of(gan.sample(jax.random.key(3), s, 2000)), minlength=8) for s in states)
    assert shown[1][4:].sum() > 0.9  # what the first has lost
    assert first[4:].sum() < 200 and np.all(second[4:] > 100)
    both = samplers.mixture([gan.sample] * 2, shares)(jax.random.key(4), states, 4000)
    assert np.all(np.bincount(ring.nearest_of(both), minlength=8) > 200)
    assert np.all(np.bincount(ring.label_of(both) + 1, minlength=9)[1:] > 10)  # of high quality
