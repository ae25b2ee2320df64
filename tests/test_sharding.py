"""The step is written for all devices at once: sharding its batch changes where it runs, not what it computes."""

import jax
import jax.numpy as jnp
import numpy as np
import optax
import pytest

from jaxgan import Unroll, gan, losses, networks, optimizers, packed, techniques


@pytest.mark.slow
def test_eight_devices_equal_one(x64):
    players = gan(
        generator=networks.mlp([8], out=2, batch_norm=True),
        discriminator=packed(networks.mlp([8], out=1), 2),
        loss=losses.minimax(),
        generator_optimizer=optax.adam(1e-2),
        discriminator_optimizer=optimizers.adam(1e-2),
        latent_dim=2,
        techniques=(techniques.r1(0.1),),
        unroll=Unroll(steps=2),
    )
    mesh = jax.make_mesh((8,), ("data",), axis_types=(jax.sharding.AxisType.Auto,))
    replicated, sharded = jax.NamedSharding(mesh, jax.P()), jax.NamedSharding(mesh, jax.P("data"))
    spread = jax.jit(players.step, in_shardings=(replicated, replicated, sharded), out_shardings=replicated)
    alone = jax.jit(players.step)
    key = jax.random.key(0)
    begun = players.init(key, jnp.ones((32, 2)))
    # Flax makes float32 parameters even here; in double precision rounding cannot hide a wrong reduction.
    begun = jax.tree.map(lambda a: a.astype(jnp.float64) if jnp.issubdtype(a.dtype, jnp.floating) else a, begun)
    states = [begun, begun]
    for i in range(4):
        batch = jax.random.normal(jax.random.key(i), (32, 2))
        states = [step(key, state, batch)[0] for step, state in zip((alone, spread), states, strict=True)]
    assert len(jax.tree.leaves(states[1].generator.params)[0].sharding.device_set) == 8
    for one, eight in zip(*(jax.tree.leaves((s.generator, s.discriminator)) for s in states), strict=True):
        np.testing.assert_allclose(eight, one, rtol=1e-9, atol=1e-9)
