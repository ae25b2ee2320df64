"""A variational autoencoder: its bound, its gradient, and that it is a model like any other."""

import jax
import jax.numpy as jnp
import numpy as np
import optax
import pytest
from scipy import integrate, stats

import jaxgan
from jaxgan import data, networks
from jaxgan.models.vae import gaussian_kl, vae
from jaxgan.types import Batch, Model, Network
from jaxgan.types.variational import Posterior, VAEInfo
from tests.helpers import jit

KEY = jax.random.key(0)


def linear(out: int) -> Network:
    def init(key, x, **_):
        return {"w": 0.1 * jax.random.normal(key, (x.shape[1], out)), "b": jnp.zeros(out)}, {}

    def apply(params, stats, x, *, train, key=None):
        return x @ params["w"] + params["b"][None], stats

    return Network(init, apply)


def small(**others):
    parts = {
        "encoder": networks.mlp([8], out=4, activation=jnp.tanh),
        "decoder": networks.mlp([8], out=3, activation=jnp.tanh),
        "optimizer": optax.sgd(1.0),
        "latent_dim": 2,
    }
    return vae(**(parts | others))


def test_divergence_is_the_integral():
    mean, log_variance = 0.7, -0.4
    q = stats.norm(mean, np.exp(log_variance / 2))
    integral, _ = integrate.quad(lambda z: q.pdf(z) * (q.logpdf(z) - stats.norm.logpdf(z)), -12, 12)
    found = gaussian_kl(jnp.array([[mean, 0.0], [0.0, 0.0]]), jnp.array([[log_variance, 0.0], [0.0, 0.0]]))
    np.testing.assert_allclose(found, [integral, 0.0], rtol=1e-5, atol=1e-7)


@pytest.mark.parametrize(("likelihood", "density"), [("gaussian", stats.norm), ("laplace", stats.laplace)])
def test_bound_is_that_of_an_explicit_sum(likelihood, density):
    model = small(likelihood=likelihood, scale=0.3)
    batch = jax.random.normal(jax.random.key(1), (5, 3))
    state = model.init(KEY, batch)
    # With a posterior of (nearly) no variance the latent is its mean.
    params = jax.tree.map(lambda a: a, state.encoder.params)
    last = [name for name in params if "bias" in params[name]][-1]
    params[last]["bias"] = params[last]["bias"].at[2:].set(-60.0)
    state = state._replace(encoder=state.encoder._replace(params=params))
    posterior = model.encode(state, batch)
    decoder = networks.mlp([8], out=3, activation=jnp.tanh)
    decoded, _ = decoder.apply(state.decoder.params, {}, posterior.mean, train=False)
    kl = 0.5 * np.sum(np.asarray(posterior.mean**2 + jnp.exp(posterior.log_variance) - 1 - posterior.log_variance), 1)
    expected = density.logpdf(np.asarray(batch), np.asarray(decoded), 0.3).sum(1) - kl
    np.testing.assert_allclose(model.elbo(KEY, state, batch), expected, rtol=1e-4)


@pytest.mark.parametrize(
    "others",
    [pytest.param({}, marks=pytest.mark.slow), {"likelihood": "laplace", "beta": 0.5}],
    ids=["gaussian", "laplace"],
)
def test_step_descends_the_bound(others):
    """With the rate 1, gradient descent moves by the gradient, which finite differences give as well."""
    with jax.enable_x64(True):
        model, batch = small(**others), np.random.default_rng(1).standard_normal((6, 3))
        state = jax.tree.map(lambda a: np.float64(a) if a.dtype == jnp.float32 else a, jit(model.init)(KEY, batch))
        beta = others.get("beta", 1.0)

        @jit
        def loss(state, part):
            changed = state._replace(**part)
            kl = gaussian_kl(*model.encode(changed, batch))
            return -jnp.mean(model.elbo(KEY, changed, batch) + (1 - beta) * kl)

        after, info = jit(model.step)(KEY, state, batch)
        whole = {"encoder": state.encoder, "decoder": state.decoder, "log_scale": state.log_scale}
        np.testing.assert_allclose(info.loss, loss(state, whole), rtol=1e-10)
        whole, moved = jax.tree.map(np.asarray, (whole, {name: getattr(after, name) for name in whole}))
        direction = jax.tree.map(lambda a: np.random.default_rng(a.size).standard_normal(a.shape), whole)
        ends = [
            loss(state, jax.tree.map(lambda a, d, sign=sign: a + sign * 1e-6 * d, whole, direction))
            for sign in (1.0, -1.0)
        ]
        along = sum(
            np.sum(-(b - a) * d) for a, b, d in zip(*map(jax.tree.leaves, (whole, moved, direction)), strict=True)
        )
        np.testing.assert_allclose(along, (ends[0] - ends[1]) / 2e-6, rtol=1e-6)


@pytest.mark.slow
def test_a_step_can_be_differentiated_by_its_strengths():
    batch = jax.random.normal(jax.random.key(1), (6, 3))

    def loss_after(beta):
        model = small(beta=beta, optimizer=optax.sgd(0.1))
        state = model.init(KEY, batch)
        return model.step(KEY, model.step(KEY, state, batch)[0], batch)[1].reconstruction

    gradient = jax.jit(jax.grad(loss_after))(1.0)
    h = 1e-2
    np.testing.assert_allclose(gradient, (loss_after(1 + h) - loss_after(1 - h)) / (2 * h), rtol=0.02)


@pytest.mark.slow
def test_a_step_is_traced_once_and_jit_changes_nothing():
    traces = []
    model, batch = small(optimizer=optax.adam(1e-2)), jax.random.normal(jax.random.key(1), (6, 3))

    @jax.jit
    def step(key, state, batch):
        traces.append(None)
        return model.step(key, state, batch)

    state = first = model.init(KEY, batch)
    for _ in range(3):
        state, info = step(KEY, state, batch)
    assert len(traces) == 1 and int(state.step) == 3
    assert isinstance(info, VAEInfo) and all(jnp.shape(x) == () for x in info)
    plain, _ = model.step(KEY, first, batch)
    jax.tree.map(lambda a, b: np.testing.assert_allclose(a, b, rtol=2e-4, atol=1e-6), plain, step(KEY, first, batch)[0])
    assert step(KEY, first, batch)[1].loss != step(KEY, first._replace(step=first.step + 1), batch)[1].loss


@pytest.mark.slow
def test_seeds_are_mapped():
    model, batch = small(), jax.random.normal(jax.random.key(1), (6, 3))

    def train(seed):
        key = jax.random.key(seed)
        state, info = model.step(key, model.init(key, batch), batch)
        return info.loss, model.sample(key, state, 4)

    losses, samples = jax.vmap(train)(jnp.arange(3))
    loss, of_one = train(1)
    assert samples.shape == (3, 4, 3)
    np.testing.assert_allclose(losses[1], loss, rtol=1e-5)
    np.testing.assert_allclose(samples[1], of_one, rtol=1e-4, atol=1e-5)


def test_fits_a_gaussian():
    """A linear VAE with the right likelihood is probabilistic PCA, so its samples have the data's moments."""
    mix = np.array([[1.0, 0.5], [0.0, 0.8], [0.3, -0.4]], np.float32)

    def draw(key, n):
        key_latent, key_noise = jax.random.split(key)
        x = jax.random.normal(key_latent, (n, 2)) @ mix.T + 0.2 * jax.random.normal(key_noise, (n, 3))
        return x + jnp.array([[1.0, -1.0, 0.5]])

    model = vae(encoder=linear(4), decoder=linear(3), optimizer=optax.adam(1e-2), latent_dim=2, noisy_samples=True)

    @jax.jit
    def train(state):
        def one(state, _):
            return model.step(KEY, state, draw(jax.random.fold_in(jax.random.key(5), state.step), 256))

        return jax.lax.scan(one, state, length=1500)

    state, infos = train(model.init(KEY, draw(jax.random.key(6), 8)))
    samples = np.asarray(model.sample(KEY, state, 20_000))
    wanted = mix @ mix.T + 0.04 * np.eye(3)
    np.testing.assert_allclose(np.cov(samples.T), wanted, atol=0.1)
    np.testing.assert_allclose(samples.mean(0), [1.0, -1.0, 0.5], atol=0.05)
    assert infos.scale[-1] == pytest.approx(0.2, abs=0.03)
    # The bound is tight for a linear model: minus the entropy of the data is what it can reach.
    entropy = 0.5 * np.log(np.linalg.det(2 * np.pi * np.e * wanted))
    assert float(jnp.mean(infos.loss[-100:])) == pytest.approx(entropy, abs=0.1)


def test_is_a_model():
    model: Model = small()
    assert (model.effects, model.judge, model.minibatches) == (None, None, 1)
    state = model.init(KEY, data.ring().sample(jax.random.key(1), 8)[:, [0, 1, 1]])
    assert model.latent is not None and model.latent(KEY, state, 7).shape == (7, 2)
    np.testing.assert_array_equal(model.sample(KEY, state, 7), model.sample(KEY, state, 7))
    assert jaxgan.vae is vae


@pytest.mark.slow
def test_a_conditional_decoder_is_told_what_to_make():
    model = small(decoder=networks.mlp([8], out=3, batch_norm=True, classes=2))
    batch = Batch(jnp.zeros((4, 3)), jnp.array([0, 1, 0, 1]))
    state, _ = model.step(KEY, model.init(KEY, batch), batch)
    assert model.sample(KEY, state, 2, jnp.array([0, 1])).shape == (2, 3)
    with pytest.raises(ValueError, match="told what to make"):
        model.sample(KEY, state, 2)
    with pytest.raises(ValueError, match="takes no labels"):
        small().sample(KEY, small().init(KEY, batch), 2, jnp.array([0, 1]))


@pytest.mark.parametrize(
    ("others", "message"),
    [
        ({"latent_dim": 0}, "latent_dim must be"),
        ({"scale": 0.0}, "scale must be positive"),
        ({"least_scale": 0.0}, "least_scale must be positive"),
        ({"beta": -1.0}, "beta must be at least 0"),
        ({"likelihood": "poisson"}, "likelihood must be 'gaussian' or 'laplace', got 'poisson'"),
        ({"encoder": linear(2)}, r"\[4, 4\], not \[4, 2\]"),
        ({"decoder": linear(2)}, r"the decoder makes \(4, 2\), but the data are \(4, 3\)"),
    ],
)
def test_what_does_not_fit_is_refused(others, message):
    with pytest.raises(ValueError, match=message):
        small(**others).init(KEY, jnp.zeros((4, 3)))


def test_a_posterior_is_named():
    state = small().init(KEY, jnp.zeros((4, 3)))
    assert isinstance(small().encode(state, jnp.zeros((4, 3))), Posterior)
