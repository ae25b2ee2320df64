"""A sweep: learning rates, strengths and seeds in one vmapped program equal the runs one by one."""

import jax
import jax.numpy as jnp
import numpy as np
import pytest

import jaxgan
from jaxgan import losses, optimizers, techniques
from tests.helpers import counted, jit, perceptron

WEIGHTS, RATES, SEEDS = jnp.array([0.0, 0.01, 0.03, 0.1, 0.3, 1.0, 3.0, 10.0]), jnp.array([3e-4, 1e-3, 3e-3, 1e-2]), 2


def trained(weight, rate, seed, steps=3):
    """Both players' parameters and the last report."""
    gan = jaxgan.gan(
        generator=perceptron([4], out=2),
        discriminator=perceptron([5], out=1),
        loss=losses.non_saturating(),
        generator_optimizer=optimizers.adam(rate),
        discriminator_optimizer=optimizers.adam(rate),
        latent_dim=3,
        techniques=(techniques.r1(weight), techniques.mode_seeking(0.1 * weight)),
        average=1.0 - rate,
    )
    key = jax.random.key(seed)
    batch = jax.random.normal(jax.random.key(5), (8, 2)) + 1.0
    state, info = gan.init(key, batch), None
    for _ in range(steps):
        state, info = gan.step(key, state, batch)
    return state.generator.params, state.discriminator.params, state.average, info


@pytest.mark.slow
def test_one_program_of_sixty_four_runs_equals_each_alone():
    function, traces = counted(trained)
    over_seeds = jax.vmap(function, (None, None, 0))
    sweep = jit(jax.vmap(jax.vmap(over_seeds, (None, 0, None)), (0, None, None)))
    together = sweep(WEIGHTS, RATES, jnp.arange(SEEDS))
    assert len(traces) == 1
    alone = jit(trained)
    for i, weight in enumerate(WEIGHTS):
        for j, rate in enumerate(RATES):
            for seed in range(SEEDS):
                one = alone(weight, rate, seed)
                for a, b in zip(jax.tree.leaves(together), jax.tree.leaves(one), strict=True):
                    np.testing.assert_allclose(a[i, j, seed], b, rtol=2e-4, atol=2e-6)


def test_states_that_are_initialised_under_vmap_are_strongly_typed():
    """So that the first step compiles as all later ones do."""

    def begun(rate):
        gan = jaxgan.gan(
            generator=perceptron([4], out=2),
            discriminator=perceptron([5], out=1),
            loss=losses.non_saturating(),
            generator_optimizer=optimizers.adam(rate),
            discriminator_optimizer=optimizers.adam(rate),
            latent_dim=3,
            techniques=(techniques.replay(8), techniques.instance_noise(0.1, steps=4)),
        )
        return gan.init(jax.random.key(0), jnp.ones((8, 2)))

    state = jax.eval_shape(jax.vmap(begun), RATES)
    assert not [leaf for leaf in jax.tree.leaves(state) if leaf.weak_type]
