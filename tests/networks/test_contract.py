"""What every network promises, over a table of all of them and one that is written by hand."""

import functools
from collections.abc import Callable
from importlib.util import find_spec
from typing import NamedTuple

import flax.linen as nn
import jax
import jax.numpy as jnp
import numpy as np
import pytest
from flax import nnx

from jaxgan import networks
from jaxgan.types import Network
from tests.helpers import fetched


def hand_written() -> Network:
    """A network without any library: a linear map of what is above the running mean of its inputs."""

    def init(key, x):
        return {"w": jax.random.normal(key, (x.shape[-1], 1))}, {"mean": jnp.zeros(x.shape[-1:])}

    def features(params, stats, x, *, train, key=None):
        return jax.nn.softplus(x - (jnp.mean(x, axis=0) if train else stats["mean"])[None])

    def apply(params, stats, x, *, train, key=None):
        y = features(params, stats, x, train=train) @ params["w"]
        return y, {"mean": 0.9 * stats["mean"] + 0.1 * jnp.mean(x, axis=0)} if train else stats

    return Network(init, apply, features)


class Perceptron(nnx.Module):
    """An NNX module with statistics and noise."""

    def __init__(self, *, rngs):
        self.hidden, self.output = nnx.Linear(5, 4, rngs=rngs), nnx.Linear(4, 3, rngs=rngs)
        self.norm, self.dropout = nnx.BatchNorm(4, rngs=rngs), nnx.Dropout(0.25, rngs=rngs)

    def __call__(self, x, features=False):
        x = self.dropout(self.norm(jnp.tanh(self.hidden(x))))
        return x if features else self.output(x)


class Row(NamedTuple):
    """One network of the table.

    Attributes:
      network: the network.
      shape: of the input.
      out: shape of one output.
      noisy: whether training draws noise.
      updates: whether training changes the stats.
      label: what a conditional network is given.
      pack: how many examples there are to an output.
    """

    network: Network
    shape: tuple[int, ...]
    out: tuple[int, ...]
    noisy: bool = False
    updates: bool = False
    label: np.ndarray | None = None
    pack: int = 1


everything = {"batch_norm": True, "spectral_norm": True, "dropout": 0.25}
flat, small, medium, series = (8, 5), (4, 8, 8, 2), (4, 28, 28, 1), (4, 6, 2)
digits, mixed = np.arange(8) % 3, np.linspace(0.1, 0.9, 24, dtype=np.float32).reshape(8, 3)
tiny = networks.mlp([4], out=1)

NETWORKS = {
    "hand_written": Row(hand_written(), flat, (1,), updates=True),
    "from_linen": Row(networks.from_linen(nn.Dense(3)), flat, (3,)),
    "from_nnx": Row(networks.from_nnx(Perceptron), flat, (3,), noisy=True, updates=True),
    "mlp": Row(networks.mlp([6, 4], out=2), flat, (2,)),
    "mlp_everything": Row(
        networks.mlp([6, 4], out=1, maxout=2, **everything, classes=3), flat, (1,), True, True, label=digits
    ),
    "mlp_virtual": Row(networks.mlp([6, 4], out=2, batch_norm="virtual"), flat, (2,)),
    "generator_virtual": Row(networks.dcgan_generator(8, 1, width=1, batch_norm="virtual"), flat, (8, 8, 1)),
    "generator_8": Row(networks.dcgan_generator(8, 3, width=2), flat, (8, 8, 3), updates=True),
    "generator_transpose": Row(
        networks.dcgan_generator(8, 1, width=1, upsample="transpose", classes=3),
        flat,
        (8, 8, 1),
        updates=True,
        label=digits,
    ),
    "mlp_noise": Row(networks.mlp([6], out=1, noise=0.1), flat, (1,), noisy=True),
    "fourier_features": Row(
        networks.fourier_features(networks.labelled(tiny, 3), 4, largest=4.0), flat, (1,), label=digits
    ),
    "gradient_normalised": Row(networks.gradient_normalised(tiny), flat, (1,)),
    "discriminator_28": Row(networks.dcgan_discriminator(width=2, out=4), medium, (4,)),
    "discriminator_everything": Row(
        networks.dcgan_discriminator(width=2, minibatch_stddev=2, noise=0.1, **everything), small, (1,), True, True
    ),
    "by_part": Row(networks.by_part(networks.mlp([6], out=6), (1, 2, 1, 1, 1)), flat, (6,)),
    "projection": Row(networks.projection(tiny, 3), flat, (1,), label=mixed),
    "projection_packed": Row(networks.packed(networks.projection(tiny, 3), 2), flat, (1,), label=digits, pack=2),
    "labelled": Row(networks.labelled(tiny, 3), flat, (1,), label=digits),
    "packed_features": Row(networks.packed_features(networks.labelled(tiny, 3), 2), flat, (1,), label=digits, pack=2),
    "normalised_linear": Row(networks.normalised_linear(networks.mlp([4], out=3)), flat, ()),
    "minibatch_discrimination": Row(networks.minibatch_discrimination(tiny, 3, group_size=4), flat, (1,)),
    "several_generators": Row(
        networks.several_generators(tiny, 2, shared=networks.mlp([3], out=2, batch_norm=True)), flat, (2,), updates=True
    ),
    "several_discriminators": Row(networks.several_discriminators(tiny, 3), flat, (3,)),
    "several_different_discriminators": Row(
        networks.several_discriminators([tiny, networks.labelled(tiny, 3)]), flat, (2,), label=digits
    ),
    "sequence_generator": Row(networks.sequence_generator(4, 2, width=3, noise=1), flat, (4, 2)),
    "sequence_generator_convolution": Row(
        networks.sequence_generator(4, 2, width=3, memory="convolution"), flat, (4, 2)
    ),
    "sequence_discriminator": Row(networks.sequence_discriminator(width=3), series, (1,)),
    "sequence_discriminator_convolution": Row(
        networks.sequence_discriminator(width=3, memory="convolution", per_step=True), series, (6,)
    ),
}

if find_spec("equinox"):
    import equinox as eqx

    class EquinoxPerceptron(eqx.Module):
        """An Equinox module with statistics and noise."""

        hidden: eqx.nn.Linear
        output: eqx.nn.Linear
        norm: eqx.nn.BatchNorm
        dropout: eqx.nn.Dropout

        def __init__(self, key):
            keys = jax.random.split(key)
            self.hidden, self.output = eqx.nn.Linear(5, 4, key=keys[0]), eqx.nn.Linear(4, 3, key=keys[1])
            self.norm, self.dropout = eqx.nn.BatchNorm(4, "batch", mode="batch"), eqx.nn.Dropout(0.25)

        def __call__(self, x, state, *, key=None, features=False):
            x, state = self.norm(jnp.tanh(self.hidden(x)), state)
            x = self.dropout(x, key=key)
            return (x if features else self.output(x)), state

    NETWORKS["from_equinox"] = Row(networks.from_equinox(EquinoxPerceptron), flat, (3,), noisy=True, updates=True)


class Case(NamedTuple):
    """One network with all that the tests look at, each part computed once by one program."""

    name: str
    row: Row
    network: Network
    params: dict
    stats: dict
    x: np.ndarray
    labels: dict  # The argument `label` of a conditional network.
    apply: Callable  # (params, stats, x) -> (y, stats), in training mode, with a key where one is needed.
    trained: tuple  # What it returns.
    features: np.ndarray | None  # In training mode.
    infer: Callable  # (params, stats, x, labels) -> (y, stats), in inference mode, without a key.


# The same code in another arrangement, or code that a test file of its own runs too.
SLOW = {"from_nnx", "from_equinox", "generator_transpose", "discriminator_28", "projection", "labelled"}
SLOW |= {"several_different_discriminators", "sequence_generator_convolution", "sequence_discriminator", "mlp"}
SLOW |= {"generator_virtual"}


@pytest.fixture(
    params=[pytest.param(name, marks=pytest.mark.slow) if name in SLOW else name for name in NETWORKS], scope="module"
)
def case(request):
    row = NETWORKS[request.param]
    network = row.network
    x = np.random.default_rng(0).standard_normal(row.shape, np.float32)
    labels = {} if row.label is None else {"label": row.label}

    def options():  # with a key that each call uses once
        return {"train": True, "key": jax.random.key(2) if row.noisy else None, **labels}

    def apply(params, stats, x):
        return network.apply(params, stats, x, **options())

    @fetched
    def begin(key, x, labels):
        params, stats = network.init(key, x, **labels)
        shown = network.features and network.features(params, stats, x, **options())
        return params, stats, apply(params, stats, x), shown

    def infer(params, stats, x, labels):
        return network.apply(params, stats, x, train=False, **labels)

    params, stats, trained, features = begin(jax.random.key(1), x, labels)
    return Case(request.param, row, network, params, stats, x, labels, apply, trained, features, fetched(infer))


def assert_trees_close(a, b, rtol=1e-4, atol=1e-5):
    assert jax.tree.structure(a) == jax.tree.structure(b)
    jax.tree.map(lambda x, y: np.testing.assert_allclose(x, y, rtol=rtol, atol=atol), a, b)


def assert_finite(tree):
    assert all(bool(np.all(np.isfinite(leaf))) for leaf in jax.tree.leaves(tree))


def test_shape_and_dtype(case):
    y, _ = case.trained
    assert y.shape == (case.x.shape[0] // case.row.pack, *case.row.out)
    assert y.dtype == case.x.dtype
    assert_finite(case.trained)


def test_features_are_a_finite_matrix(case):
    if case.network.features is None:
        pytest.skip("shows no features")
    assert case.features.ndim == 2 and case.features.shape[0] == case.x.shape[0] // case.row.pack
    assert_finite(case.features)


def test_training_changes_the_stats_and_keeps_their_structure(case):
    _, trained = case.trained
    assert jax.tree.structure(trained) == jax.tree.structure(case.stats)
    pairs = list(zip(jax.tree.leaves(trained), jax.tree.leaves(case.stats), strict=True))
    assert all((new.shape, new.dtype) == (old.shape, old.dtype) for new, old in pairs)
    assert any(bool(np.any(new != old)) for new, old in pairs) == case.row.updates


@pytest.mark.slow
def test_jit_equals_no_jit(case):
    given = jax.tree.map(jnp.asarray, (case.params, case.stats, case.x))
    assert_trees_close(case.apply(*given), case.trained)


def test_inference_leaves_the_stats_alone_and_needs_no_key(case):
    y, kept = case.infer(case.params, case.stats, case.x, case.labels)
    assert y.shape == case.trained[0].shape
    assert_trees_close(kept, case.stats, rtol=0, atol=0)


def test_inference_treats_examples_separately(case):
    if case.name in ("discriminator_everything", "minibatch_discrimination"):
        pytest.skip("compares the examples of a minibatch by design")
    x, labels = jax.tree.map(
        lambda a: np.concatenate([a[: case.row.pack], a[::-1][case.row.pack :]]), (case.x, case.labels)
    )
    found, others = (case.infer(case.params, case.stats, *given)[0] for given in ((case.x, case.labels), (x, labels)))
    np.testing.assert_allclose(found[:1], others[:1], rtol=1e-4, atol=1e-5)
    assert np.abs(found[1:] - others[1:]).max() > 1e-3


def test_a_conditional_network_says_so_and_needs_its_labels(case):
    assert case.network.conditional == bool(case.labels)
    if case.labels:
        for train in (True, False):
            with pytest.raises(ValueError, match="label="):
                jax.eval_shape(functools.partial(case.network.apply, train=train), case.params, case.stats, case.x)
        with pytest.raises(ValueError, match="label="):
            jax.eval_shape(case.network.init, jax.random.key(1), case.x)


def test_labels_matter(case):
    if not case.labels:
        pytest.skip("is not conditional")
    params = jax.tree.map(lambda a: a + 0.1 * np.arange(a.size, dtype=a.dtype).reshape(a.shape), case.params)
    other = {"label": np.roll(case.labels["label"], 1, axis=0)}
    found, others = (case.infer(params, case.stats, case.x, labels)[0] for labels in (case.labels, other))
    assert np.abs(found - others).max() > 1e-3


def test_gradients_are_finite_and_reach_every_parameter_also_that_of_a_gradient_penalty(case):
    def curved(params, stats, x):
        y, _ = case.apply(params, stats, x)
        return jnp.sum(jnp.sin(y + jnp.arange(y.size, dtype=y.dtype).reshape(y.shape)))

    @fetched
    @jax.grad
    def gradient(params, stats, x, of_value, of_penalty):
        value, slope = jax.value_and_grad(curved, 2)(params, stats, x)
        return of_value * value + of_penalty * jnp.sum(jnp.square(slope))

    of_value, of_penalty = (gradient(case.params, case.stats, case.x, *weights) for weights in ((1.0, 0.0), (0.0, 1.0)))
    assert_finite((of_value, of_penalty))
    assert all(np.any(leaf != 0) for leaf in jax.tree.leaves(of_value))


@pytest.mark.slow
def test_vmap_over_seeds_equals_a_loop(case):
    train = jax.jit(lambda key: case.apply(*case.network.init(key, case.x, **case.labels), case.x))
    many = jax.jit(jax.vmap(train))(jax.random.split(jax.random.key(3), 2))
    for seed, key in enumerate(jax.random.split(jax.random.key(3), 2)):
        assert_trees_close(jax.tree.map(lambda a, seed=seed: a[seed], many), train(key))
