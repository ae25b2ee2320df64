"""The adapter from a linen module: what it reads off `__call__`, the split of variables, the modes, the errors."""

import flax.linen as nn
import jax
import jax.numpy as jnp
import numpy as np
import pytest

from jaxgan import networks
from tests.helpers import compiled, fetched, standard_normal


class Noisy(nn.Module):
    """Batch normalisation and dropout, with a `train` flag."""

    @nn.compact
    def __call__(self, x, train):
        x = nn.BatchNorm(use_running_average=not train, momentum=0.75)(nn.Dense(3)(x))
        return nn.Dropout(0.5, deterministic=not train)(x)


class AlwaysUpdating(nn.Module):
    """A module without flags whose statistics change at every call."""

    @nn.compact
    def __call__(self, x):
        calls = self.variable("counter", "calls", lambda: jnp.zeros((), jnp.int32))
        calls.value += 1
        return x * calls.value


class Featured(nn.Module):
    """A module that shows an intermediate image."""

    @nn.compact
    def __call__(self, x, *, features=False, train=False):
        x = nn.Conv(2, (3, 3))(x)
        return x if features else nn.Dense(1)(x.reshape(x.shape[0], -1))


class Smooth(nn.Module):
    """Spectral and batch normalisation where both matter, with activations that suit finite differences."""

    @nn.compact
    def __call__(self, x, train):
        x = jnp.tanh(networks.SpectralNorm(nn.Dense(4))(x, train=train))
        x = jnp.tanh(nn.BatchNorm(use_running_average=not train, momentum=0.9)(nn.Dense(4)(x)))
        return networks.SpectralNorm(nn.Dense(1))(x, train=train)


def test_a_module_without_state_has_empty_stats():
    network = compiled(networks.from_linen(nn.Dense(3)))
    x = np.arange(8.0, dtype=np.float32).reshape(4, 2)
    params, stats = network.init(jax.random.key(0), x)
    y, new_stats = network.apply(params, stats, x, train=True)
    assert stats == {} and new_stats == {} and network.features is None
    np.testing.assert_allclose(y, np.asarray(x) @ np.asarray(params["kernel"]), rtol=1e-6)


def test_running_averages_follow_the_batch_in_training_only():
    network = compiled(networks.from_linen(Noisy()))
    x = standard_normal(64, 2)
    params, stats = network.init(jax.random.key(1), x)
    _, trained = network.apply(params, stats, x, train=True, key=jax.random.key(2))
    hidden = np.asarray(x) @ np.asarray(params["Dense_0"]["kernel"])
    average = jax.tree.map(np.asarray, trained["batch_stats"]["BatchNorm_0"])
    np.testing.assert_allclose(average["mean"], 0.25 * hidden.mean(axis=0), rtol=1e-5, atol=1e-6)
    np.testing.assert_allclose(average["var"], 0.75 + 0.25 * hidden.var(axis=0), rtol=1e-5)
    y, kept = network.apply(params, trained, x, train=False)
    jax.tree.map(np.testing.assert_array_equal, kept, trained)
    expected = (hidden - average["mean"]) / np.sqrt(average["var"] + 1e-5)
    np.testing.assert_allclose(y, expected, rtol=1e-4, atol=1e-5)


def test_inference_keeps_the_stats_of_a_module_that_always_updates():
    network = networks.from_linen(AlwaysUpdating())

    def run(key, x):
        params, stats = network.init(key, x)
        return params, stats, *(network.apply(params, stats, x, train=train)[1] for train in (True, False))

    params, stats, trained, kept = fetched(run)(jax.random.key(0), np.ones((2, 1), np.float32))
    assert params == {}
    assert int(trained["counter"]["calls"]) == int(stats["counter"]["calls"]) + 1
    jax.tree.map(np.testing.assert_array_equal, kept, stats)


def test_features_are_flattened():
    network = networks.from_linen(Featured())

    def run(key, x):
        params, stats = network.init(key, x)
        return params, network.apply(params, stats, x, train=True)[0], network.features(params, stats, x, train=True)

    params, y, features = fetched(run)(jax.random.key(1), standard_normal(3, 4, 4, 1))
    assert features.shape == (3, 32)
    np.testing.assert_allclose(features @ params["Dense_0"]["kernel"], y, rtol=1e-5, atol=1e-6)


def test_keys_decide_the_noise():
    network = compiled(networks.from_linen(nn.Sequential([Ones(), nn.Dropout(0.5, deterministic=False)])))
    x = np.ones((4, 16), np.float32)
    params, stats = network.init(jax.random.key(0), x)
    draws = [network.apply(params, stats, x, train=True, key=jax.random.key(seed))[0] for seed in (1, 1, 2)]
    np.testing.assert_array_equal(draws[0], draws[1])
    assert not np.array_equal(draws[0], draws[2])


class Ones(nn.Module):
    """Returns its input, so that a sequence can begin with something that has no parameters."""

    def __call__(self, x):
        return x


def test_a_missing_key_is_named():
    network = compiled(networks.from_linen(Noisy()))
    x = np.ones((4, 2), np.float32)
    params, stats = network.init(jax.random.key(0), x)
    network.apply(params, stats, x, train=False)
    with pytest.raises(ValueError, match=r"Noisy draws noise when train=True and needs a key"):
        network.apply(params, stats, x, train=True)


class NeedsContext(nn.Module):
    """Takes an argument that no GAN would give."""

    def __call__(self, x, context):
        return x + context


@pytest.mark.parametrize(
    ("module", "message"),
    [
        (nn.Dense, "takes an instance of a linen module"),
        (lambda x: x, "takes an instance of a linen module"),
        (NeedsContext(), r"got NeedsContext\.__call__\(x, context\)"),
    ],
)
def test_what_is_not_a_fitting_module_raises(module, message):
    with pytest.raises(ValueError, match=message):
        networks.from_linen(module)


@pytest.mark.parametrize("dtype", [jnp.float32, jnp.float64])
def test_stats_keep_their_dtype_under_x64(dtype):
    with jax.enable_x64(True):
        network = networks.mlp([4], out=1, batch_norm=True, spectral_norm=True)

        def run(key, x):
            params, stats = jax.tree.map(lambda a: a.astype(dtype), network.init(key, x))
            return network.apply(params, stats, x, train=True)

        y, new_stats = jax.eval_shape(run, jax.random.key(1), np.zeros((8, 2)))
        assert y.dtype == jnp.float64
        assert {a.dtype for a in jax.tree.leaves(new_stats)} == {jnp.dtype(dtype)}


def test_one_trace_over_updates():
    network = compiled(networks.mlp([4], out=1, batch_norm=True, spectral_norm=True))
    x = standard_normal(8, 2)
    params, stats = network.init(jax.random.key(1), x)
    traces = []

    @jax.jit
    def step(params, stats):
        traces.append(None)
        y, stats = network.apply(params, stats, x, train=True)
        return jax.tree.map(lambda a: 0.9 * a, params), stats, y

    for _ in range(3):
        params, stats, _ = step(params, stats)
    assert len(traces) == 1


@pytest.mark.slow
def test_gradient_through_a_scan_of_updates_equals_finite_differences(x64):
    network = compiled(networks.from_linen(Smooth()))
    x = np.random.default_rng(0).standard_normal((8, 3))
    params, stats = network.init(jax.random.key(1), x)
    params, stats = jax.tree.map(lambda a: a.astype(jnp.float64), (params, stats))

    def loss(params, stats, shift):
        logits, stats = network.apply(params, stats, x * shift, train=True)
        return jnp.mean(jnp.sin(logits + x[:, :1])), stats

    def looked_ahead(inputs, remat):
        shift, scale = inputs

        def update(carry, _):
            params, stats = carry
            grads, stats = jax.grad(loss, has_aux=True)(params, stats, shift)
            return (jax.tree.map(lambda p, g: p - 0.5 * g, params, grads), stats), None

        body = jax.checkpoint(update, prevent_cse=False) if remat else update
        start = jax.tree.map(lambda a: a * scale, params), stats
        final, _ = jax.lax.scan(body, start, length=3)
        # Inference mode, so that the gradient also goes through the running averages.
        return jnp.mean(network.apply(*final, x * shift, train=False)[0] ** 2)

    point = np.array([1.3, 0.9])
    value = jax.jit(lambda inputs: looked_ahead(inputs, remat=False))
    differences = [(value(point + h) - value(point - h)) / 2e-5 for h in np.eye(2) * 1e-5]
    assert np.abs(differences).min() > 1e-3
    for remat in (False, True):
        gradient = jax.jit(jax.grad(lambda inputs, remat=remat: looked_ahead(inputs, remat)))(point)
        np.testing.assert_allclose(gradient, differences, rtol=1e-5)


def test_training_many_seeds_at_once_equals_a_loop():
    network = networks.mlp([4], out=1, batch_norm=True, spectral_norm=True, dropout=0.2)

    def train(key, x):
        init_key, noise_key = jax.random.split(key)

        def loss(params, stats, key):
            y, stats = network.apply(params, stats, x, train=True, key=key)
            return jnp.mean(jnp.square(y - 1)), stats

        def update(carry, key):
            params, stats = carry
            grads, stats = jax.grad(loss, has_aux=True)(params, stats, key)
            return (jax.tree.map(lambda p, g: p - 0.1 * g, params, grads), stats), None

        return jax.lax.scan(update, network.init(init_key, x), jax.random.split(noise_key, 3))[0]

    x, seeds = standard_normal(8, 2), jax.random.split(jax.random.key(1), 2)
    many, one_at_a_time = fetched(jax.vmap(train, (0, None)))(seeds, x), fetched(train)
    for seed in range(2):
        one = one_at_a_time(seeds[seed], x)
        jax.tree.map(lambda a, b, s=seed: np.testing.assert_allclose(a[s], b, rtol=1e-4, atol=1e-5), many, one)


class Labelled(nn.Module):
    """Takes a label that it could do without."""

    @nn.compact
    def __call__(self, x, label=None):
        y = nn.Dense(2)(x)
        return y if label is None else y + nn.Embed(3, 2)(label)


def test_a_module_that_takes_a_label_is_conditional():
    network = networks.from_linen(Labelled())
    x, label = np.ones((3, 2), np.float32), np.array([2, 0, 2])

    def run(key, x, label):
        params, stats = network.init(key, x, label=label)
        return params, network.apply(params, stats, x, train=True, label=label)[0]

    params, y = fetched(run)(jax.random.key(0), x, label)
    assert network.conditional and network.features is None
    np.testing.assert_allclose(
        y, x @ params["Dense_0"]["kernel"] + params["Embed_0"]["embedding"][label], rtol=1e-5, atol=1e-6
    )


def test_a_conditional_network_without_a_label_is_named():
    network, x = compiled(networks.from_linen(Labelled())), np.ones((3, 2), np.float32)
    params, stats = network.init(jax.random.key(0), x, label=np.zeros(3, np.int32))
    message = r"Labelled is conditional: give label=, the labels of the batch, not label=None"
    with pytest.raises(ValueError, match=message):
        network.init(jax.random.key(0), x)
    with pytest.raises(ValueError, match=message):
        network.apply(params, stats, x, train=True)


def test_an_optional_label_can_be_declined():
    network, x = compiled(networks.from_linen(Labelled(), conditional=False)), np.ones((3, 2), np.float32)
    params, stats = network.init(jax.random.key(0), x)
    assert not network.conditional and set(params) == {"Dense_0"}
    with pytest.raises(ValueError, match="Labelled is not conditional and takes no label="):
        network.apply(params, stats, x, train=True, label=np.zeros(3, np.int32))
    with pytest.raises(ValueError, match="Dense takes no label, so it cannot be conditional=True"):
        networks.from_linen(nn.Dense(2), conditional=True)
