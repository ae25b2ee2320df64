"""Every file of a run's folder damaged in every way: the run goes on from what is whole, or one line says what to do.

`pytest -m slow tests/soak/test_damage.py` runs the whole table, a file and a kind of damage in each row; a few rows are
among the tests that always run.
"""

import os
import shutil

import numpy as np
import pytest

from jaxgan import data
from jaxgan.commands.experiment import exit_status
from jaxgan.evaluation import evaluator
from jaxgan.report.files import read_run
from jaxgan.runs.options import Run
from jaxgan.training import loop
from jaxgan.training.stopping import Interrupted
from tests.training.shift import Shift
from tests.training.shift import programs_are_compiled_once as programs_are_compiled_once

TASK = data.ring()
EVALUATION = evaluator(TASK)
RUN = Run(seeds=1, samples=50, log_every=10, checkpoint_every=10, evaluate_every=10, watch_modes=False)
CONFIG = {"experiment": "ring", "arm": None, "options": {"steps": 20}}


def train(directory):
    """Trains, and reads what a report is made of; returns the exit status that a command ends with."""

    def command():
        options = {"directory": directory, "config": CONFIG, "steps": 20, "batch_size": 16, "run": RUN}
        loop.fit(Shift(), TASK, EVALUATION, **options)
        read_run(directory)
        return 0

    return exit_status(command, "stopped")


CHECKPOINT = (
    "SHA256SUMS",
    "_CHECKPOINT_METADATA",
    "arrays/_METADATA",
    "arrays/_sharding",
    "arrays/array_metadatas/process_0",
    "arrays/manifest.ocdbt",
    "arrays/d/*",
    "progress/_METADATA",
    "progress/manifest.ocdbt",
    "progress/d/*",
)
FILES = (
    "config.json",
    "metrics.jsonl",
    "snapshots",
    "snapshots/10.npz",
    "checkpoints",
    "checkpoints/10",
    *(f"checkpoints/10/{name}" for name in CHECKPOINT),
)
END = ("summary.json", "samples.npz", ".lock")
DAMAGES = ("truncated", "emptied", "deleted", "a flipped bit", "another shape", "a folder", "a link to nowhere")
ALWAYS = {
    ("finished", "samples.npz", "truncated"),
    ("finished", "summary.json", "another shape"),
    ("unfinished", "checkpoints/10/arrays/d/*", "a flipped bit"),
    ("unfinished", "metrics.jsonl", "a flipped bit"),
    ("unfinished", "checkpoints", "another shape"),
}
CASES = [
    *(("finished", name, damage) for name in (*END, *FILES[:4]) for damage in DAMAGES),
    *(("unfinished", name, damage) for name in FILES for damage in DAMAGES),
]


@pytest.fixture(scope="module")
def runs(tmp_path_factory):
    """A run that is finished, and one that was stopped at step 10 of 20, each as its folder."""
    directory = tmp_path_factory.mktemp("damage")
    assert train(directory / "finished") == 0
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(loop, "told_to_stop", lambda: True)
        patch.setattr(loop, "interrupted", lambda message: Interrupted(message))
        assert train(directory / "unfinished") == 1
    return directory


def damage(path, kind):
    """Damages a file, or a folder, in one way; what was there is lost."""
    content = path.read_bytes() if path.is_file() else b""
    if path.is_dir():
        shutil.rmtree(path)
    else:
        path.unlink()
    if kind == "truncated":
        path.write_bytes(content[: len(content) // 2])
    elif kind == "emptied":
        path.touch()
    elif kind == "a flipped bit":
        flipped = bytearray(content or b"\0")
        flipped[len(flipped) // 2] ^= 4
        path.write_bytes(flipped)
    elif kind == "another shape":
        path.write_text('[{"a": "b"}, 3]\n')
    elif kind == "a folder":
        path.mkdir()
        (path / "mine.txt").write_text("mine")
    elif kind == "a link to nowhere":
        path.symlink_to("nowhere")


def samples(directory):
    with np.load(directory / "samples.npz") as file:
        return file["samples"]


@pytest.mark.parametrize(
    ("state", "name", "kind"),
    [pytest.param(*case, marks=() if case in ALWAYS else pytest.mark.slow, id="-".join(case)) for case in CASES],
)
def test_a_damaged_run_goes_on_or_says_in_one_line_what_to_do(state, name, kind, runs, tmp_path, capsys):
    directory = shutil.copytree(runs / state, tmp_path / "run")
    *_, path = sorted(directory.glob(name), key=lambda path: path.stat().st_size)
    damage(path, kind)
    status = train(directory)
    said = capsys.readouterr().err
    lines = [line for line in said.splitlines() if not line.startswith("ring: ")]
    print(f"status {status}; {' | '.join(lines)}")
    assert "Traceback" not in said and len(lines) <= 3 and all(len(line) < 500 for line in lines)
    if status == 0:
        np.testing.assert_array_equal(samples(directory), samples(runs / "finished"))
        assert (directory / "summary.json").is_file()
    else:
        assert status == 2 and lines[-1].startswith("error: ") and str(directory) in lines[-1]
        if kind != "deleted":
            assert os.path.lexists(path) or list(path.parent.glob(f"{path.name}.damaged*"))
    if kind == "a folder":
        assert (path / "mine.txt").exists() or list(path.parent.glob(f"{path.name}.damaged/mine.txt"))


def test_the_table_has_at_least_a_hundred_rows():
    assert len(CASES) >= 100 and set(CASES) >= ALWAYS
