"""A run that is stopped again and again, at random moments and by different signals, ends as one that never was.

`JAXGAN_SOAK_KILLS=50 pytest -n 0 -s -m slow tests/soak/test_kills.py` takes about an hour on a busy machine.
"""

import contextlib
import dataclasses
import multiprocessing
import os
import signal
import time
from pathlib import Path

import numpy as np
import pytest

from jaxgan.runs.checkpoints import Checkpoints
from tests.commands.fixtures import RING

KILLS = int(os.environ.get("JAXGAN_SOAK_KILLS", "12"))
SIGNALS = (signal.SIGKILL, signal.SIGTERM, signal.SIGINT)
LONG = RING._replace(
    run=dataclasses.replace(RING.run, log_every=20, checkpoint_every=40, evaluate_every=200),
    arms={"plain": RING.arms["plain"]._replace(training=dataclasses.replace(RING.arms["plain"].training, steps=4000))},
)


def run(directory: Path) -> None:
    """What a process does: the command, with what it says in a file beside the folder."""
    from jaxgan.commands.experiment import main

    said = os.open(directory.with_suffix(".said"), os.O_WRONLY | os.O_CREAT | os.O_APPEND)
    os.dup2(said, 2)
    with open(os.devnull, "w") as nowhere, contextlib.redirect_stdout(nowhere):
        os._exit(main(LONG, ["--workdir", str(directory)]))


def logged(log: Path) -> int:
    """How many lines there are."""
    return log.read_bytes().count(b"\n") if log.exists() else 0


def contents(directory: Path):
    """What a run leaves: its log, its samples, and the arrays of its last checkpoint."""
    with np.load(directory / "samples.npz") as file:
        samples = file["samples"]
    with Checkpoints(directory / "checkpoints") as checkpoints:
        arrays, _ = checkpoints.read(checkpoints.steps[-1])
    return (directory / "metrics.jsonl").read_text(), samples, arrays


@pytest.mark.slow
@pytest.mark.parametrize("seed", [0])
def test_random_kills_leave_no_trace_in_what_a_run_ends_with(seed, tmp_path):
    context = multiprocessing.get_context("forkserver")  # whose processes need not import everything again
    context.set_forkserver_preload(["jaxgan.commands.experiment", "jaxgan.report", "tests.commands.fixtures"])
    whole = context.Process(target=run, args=(tmp_path / "whole",))
    whole.start()
    whole.join()
    assert whole.exitcode == 0
    random, statuses = np.random.default_rng(seed), []
    torn, log = tmp_path / "torn", tmp_path / "torn" / "metrics.jsonl"
    for i in range(KILLS):
        process = context.Process(target=run, args=(torn,))
        process.start()
        if random.uniform() < 0.25:  # while it starts, compiles or restores
            process.join(random.uniform(0, 5))
        else:
            lines = logged(log) + random.integers(1, max(2, 2 * 200 // KILLS))
            while process.is_alive() and logged(log) < lines:
                time.sleep(0.01)
            process.join(random.uniform(0, 0.3))
        number = SIGNALS[i % len(SIGNALS)]
        if process.is_alive():
            os.kill(process.pid, number)
        process.join(300)
        assert process.exitcode is not None, f"{number.name} was not followed"
        statuses.append((number.name, process.exitcode))
        assert process.exitcode in (0, -number, 128 + number), statuses
    last = context.Process(target=run, args=(torn,))
    last.start()
    last.join()
    print(f"{KILLS} kills: {statuses}")
    assert last.exitcode == 0
    assert "Traceback" not in (tmp_path / "torn.said").read_text()
    (lines, samples, arrays), (lines_whole, samples_whole, arrays_whole) = map(contents, (torn, tmp_path / "whole"))
    assert lines == lines_whole
    np.testing.assert_array_equal(samples, samples_whole)
    assert arrays.keys() == arrays_whole.keys()
    for name, array in arrays.items():
        np.testing.assert_array_equal(array, arrays_whole[name], err_msg=name)
