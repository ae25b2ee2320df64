"""The adapter from an Equinox module: plain dictionaries, modes, states, noise, transformations, the errors."""

import jax
import jax.numpy as jnp
import numpy as np
import pytest

from jaxgan import networks
from tests.helpers import compiled, fetched, standard_normal

eqx = pytest.importorskip("equinox")


class Net(eqx.Module):
    """Batch and spectral normalisation, dropout, an integer array and a function."""

    hidden: eqx.nn.SpectralNorm
    output: eqx.nn.Linear
    norm: eqx.nn.BatchNorm
    dropout: eqx.nn.Dropout
    order: jax.Array
    activation: object

    def __init__(self, key, rate=0.5):
        a, b, c, d = jax.random.split(key, 4)
        self.hidden = eqx.nn.SpectralNorm(eqx.nn.Linear(3, 4, key=a), "weight", key=b)
        self.output = eqx.nn.Linear(4, 2, key=c)
        self.norm = eqx.nn.BatchNorm(4, "batch", momentum=0.75, mode="batch")
        self.dropout = eqx.nn.Dropout(rate)
        self.order = jax.random.permutation(d, 3)
        self.activation = lambda x: jnp.tanh(x)

    def __call__(self, x, state, *, key=None, features=False):
        x, state = self.hidden(x[self.order], state)
        x, state = self.norm(self.activation(x), state)
        x = self.dropout(x, key=key)
        return (x if features else self.output(x)), state


class Labelled(eqx.Module):
    """Takes the label and the mode by name."""

    table: jax.Array

    def __call__(self, x, *, label, train):
        return x + self.table[label] * (1.0 if train else 2.0)


def quiet(key):
    return Net(key, rate=0.0)


@pytest.fixture
def x():
    return standard_normal(8, 3)


def test_variables_are_plain_dictionaries_by_path(x):
    params, stats = jax.jit(networks.from_equinox(Net).init)(jax.random.key(1), x)
    assert type(params) is dict and type(stats) is dict
    assert {name: a.shape for name, a in params.items()} == {
        "hidden.layer.weight": (4, 3),
        "hidden.layer.bias": (4,),
        "output.weight": (2, 4),
        "output.bias": (2,),
        "norm.weight": (4,),
        "norm.bias": (4,),
    }
    assert stats["order"].dtype == jnp.int32
    assert sum("norm" in name.lower() for name in stats) >= 2


def test_the_key_decides_the_parameters(x):
    init = fetched(networks.from_equinox(Net).init)
    a, b, c = (init(jax.random.key(seed), x)[0]["output.weight"] for seed in (1, 1, 2))
    np.testing.assert_array_equal(a, b)
    assert not np.array_equal(a, c)


def test_it_computes_what_the_module_computes_in_both_modes(x):
    network = compiled(networks.from_equinox(quiet))
    params, stats = network.init(jax.random.key(1), x)

    @fetched
    def of_the_module(key, x):
        module, state = eqx.nn.make_with_state(quiet)(key)
        axes = {"axis_name": "batch", "in_axes": (0, None), "out_axes": (0, None)}
        trained, state = jax.vmap(module, **axes)(x, state)
        return trained, jax.vmap(eqx.nn.inference_mode(module), **axes)(x, state)[0]

    expected, inferred = of_the_module(jax.random.key(1), x)
    y, trained = network.apply(params, stats, x, train=True)
    np.testing.assert_allclose(y, expected, rtol=1e-5)
    assert any(not np.array_equal(a, b) for a, b in zip(trained.values(), stats.values(), strict=True))
    y, kept = network.apply(params, trained, x, train=False)
    np.testing.assert_allclose(y, inferred, rtol=1e-5)
    jax.tree.map(np.testing.assert_array_equal, kept, trained)
    shown = network.features(params, trained, x, train=False)
    np.testing.assert_allclose(shown @ params["output.weight"].T + params["output.bias"][None], y, rtol=1e-5, atol=1e-6)


def test_a_module_without_state_is_mapped_over_the_batch(x):
    network = compiled(networks.from_equinox(lambda key: eqx.nn.MLP(3, 2, 4, 1, key=key)))
    params, stats = network.init(jax.random.key(1), x)
    y, _ = network.apply(params, stats, x, train=True)
    assert stats == {} and network.features is None and not network.conditional
    alone = fetched(lambda key, x: eqx.nn.MLP(3, 2, 4, 1, key=key)(x))
    np.testing.assert_allclose(y, np.stack([alone(jax.random.key(1), row) for row in x]), rtol=1e-5)


def test_each_example_draws_its_own_noise_from_the_key():
    network = compiled(networks.from_equinox(lambda key: eqx.nn.Dropout(0.5)))
    x = np.ones((4, 50), np.float32)
    a, b, c = (network.apply({}, {}, x, train=True, key=jax.random.key(seed))[0] for seed in (1, 1, 2))
    np.testing.assert_array_equal(a, b)
    assert not np.array_equal(a, c) and not np.array_equal(a[0], a[1])
    np.testing.assert_array_equal(network.apply({}, {}, x, train=False)[0], x)
    with pytest.raises(ValueError, match="Dropout draws noise when train=True and needs a key"):
        network.apply({}, {}, x, train=True)


def test_labels_and_modes_by_name():
    network = compiled(networks.from_equinox(lambda key: Labelled(jax.random.normal(key, (3, 2)))))
    x, label = np.zeros((2, 2), np.float32), np.array([2, 0])
    params, stats = network.init(jax.random.key(0), x, label=label)
    assert network.conditional
    for train, factor in ((True, 1.0), (False, 2.0)):
        y, _ = network.apply(params, stats, x, train=train, label=label)
        np.testing.assert_allclose(y, factor * params["table"][label], rtol=1e-6)


@pytest.mark.slow
@pytest.mark.parametrize("remat", [False, True])
def test_training_in_a_scan_of_many_seeds_equals_a_loop(x, remat):
    network = compiled(networks.from_equinox(Net))

    def update(carry, key):
        def loss(params, stats):
            y, stats = network.apply(params, stats, x, train=True, key=key)
            return jnp.mean(jnp.square(y - 1)), stats

        grads, stats = jax.grad(loss, has_aux=True)(*carry)
        return (jax.tree.map(lambda p, g: p - 0.1 * g, carry[0], grads), stats), None

    body = jax.checkpoint(update, prevent_cse=False) if remat else update
    seeds, noise = jax.random.split(jax.random.key(1), 2), jax.random.split(jax.random.key(2), 3)
    many = jax.jit(jax.vmap(lambda key: jax.lax.scan(body, network.init(key, x), noise)[0]))(seeds)
    one_update = jax.jit(lambda carry, key: update(carry, key)[0])
    for seed, key in enumerate(seeds):
        carry = network.init(key, x)
        for draw in noise:
            carry = one_update(carry, draw)
        jax.tree.map(lambda a, b, s=seed: np.testing.assert_allclose(a[s], b, rtol=1e-4, atol=1e-5), many, carry)


class ForgetsItsState(eqx.Module):
    """Has a stateful layer and nowhere to keep what it says."""

    norm: eqx.nn.BatchNorm

    def __call__(self, x):
        return x


@pytest.mark.parametrize(
    ("make", "message"),
    [
        (lambda key: 3, "takes what makes a module with a __call__, and this made 3"),
        (3, "takes what makes a module, such as lambda key"),
        (
            lambda key: ForgetsItsState(eqx.nn.BatchNorm(2, "batch", mode="batch")),
            r"ForgetsItsState has stateful layers: its __call__ must take state",
        ),
    ],
)
def test_what_is_not_a_fitting_module_raises(make, message):
    with pytest.raises(ValueError, match=message):
        networks.from_equinox(make)


def test_an_instance_is_no_factory():
    with pytest.raises(ValueError, match="takes what makes a module, such as lambda key"):
        networks.from_equinox(eqx.nn.Linear(2, 3, key=jax.random.key(0)))
