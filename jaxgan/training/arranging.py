"""How the seeds of a run are trained on this machine: in turn or side by side, in loops or by single steps."""

from collections.abc import Sequence

import jax
import numpy as np
from jax.sharding import Mesh

from jaxgan.backend import in_force
from jaxgan.runs.examples import turns
from jaxgan.runs.options import Run
from jaxgan.training import placement
from jaxgan.training.seeds import Programs, Seeds, in_turn, programs, vmapped
from jaxgan.training.sources import SAMPLE_IMAGES, Source
from jaxgan.types import Classified, KnownModes, Model, Stream, Task

SAMPLE_POINTS = 2500  # drawn at a time, and as many images as SAMPLE_IMAGES


def mesh_of(run: Run, batch_size: int, pack: int) -> Mesh | None:
    """The mesh that a run is put on; None for a single device."""
    wanted = in_force().wants_mesh(jax.device_count(), jax.process_count())
    if run.seed_axis == "mesh" or (run.seed_axis == "auto" and wanted):
        return placement.mesh(run.seeds, batch_size, pack)
    return None


def loops(model: Model, source: Source, batch_size: int) -> bool:
    """Whether many steps are one program with a loop, or each is a program of its own.

    A program takes its temporary memory from the system anew whenever it starts: single steps of a DCGAN take 1.3 times
    as long on a CPU. But the batches of a stream come from outside of the program, and the derivatives of XLA's own
    convolutions are slow inside a loop on a CPU, where `networks.convolution` is made of products.
    """
    if (draw := source.draw) is None:
        return False
    if not (slow := in_force().slow_in_loops) or not source.images:
        return True
    key = jax.random.key(0)
    batch = jax.eval_shape(lambda arrays: draw(arrays, key, batch_size), source.feeds[0]())
    traced = jax.make_jaxpr(model.step)(key, jax.eval_shape(model.init, key, batch), batch)
    return not any(primitive in str(traced) for primitive in slow)


def labels_of(model: Model, task: Task | Stream, n: int) -> np.ndarray | None:
    """`[n]` int32, the classes that a conditional model is asked for, as often as the task draws them; None without."""
    if not model.conditional:
        return None
    if not isinstance(task, KnownModes | Classified):
        raise ValueError(f"a conditional model needs data with classes, which {task.name!r} has not")
    return turns(task.shares, n)


def several_of(
    model: Model,
    source: Source,
    batch_size: int,
    run: Run,
    seeds: Sequence[int],
    mesh: Mesh | None,
    labels: np.ndarray | None,
    length: int,
) -> tuple[Seeds, Programs]:
    """The seeds, trained in turn or all in one program, and the programs of one."""
    chunk = SAMPLE_IMAGES if source.images else SAMPLE_POINTS
    program = programs(model, source.draw, batch_size, length, chunk, mesh, labels, run.on_not_finite == "skip")
    if mesh is not None:
        of_all = vmapped(
            program,
            seeds,
            shared_feed=not source.streams,
            mesh=mesh,
            divide_optimizer=run.divide_optimizer,
            apart=source.images,
        )
        return of_all, program
    if run.seed_axis == "turn" or (run.seed_axis == "auto" and in_force().takes_turns(len(seeds))):
        return in_turn(program, seeds), program
    return vmapped(program, seeds, shared_feed=not source.streams), program
