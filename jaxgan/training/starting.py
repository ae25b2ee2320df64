"""What a run starts from: the states of another one."""

from pathlib import Path
from typing import Any, NamedTuple

import jax

from jaxgan.runs import folder
from jaxgan.runs.checkpoints import Checkpoints
from jaxgan.runs.examples import example_of
from jaxgan.runs.loading import Described, described, load
from jaxgan.runs.options import Run
from jaxgan.types import Model, Stream, Task


class Start(NamedTuple):
    """What a run starts from.

    Attributes:
      states: one for each seed; None for a run that starts by itself, or goes on from a checkpoint of its own.
      recorded: what `config.json` says of it: the step and the seeds of that run.
    """

    states: list[Any] | None
    recorded: dict[str, Any]


def start_of(model: Model, task: Task | Stream, batch_size: int, run: Run, directory: Path) -> Start:
    """Loads what a run starts from.

    Args:
      model: what is trained.
      task: what it is trained on.
      batch_size: examples in a minibatch.
      run: with `start_from`.
      directory: of the run that starts.

    Raises:
      ValueError: there is no such run, it has another number of seeds, or its networks are not those of the model.
    """
    if run.start_from is None or _goes_on(directory):
        return Start(None, {})
    option = f"--start-from {run.start_from}"
    try:
        source = load(run.start_from)
    except ValueError as error:
        raise ValueError(f"{option}: {error}") from error
    if len(source.states) != run.seeds:
        raise ValueError(
            f"{option} has {len(source.states)} seeds, and each starts one here: --seeds must be "
            f"{len(source.states)}, not {run.seeds}"
        )
    batch, key = example_of(task).batch(batch_size), jax.random.key(0)
    try:
        jax.eval_shape(lambda batch: model.init(key, batch, source.states[0]), batch)
    except ValueError as error:
        raise ValueError(f"{option}: {error}") from error
    return Start(source.states, {"started_from": {"step": source.step, "seeds": list(source.seeds)}})


def _goes_on(directory: Path) -> bool:
    with Checkpoints(directory / "checkpoints") as checkpoints:
        return bool(checkpoints.steps)


def described_start(run: Run) -> Described:
    """What the run that another one starts from was, by its own folder, or by that of the one that has started.

    Raises:
      ValueError: there is no such run.
    """
    assert run.start_from is not None
    own = folder.read_json(run.workdir / folder.CONFIG)
    options = own.get("options") if isinstance(own, dict) else None
    of_run = options.get("run") if isinstance(options, dict) else None
    if isinstance(of_run, dict) and of_run.get("start_from") == str(run.start_from):
        return described(run.workdir)
    try:
        return described(run.start_from)
    except ValueError as error:
        raise ValueError(f"--start-from {run.start_from}: {error}") from error
