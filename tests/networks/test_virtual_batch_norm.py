"""Virtual batch normalisation against the means written out in NumPy, its gradient by differences, and in networks."""

import functools

import flax.linen as nn
import jax
import jax.numpy as jnp
import numpy as np
import pytest

from jaxgan import networks
from jaxgan.runs.catalogues import NETWORKS
from jaxgan.runs.factories import make, read
from tests.helpers import directions, fetched, jit, small_gan

REFERENCE, BATCH = 4, 3
random = np.random.default_rng(0)


def expected(reference, x, epsilon=1e-5):
    """Each example among the reference batch, with the weights n / (n + 1) and 1 / (n + 1) of the authors' program."""
    n, axes = len(reference), tuple(range(x.ndim - 1))
    mean, square = reference.mean(axis=axes), (reference**2).mean(axis=axes)
    rows = [(reference - mean) / np.sqrt(square - mean**2 + epsilon)]
    for one in x:
        m = n / (n + 1) * mean + one.mean(axis=axes[:-1]) / (n + 1)
        s = n / (n + 1) * square + (one**2).mean(axis=axes[:-1]) / (n + 1)
        rows.append(((one - m) / np.sqrt(s - m**2 + epsilon))[None])
    return np.concatenate(rows)


@pytest.mark.parametrize("shape", [(5,), (2, 3, 5)], ids=["vectors", "images"])
def test_equals_the_means_written_out(shape):
    x = 2.0 + 3.0 * random.standard_normal((REFERENCE + BATCH, *shape))
    layer = networks.VirtualBatchNorm(REFERENCE)
    gain, bias = random.standard_normal(5), random.standard_normal(5)
    y = jit(layer.apply)({"params": {"scale": gain, "bias": bias}}, x.astype(np.float32))
    np.testing.assert_allclose(y, gain * expected(x[:REFERENCE], x[REFERENCE:]) + bias, rtol=1e-4, atol=1e-5)


def test_an_example_that_is_the_mean_of_the_reference_by_hand():
    """Reference -1 and 1: variance 1; an example at 0 has mean 0 and variance 2/3, one at 3 mean 1 and variance 8/3."""
    y = fetched(networks.VirtualBatchNorm(2, epsilon=0.0).apply)(
        {"params": {"scale": np.ones(1, np.float32), "bias": np.zeros(1, np.float32)}},
        np.array([[-1.0], [1.0], [0.0], [3.0]], np.float32),
    )
    np.testing.assert_allclose(y[:, 0], [-1.0, 1.0, 0.0, 2.0 / np.sqrt(8 / 3)], rtol=1e-6)


def test_gradient_by_the_example_and_by_the_reference_equals_differences(x64):
    layer = networks.VirtualBatchNorm(REFERENCE)
    x = random.standard_normal((REFERENCE + BATCH, 2, 2, 3))
    params = {"scale": random.standard_normal(3), "bias": random.standard_normal(3)}
    value = jit(lambda params, x: jnp.sum(jnp.sin(layer.apply({"params": params}, x))))
    at = (params, x)
    gradient = jit(jax.grad(value, (0, 1)))(*at)
    for i in range(3):
        way = jax.tree.map(lambda a, i=i: np.asarray(a[i]), directions(jax.random.key(1), 3, at))
        ends = [float(value(*jax.tree.map(lambda a, w, h=h: a + h * w, at, way))) for h in (1e-5, -1e-5)]
        slope = sum(np.sum(g * w) for g, w in zip(*map(jax.tree.leaves, (gradient, way)), strict=True))
        np.testing.assert_allclose(slope, (ends[0] - ends[1]) / 2e-5, rtol=1e-6)


def test_gradient_is_finite_where_nothing_varies():
    layer, params = networks.VirtualBatchNorm(2), {"scale": np.ones(3, np.float32), "bias": np.zeros(3, np.float32)}
    gradient = jit(jax.grad(lambda x: jnp.sum(layer.apply({"params": params}, x) ** 2)))(np.ones((4, 3), np.float32))
    assert np.all(np.isfinite(gradient))


def test_computed_in_float32():
    layer, params = networks.VirtualBatchNorm(2), {"scale": np.ones(3, np.float32), "bias": np.zeros(3, np.float32)}
    x = (100 + random.standard_normal((5, 3))).astype(jnp.bfloat16)
    apply = fetched(layer.apply)
    y = apply({"params": params}, x)
    assert y.dtype == jnp.bfloat16
    np.testing.assert_array_equal(y, apply({"params": params}, x.astype(np.float32)).astype(jnp.bfloat16))


def test_the_perceptron_equals_numpy_and_keeps_the_batch_that_it_began_on():
    network = networks.mlp([5, 4], out=2, activation=jnp.tanh, batch_norm="virtual", bias=False)
    reference, x = (random.standard_normal((n, 3)).astype(np.float32) for n in (REFERENCE, BATCH))
    params, stats = jit(network.init)(jax.random.key(0), reference)
    np.testing.assert_array_equal(stats["reference"]["batch"], reference)
    (y, kept), shown = jit(
        lambda *arrays: (network.apply(*arrays, train=True), network.features(*arrays, train=False))
    )(params, stats, x)
    np.testing.assert_array_equal(kept["reference"]["batch"], reference)
    hidden = np.concatenate([reference, x]).astype(float)
    for i in range(2):
        hidden = hidden @ np.asarray(params[f"Dense_{i}"]["kernel"])
        hidden = np.tanh(expected(hidden[:REFERENCE], hidden[REFERENCE:]))
    np.testing.assert_allclose(shown, hidden[REFERENCE:], rtol=1e-3, atol=1e-4)
    last = {name: np.asarray(a) for name, a in params["Dense_2"].items()}
    np.testing.assert_allclose(y, hidden[REFERENCE:] @ last["kernel"] + last["bias"], rtol=1e-3, atol=1e-4)


def test_examples_are_on_their_own_in_training_too():
    network = make(read(NETWORKS, "mlp:widths=6,out=1,batch_norm=virtual"))
    x = random.standard_normal((6, 3)).astype(np.float32)
    params, stats = jit(network.init)(jax.random.key(0), x)
    run = jit(lambda x: network.apply(params, stats, x, train=True)[0])
    np.testing.assert_allclose(run(x)[:1], run(x[:1]), rtol=1e-5)
    assert network.group == 1


def test_a_gan_trains_with_it_in_both_players():
    """A whole step changes the parameters, is finite, and leaves the reference alone, whose gradient is not stopped."""
    players = small_gan(
        generator=make(read(NETWORKS, "mlp:widths=6,out=2,batch_norm=virtual")),
        discriminator=networks.mlp([6], out=1, batch_norm="virtual"),
    )
    data = random.standard_normal((8, 2)).astype(np.float32)
    start = fetched(players.init)(jax.random.key(0), data)

    @fetched
    @functools.partial(jax.value_and_grad, has_aux=True)
    def step(reference, start, key, data):
        stats = {"reference": {"batch": reference}}
        state = start._replace(generator=start.generator._replace(stats=stats))
        after, _ = players.step(key, state, data)
        return jnp.sum(after.generator.params["Dense_1"]["kernel"]), after

    (_, after), gradient = step(start.generator.stats["reference"]["batch"], start, jax.random.key(0), data)
    assert np.any(gradient != 0)
    np.testing.assert_array_equal(start.discriminator.stats["reference"]["batch"], data)
    for player in ("generator", "discriminator"):
        before, now = getattr(start, player), getattr(after, player)
        np.testing.assert_array_equal(*(p.stats["reference"]["batch"] for p in (before, now)))
        assert all(np.all(np.isfinite(leaf)) for leaf in jax.tree.leaves(now.params))
        assert np.any(before.params["Dense_0"]["kernel"] != now.params["Dense_0"]["kernel"])


def test_it_serves_modules_of_ones_own():
    class Net(nn.Module):
        @nn.compact
        def __call__(self, x):
            x, reference = networks.with_reference(self, x)
            return networks.VirtualBatchNorm(reference)(nn.Dense(2)(x))[reference:]

    network, x = networks.from_linen(Net()), random.standard_normal((4, 3)).astype(np.float32)
    params, stats = jit(network.init)(jax.random.key(0), x)
    y, _ = jit(functools.partial(network.apply, train=True))(params, stats, x[:1])
    hidden = x @ np.asarray(params["Dense_0"]["kernel"])
    np.testing.assert_allclose(y, expected(hidden, hidden[:1])[4:], rtol=1e-4)


def test_errors():
    for reference in (0, 4):
        with pytest.raises(ValueError, match=f"reference must be 1 to 3 of the rows, not {reference}"):
            networks.VirtualBatchNorm(reference).init(jax.random.key(0), np.ones((3, 2), np.float32))
    with pytest.raises(ValueError, match="must be True, False or 'virtual', not 'layer'"):
        networks.mlp([4], out=1, batch_norm="layer")  # pyright: ignore[reportArgumentType]
    with pytest.raises(ValueError, match="classes=3 act on batch normalisation: take batch_norm=True"):
        networks.dcgan_generator(8, 1, classes=3, batch_norm="virtual")
