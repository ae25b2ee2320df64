"""`fit(...)`: the loop around a model, with logging, evaluation, checkpoints and the files that a run leaves behind."""

import signal
import sys
import threading
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import jax
import numpy as np
from jax.sharding import Mesh
from tqdm import tqdm

from jaxgan.backend import in_force, processes
from jaxgan.diagnosis import alarms
from jaxgan.evaluation import Evaluation, MonitoredModes
from jaxgan.runs import folder
from jaxgan.runs.checkpoints import Checkpoints
from jaxgan.runs.options import Run
from jaxgan.runs.summary import Summary, write_summary
from jaxgan.training import placement
from jaxgan.training.results import finished, summarized
from jaxgan.training.seeds import Seeds, in_turn, programs, turns, vmapped
from jaxgan.training.sources import KEPT_SAMPLES, SAMPLE_IMAGES, Source, check_finite, source_of
from jaxgan.training.starting import start_of
from jaxgan.types import Batch, Classified, KnownModes, Model, Stream, Task

COUNTED_SECONDS = ("train_seconds", "compile_seconds", "waited_seconds")
LOGGED_MODES = 100  # counts of more are not logged, only summed up at the end
SNAPSHOT_POINTS, SNAPSHOT_IMAGES = 512, 36
SAMPLE_POINTS = 2500  # drawn at a time, and as many images as SAMPLE_IMAGES
KEPT_CHECKPOINTS = 2
KEPT_FOR_ALARMS = 5  # when alarms use them, since they are noticed some time after what they are about


class Interrupted(Exception):
    """The run was told to stop, and saved a checkpoint first; the same command continues it."""


@contextmanager
def _stop_signal() -> Iterator[threading.Event]:
    """An event that SIGTERM sets, so that a preempted machine can still save a checkpoint."""
    stop = threading.Event()
    # On many hosts JAX itself catches SIGTERM, and all processes agree on a step (`processes.preempted`).
    if threading.current_thread() is not threading.main_thread() or jax.process_count() > 1:
        yield stop
        return
    before = signal.signal(signal.SIGTERM, lambda *_: stop.set())
    try:
        yield stop
    finally:
        signal.signal(signal.SIGTERM, before)


def _line(step: int, seed: int, info: Any, measured: Mapping[str, Any]) -> dict[str, Any]:
    line = {"step": step, "seed": seed, **jax.device_get(info)._asdict(), **measured}
    return {name: x for name, x in line.items() if not isinstance(x, np.ndarray) or x.size <= LOGGED_MODES}


def fit(
    model: Model,
    task: Task | Stream,
    evaluation: Evaluation,
    *,
    directory: Path,
    config: Mapping[str, Any],
    steps: int,
    batch_size: int,
    run: Run,
    watched: MonitoredModes | None = None,
    pack: int = 1,
) -> Summary:
    """Trains a model from several seeds and writes the files of a run into a folder.

    If the folder holds an unfinished run of the same configuration, it is continued from its last checkpoint and ends
    exactly as it would have; a finished one of as many steps is only read, one of fewer goes on to `steps`. Going on is
    the same as having asked for all of them at first, unless the model has schedules that end with the run. Only the
    beginning of a run that starts from another (`run.start_from`) reads that.

    Args:
      model: what is trained; only what `types.Model` says is asked of it.
      task: a `types.Task`, or a `types.Stream`.
      evaluation: what is measured.
      directory: where the run goes.
      config: what goes into `config.json`: `experiment`, `arm`, `options` and whatever else is worth knowing.
      steps: of the model; of a GAN, generator updates.
      batch_size: real examples in a minibatch.
      run: seeds, samples and intervals.
      watched: the modes that a GAN's technique `alarms.watch` counts, if it has one.
      pack: examples that the discriminator judges together; devices share a minibatch by whole packs.

    Returns:
      How the run ended, which is what `summary.json` holds.

    Raises:
      ValueError: the folder holds something else, or a run of more steps, options do not fit, the data hold NaN, or
        there is no run to start from that fits.
      Interrupted: SIGTERM arrived, or an alarm with `run.on_alarm` "stop".
    """
    every_log, every_evaluation, every_checkpoint = run.intervals(steps)
    check_finite(task)
    start = start_of(model, task, batch_size, run, directory)
    folder.claim(directory, {**config, **start.recorded}, accept_changes=run.accept_changes)
    processes.meet("claimed")
    if (summary := finished(directory, steps, processes.say)) is not None:
        return summary

    seeds = range(run.first_seed, run.first_seed + run.seeds)
    mesh = _mesh(run, batch_size, pack)
    source = source_of(task, seeds, model.minibatches * batch_size, mesh)
    classes = _classes(model, task)
    length = every_log if _loops(model, source, batch_size) else 1
    several = _several(model, source, batch_size, run, seeds, length, mesh, classes)
    single = several if steps % length == 0 else _several(model, source, batch_size, run, seeds, 1, mesh, classes)
    title = " / ".join(filter(None, (config["experiment"], config["arm"])))

    keep = KEPT_FOR_ALARMS if run.on_alarm in ("checkpoint", "roll_back") else KEPT_CHECKPOINTS
    kept = Checkpoints(directory / "checkpoints", keep=keep, every=every_checkpoint)
    with kept as checkpoints, _stop_signal() as stop:
        states, progress = _begun(checkpoints, several, single, source, start.states)
        step = progress["step"]
        folder.rewind(directory, step)
        processes.meet("rewound")
        detectors = _detectors(directory, seeds, watched)

        def evaluate() -> tuple[np.ndarray, list[dict[str, Any]]]:
            samples = several.sample(states, run.samples)
            labels = None if classes is None else turns(run.samples, classes)
            return samples, [evaluation.measure(Batch(of_seed, labels)) for of_seed in samples]

        samples: np.ndarray | None = None
        measured: list[dict[str, Any]] = []
        bar = _bar(title, step, steps)
        while step < steps:
            started, waited = time.perf_counter(), max(source.waited, default=0.0)
            ahead = min(every_log, steps - step)
            part = several if ahead == every_log else single
            states, infos = part.advance(states, source.feeds, ahead // part.length)
            progress["waited_seconds"] += max(source.waited, default=0.0) - waited
            progress["train_seconds"] += time.perf_counter() - started
            progress["step"] = step = step + ahead
            bar.update(ahead)
            measured = [{} for _ in seeds]
            if step % every_evaluation == 0 or step == steps:
                samples, measured = evaluate()
                shown = SNAPSHOT_IMAGES if source.images else SNAPSHOT_POINTS
                folder.add_snapshot(directory, step, samples[:, :shown])
                _show(bar, title, step, steps, progress["train_seconds"], measured)
            lines = [_line(step, *of_seed) for of_seed in zip(seeds, infos, measured, strict=True)]
            alarmed: list[list[alarms.Alarm]] = []
            if run.on_alarm != "off":
                if watched is not None:
                    _add_windows(lines, several.each(states))
                alarmed = [_raise_alarms(line, detectors[line["seed"]]) for line in lines]
            if run.on_alarm == "roll_back":
                states = _roll_back_all(several, states, checkpoints, alarmed, lines)
            folder.log(directory, lines)
            if step == every_log and not source.streams and model.effects is not None:
                progress["silent_techniques"] = _silent(model.effects, task, several.each(states)[0], batch_size)
            halted = run.on_alarm == "stop" and any(alarmed)
            wanted = run.on_alarm == "checkpoint" and any(alarmed)
            stopped = stop.is_set() or processes.preempted(step)
            if step % every_checkpoint == 0 or step == steps or stopped or halted or wanted:
                progress["positions"] = [stream.get_state() for stream in source.streams]
                checkpoints.save(step, several.stacked(states), progress)
            if (stopped or halted) and step < steps:
                why = "" if stopped else " by an alarm"
                raise Interrupted(f"{title} stopped at step {step} of {steps}{why}; the same command continues it")
        bar.close()
        if samples is None:  # killed after its last checkpoint
            samples, measured = evaluate()
    kept = {"samples": samples[:, :KEPT_SAMPLES], "real": source.real, "kind": np.array(task.kind)}
    folder.write_arrays(directory / folder.SAMPLES, **kept)
    summary = summarized(config, task, steps, seeds, measured, samples, evaluation, progress, watched)
    write_summary(directory, summary)
    processes.meet("written")
    return summary


def _begun(
    checkpoints: Checkpoints, several: Seeds, single: Seeds, source: Source, starts: list[Any] | None
) -> tuple[Any, dict[str, Any]]:
    """Compiles; the states and the progress of the newest checkpoint, where the streams go too, or at the start."""
    started = time.perf_counter()
    states = several.begin(source.feeds, starts)
    for part in (several, single):
        part.compile(states, source.feeds)
    seconds = time.perf_counter() - started
    progress: dict[str, Any] = {"step": 0, **dict.fromkeys(COUNTED_SECONDS, 0.0), "silent_techniques": []}
    like = several.stacked(states)
    if (found := checkpoints.newest(lambda step: checkpoints.restore(like, step), processes.say)) is not None:
        stacked, progress = found
        for stream, position in zip(source.streams, progress["positions"], strict=True):
            stream.set_state(position)
        states = several.unstacked(stacked)
    progress["compile_seconds"] += seconds
    return states, progress


def _detectors(directory: Path, seeds: Sequence[int], watched: MonitoredModes | None) -> dict[int, alarms.Detector]:
    """One for each seed, which has seen what was logged so far."""
    names, expected = ((), ()) if watched is None else watched[1:]
    detectors = {seed: alarms.Detector(names, expected) for seed in seeds}
    for line in folder.read_lines(directory):
        detectors[line["seed"]].see(line)
    return detectors


def _add_windows(lines: Sequence[dict[str, Any]], states: Sequence[Any]) -> None:
    """Adds to each seed's line what the monitor has counted."""
    for line, of_seed in zip(lines, states, strict=True):
        line["window"] = alarms.seen(of_seed.techniques[alarms.NAME])


def _bar(title: str, step: int, steps: int) -> tqdm:
    hidden = not (sys.stderr.isatty() and processes.is_first())
    return tqdm(total=steps, initial=step, desc=title, unit="step", disable=hidden)


def _mesh(run: Run, batch_size: int, pack: int) -> Mesh | None:
    wanted = in_force().wants_mesh(jax.device_count(), jax.process_count())
    if run.seed_axis == "mesh" or (run.seed_axis == "auto" and wanted):
        return placement.mesh(run.seeds, batch_size, pack)
    return None


def _loops(model: Model, source: Source, batch_size: int) -> bool:
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


def _classes(model: Model, task: Task | Stream) -> int | None:
    """How many classes a conditional model is asked for in turn; None for another one."""
    if not model.conditional:
        return None
    if not isinstance(task, KnownModes | Classified):
        raise ValueError(f"a conditional model needs data with classes, which {task.name!r} has not")
    return task.modes


def _several(
    model: Model,
    source: Source,
    batch_size: int,
    run: Run,
    seeds: Sequence[int],
    length: int,
    mesh: Mesh | None,
    classes: int | None,
) -> Seeds:
    chunk = SAMPLE_IMAGES if source.images else SAMPLE_POINTS
    program = programs(model, source.draw, batch_size, length, chunk, mesh, classes)
    if mesh is not None:
        shared = not source.streams
        return vmapped(program, seeds, shared_feed=shared, mesh=mesh, divide_optimizer=run.divide_optimizer)
    if run.seed_axis == "turn" or (run.seed_axis == "auto" and in_force().takes_turns(len(seeds))):
        return in_turn(program, seeds)
    return vmapped(program, seeds, shared_feed=not source.streams)


def _show(bar: tqdm, title: str, step: int, steps: int, seconds: float, measured: Sequence[Mapping[str, Any]]) -> None:
    modes = " ".join(str(int(m["modes"])) for m in measured if "modes" in m)
    if bar.disable:
        left = f"{seconds / step * (steps - step):.0f} s left"
        parts = [f"{title}: step {step} of {steps}", f"{step / max(seconds, 1e-9):.0f} steps/s", left]
        if processes.is_first():
            print(", ".join(parts + [f"modes {modes}"] * bool(modes)), file=sys.stderr, flush=True)
    elif modes:
        bar.set_postfix_str(f"modes {modes}")


def _raise_alarms(line: dict[str, Any], detector: alarms.Detector) -> list[alarms.Alarm]:
    """Adds the alarms that a seed's line raises to it, and says them."""
    found = detector.see(folder.plain(line))
    if found:
        line["alarms"] = [alarm._asdict() for alarm in found]
    for alarm in found:
        processes.say(f"alarm at step {alarm.step}, seed {line['seed']}: {alarm.sentence}")
    return found


def _roll_back_all(
    several: Seeds,
    states: Any,
    checkpoints: Checkpoints,
    alarmed: Sequence[Sequence[alarms.Alarm]],
    lines: Sequence[dict[str, Any]],
) -> Any:
    """Rolls every seed back that raised an alarm, and says so in its line."""
    for i, of_seed in enumerate(alarmed):
        if of_seed:
            states, lines[i]["rolled_back_to"] = _roll_back(several, states, i, checkpoints, of_seed)
    return states


def _roll_back(
    several: Seeds, states: Any, i: int, checkpoints: Checkpoints, alarmed: Sequence[alarms.Alarm]
) -> tuple[Any, int | None]:
    """Takes the players of seed i back to the last checkpoint from before the alarms; returns its step, None if none.

    The step count goes on, so that new batches and new noise follow: the old ones would lead to the same end.
    """
    healthy = checkpoints.last(min(alarm.since for alarm in alarmed))
    if healthy is None:
        processes.say("no checkpoint from before the alarm is left; nothing is rolled back")
        return states, None
    now = several.stacked(states)
    before, _ = checkpoints.restore(now, healthy)

    def rolled(now: Any, before: Any) -> Any:
        return jax.tree.map(lambda a, b: a.at[i].set(b[i]), now, before._replace(step=now.step))

    where = jax.tree.map(lambda a: a.sharding, now)
    processes.say(f"the players of that seed are back at step {healthy}")
    return several.unstacked(jax.jit(rolled, out_shardings=where)(now, before)), healthy


def _silent(effects_of: Callable[..., Mapping[str, Any]], task: Any, state: Any, batch_size: int) -> list[str]:
    """Names, and warns of, the techniques that change nothing."""
    key = jax.random.key(0)
    effects = jax.jit(lambda arrays, state: effects_of(key, state, task.draw(arrays, key, batch_size)))
    silent = [name for name, effect in effects(task.arrays, state).items() if effect < 1e-6]
    for name in silent:
        processes.say(f"warning: the technique {name} changes nothing; is its number zero?")
    return silent
