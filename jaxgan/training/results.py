"""How a run ended: the summary of its seeds."""

import math
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np
from scipy import stats

from jaxgan.diagnosis import judge_run
from jaxgan.evaluation import Evaluation
from jaxgan.evaluation import MonitoredModes as Counted
from jaxgan.runs import folder
from jaxgan.runs.summary import Metric, MonitoredModes, SeedSummary, Summary, read_summary
from jaxgan.types import Stream, Task


def finished(directory: Path, steps: int, say: Callable[[str], None]) -> Summary | None:
    """How a finished run of so many steps ended; None where there is none, or it is of fewer steps, or damaged.

    Args:
      directory: of the run.
      steps: that are wanted.
      say: shows a sentence.

    Raises:
      ValueError: the run is of more steps.
    """
    try:
        summary = read_summary(directory)
        if summary is not None and not len(folder.read_arrays(directory / folder.SAMPLES, ("samples", "real"))[0]):
            raise ValueError(f"{directory / folder.SAMPLES} is missing")
    except ValueError as error:
        say(f"{error}; it is made again from the last checkpoint")
        return None
    if summary is None or summary.steps in (None, steps):  # runs of older versions do not tell their steps
        return summary
    if summary.steps > steps:
        raise ValueError(f"{directory} holds a finished run of {summary.steps} steps, more than the {steps} asked for")
    say(
        f"{directory} holds a finished run of {summary.steps} steps, which goes on to {steps}; what falls towards the "
        "end of a run, such as a learning rate, falls towards the new one from here on"
    )
    return None


def summarized(
    config: Mapping[str, Any],
    task: Task | Stream,
    steps: int,
    seeds: Sequence[int],
    measured: Sequence[Mapping[str, Any]],
    samples: np.ndarray,
    evaluation: Evaluation,
    progress: Mapping[str, Any],
    watched: Counted | None,
) -> Summary:
    """Puts the summary of a run together.

    Args:
      config: with the names `experiment` and `arm`.
      task: what was imitated.
      steps: generator updates.
      seeds: `s` numbers.
      measured: for each seed, what `evaluation.measure` returned.
      samples: `[s, n, ...]`, what was measured.
      evaluation: what measured it.
      progress: `compile_seconds`, `train_seconds`, `waited_seconds` and `silent_techniques`.
      watched: the modes that the monitor counted, or None.
    """
    n = samples.shape[1]
    scalars = [name for name in measured[0] if np.ndim(measured[0][name]) == 0]
    statistics = {name: interval([m[name] for m in measured]) for name in scalars}
    real = evaluation.real(n) if scalars else {}
    verdict, of_seeds = judge_run(evaluation, seeds, measured, samples)
    trained = max(progress["train_seconds"], 1e-9)
    return Summary(
        task=task.name,
        kind=task.kind,
        experiment=config["experiment"],
        arm=config["arm"],
        steps=steps,
        verdict=verdict,
        seeds=tuple(
            SeedSummary(
                seed,
                {name: m[name] for name in scalars},
                {name: tuple(np.asarray(x).tolist()) for name, x in m.items() if name not in scalars},
                _missing(evaluation, m),
                of_seed,
            )
            for seed, m, of_seed in zip(seeds, measured, of_seeds, strict=True)
        ),
        mean={name: mean for name, (mean, _) in statistics.items()},
        ci95={name: half for name, (_, half) in statistics.items()},
        compile_seconds=progress["compile_seconds"],
        train_seconds=progress["train_seconds"],
        waited_share=progress["waited_seconds"] / trained,
        steps_per_second=steps / trained,
        metrics={
            name: Metric(evaluation.conventions.get(name, ""), _as_number(real.get(name, math.nan)))
            for name in dict.fromkeys([*scalars, *(name for name in real if name in measured[0])])
        },
        samples=n,
        modes_total=len(evaluation.names) or None,
        modes_expected=dict(zip(evaluation.names, (n * evaluation.shares).tolist(), strict=True)),
        watched=None
        if watched is None
        else MonitoredModes(tuple(watched.names), tuple(np.asarray(watched.expected).tolist())),
        silent_techniques=tuple(progress["silent_techniques"]),
    )


def _as_number(value: Any) -> Any:
    """A number, or a tuple of those of each mode."""
    return tuple(np.asarray(value).tolist()) if np.ndim(value) else value


def _missing(evaluation: Evaluation, measured: Mapping[str, Any]) -> tuple[str, ...] | None:
    if "counts" not in measured:
        return None
    return tuple(evaluation.names[mode] for mode in np.flatnonzero(np.asarray(measured["counts"]) == 0))


def interval(values: Sequence[float]) -> tuple[float, float]:
    """Mean and half-width of its 95 % Student interval, which is NaN for a single value."""
    array = np.asarray(values, float)
    if len(array) < 2:
        return float(array.mean()), math.nan
    error = array.std(ddof=1) / math.sqrt(len(array))
    return float(array.mean()), float(stats.t.ppf(0.975, len(array) - 1) * error)
