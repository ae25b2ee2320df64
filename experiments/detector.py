"""The online detector on 20 runs of the ring: half of them collapse.

    python experiments/detector.py

The runs are the plain and the packed arm of `ring.py`, from seeds 30 to 39 each, which took no part in choosing the
detector's thresholds. The true loss is the first of three log lines in a row, one every 100 steps, at which at most
half of the modes hold 2 % of 2500 samples each.

Two CPU cores, 2 minutes. Each of the ten plain runs, whose true loss is at step 100 to 600, is flagged as a collapse
at step 400. The ten packed runs lose nothing and raise no alarm. A step with the monitor takes 1.00 of the time of one
without, the median of 15 alternating runs.
"""

import sys

import jax
import numpy as np
from driving import Started, relative_time, started
from ring import ARMS
from tqdm import tqdm

from jaxgan import data, evaluation
from jaxgan.diagnosis import alarms
from jaxgan.runs import folder
from jaxgan.runs.building import build

SEEDS, EVERY, SAMPLES = range(30, 40), 100, 2500
STEPS = {"plain": 4000, "packed": 8000}
REPEATS = 15


def prepared(task, arm: str, seeds, watched: evaluation.MonitoredModes | None) -> Started:
    """The programs of an arm of the ring, with or without the monitor; its feeds, and its states."""
    architecture, training = ARMS[arm]
    scale = float(np.std(np.asarray(task.sample(jax.random.key(0), 10_000))))
    further = () if watched is None else (alarms.watch(watched.assign, len(watched.names)),)
    gan = build(architecture, training, (2,), scale, further)
    return started(gan, task, training.batch_size, EVERY, SAMPLES, seeds)


def watch_arm(task, arm: str, watched: evaluation.MonitoredModes) -> list[tuple[int, int | None, list[alarms.Alarm]]]:
    """Trains an arm; for each seed the step of the true loss, if there is one, and the alarms."""
    several, feeds, states = prepared(task, arm, SEEDS, watched)
    lines: list[list[dict]] = [[] for _ in SEEDS]
    modes: list[list[int]] = [[] for _ in SEEDS]
    for step in tqdm(range(EVERY, STEPS[arm] + 1, EVERY), desc=arm, disable=not sys.stderr.isatty()):
        states, infos, _ = several.advance(states, feeds, 1)
        samples = several.sample(states, SAMPLES)
        for i, (state, info) in enumerate(zip(several.each(states), infos, strict=True)):
            window = alarms.seen(state.techniques[alarms.NAME])
            lines[i].append({"step": step, **folder.plain(jax.device_get(info)._asdict()), "window": window})
            counts = np.bincount(np.asarray(watched.assign(samples[i])), minlength=len(watched.names))
            modes[i].append(int((counts >= 0.02 * SAMPLES).sum()))
    found = []
    for seed, of_seed, reached in zip(SEEDS, lines, modes, strict=True):
        narrow = np.array(reached) <= len(watched.names) / 2
        begins = np.flatnonzero(narrow[:-2] & narrow[1:-1] & narrow[2:])
        lost = EVERY * (int(begins[0]) + 1) if len(begins) else None
        found.append((seed, lost, alarms.alarms(of_seed, watched.names, watched.expected)))
    return found


def cost(task, watched: evaluation.MonitoredModes) -> float:
    """Time of a step with the monitor over that without, median of alternating runs."""
    without, beside = (prepared(task, "packed", [0], each) for each in (None, watched))
    return relative_time(without, beside, times=5, repeats=REPEATS)


def main() -> int:
    task = data.ring()
    watched = evaluation.monitored_modes(task)
    assert watched is not None
    print("arm     seed  true loss  first alarm of lost modes  other alarms")
    for arm in STEPS:
        for seed, lost, raised in watch_arm(task, arm, watched):
            of_modes = [alarm for alarm in raised if alarm.kind in ("collapse", "mode_loss")]
            first = f"{of_modes[0].kind} at {of_modes[0].step}" if of_modes else "none"
            others = sorted({alarm.kind for alarm in raised} - {"collapse", "mode_loss"})
            print(f"{arm:7} {seed:4d}  {lost or 'none':>9}  {first:25}  {', '.join(others) or 'none'}")
    print(f"time of a step with the monitor, relative to one without: {cost(task, watched):.3f}")
    return 0


if __name__ == "__main__":
    sys.exit(main())
