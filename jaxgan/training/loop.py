"""`fit(...)`: the loop around a model, with logging, evaluation, checkpoints and the files that a run leaves behind."""

import contextlib
import sys
import time
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any

import jax
import numpy as np
from tqdm import tqdm

from jaxgan.backend import processes
from jaxgan.diagnosis import alarms
from jaxgan.evaluation import Evaluation, MonitoredModes
from jaxgan.runs import folder
from jaxgan.runs.claiming import claim, locked, record
from jaxgan.runs.options import Run
from jaxgan.runs.summary import Summary, write_summary
from jaxgan.training.beginning import Course, Plan, begin, go_to, positions
from jaxgan.training.callbacks import Callback, Point, tensorboard
from jaxgan.training.divergence import keep_step
from jaxgan.training.health import Health, both, healthy, not_finite, quantities
from jaxgan.training.results import finished, summarized
from jaxgan.training.sources import KEPT_SAMPLES, check_finite
from jaxgan.training.starting import start_of
from jaxgan.training.stopping import Interrupted, heeding_signals, interrupted, told_to_stop
from jaxgan.training.watching import add_windows, detectors_of, raise_alarms, restored, roll_back
from jaxgan.types import Batch, Model, Stream, Task

HEEDED_WITHIN = 5.0  # seconds, about, of single steps until a signal is looked at
LOGGED_MODES = 100  # counts of more are not logged, only summed up at the end
SNAPSHOT_POINTS, SNAPSHOT_IMAGES = 512, 36


def _line(step: int, seed: int, info: Any, bad: Mapping[str, Any] | None) -> dict[str, Any]:
    line = {"step": step, "seed": seed, **jax.device_get(info)._asdict()}
    return line if bad is None else {**line, "not_finite": bad}


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
    files: Mapping[str, Any] = {},
    callbacks: Sequence[Callback] = (),
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
      files: further JSON files that the folder gets before training, by name.
      callbacks: are called in order after each logging point, see `callbacks.Callback`.

    Returns:
      How the run ended, which is what `summary.json` holds.

    Raises:
      ValueError: the folder holds something else, is in use, or holds a run of more steps; options or checkpoints do
        not fit; the data hold NaN; or there is no run to start from that fits. What the folder holds stays as it is.
      FileProblem: a file cannot be read or written; the last checkpoint is whole.
      Interrupted: SIGTERM or SIGINT arrived, an alarm with `run.on_alarm` "stop", or a number that is not finite with
        `run.on_not_finite` "stop".
    """
    check_finite(task)
    start = start_of(model, task, batch_size, run, directory)
    config = {**config, **start.recorded}
    with contextlib.ExitStack() as stack:
        if run.tensorboard:
            callbacks = (*callbacks, stack.enter_context(tensorboard(directory / "tensorboard")))
        plan = Plan(model, task, evaluation, steps, batch_size, run, watched, pack, start.states, callbacks)
        stack.enter_context(heeding_signals())
        claimed = claim(directory, config, accept_changes=run.accept_changes)
        if not claimed.changed and (summary := finished(directory, steps, processes.say)) is not None:
            return summary
        with locked(directory) as lock:
            claimed = claim(directory, config, accept_changes=run.accept_changes)  # others may have been here
            processes.meet("claimed")
            course = begin(plan, lock, claimed)
            if claimed.surroundings:
                processes.say(f"{directory} goes on with {claimed.surroundings}; results may be rounded otherwise")
            with course.checkpoints:
                record(claimed, course.progress["step"])
                for name, content in files.items():
                    folder.write_json(directory / name, content)
                return _train(course)


def _train(course: Course) -> Summary:
    """Trains to the end, and writes the files of the run."""
    plan, directory, progress, several = course.plan, course.directory, course.progress, course.several
    run, steps, seeds = plan.run, plan.steps, plan.seeds
    every_log, every_evaluation, every_checkpoint = run.intervals(steps)
    states, step, checkpoints = course.states, progress["step"], course.checkpoints
    if step < steps:
        folder.forget_end(directory)
    lines = folder.rewind(directory, step, seeds, every_log, progress.get("metrics", ""))
    processes.meet("rewound")
    detectors = detectors_of(lines, seeds, plan.watched) if run.on_alarm != "off" else {}
    samples: np.ndarray | None = None
    measured: list[dict[str, Any]] = []
    bar = _bar(course.title, step, steps)
    while step < steps:
        ahead = min(every_log - step % every_log, steps - step)
        states, infos, healths, taken = _advance(course, states, ahead)
        progress["step"] = step = step + taken
        bar.update(taken)
        course.lock.check()
        checkpoints.check()
        if taken < ahead:
            raise _stopped(course, states, "")
        diverged = _diverged(course, states, infos, healths)
        lines = [_line(step, *of_seed) for of_seed in zip(seeds, infos, diverged, strict=True)]
        if any(diverged):
            states = _recover(course, states, ahead, lines, detectors)
        if evaluated := step % every_evaluation == 0 or step == steps:
            samples, measured = _evaluate(course, states)
            shown = SNAPSHOT_IMAGES if course.source.images else SNAPSHOT_POINTS
            folder.add_snapshot(directory, step, samples[:, :shown])
            _show(bar, course.title, step, steps, progress["train_seconds"], measured)
            for line, of_seed in zip(lines, measured, strict=True):
                line.update({name: x for name, x in of_seed.items() if np.size(x) <= LOGGED_MODES})
        states, alarmed = _alarmed(course, states, lines, detectors)
        folder.log(directory, lines)
        _call(course, lines, samples if evaluated else None)
        if step == every_log and not course.source.streams and plan.model.effects is not None:
            state = several.each(states)[0]
            progress["silent_techniques"] = _silent(plan.model.effects, plan.task, state, plan.batch_size)
        halted = run.on_alarm == "stop" and alarmed
        stopped = told_to_stop() or processes.preempted(step)
        wanted = stopped or halted or (run.on_alarm == "checkpoint" and alarmed)
        if (stopped or halted) and step < steps:
            raise _stopped(course, states, "" if stopped else " by an alarm")
        if step % every_checkpoint == 0 or step == steps or wanted:
            _save(course, states)
    bar.close()
    if samples is None:  # killed after its last checkpoint, or what it left at its end is damaged
        samples, measured = _evaluate(course, states)
    return _finish(course, samples, measured)


def _call(course: Course, lines: Sequence[Mapping[str, Any]], samples: np.ndarray | None) -> None:
    """Hands a logging point to the callbacks."""
    if course.plan.callbacks and processes.is_first():
        plain = [folder.plain(line) for line in lines]
        point = Point(course.progress["step"], course.plan.steps, plain, samples, course.plan.task.kind)
        for callback in course.plan.callbacks:
            callback(point)


def _save(course: Course, states: Any) -> None:
    course.progress.update(positions=positions(course.source), metrics=folder.digest(course.directory))
    course.checkpoints.save(course.progress["step"], course.several.stacked(states), course.progress)


def _stopped(course: Course, states: Any, why: str) -> Interrupted:
    """Saves a checkpoint; what is raised then."""
    _save(course, states)
    course.checkpoints.wait()
    step, steps = course.progress["step"], course.plan.steps
    return interrupted(f"{course.title} stopped at step {step} of {steps}{why}; the same command continues it")


def _advance(course: Course, states: Any, ahead: int) -> tuple[Any, list[Any], list[Health], int]:
    """Trains so many steps, and counts the seconds; fewer steps where a signal arrives while they are single ones."""
    progress, waited = course.progress, course.source.waited
    started, before = time.perf_counter(), max(waited, default=0.0)
    part = course.several if ahead % course.several.length == 0 else course.single
    whole = part.length > 1 or jax.process_count() > 1
    infos, healths, taken, seconds = [], [healthy() for _ in course.plan.seeds], 0, 0.0
    while taken < ahead and (taken == 0 or not told_to_stop() or any(int(health.steps) for health in healths)):
        n = ahead if whole else min(ahead - taken, max(1, int(HEEDED_WITHIN * taken / max(seconds, 1e-9))))
        states, infos, found = part.advance(states, course.source.feeds, n // part.length)
        healths = [both(*pair) for pair in zip(healths, found, strict=True)]
        taken, seconds = taken + n, time.perf_counter() - started
    progress["waited_seconds"] += max(waited, default=0.0) - before
    progress["train_seconds"] += seconds
    return states, infos, healths, taken


def _diverged(
    course: Course, states: Any, infos: Sequence[Any], healths: Sequence[Health]
) -> list[dict[str, Any] | None]:
    """What was not finite of each seed; None of those that are healthy."""
    if not any(int(health.steps) for health in healths):
        return [None for _ in healths]
    names = quantities(course.several.each(states)[0], infos[0])
    return [not_finite(health, names) for health in healths]


def _recover(
    course: Course, states: Any, ahead: int, lines: list[dict[str, Any]], detectors: Mapping[int, alarms.Detector]
) -> Any:
    """Does what is asked for where a number is not finite: skipping was done in the step; or goes back, or ends."""
    for i, line in enumerate(lines):
        if (found := line.get("not_finite")) is None:
            continue
        if course.plan.run.on_not_finite == "roll_back":
            states, back = roll_back(course.several, states, i, course.checkpoints, found["step"] - 1)
            line["rolled_back_to"] = back
            if back is not None:
                continue
        elif course.plan.run.on_not_finite == "skip" and found["steps"] < ahead:
            continue
        alarm = alarms.divergence(**found)
        for of_seed in lines:
            if detectors:
                raise_alarms(of_seed, detectors[of_seed["seed"]])
        folder.log(course.directory, lines)
        path = _keep_step(course, i, found)
        kept = course.checkpoints.steps[-1:]
        healthy = f"the checkpoint of step {kept[0]} is healthy" if kept else "there is no checkpoint before it"
        raise Interrupted(
            f"{course.title} stopped at step {found['step']} of {course.plan.steps}, seed {line['seed']}: "
            f"{alarm.sentence}; {healthy}, and {path} holds the step that went wrong"
        )
    return states


def _keep_step(course: Course, i: int, found: Mapping[str, Any]) -> Path | None:
    """Keeps the step at which seed i went wrong, by training up to it again; None in a run of many processes."""
    if jax.process_count() > 1:
        return None
    plan, several = course.plan, course.several
    processes.say(f"{course.title}: trains again up to step {found['step']}, to keep what it began with")
    go_to(course.source, course.origin)
    states = several.begin(course.source.feeds, plan.starts)
    start: dict[str, Any] = {"step": 0, "positions": course.first}
    if (known := restored(course.checkpoints, several.stacked(states))) is not None:
        stacked, start = known
        states = several.unstacked(stacked)
    go_to(course.source, start["positions"])
    single, program = course.by(1)
    at = (i, plan.seeds[i], found["step"], found["quantity"])
    return keep_step(course.directory, several, single, program, course.source, (states, start["step"]), at)


def _alarmed(
    course: Course, states: Any, lines: list[dict[str, Any]], detectors: Mapping[int, alarms.Detector]
) -> tuple[Any, bool]:
    """Raises the alarms of all seeds and, where it is asked for, takes seeds back; whether one was raised."""
    if not detectors:
        return states, False
    if course.plan.watched is not None:
        add_windows(lines, course.several.each(states))
    alarmed = [raise_alarms(line, detectors[line["seed"]]) for line in lines]
    if course.plan.run.on_alarm == "roll_back":
        for i, of_seed in enumerate(alarmed):
            if of_seed:
                until = min(alarm.since for alarm in of_seed)
                states, back = roll_back(course.several, states, i, course.checkpoints, until)
                lines[i]["rolled_back_to"] = back
                if back is not None:
                    detectors[lines[i]["seed"]].forget()
    return states, any(alarmed)


def _evaluate(course: Course, states: Any) -> tuple[np.ndarray, list[dict[str, Any]]]:
    """The samples of each seed, and what is measured of them."""
    samples = course.several.sample(states, course.plan.run.samples)
    return samples, [course.plan.evaluation.measure(Batch(of_seed, course.labels)) for of_seed in samples]


def _finish(course: Course, samples: np.ndarray, measured: Sequence[Mapping[str, Any]]) -> Summary:
    """Writes what a run leaves at its end."""
    plan = course.plan
    kept = {"samples": samples[:, :KEPT_SAMPLES], "real": course.source.real, "kind": np.array(plan.task.kind)}
    if course.labels is not None:
        kept["labels"] = np.broadcast_to(course.labels[: kept["samples"].shape[1]], kept["samples"].shape[:2])
    folder.write_arrays(course.directory / folder.SAMPLES, **kept)
    summary = summarized(
        course.config,
        plan.task,
        plan.steps,
        plan.seeds,
        measured,
        samples,
        plan.evaluation,
        course.progress,
        plan.watched,
    )
    write_summary(course.directory, summary)
    course.checkpoints.wait()
    processes.meet("written")
    return summary


def _bar(title: str, step: int, steps: int) -> tqdm:
    hidden = not (sys.stderr.isatty() and processes.is_first())
    return tqdm(total=steps, initial=step, desc=title, unit="step", disable=hidden)


def _show(bar: tqdm, title: str, step: int, steps: int, seconds: float, measured: Sequence[Mapping[str, Any]]) -> None:
    modes = " ".join(str(int(m["modes"])) for m in measured if "modes" in m)
    if bar.disable:
        left = f"{seconds / step * (steps - step):.0f} s left"
        parts = [f"{title}: step {step} of {steps}", f"{step / max(seconds, 1e-9):.0f} steps/s", left]
        processes.say(", ".join(parts + [f"modes {modes}"] * bool(modes)))
    elif modes:
        bar.set_postfix_str(f"modes {modes}")


def _silent(effects_of: Callable[..., Mapping[str, Any]], task: Any, state: Any, batch_size: int) -> list[str]:
    """Names, and warns of, the techniques that change nothing."""
    key = jax.random.key(0)
    effects = jax.jit(lambda arrays, state: effects_of(key, state, task.draw(arrays, key, batch_size)))
    silent = [name for name, effect in effects(task.arrays, state).items() if effect < 1e-6]
    for name in silent:
        processes.say(f"warning: the technique {name} changes nothing; is its number zero?")
    return silent
