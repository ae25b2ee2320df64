"""Sequences: the recurrent layer against Flax's, what depends on what, sizes, the errors."""

import functools

import flax.linen as nn
import jax
import jax.numpy as jnp
import numpy as np
import pytest

from jaxgan import networks, packed
from jaxgan.networks.sequences import _blocks
from tests.helpers import fetched, standard_normal

MEMORIES = ["recurrent", "convolution"]


@functools.cache
def generator(memory):
    """A latent of noise for 6 steps and of the whole, and what a generator makes of another one, less that of it."""
    network, z = networks.sequence_generator(6, 2, width=4, memory=memory, noise=3), standard_normal(2, 6 * 3 + 4)

    def run(key, z, changed):
        params, stats = network.init(key, z)
        before, after = (network.apply(params, stats, a, train=True)[0] for a in (z, changed))
        return jnp.abs(after - before)

    return z, functools.partial(fetched(run), jax.random.key(1), z)


def added(x, where, number):
    """A copy of `x` with a number added somewhere."""
    x = x.copy()
    x[where] += number
    return x


def test_recurrent_units_are_those_of_flax():
    width, x, start = 4, standard_normal(3, 5, 2), standard_normal(3, 4, seed=1)
    cell = nn.GRUCell(width)

    def run(key, x, start):
        theirs = jax.tree.map(lambda a: a + 0.1, cell.init(key, start, x[:, 0])["params"])
        into = jnp.concatenate([theirs[f"i{gate}"]["kernel"] for gate in "rzn"], axis=1)
        bias = jnp.concatenate([theirs[f"i{gate}"]["bias"] for gate in "rzn"])
        ours = {
            "kernel": jnp.concatenate([theirs[f"h{gate}"]["kernel"] for gate in "rzn"], axis=1),
            "bias": theirs["hn"]["bias"],
        }
        h, expected = start, []
        for t in range(5):
            h, _ = cell.apply({"params": theirs}, h, x[:, t])
            expected.append(h)
        return networks.GRU(width).apply({"params": ours}, x @ into + bias[None, None], start), expected

    states, expected = fetched(run)(jax.random.key(0), x, start)
    for t in range(5):
        np.testing.assert_allclose(states[:, t], expected[t], rtol=1e-5, atol=1e-6)


def test_recurrent_kernels_start_orthogonal_gate_by_gate():
    init = fetched(networks.GRU(6).init)
    params = init(jax.random.key(0), np.ones((1, 2, 18), np.float32), np.ones((1, 6), np.float32))["params"]
    for gate in np.split(params["kernel"], 3, axis=1):
        np.testing.assert_allclose(gate @ gate.T, np.eye(6), atol=1e-5)
    np.testing.assert_array_equal(params["bias"], 0.0)


@pytest.mark.parametrize("memory", MEMORIES)
def test_noise_of_a_step_changes_that_step_and_later_ones_only(memory):
    z, difference = generator(memory)
    moved = difference(added(z, np.s_[:, 3 * 3 + 1], 1.0)).max(axis=(0, 2))
    np.testing.assert_array_equal(moved[:3], 0.0)
    assert moved[3:].min() > 0


@pytest.mark.parametrize("memory", MEMORIES)
def test_the_latent_of_the_whole_changes_every_step(memory):
    z, difference = generator(memory)
    assert difference(added(z, np.s_[:, -1], 1.0)).max(axis=(0, 2)).min() > 0


@pytest.mark.parametrize("memory", MEMORIES)
def test_a_discriminator_sees_the_first_step_at_the_last(memory):
    network = networks.sequence_discriminator(width=4, memory=memory, per_step=True)
    x = standard_normal(2, 24, 3)
    params, stats = fetched(network.init)(jax.random.key(1), x)
    judge = fetched(lambda params, stats, x: network.apply(params, stats, x, train=True)[0])
    logits = judge(params, stats, x)
    first, later = (np.abs(judge(params, stats, added(x, np.s_[:, step], 3.0)) - logits) for step in (0, 10))
    assert first.shape == (2, 24) and first[:, -1].min() > 0
    np.testing.assert_array_equal(later[:, :10], 0.0)


@pytest.mark.parametrize(("length", "blocks"), [(1, 1), (3, 1), (4, 2), (7, 2), (8, 3), (15, 3), (24, 4), (31, 4)])
def test_there_are_as_many_blocks_as_it_takes(length, blocks):
    assert _blocks(length) == blocks


@pytest.mark.parametrize("memory", MEMORIES)
def test_features_are_mean_and_last_state_below_a_linear_layer(memory):
    network = networks.sequence_discriminator(width=4, memory=memory, out=3)

    def run(key, x):
        params, stats = network.init(key, x)
        features = network.features(params, stats, x, train=True)
        return params["output"], features, network.apply(params, stats, x, train=True)[0]

    output, features, y = fetched(run)(jax.random.key(1), standard_normal(2, 5, 3))
    assert features.shape == (2, 8) and network.group == 1
    np.testing.assert_allclose(features @ output["kernel"] + output["bias"], y, rtol=1e-5, atol=1e-6)


@pytest.mark.parametrize("memory", MEMORIES)
def test_packing_and_labels_widen_the_first_layer_only(memory):
    network = packed(networks.labelled(networks.sequence_discriminator(width=4, memory=memory), 3), 2)

    def run(key, x, label):
        params, stats = network.init(key, x, label=label)
        return params, network.apply(params, stats, x, train=True, label=label)[0]

    params, y = jax.eval_shape(run, jax.random.key(1), standard_normal(4, 5, 2), np.arange(4) % 3)
    assert params["input"]["kernel"].shape[0] == 2 * (2 + 3)
    assert y.shape == (2, 1)


def test_outputs_are_in_the_range_of_the_output_activation():
    makers = [
        networks.sequence_generator(3, 2, width=2, memory="convolution", output_activation=activation)
        for activation in (jnp.tanh, None)
    ]

    def run(key, z):
        variables = makers[0].init(key, z)
        return [jnp.abs(network.apply(*variables, z, train=True)[0]).max() for network in makers]

    bounded, free = fetched(run)(jax.random.key(1), 50 * standard_normal(4, 3))
    assert bounded <= 1 < free


@pytest.mark.parametrize(
    ("make", "message"),
    [
        (lambda: networks.sequence_generator(0, 2), "length must be at least 1, got 0"),
        (lambda: networks.sequence_generator(4, 2, noise=-1), "0 or more, got -1"),
        (lambda: networks.sequence_generator(4, 2, memory="lstm"), "'recurrent' or 'convolution', got 'lstm'"),
        (lambda: networks.sequence_discriminator(out=2, per_step=True), "so out must be 1, got 2"),
        (lambda: networks.sequence_discriminator(width=0), "width must be at least 1, got 0"),
        (
            lambda: networks.sequence_generator(4, 2, noise=1).init(jax.random.key(0), np.ones((2, 4), np.float32)),
            r"more than length \* noise = 4 columns, got 4",
        ),
        (
            lambda: networks.sequence_discriminator().init(jax.random.key(0), np.ones((2, 4), np.float32)),
            r"needs \[n, time, channels\], got \[2, 4\]",
        ),
    ],
)
def test_errors_name_what_is_wrong(make, message):
    with pytest.raises(ValueError, match=message):
        make()
