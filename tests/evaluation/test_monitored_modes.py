"""What the monitor counts: nearest means, what a task labels itself, or clusters."""

from types import SimpleNamespace

import jax
import jax.numpy as jnp
import numpy as np

from jaxgan import data
from jaxgan.evaluation import monitored_modes


def test_the_nearest_mean_counts_near_or_far():
    task = data.ring(4, weights=[1, 0, 2, 1])
    modes = monitored_modes(task)
    assert modes is not None
    assert modes.names == (task.names[0], task.names[2], task.names[3])
    np.testing.assert_allclose(modes.expected, [0.25, 0.5, 0.25])
    samples = np.random.default_rng(0).normal(size=(200, 2)).astype(np.float32)
    distances = np.linalg.norm(samples[:, None] - np.asarray(task.means)[None, [0, 2, 3]], axis=2)
    np.testing.assert_array_equal(jax.jit(modes.assign)(samples), distances.argmin(axis=1))


def test_a_task_without_means_is_asked_for_its_labels():
    task = SimpleNamespace(
        modes=3,
        names=("low", "never", "high"),
        shares=np.array([0.5, 0.0, 0.5]),
        label_of=lambda x: jnp.where(jnp.abs(x[:, 0]) < 1, -1, jnp.where(x[:, 0] < 0, 0, 2)).astype(jnp.int32),
    )
    modes = monitored_modes(task)
    assert modes is not None and modes.names == ("low", "high") and modes.expected.tolist() == [0.5, 0.5]
    assert jax.jit(modes.assign)(jnp.array([[-2.0], [0.0], [3.0]])).tolist() == [0, -1, 1]


def test_other_data_by_clusters_and_a_stream_not_at_all():
    modes = monitored_modes(data.digits_in_time(1))
    assert modes is not None and len(modes.names) == 20 and abs(modes.expected.sum() - 1) < 1e-9
    stream = SimpleNamespace(name="stream", kind="images", shape=(8, 8, 1), stream=lambda *arguments, **options: None)
    assert monitored_modes(stream) is None


def test_few_examples_are_few_clusters():
    points = np.random.default_rng(0).normal(size=(80, 2))
    modes = monitored_modes(data.arrays(points))
    assert modes is not None and len(modes.names) == 3 and modes.expected.min() > 0.05
    modes = monitored_modes(data.arrays(np.repeat(np.eye(2), 40, axis=0)))
    assert modes is not None and len(modes.names) == 2
