"""Sequences: the recurrent layer against Flax's, what depends on what, sizes, the errors."""

import flax.linen as nn
import jax
import jax.numpy as jnp
import numpy as np
import pytest

from jaxgan import networks, packed
from jaxgan.networks.sequences import _blocks
from tests.helpers import compiled

MEMORIES = ["recurrent", "convolution"]


def drawn(*shape, seed=0):
    return jax.random.normal(jax.random.key(seed), shape)


def test_recurrent_units_are_those_of_flax():
    width, x, start = 4, drawn(3, 5, 2), drawn(3, 4, seed=1)
    cell = nn.GRUCell(width)
    theirs = cell.init(jax.random.key(0), start, x[:, 0])["params"]
    theirs = jax.tree.map(lambda a: a + 0.1, theirs)
    into = np.concatenate([theirs[f"i{gate}"]["kernel"] for gate in "rzn"], axis=1)
    bias = np.concatenate([theirs[f"i{gate}"]["bias"] for gate in "rzn"])
    ours = {
        "kernel": jnp.concatenate([theirs[f"h{gate}"]["kernel"] for gate in "rzn"], axis=1),
        "bias": theirs["hn"]["bias"],
    }
    states = networks.GRU(width).apply({"params": ours}, x @ into + bias[None, None], start)
    h = start
    for t in range(5):
        h, _ = cell.apply({"params": theirs}, h, x[:, t])
        np.testing.assert_allclose(states[:, t], h, rtol=1e-5, atol=1e-6)


def test_recurrent_kernels_start_orthogonal_gate_by_gate():
    params = networks.GRU(6).init(jax.random.key(0), jnp.ones((1, 2, 18)), jnp.ones((1, 6)))["params"]
    for gate in np.split(np.asarray(params["kernel"]), 3, axis=1):
        np.testing.assert_allclose(gate @ gate.T, np.eye(6), atol=1e-5)
    np.testing.assert_array_equal(params["bias"], 0.0)


@pytest.mark.parametrize("memory", MEMORIES)
def test_noise_of_a_step_changes_that_step_and_later_ones_only(memory):
    network = compiled(networks.sequence_generator(6, 2, width=4, memory=memory, noise=3))
    z = drawn(2, 6 * 3 + 4)
    params, stats = jax.jit(network.init)(jax.random.key(1), z)
    make = jax.jit(lambda z: network.apply(params, stats, z, train=True)[0])
    moved = np.abs(make(z.at[:, 3 * 3 + 1].add(1.0)) - make(z)).max(axis=(0, 2))
    np.testing.assert_array_equal(moved[:3], 0.0)
    assert moved[3:].min() > 0


@pytest.mark.parametrize("memory", MEMORIES)
def test_the_latent_of_the_whole_changes_every_step(memory):
    network = compiled(networks.sequence_generator(6, 2, width=4, memory=memory, noise=1))
    z = drawn(2, 6 + 4)
    params, stats = jax.jit(network.init)(jax.random.key(1), z)
    make = jax.jit(lambda z: network.apply(params, stats, z, train=True)[0])
    assert np.abs(make(z.at[:, -1].add(1.0)) - make(z)).max(axis=(0, 2)).min() > 0


@pytest.mark.parametrize("memory", MEMORIES)
def test_a_discriminator_sees_the_first_step_at_the_last(memory):
    network = compiled(networks.sequence_discriminator(width=4, memory=memory, per_step=True))
    x = drawn(2, 24, 3)
    params, stats = jax.jit(network.init)(jax.random.key(1), x)
    judge = jax.jit(lambda x: network.apply(params, stats, x, train=True)[0])
    moved = np.abs(judge(x.at[:, 0].add(3.0)) - judge(x))
    assert moved.shape == (2, 24) and moved[:, -1].min() > 0
    later = np.abs(judge(x.at[:, 10].add(3.0)) - judge(x))
    np.testing.assert_array_equal(later[:, :10], 0.0)


@pytest.mark.parametrize(("length", "blocks"), [(1, 1), (3, 1), (4, 2), (7, 2), (8, 3), (15, 3), (24, 4), (31, 4)])
def test_there_are_as_many_blocks_as_it_takes(length, blocks):
    assert _blocks(length) == blocks


@pytest.mark.parametrize("memory", MEMORIES)
def test_features_are_mean_and_last_state_below_a_linear_layer(memory):
    network = compiled(networks.sequence_discriminator(width=4, memory=memory, out=3))
    x = drawn(2, 5, 3)
    params, stats = jax.jit(network.init)(jax.random.key(1), x)
    features = network.features(params, stats, x, train=True)
    y, _ = network.apply(params, stats, x, train=True)
    output = params["output"]
    assert features.shape == (2, 8) and network.group == 1
    np.testing.assert_allclose(features @ output["kernel"] + output["bias"][None], y, rtol=1e-5, atol=1e-6)


@pytest.mark.parametrize("memory", MEMORIES)
def test_packing_and_labels_widen_the_first_layer_only(memory):
    inner = compiled(networks.sequence_discriminator(width=4, memory=memory))
    network = compiled(packed(networks.labelled(inner, 3), 2))
    x, label = drawn(4, 5, 2), jnp.arange(4) % 3
    params, stats = network.init(jax.random.key(1), x, label=label)
    assert params["input"]["kernel"].shape[0] == 2 * (2 + 3)
    assert network.apply(params, stats, x, train=True, label=label)[0].shape == (2, 1)


def test_outputs_are_in_the_range_of_the_output_activation():
    z = 50 * drawn(4, 3)
    for activation, bounded in ((jnp.tanh, True), (None, False)):
        network = compiled(
            networks.sequence_generator(3, 2, width=2, memory="convolution", output_activation=activation)
        )
        params, stats = network.init(jax.random.key(1), z)
        assert (np.abs(network.apply(params, stats, z, train=True)[0]).max() <= 1) == bounded


@pytest.mark.parametrize(
    ("make", "message"),
    [
        (lambda: networks.sequence_generator(0, 2), "length must be at least 1, got 0"),
        (lambda: networks.sequence_generator(4, 2, noise=-1), "0 or more, got -1"),
        (lambda: networks.sequence_generator(4, 2, memory="lstm"), "'recurrent' or 'convolution', got 'lstm'"),
        (lambda: networks.sequence_discriminator(out=2, per_step=True), "so out must be 1, got 2"),
        (lambda: networks.sequence_discriminator(width=0), "width must be at least 1, got 0"),
        (
            lambda: networks.sequence_generator(4, 2, noise=1).init(jax.random.key(0), jnp.ones((2, 4))),
            r"more than length \* noise = 4 columns, got 4",
        ),
        (
            lambda: networks.sequence_discriminator().init(jax.random.key(0), jnp.ones((2, 4))),
            r"needs \[n, time, channels\], got \[2, 4\]",
        ),
    ],
)
def test_errors_name_what_is_wrong(make, message):
    with pytest.raises(ValueError, match=message):
        make()
