"""What every task promises, over a table of all of them that need no files."""

import jax
import jax.numpy as jnp
import numpy as np
import pytest

from jaxgan import data
from jaxgan.types import Batch

POINTS = np.arange(12, dtype=np.float32).reshape(4, 3)
PIXELS = np.arange(4 * 2 * 2, dtype=np.uint8).reshape(4, 2, 2, 1)

TASKS = {
    "ring": (data.ring, (2,)),
    "grid": (data.grid, (2,)),
    "embedded_mixture": (data.embedded_mixture, (1200,)),
    "spiral": (data.spiral, (2,)),
    "swiss_roll": (data.swiss_roll, (2,)),
    "stacked_digits": (data.stacked_digits, (8, 8, 3)),
    "arrays": (lambda: data.arrays(POINTS), (3,)),
    "arrays_uint8": (lambda: data.arrays(PIXELS, label=np.arange(4)), (2, 2, 1)),
}


@pytest.fixture(params=TASKS, scope="module")
def case(request):
    build, shape = TASKS[request.param]
    return build(), shape


def values(batch):
    return batch.data if isinstance(batch, Batch) else batch


def test_sample_is_draw_from_arrays(case, key):
    task, shape = case
    sample = task.sample(key, 5)
    assert values(sample).shape == (5, *shape)
    assert values(sample).dtype == jnp.float32
    assert np.isfinite(values(sample)).all()
    np.testing.assert_array_equal(values(sample), values(task.draw(task.arrays, jax.random.clone(key), 5)))
    assert isinstance(task.name, str) and task.name


def test_arrays_are_on_the_device(case):
    task, _ = case
    leaves = jax.tree.leaves(task.arrays)
    assert leaves
    assert all(isinstance(leaf, jax.Array) for leaf in leaves)


def test_jit_agrees_and_traces_once(case, key):
    task, _ = case
    traces = []

    def draw(arrays, key):
        traces.append(1)
        return task.draw(arrays, key, 5)

    jitted = jax.jit(draw)
    first, second = jax.random.split(key)
    drawn = values(jitted(task.arrays, first))
    other = values(jitted(task.arrays, second))
    np.testing.assert_allclose(drawn, values(task.sample(jax.random.clone(first), 5)), rtol=1e-5, atol=1e-6)
    assert not np.array_equal(drawn, other)
    assert len(traces) == 1


def test_vmap_over_keys_is_a_loop(case, key):
    task, _ = case
    keys = jax.random.split(key, 3)
    draw = jax.jit(task.draw, static_argnums=2)
    batched = values(jax.vmap(lambda key: draw(task.arrays, key, 5))(jax.random.clone(keys)))
    looped = [values(draw(task.arrays, key, 5)) for key in keys]
    np.testing.assert_allclose(batched, np.stack(looped), rtol=1e-5, atol=1e-6)


@pytest.mark.parametrize("build", [data.ring, data.grid, data.embedded_mixture, data.spiral, data.swiss_roll])
def test_dtype_follows_the_argument_and_x64(build, key):
    def eval_dtype(**options):
        task = build(**options)
        return jax.eval_shape(lambda arrays, key: task.draw(arrays, key, 2), task.arrays, key).dtype

    assert eval_dtype() == jnp.float32
    assert eval_dtype(dtype=jnp.bfloat16) == jnp.bfloat16
    with jax.enable_x64(True):
        assert eval_dtype() == jnp.float64
        assert eval_dtype(dtype=jnp.float32) == jnp.float32
