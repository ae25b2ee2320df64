"""Every technique against the plain GAN, on four tasks, from the same seeds, at equal steps and at equal time.

    python experiments/compare_techniques.py tune    # chooses settings on the tuning seeds: settings/TASK.json
    python experiments/compare_techniques.py run     # measures them on other seeds, cell by cell
    python experiments/compare_techniques.py report  # writes the table and the pictures

`compare_protocol.py` says what is compared and when a technique helps, `compare_candidates.py` what is tried. The
protocol was committed before all runs. Settings were chosen before their runs, on the tuning seeds; they were committed
before them too, but for three, and two in three of the digits with a rare class, which came with them. The hash of the
protocol and of what tuning tried and chose for the technique stands in each result. Every cell, one technique on one
task, is saved when it is done, so a command that was stopped goes on where it was. `--only ring/r1` takes some of them.

One CPU core that others slowed down, 12 hours without tuning; `results/compare_techniques/table.md` has all numbers.
Modes of the plain GAN: 0.5 of 8 on the ring, 16.7 of 25 on the grid, 78 of 1000 on stacked digits. Of 80, 80 and 78
settings 24, 10 and 42 help, 0, 6 and 0 harm, and the rest cannot be told from it. The best of stacked digits is mode
seeking with matching of covariances: 945 to 969 modes in six seeds. That pair, and mode seeking with matching of
kernels, were added when the single techniques had run on the ring and on stacked digits, and their settings were
committed with their results. Costs are of a shared machine and can be a quarter off; five that were less than was
possible, such as 0.91 of DRAGAN on the grid, were measured again, with the same results at equal steps. On the ring
three below 1 were left: the CPU at hand rounds otherwise, and ends elsewhere there. ALI and VEEGAN refuse images, since
DCGAN's discriminator takes no pairs. On digits with a rare class, the score is minus the divergence from the classes'
shares: 0.044 nats of the plain GAN, 0.018 of mode seeking with matching of covariances; of 78 settings 10 help and 4
harm, where chance alone would make 2 of either.
"""

import dataclasses
import functools
import hashlib
import json
import platform
import sys
import time
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Annotated, Any, Literal, NamedTuple

import jax
import numpy as np
import tyro
from compare_candidates import candidates
from compare_protocol import PLAIN, SEEDS, TASKS, TUNING_SEEDS, Change, Setting
from driving import Started, relative_time, started
from scipy import stats
from tqdm import tqdm

from jaxgan import evaluation
from jaxgan.commands.experiment import exit_status
from jaxgan.runs import folder
from jaxgan.runs.examples import example_of

HERE = Path(__file__).parent
RESULTS = HERE / "results" / "compare_techniques"
POINTS = 10  # parts of a run, at whose ends it can be measured
PAIRS = 7  # alternating runs of a chunk, for the cost of a step


class Prepared(NamedTuple):
    """A task with what is asked of it, made once."""

    setting: Setting
    task: Any
    evaluation: evaluation.Evaluation


def chosen_settings(task: str) -> Path:
    """The file of what tuning chose for a task's techniques."""
    return RESULTS / "settings" / f"{task}.json"


def protocol_hash(setting: Mapping[str, Any]) -> str:
    """SHA-256 of the protocol and of what tuning tried and chose for a technique, which a result carries.

    A technique that is added to the comparison so outdates no result of another.
    """
    protocol = (HERE / "compare_protocol.py").read_bytes()
    return hashlib.sha256(protocol + json.dumps(setting, sort_keys=True).encode()).hexdigest()[:16]


def programs_of(prepared: Prepared, change: Change, seeds: Sequence[int], length: int) -> Started:
    """The compiled programs of a setting, and its first states."""
    setting, task, _ = prepared
    architecture, training = change.of(setting)
    model = example_of(task).model(architecture, training)
    return started(model, task, training.batch_size, length, 500, seeds)


def measured(prepared: Prepared, samples: np.ndarray) -> dict[str, float]:
    """The numbers of one seed's samples; `divergence` is the KL in nats from the modes' shares in the data."""
    found = prepared.evaluation.measure(samples)
    counts, shares = np.asarray(found["counts"], float), prepared.evaluation.shares / prepared.evaluation.shares.sum()
    divergence = stats.entropy(counts, shares) if counts.any() else np.log(1 / shares.min())
    numbers = {"modes": found["modes"], "divergence": divergence}
    if "high_quality" in found:
        numbers["high_quality"] = found["high_quality"]
    if (rare := prepared.setting.rare) is not None:
        numbers["rare"] = counts[rare] / max(counts.sum(), 1) / shares[rare]
    return {name: round(float(x), 5) for name, x in numbers.items()}


def trained(
    prepared: Prepared, change: Change, seeds: Sequence[int], said: str, points: Sequence[int] = (POINTS,)
) -> list[list[dict[str, float]]]:
    """What each seed had at some of the `POINTS` parts of its training, which end there.

    No more than is asked for is measured: to classify samples of the digits takes longer than to train on to the next.
    """
    _, training = change.of(prepared.setting)
    several, feeds, states = programs_of(prepared, change, seeds, training.steps // POINTS)
    found: list[list[dict[str, float]]] = [[] for _ in seeds]
    for point in tqdm(range(1, POINTS + 1), desc=said, disable=not sys.stderr.isatty(), leave=False):
        states, _, _ = several.advance(states, feeds, 1)
        if point in points:
            for of_seed, samples in zip(found, several.sample(states, prepared.setting.samples), strict=True):
                of_seed.append(measured(prepared, samples))
    return found


@functools.cache
def timed_plain(task: str) -> Started:
    """The plain GAN's program that all techniques of a task are timed against."""
    prepared = prepared_task(task)
    return programs_of(prepared, PLAIN, [0], prepared.setting.timed)


def cost(task: str, change: Change) -> float:
    """Time of a step relative to the plain GAN's, median of alternating runs of one seed."""
    prepared, plain = prepared_task(task), timed_plain(task)
    # The states of a program that ran are used up.
    plain = plain._replace(states=plain.several.begin(plain.feeds))
    other = programs_of(prepared, change, [0], prepared.setting.timed)
    return round(relative_time(plain, other, times=1, repeats=PAIRS), 3)


def score(prepared: Prepared, ends: Sequence[dict[str, float]]) -> float:
    """What tuning maximises, the mean over seeds of the task's own number."""
    return float(np.mean([prepared.setting.score(end) for end in ends]))


def tune(prepared: Prepared, task: str, name: str, settings: dict[str, Any]) -> None:
    """Chooses one of a technique's candidates; each has the same two seeds."""
    tried = []
    for change in candidates(task)[name]:
        try:
            ends = [of_seed[-1] for of_seed in trained(prepared, change, TUNING_SEEDS, f"tune {task}/{name}")]
            tried.append({"change": change._asdict(), "score": round(score(prepared, ends), 4)})
        except ValueError as error:
            tried.append({"change": change._asdict(), "refused": str(error)})
    able = [each for each in tried if "score" in each]
    chosen = max(able, key=lambda each: each["score"]) if able else tried[0]
    settings[name] = {**chosen, "tried": tried}
    chosen_settings(task).parent.mkdir(parents=True, exist_ok=True)
    folder.write_json(chosen_settings(task), settings)
    print(f"{task:8} {name:28} {chosen.get('score', chosen.get('refused'))}  {chosen['change']}", flush=True)


def run_cell(prepared: Prepared, task: str, name: str, setting: dict[str, Any]) -> dict[str, Any]:
    """Measures one technique on one task."""
    common = {"task": task, "technique": name, "protocol": protocol_hash(setting)}
    if "refused" in setting:
        return {**common, "refused": setting["refused"]}
    change = Change(**setting["change"])
    started = time.perf_counter()
    relative = 1.0 if name == "plain" else cost(task, change)
    # The last part that the plain GAN's time pays for; a cheaper technique gets no further steps.
    paid = max(1, min(POINTS, int(POINTS / relative + 0.05)))
    found = trained(prepared, change, SEEDS, f"{task}/{name}", (paid, POINTS))
    return {
        **common,
        "change": change._asdict(),
        "seeds": list(SEEDS),
        "cost": relative,
        "equal_steps": [of_seed[-1] for of_seed in found],
        "equal_time": [of_seed[0] for of_seed in found],
        "seconds": round(time.perf_counter() - started, 1),
        "machine": f"{platform.machine()}, {jax.device_count()} {jax.devices()[0].device_kind}",
        "versions": {"jax": jax.__version__},
    }


def all_found(prepared: Prepared, ends: Sequence[dict[str, float]]) -> tuple[int, float, float]:
    """How many seeds found all modes, and the exact binomial interval of that share."""
    hits = sum(end["modes"] >= len(prepared.evaluation.names) for end in ends)
    low, high = stats.binomtest(hits, len(ends)).proportion_ci(0.95, method="exact")
    return hits, float(low), float(high)


@dataclasses.dataclass(frozen=True)
class Compare:
    """Compares all techniques with the plain GAN."""

    stage: tyro.conf.Positional[Literal["tune", "run", "report"]]
    """tune chooses settings, run measures them, report writes what was found."""
    only: Annotated[tuple[str, ...], tyro.conf.arg(metavar="TASK/TECHNIQUE")] = ()
    """Some cells, such as ring/r1 or ring; none is all."""

    def __call__(self) -> int:
        if self.stage == "report":
            import compare_report  # which imports this module

            compare_report.write(RESULTS, {name: prepared_task(name) for name in TASKS})
            return 0
        for task in TASKS:
            names = [name for name in candidates(task) if self._wants(task, name)]
            if not names:
                continue
            settings = folder.read_json(chosen_settings(task)) or {}
            if self.stage == "run" and (untuned := [name for name in names if name not in settings]):
                raise ValueError(f"no setting is chosen for {task}/{untuned[0]}: `tune` comes before `run`")
            prepared = prepared_task(task)
            for name in names:
                if self.stage == "tune":
                    if name not in settings:
                        tune(prepared, task, name, settings)
                    continue
                path = RESULTS / "cells" / task / f"{name}.json"
                known = folder.read_json(path)
                if known is None or known["protocol"] != protocol_hash(settings[name]):
                    found = run_cell(prepared, task, name, settings[name])
                    path.parent.mkdir(parents=True, exist_ok=True)
                    folder.write_json(path, found)
                    mean = found.get("refused") or score(prepared, found["equal_steps"])
                    print(f"{task:8} {name:28} {mean}  cost {found.get('cost')}", flush=True)
        return 0

    def _wants(self, task: str, name: str) -> bool:
        return not self.only or task in self.only or f"{task}/{name}" in self.only


@functools.cache
def prepared_task(name: str) -> Prepared:
    """A task, and what is measured for it."""
    task = TASKS[name].task()
    return Prepared(TASKS[name], task, evaluation.evaluator(task))


def main(arguments: Sequence[str] | None = None) -> int:
    return exit_status(lambda: tyro.cli(Compare, args=arguments)(), "stopped; the same command goes on")


if __name__ == "__main__":
    sys.exit(main())
