"""A run that is stopped again and again, at random moments and by different signals, ends as one that never was.

`JAXGAN_SOAK_KILLS=50 pytest -n 0 -s -m slow tests/soak/test_kills.py` takes about an hour on a busy machine.
"""

import contextlib
import multiprocessing
import os
import runpy
import signal
import sys
import time
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from jaxgan.runs.checkpoints import Checkpoints

EXPERIMENTS = Path(__file__).parents[2] / "experiments"
KILLS = int(os.environ.get("JAXGAN_SOAK_KILLS", "12"))
SIGNALS = (signal.SIGKILL, signal.SIGTERM, signal.SIGINT)
RING = ["--steps=4000", "--seeds=2", "--log-every=20", "--checkpoint-every=40", "--evaluate-every=200", "--samples=200"]
RING += ["--technique", "replay:256", "--average=0.9", "--generator-width=8", "--discriminator-width=8"]
DIGITS = ["--steps=200", "--seeds=1", "--log-every=1", "--checkpoint-every=2", "--evaluate-every=20", "--samples=50"]
DIGITS += ["--batch-size=8", "--generator-width=2", "--discriminator-width=2", "--latent-dim=4"]


def run(script: str, arguments: list[str], directory: Path) -> None:
    """What a process does: the experiment, with what it says in a file beside the folder."""
    said = os.open(directory.with_suffix(".said"), os.O_WRONLY | os.O_CREAT | os.O_APPEND)
    os.dup2(said, 2)
    sys.argv = [script, "--workdir", str(directory), *arguments]
    status = 1
    with open(os.devnull, "w") as nowhere, contextlib.redirect_stdout(nowhere):
        try:
            runpy.run_path(str(EXPERIMENTS / script), run_name="__main__")
        except SystemExit as ended:
            status = int(ended.code or 0)
    os._exit(status)


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
@pytest.mark.parametrize(("script", "arguments", "lines"), [("ring.py", RING, 400), ("stacked_digits.py", DIGITS, 200)])
def test_random_kills_leave_no_trace_in_what_a_run_ends_with(script, arguments, lines, tmp_path):
    context = multiprocessing.get_context("forkserver")  # whose processes need not import everything again
    context.set_forkserver_preload(["jaxgan.commands.experiment", "jaxgan.report"])

    def begin(directory: Path) -> Any:
        process = context.Process(target=run, args=(script, arguments, directory))
        process.start()
        return process

    whole = begin(tmp_path / "whole")
    whole.join()
    assert whole.exitcode == 0
    random, statuses, reporting = np.random.default_rng(len(arguments)), [], 0
    torn, log = tmp_path / "torn", tmp_path / "torn" / "metrics.jsonl"
    for i in range(KILLS):
        process = begin(torn)
        if i >= KILLS - KILLS // 6:  # the last ones while the run ends, or is read again and its report is written
            wanted = lines
        elif random.uniform() < 0.25:  # while it starts, compiles or restores
            wanted = 0
            process.join(random.uniform(0, 5))
        else:
            wanted = min(lines, logged(log) + random.integers(1, max(2, 2 * lines // KILLS)))
        while process.is_alive() and logged(log) < wanted:
            time.sleep(0.01)
        process.join(random.uniform(0, 4) if wanted == lines else random.uniform(0, 0.3))
        number = SIGNALS[i % len(SIGNALS)]
        if process.is_alive():
            reporting += (torn / "summary.json").exists()
            os.kill(process.pid, number)
        process.join(300)
        assert process.exitcode is not None, f"{number.name} was not followed"
        statuses.append((number.name, process.exitcode))
        assert process.exitcode in (0, -number, 128 + number), statuses
    last = begin(torn)
    last.join()
    print(f"{script}, {KILLS} kills, {reporting} of them after its summary was written: {statuses}")
    assert last.exitcode == 0
    assert "Traceback" not in (tmp_path / "torn.said").read_text()
    assert (torn / "report.html").read_text().rstrip().endswith("</html>")
    assert not list(torn.rglob(".*.tmp"))
    (log_torn, samples, arrays), (log_whole, samples_whole, arrays_whole) = map(contents, (torn, tmp_path / "whole"))
    assert log_torn == log_whole
    np.testing.assert_array_equal(samples, samples_whole)
    assert arrays.keys() == arrays_whole.keys()
    for name, array in arrays.items():
        np.testing.assert_array_equal(array, arrays_whole[name], err_msg=name)
