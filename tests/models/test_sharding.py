"""The step is written for all devices at once: sharding its batch changes where it runs, not what it computes."""

import re
from collections import Counter

import jax
import jax.numpy as jnp
import numpy as np
import optax
import pytest

from jaxgan import Unroll, gan, losses, networks, optimizers, packed, techniques

DEVICES, BATCH = 8, 32
LATENTS = np.random.RandomState(0).normal(size=(BATCH // DEVICES, 2))  # the same on every device


def made(steps=2, *, batch_norm=True, loss=losses.minimax, axis_name=None, **options):
    return gan(
        generator=networks.mlp([8], out=2, batch_norm=batch_norm),
        discriminator=packed(networks.mlp([8], out=1), 2),
        loss=loss(),
        generator_optimizer=optax.sgd(1e-2),
        discriminator_optimizer=optimizers.adam(1e-2),
        latent_dim=2,
        techniques=(techniques.r1(0.1), techniques.mode_seeking(0.1)),
        unroll=Unroll(steps=steps),
        axis_name=axis_name,
        **options,
    )


def mesh():
    return jax.make_mesh((DEVICES,), ("data",), axis_types=(jax.sharding.AxisType.Auto,))


def over_devices(step):
    on = mesh()
    replicated, sharded = jax.NamedSharding(on, jax.P()), jax.NamedSharding(on, jax.P("data"))
    return jax.jit(step, in_shardings=(replicated, replicated, sharded), out_shardings=replicated)


def begun(players):
    state = players.init(jax.random.key(0), jnp.ones((BATCH, 2)))
    # Flax makes float32 parameters even here; in double precision rounding cannot hide a wrong reduction.
    return jax.tree.map(lambda a: a.astype(jnp.float64) if jnp.issubdtype(a.dtype, jnp.floating) else a, state)


def trained(step, state, steps):
    for i in range(steps):
        state, info = step(jax.random.key(0), state, jax.random.normal(jax.random.key(i), (BATCH, 2)))
    return state, info


def assert_equal(states):
    for one, eight in zip(*(jax.tree.leaves((s.generator, s.discriminator)) for s in states), strict=True):
        np.testing.assert_allclose(eight, one, rtol=1e-9, atol=1e-9)


@pytest.mark.slow
def test_eight_devices_equal_one(x64):
    players = made()
    state = begun(players)
    states = [trained(step, state, 20)[0] for step in (jax.jit(players.step), over_devices(players.step))]
    assert len(jax.tree.leaves(states[1].generator.params)[0].sharding.device_set) == DEVICES
    assert_equal(states)


@pytest.mark.parametrize("loss", [losses.minimax, losses.non_saturating])
@pytest.mark.parametrize("steps", [0, 2])
def test_one_reduction_for_each_update_and_nothing_else(steps, loss):
    """An update of the discriminator ahead is differentiated, and its gradient is reduced on the way back as well."""
    players = made(steps, batch_norm=False, loss=loss)
    batch = jnp.ones((BATCH, 2))
    state = players.init(jax.random.key(0), batch)
    program = over_devices(players.step).lower(jax.random.key(0), state, batch).compile().as_text()
    kinds = "all-reduce|all-gather|all-to-all|collective-permute|reduce-scatter|collective-broadcast"
    found = Counter(re.findall(rf" ({kinds})(?:-start)?\(", program))
    assert found == {"all-reduce": 2 if steps == 0 else 2 * steps + 1}
    # No device computes more than its own part of either half of the game.
    rows = {int(shape.split(",")[0]) for shape in re.findall(r" f32\[([\d,]+)\]\S* dot\(", program)}
    assert max(rows) <= max(BATCH // DEVICES, 8)


@pytest.mark.slow
@pytest.mark.parametrize("way", ["shard_map", "shard_map without check_vma", "pmap"])
@pytest.mark.parametrize("steps", [0, 2])
def test_a_step_in_a_mapped_axis_equals_the_step_of_the_whole_batch(x64, steps, way):
    """A gradient that is summed in the place of averaged hides behind Adam; the generator's optimizer here shows it."""

    def latent(key, shape, dtype):
        return jnp.tile(jnp.asarray(LATENTS, dtype), (shape[0] // len(LATENTS), 1))

    options = {"batch_norm": False, "latent_distribution": latent}
    whole, part = made(steps, **options), made(steps, axis_name="data", **options)
    state = begun(whole)
    if way == "pmap":
        mapped = jax.pmap(part.step, axis_name="data", in_axes=(None, None, 0), out_axes=None)

        def step(key, state, batch):
            return mapped(key, state, batch.reshape(DEVICES, -1, 2))
    else:
        specs = {"in_specs": (jax.P(), jax.P(), jax.P("data")), "out_specs": jax.P()}
        step = jax.jit(jax.shard_map(part.step, mesh=mesh(), check_vma=way == "shard_map", **specs))
    (one, info), (eight, mapped_info) = trained(jax.jit(whole.step), state, 3), trained(step, state, 3)
    assert_equal([one, eight])
    for name in ("generator_loss", "discriminator_loss", "generator_gradient_norm", "discriminator_gradient_norm"):
        np.testing.assert_allclose(getattr(mapped_info, name), getattr(info, name), rtol=1e-9)


@pytest.mark.slow
def test_every_device_draws_its_own_noise():
    players = made(0, batch_norm=False, axis_name="data", latent_distribution=jax.random.normal)
    state = players.init(jax.random.key(0), jnp.ones((BATCH, 2)))
    seen = []

    def step(key, state, batch):
        watched = made(0, batch_norm=False, axis_name="data", latent_distribution=draw)
        watched.step(key, state, batch)
        return seen[0]

    def draw(key, shape, dtype):
        seen.append(jax.random.normal(key, shape, dtype))
        return seen[-1]

    latents = jax.jit(
        jax.shard_map(step, mesh=mesh(), in_specs=(jax.P(), jax.P(), jax.P("data")), out_specs=jax.P("data"))
    )(jax.random.key(0), state, jnp.ones((BATCH, 2)))
    assert len(np.unique(np.asarray(latents)[:, 0])) == BATCH
