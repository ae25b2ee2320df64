"""Where the examples of a run come from: arrays on the devices, or batches from the host."""

import functools
import time
from collections.abc import Callable, Sequence
from typing import Any, NamedTuple

import jax
import jax.numpy as jnp
import numpy as np
from jax.sharding import Mesh

from jaxgan.training import placement
from jaxgan.types import Stream, Task, as_batch

KEPT_SAMPLES = 2500  # per seed in samples.npz; all that were asked for are measured
SAMPLE_IMAGES = 500  # drawn at a time


def _place(mesh: Mesh | None) -> Callable | None:
    """What brings a batch of a stream to the devices ahead of time.

    Where the devices are shared among seeds, nothing does: a device is to receive the batches of its own seeds only,
    which `seeds.vmapped` puts together on the host.
    """
    if mesh is None:
        return jax.device_put
    return (lambda batch: placement.divided(mesh, batch, placement.DATA)) if placement.all_share(mesh) else None


class Source(NamedTuple):
    """Where the examples of a run come from.

    Attributes:
      draw: the task's, or None for a stream.
      feeds: one function for each seed; see `seeds.Seeds`.
      streams: one iterator for each seed, or none.
      real: `[n, ...]`, real examples to compare with.
      images: whether an example is an image.
      waited: seconds that each seed has waited for its stream, which count up.
    """

    draw: Callable | None
    feeds: list[Callable]
    streams: list[Any]
    real: np.ndarray
    images: bool
    waited: list[float]


def check_finite(task: Task | Stream) -> None:
    """Raises ValueError if the arrays of a task hold NaN or infinity; of a stream nothing is read."""
    for leaf in jax.tree.leaves(() if isinstance(task, Stream) else task.arrays):
        if jnp.issubdtype(leaf.dtype, jnp.floating) and not bool(jnp.isfinite(leaf).all()):
            raise ValueError(f"the data of {task.name!r} hold NaN or infinity")


def source_of(task: Task | Stream, seeds: Sequence[int], examples: int, mesh: Mesh | None) -> Source:
    """Opens the source of a run.

    Args:
      task: a `types.Task`, or a `types.Stream`, of which each process reads its own part of every batch.
      seeds: numbers of the seeds; each has a stream of its own.
      examples: in what one step reads, over all processes.
      mesh: from `placement.mesh`, on all of whose devices a task's arrays are put; None for a single device.
    """
    images = task.kind == "images"
    if isinstance(task, Stream):
        real = np.asarray(as_batch(next(task.stream(SAMPLE_IMAGES, seed=0))).data)
        index, count = jax.process_index(), jax.process_count()
        options = {"process_index": index, "process_count": count, "place": _place(mesh)}
        streams = [task.stream(examples // count, seed=seed, **options) for seed in seeds]
        waited = [0.0 for _ in streams]

        def feed(i: int) -> Any:
            started = time.perf_counter()
            batch = next(streams[i])
            waited[i] += time.perf_counter() - started
            return batch

        feeds = [functools.partial(feed, i) for i in range(len(streams))]
        return Source(None, feeds, streams, real, images, waited)
    real = np.asarray(as_batch(task.sample(jax.random.key(0), KEPT_SAMPLES)).data)
    arrays = task.arrays if mesh is None else placement.replicated(mesh, task.arrays)
    return Source(task.draw, [lambda: arrays for _ in seeds], [], real, images, [])
