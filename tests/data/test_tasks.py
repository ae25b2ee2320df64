"""What every task promises, over a table of all of them that need no files."""

import jax
import jax.numpy as jnp
import numpy as np
import pytest

from jaxgan import data
from jaxgan.types import Batch, Classified, Finite, KnownModes, Stream
from tests.helpers import counted, jit

POINTS = np.arange(12, dtype=np.float32).reshape(4, 3)
PIXELS = np.arange(4 * 2 * 2, dtype=np.uint8).reshape(4, 2, 2, 1)

# How each is made, the shape of one example, its kind, and how many modes are known.
TASKS = {
    "ring": (data.ring, (2,), "points", 8),
    "grid": (data.grid, (2,), "points", 25),
    "embedded_mixture": (data.embedded_mixture, (1200,), "points", 10),
    "spiral": (data.spiral, (2,), "points", None),
    "swiss_roll": (data.swiss_roll, (2,), "points", None),
    "stacked_digits": (data.stacked_digits, (8, 8, 3), "images", 1000),
    "digits": (data.digits, (8, 8, 1), "images", 10),
    "digits_in_time": (data.digits_in_time, (24, 8), "sequences", 1000),
    "arrays": (lambda: data.arrays(POINTS), (3,), "points", 0),
    "arrays_uint8": (lambda: data.arrays(PIXELS, label=np.arange(4)), (2, 2, 1), "images", 4),
    "rows": (
        lambda: data.Examples("rows", "tables", jnp.asarray(POINTS), jnp.arange(4), True, tuple("abcd"), (1, 2)),
        (3,),
        "tables",
        4,
    ),
    "balanced": (lambda: data.balanced(data.arrays(PIXELS, label=np.array([0, 0, 0, 1]))), (2, 2, 1), "images", 2),
}


@pytest.fixture(params=TASKS, scope="module")
def case(request):
    build, shape, *_ = TASKS[request.param]
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


@pytest.mark.parametrize("name", TASKS)
def test_a_task_says_what_it_is(name):
    build, shape, kind, modes = TASKS[name]
    task = build()
    assert (task.shape, task.kind) == (shape, kind)
    if modes is None:
        assert not isinstance(task, KnownModes | Classified)
        return
    assert isinstance(task, KnownModes) != isinstance(task, Classified)
    assert task.modes == modes == len(task.shares)
    if modes:
        np.testing.assert_allclose(task.shares.sum(), 1, rtol=1e-6)
    assert len(task.names) in (0, modes)
    assert isinstance(task, Finite) == (name in ("digits", "arrays", "arrays_uint8", "rows", "balanced"))
    assert not isinstance(task, Stream)


@pytest.mark.parametrize("name", ["digits", "arrays", "arrays_uint8", "rows"])
def test_finite_examples_can_be_had_by_their_number(name):
    task = TASKS[name][0]()
    batch = task.at(np.array([1, 0, 1]))
    data = np.asarray(task.data)[[1, 0, 1]]
    np.testing.assert_allclose(batch.data, data / 127.5 - 1 if data.dtype == np.uint8 else data, atol=1e-6)
    assert (batch.label is None) == (name == "arrays")
    if batch.label is not None:
        np.testing.assert_array_equal(batch.label, np.asarray(task.labels)[[1, 0, 1]])


def test_arrays_are_on_the_device(case):
    task, _ = case
    leaves = jax.tree.leaves(task.arrays)
    assert leaves
    assert all(isinstance(leaf, jax.Array) for leaf in leaves)


@pytest.fixture(scope="module")
def compiled(case):
    """The compiled draw of five examples, and how often it was traced."""
    task, _ = case
    draw, traces = counted(lambda arrays, key: task.draw(arrays, key, 5))
    return jit(draw), traces


def test_jit_agrees_and_traces_once(case, compiled, key):
    (task, _), (jitted, traces) = case, compiled
    first, second = jax.random.split(key)
    drawn = values(jitted(task.arrays, first))
    other = values(jitted(task.arrays, second))
    np.testing.assert_allclose(drawn, values(task.sample(jax.random.clone(first), 5)), rtol=1e-5, atol=1e-6)
    assert not np.array_equal(drawn, other)
    assert len(traces) == 1


def test_vmap_over_keys_is_a_loop(case, compiled, key):
    (task, _), (draw, _) = case, compiled
    keys = jax.random.split(key, 3)
    batched = values(jit(jax.vmap(draw, (None, 0)))(task.arrays, jax.random.clone(keys)))
    looped = [values(draw(task.arrays, key)) for key in keys]
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
