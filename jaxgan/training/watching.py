"""What a run does about what goes wrong while it trains: alarms, and the way back to a healthy checkpoint."""

from collections.abc import Iterable, Mapping, Sequence
from typing import Any

import jax

from jaxgan.backend import processes
from jaxgan.diagnosis import alarms
from jaxgan.evaluation import MonitoredModes
from jaxgan.runs import folder
from jaxgan.runs.checkpoints import Checkpoints
from jaxgan.training.health import params_are_finite
from jaxgan.training.seeds import Seeds


def detectors_of(
    lines: Iterable[Mapping[str, Any]], seeds: Sequence[int], watched: MonitoredModes | None
) -> dict[int, alarms.Detector]:
    """A detector for each seed, which has seen what was logged so far; says which alarms still stand."""
    names, expected = ((), ()) if watched is None else watched[1:]
    detectors = {seed: alarms.Detector(names, expected) for seed in seeds}
    for line in lines:
        if line["seed"] in detectors:
            detectors[line["seed"]].see(line)
    for seed, detector in detectors.items():
        for alarm in detector.standing():
            processes.say(f"alarm of step {alarm.step}, seed {seed}, still stands: {alarm.sentence}")
    return detectors


def add_windows(lines: Sequence[dict[str, Any]], states: Sequence[Any]) -> None:
    """Adds to each seed's line what the monitor has counted."""
    for line, of_seed in zip(lines, states, strict=True):
        line["window"] = alarms.seen(of_seed.techniques[alarms.NAME])


def raise_alarms(line: dict[str, Any], detector: alarms.Detector) -> list[alarms.Alarm]:
    """Adds the alarms that a seed's line raises to it, says them, and returns those that are no matter of health."""
    found = detector.see(folder.plain(line))
    if found:
        line["alarms"] = [alarm._asdict() for alarm in found]
    for alarm in found:
        processes.say(f"alarm at step {alarm.step}, seed {line['seed']}: {alarm.sentence}")
    return [alarm for alarm in found if alarm.kind != "not_finite"]


def roll_back(several: Seeds, states: Any, i: int, checkpoints: Checkpoints, until: int) -> tuple[Any, int | None]:
    """Takes seed i back to the last regular checkpoint up to a step; returns the states, and its step or None.

    The step count goes on, so that new batches and new noise follow: the old ones would lead to the same end.
    """
    healthy = checkpoints.last(until)
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


def restored(checkpoints: Checkpoints, like: Any) -> tuple[Any, dict[str, Any]] | None:
    """The states and the progress of the newest checkpoint that is whole and finite; None where there is none.

    Args:
      checkpoints: of the run.
      like: the states of all seeds, stacked.

    Raises:
      ValueError: there are checkpoints, and none can be used; one line.
    """

    def read(step: int) -> tuple[Any, dict[str, Any]]:
        states, progress = checkpoints.restore(like, step)
        if not params_are_finite(states):
            raise ValueError(f"the parameters in the checkpoint of step {step} are not finite")
        return states, progress

    return checkpoints.newest(read, processes.say)
