"""What the monitor counts while a run trains: the modes that a task labels, or clusters of any other data."""

from collections.abc import Callable
from typing import NamedTuple

import jax
import jax.numpy as jnp
import numpy as np
from sklearn.cluster import KMeans

from jaxgan.evaluation.modes import present
from jaxgan.types import Array, CentredModes, Finite, KnownModes, Stream, Task, as_batch

EXAMPLES, CLUSTERS, EXAMPLES_PER_CLUSTER = 2000, 20, 25


class MonitoredModes(NamedTuple):
    """Modes that are cheap enough to be counted inside a step.

    Attributes:
      assign: `assign(examples [n, ...]) -> [n]` int32, the mode in [0, k) of each, or -1 for none.
      names: of the `k` modes.
      expected: `[k]`, share of each in the data.
    """

    assign: Callable[[Array], Array]
    names: tuple[str, ...]
    expected: np.ndarray


def monitored_modes(task: Task | Stream) -> MonitoredModes | None:
    """Makes what the monitor counts.

    Those are the modes with a positive share of a task that labels its own, told by the nearest mean, near or far,
    where they have means; and otherwise the nearest of 20 clusters of the data, or of one for each 25 examples where
    there are fewer than 500. Clusters are found by k-means on the values of 2000 examples; their shares are measured on
    2000 others.

    Args:
      task: for a stream, whose examples are not at hand, None is returned.
    """
    if isinstance(task, Stream):
        return None
    if isinstance(task, KnownModes):
        numbers, shares, names = present(task)
        assign = _nearest(np.asarray(task.means)[numbers]) if isinstance(task, CentredModes) else _own(task, numbers)
        return MonitoredModes(assign, names, shares / shares.sum())
    first, second = (
        np.asarray(as_batch(task.sample(jax.random.key(seed), EXAMPLES)).data).reshape(EXAMPLES, -1) for seed in (0, 1)
    )
    count = max(1, min(CLUSTERS, task.size // EXAMPLES_PER_CLUSTER)) if isinstance(task, Finite) else CLUSTERS
    clusters = KMeans(min(count, len(np.unique(first, axis=0))), n_init="auto", random_state=0).fit(first)
    count = len(clusters.cluster_centers_)
    expected = np.bincount(clusters.predict(second), minlength=count) / EXAMPLES
    names = tuple(f"cluster {i}" for i in range(count))
    return MonitoredModes(_nearest(clusters.cluster_centers_), names, expected)


# `metrics.nearest_centre` computes close calls again, which takes longer than a step may.
def _nearest(centres: np.ndarray) -> Callable[[Array], Array]:
    flat = jnp.asarray(centres, jnp.float32).reshape(len(centres), -1)
    half = 0.5 * jnp.sum(flat**2, axis=1)

    def assign(examples: Array) -> Array:
        x = examples.reshape(examples.shape[0], -1).astype(jnp.float32)
        return jnp.argmax(x @ flat.T - half[None], axis=1).astype(jnp.int32)

    return assign


def _own(task: KnownModes, numbers: np.ndarray) -> Callable[[Array], Array]:
    places = np.full(task.modes + 1, -1, np.int32)  # the last one is for -1
    places[numbers] = np.arange(len(numbers))

    def assign(examples: Array) -> Array:
        return jnp.asarray(places)[task.label_of(examples)]

    return assign
