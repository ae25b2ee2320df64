"""The adapter from an NNX module: plain dictionaries, modes, noise, transformations, the errors."""

import functools

import jax
import jax.numpy as jnp
import numpy as np
import pytest
from flax import nnx

from jaxgan import networks
from tests.helpers import compiled, fetched, standard_normal


class Net(nnx.Module):
    """Batch normalisation and dropout, in a list of layers."""

    def __init__(self, rate=0.5, *, rngs):
        self.layers = nnx.List([nnx.Linear(3, 4, rngs=rngs), nnx.Linear(4, 2, rngs=rngs)])
        self.norm = nnx.BatchNorm(4, momentum=0.75, rngs=rngs)
        self.dropouts = nnx.List([nnx.Dropout(rate, rngs=rngs), nnx.Dropout(rate, rngs=rngs)])

    def __call__(self, x, features=False):
        x = self.norm(jnp.tanh(self.layers[0](x)))
        x = self.dropouts[1](self.dropouts[0](x))
        return x if features else self.layers[1](x)


class Labelled(nnx.Module):
    """Takes the labels and the mode by name, and leaves a variable behind."""

    def __init__(self, rngs):
        self.table = nnx.Embed(3, 2, rngs=rngs)

    def __call__(self, x, *, label, train):
        self.seen = nnx.Intermediate(x)
        return x + self.table(label) * (1.0 if train else 2.0)


def quiet(rngs):
    return Net(0.0, rngs=rngs)


@pytest.fixture
def x():
    return standard_normal(8, 3)


def test_variables_are_plain_dictionaries_by_path(x):
    params, stats = jax.jit(networks.from_nnx(Net).init)(jax.random.key(1), x)
    assert type(params) is dict and type(stats) is dict
    assert set(stats) == {"norm.mean", "norm.var"}
    assert {name: a.shape for name, a in params.items()} == {
        "layers.0.kernel": (3, 4),
        "layers.0.bias": (4,),
        "layers.1.kernel": (4, 2),
        "layers.1.bias": (2,),
        "norm.scale": (4,),
        "norm.bias": (4,),
    }
    assert all(isinstance(a, jax.Array) for a in jax.tree.leaves((params, stats)))


def test_the_key_decides_the_parameters(x):
    init = fetched(networks.from_nnx(Net).init)
    a, b, c = (init(jax.random.key(seed), x)[0]["layers.0.kernel"] for seed in (1, 1, 2))
    np.testing.assert_array_equal(a, b)
    assert not np.array_equal(a, c)


def test_it_computes_what_the_module_computes_in_both_modes(x):
    network = compiled(networks.from_nnx(quiet))
    params, stats = network.init(jax.random.key(1), x)

    @fetched
    def of_the_module(key, x):
        module = quiet(nnx.Rngs(key))
        module.train()
        trained = module(x)
        module.eval()
        return trained, module.norm.mean.get_value(), module(x), module(x, features=True)

    expected, mean, inferred, shown = of_the_module(jax.random.key(1), x)
    y, trained = network.apply(params, stats, x, train=True)
    np.testing.assert_allclose(y, expected, rtol=1e-6)
    np.testing.assert_allclose(trained["norm.mean"], mean, rtol=1e-6)
    y, kept = network.apply(params, trained, x, train=False)
    np.testing.assert_allclose(y, inferred, rtol=1e-6)
    jax.tree.map(np.testing.assert_array_equal, kept, trained)
    np.testing.assert_allclose(network.features(params, trained, x, train=False), shown, rtol=1e-6)


def test_a_trained_module_can_be_given_and_is_left_alone(x):
    module = quiet(nnx.Rngs(3))
    before = np.asarray(module.norm.mean.get_value())
    network = compiled(networks.from_nnx(lambda rngs: module))
    params, stats = network.init(jax.random.key(1), x)
    np.testing.assert_array_equal(params["layers.0.kernel"], module.layers[0].kernel.get_value())
    _, changed = network.apply(params, stats, x, train=True)
    assert not np.array_equal(changed["norm.mean"], before)
    np.testing.assert_array_equal(module.norm.mean.get_value(), before)


def test_keys_decide_the_noise_and_layers_draw_their_own(x):
    network = compiled(networks.from_nnx(Net))
    params, stats = network.init(jax.random.key(1), x)
    draws = [network.features(params, stats, x, train=True, key=jax.random.key(seed)) for seed in (1, 1, 2)]
    np.testing.assert_array_equal(draws[0], draws[1])
    assert not np.array_equal(draws[0], draws[2])
    wide = np.repeat(standard_normal(4000, 1, seed=5), 3, axis=1)
    kept = np.mean(np.asarray(network.features(params, stats, wide, train=True, key=jax.random.key(7))) != 0)
    assert abs(kept - 0.25) < 0.02  # of two layers that each keep half; 0.5 if they drew the same


def test_a_missing_key_is_named_eagerly_and_compiled(x):
    network = networks.from_nnx(Net)
    params, stats = jax.jit(network.init)(jax.random.key(1), x)
    for apply in (network.apply, compiled(network).apply):
        apply(params, stats, x, train=False)
        with pytest.raises(ValueError, match=r"Net draws noise when train=True and needs a key"):
            apply(params, stats, x, train=True)


def test_labels_and_modes_by_name():
    network = compiled(networks.from_nnx(Labelled))
    x, label = np.zeros((2, 2), np.float32), np.array([2, 0])
    params, stats = network.init(jax.random.key(0), x, label=label)
    table = params["table.embedding"]
    assert network.conditional and stats == {}
    for train, factor in ((True, 1.0), (False, 2.0)):
        y, _ = network.apply(params, stats, x, train=train, label=label)
        np.testing.assert_allclose(y, factor * table[label], rtol=1e-6)


def test_call_time_streams_are_fed():
    network = compiled(networks.from_nnx(lambda rngs: nnx.Dropout(0.5)))
    x = np.ones((4, 50), np.float32)
    y, _ = network.apply({}, {}, x, train=True, key=jax.random.key(0))
    assert set(np.unique(y)) == {0.0, 2.0}
    np.testing.assert_array_equal(network.apply({}, {}, x, train=False)[0], x)
    with pytest.raises(ValueError, match="needs a key"):
        network.apply({}, {}, x, train=True)


@pytest.mark.parametrize("remat", [False, True])
def test_training_in_a_scan_of_many_seeds_equals_a_loop(x, remat):
    network = compiled(networks.from_nnx(Net))

    def update(x, carry, key):
        def loss(params, stats):
            y, stats = network.apply(params, stats, x, train=True, key=key)
            return jnp.mean(jnp.square(y - 1)), stats

        grads, stats = jax.grad(loss, has_aux=True)(*carry)
        return (jax.tree.map(lambda p, g: p - 0.1 * g, carry[0], grads), stats), None

    def train(key, x, noise):
        body = functools.partial(update, x)
        body = jax.checkpoint(body, prevent_cse=False) if remat else body
        return jax.lax.scan(body, network.init(key, x), noise)[0]

    seeds, noise = jax.random.split(jax.random.key(1), 2), jax.random.split(jax.random.key(2), 3)
    many = fetched(jax.vmap(train, (0, None, None)))(seeds, x, noise)
    one_update = fetched(lambda x, carry, key: update(x, carry, key)[0])
    for seed, key in enumerate(seeds):
        carry = network.init(key, x)
        for draw in noise:
            carry = one_update(x, carry, draw)
        jax.tree.map(lambda a, b, s=seed: np.testing.assert_allclose(a[s], b, rtol=1e-4, atol=1e-5), many, carry)


def test_gradient_through_a_scan_of_updates_equals_finite_differences(x64):
    network = compiled(networks.from_nnx(quiet))
    x = np.random.default_rng(0).standard_normal((8, 3))
    start = jax.tree.map(lambda a: a.astype(np.float64), network.init(jax.random.key(1), x))

    def looked_ahead(shift, start, x):
        def loss(params, stats):
            y, stats = network.apply(params, stats, x * shift, train=True)
            return jnp.mean(jnp.sin(y)), stats

        def update(carry, _):
            grads, stats = jax.grad(loss, has_aux=True)(*carry)
            return (jax.tree.map(lambda p, g: p - 0.5 * g, carry[0], grads), stats), None

        final, _ = jax.lax.scan(jax.checkpoint(update, prevent_cse=False), start, length=3)
        # In training mode: NNX's batch normalisation stops the gradient of its running averages.
        return jnp.mean(network.apply(*final, x * shift, train=True)[0] ** 2)

    value = fetched(jax.value_and_grad(looked_ahead))
    difference = (value(1.3 + 1e-5, start, x)[0] - value(1.3 - 1e-5, start, x)[0]) / 2e-5
    assert abs(difference) > 1e-3
    np.testing.assert_allclose(value(1.3, start, x)[1], difference, rtol=1e-5)


class NeedsContext(nnx.Module):
    """Takes an argument that no GAN would give."""

    def __call__(self, x, context):
        return x + context


@pytest.mark.parametrize(
    ("make", "message"),
    [
        (lambda: networks.from_nnx(nnx.Linear(2, 3, rngs=nnx.Rngs(0))), "takes what makes a module, such as lambda"),
        (lambda: networks.from_nnx(3), "takes what makes a module.*got 3"),
        (lambda: networks.from_nnx(lambda rngs: jnp.ones(2)), "takes what makes a module, and this made"),
        (lambda: networks.from_nnx(lambda rngs: NeedsContext()), r"got NeedsContext\.__call__\(x, context\)"),
        (lambda: networks.from_nnx(Net, conditional=True), "Net takes no label"),
    ],
)
def test_what_is_not_a_fitting_module_raises(make, message):
    with pytest.raises(ValueError, match=message):
        make()
