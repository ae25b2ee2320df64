"""How a run begins: its programs compiled, and the newest checkpoint restored; nothing is written yet."""

import functools
import time
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np

from jaxgan.evaluation import Evaluation, MonitoredModes
from jaxgan.runs import folder
from jaxgan.runs.checkpoints import Checkpoints
from jaxgan.runs.claiming import Claim, Lock
from jaxgan.runs.options import Run
from jaxgan.training.arranging import labels_of, loops, mesh_of, several_of
from jaxgan.training.callbacks import Callback
from jaxgan.training.seeds import Programs, Seeds
from jaxgan.training.sources import Source, source_of
from jaxgan.training.stopping import stop_if_told
from jaxgan.training.watching import restored
from jaxgan.types import Model, Stream, Task

COUNTED_SECONDS = ("train_seconds", "compile_seconds", "waited_seconds")
KEPT_CHECKPOINTS = 2
KEPT_FOR_ALARMS = 5  # when alarms use them, since they are noticed some time after what they are about


class Plan(NamedTuple):
    """What a run is asked for.

    Attributes:
      model: what is trained.
      task: on what.
      evaluation: what is measured.
      steps: of the model.
      batch_size: real examples in a minibatch.
      run: seeds, samples and intervals.
      watched: the modes that are counted inside the step, or None.
      pack: examples that the discriminator judges together.
      starts: a state for each seed to start from, or None.
      callbacks: are called after each logging point.
    """

    model: Model
    task: Task | Stream
    evaluation: Evaluation
    steps: int
    batch_size: int
    run: Run
    watched: MonitoredModes | None
    pack: int
    starts: list[Any] | None
    callbacks: Sequence[Callback] = ()

    @property
    def seeds(self) -> range:
        """Numbers of the seeds."""
        return range(self.run.first_seed, self.run.first_seed + self.run.seeds)


class Course(NamedTuple):
    """A run that is about to train.

    Attributes:
      plan: what is asked for.
      title: for people.
      config: what `config.json` holds.
      lock: on its folder.
      source: of its examples.
      labels: of the samples of a conditional model; None for another one.
      several: the seeds, by the program of as many steps as are between two lines, or by single steps.
      single: the same by single steps, where these are needed.
      by: `by(length) -> (Seeds, Programs)`, makes such programs.
      checkpoints: its checkpoints.
      states: from which it goes on.
      progress: what is kept beside them: step, seconds, silent techniques, and the positions of streams.
      origin: positions of the streams before anything was read.
      first: their positions at step 0.
    """

    plan: Plan
    title: str
    config: Mapping[str, Any]
    lock: Lock
    source: Source
    labels: np.ndarray | None
    several: Seeds
    single: Seeds
    by: Callable[[int], tuple[Seeds, Programs]]
    checkpoints: Checkpoints
    states: Any
    progress: dict[str, Any]
    origin: list[Any]
    first: list[Any]

    @property
    def directory(self) -> Path:
        """Folder of the run."""
        return self.lock.directory


def begin(plan: Plan, lock: Lock, claimed: Claim) -> Course:
    """Compiles, and restores the newest checkpoint; writes nothing, so that what does not fit stays as it is.

    Raises:
      ValueError: no checkpoint can be used, or none is there of a run that went on beyond its first ones.
      Interrupted: a signal to stop arrived.
    """
    run, model = plan.run, plan.model
    every_log, _, every_checkpoint = run.intervals(plan.steps)
    title = " / ".join(filter(None, (claimed.config["experiment"], claimed.config["arm"])))
    mesh = mesh_of(run, plan.batch_size, plan.pack)
    source = source_of(plan.task, plan.seeds, model.minibatches * plan.batch_size, mesh)
    labels = labels_of(model, plan.task, run.samples)
    by = functools.partial(several_of, model, source, plan.batch_size, run, plan.seeds, mesh, labels)
    length = every_log if loops(model, source, plan.batch_size) else 1
    several, _ = by(length)
    keep = KEPT_FOR_ALARMS if "roll_back" in (run.on_alarm, run.on_not_finite) else KEPT_CHECKPOINTS
    checkpoints = Checkpoints(lock.directory / "checkpoints", keep=keep, every=every_checkpoint)
    stop_if_told(f"{title} stopped before it began; the same command begins it")
    started = time.perf_counter()
    origin = positions(source)
    states = several.begin(source.feeds, plan.starts)
    progress: dict[str, Any] = {"step": 0, **dict.fromkeys(COUNTED_SECONDS, 0.0), "silent_techniques": []}
    if (found := restored(checkpoints, several.stacked(states))) is not None:
        stacked, progress = found
        states = several.unstacked(stacked)
    _check_step(lock.directory, None if found is None else progress["step"], plan.steps, every_checkpoint)
    several.compile(states, source.feeds)
    single = several if plan.steps % length == progress["step"] % length == 0 else by(1)[0]
    single.compile(states, source.feeds)
    first = positions(source)  # as it is after any beginning, since compiling reads too
    progress.setdefault("positions", first)
    go_to(source, progress["positions"])
    progress["compile_seconds"] += time.perf_counter() - started
    stop_if_told(f"{title} stopped at step {progress['step']} of {plan.steps}; the same command continues it")
    made = (source, labels, several, single, by, checkpoints)
    return Course(plan, title, claimed.config, lock, *made, states, progress, origin, first)


def positions(source: Source) -> list[Any]:
    """Where the streams are."""
    return [stream.get_state() for stream in source.streams]


def go_to(source: Source, positions: list[Any]) -> None:
    """Takes the streams to where they were."""
    for stream, position in zip(source.streams, positions, strict=True):
        stream.set_state(position)


def _check_step(directory: Path, step: int | None, steps: int, every_checkpoint: int) -> None:
    """Raises ValueError for a run that is beyond its end, or of which more is left than could be trained again."""
    if step is not None and step > steps:
        raise ValueError(f"{directory} holds a run that is at step {step}, beyond the {steps} asked for")
    if step is None:
        logged = max((line["step"] for line in folder.read_lines(directory)), default=0)
        if logged > 2 * every_checkpoint or (directory / folder.SUMMARY).exists():
            raise ValueError(
                f"{directory} holds a run that came to step {logged}, but none of its checkpoints: put them back into "
                f"{directory / 'checkpoints'}, or choose another --workdir"
            )
