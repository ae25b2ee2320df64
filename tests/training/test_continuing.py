"""A run is continued, made longer or refused as a whole: what its folder holds is never half of something."""

import dataclasses
import shutil

import numpy as np
import pytest

from jaxgan import data
from jaxgan.backend.files import FileProblem
from jaxgan.commands.experiment import exit_status
from jaxgan.diagnosis import alarms
from jaxgan.evaluation import evaluator
from jaxgan.runs import claiming, folder
from jaxgan.runs.checkpoints import Checkpoints
from jaxgan.runs.options import Run
from jaxgan.training import beginning, loop
from jaxgan.training.stopping import Interrupted
from tests.training.shift import Shift
from tests.training.shift import programs_are_compiled_once as programs_are_compiled_once

TASK = data.ring()
EVALUATION = evaluator(TASK)
RUN = Run(seeds=1, samples=50, log_every=10, checkpoint_every=10, evaluate_every=10, watch_modes=False)


def fit(directory, steps=20, model=None, config=None, **others):
    config = {"experiment": "ring", "options": {"steps": steps, "run": {"seeds": 1}}} if config is None else config
    run = dataclasses.replace(RUN, **others)
    options = {"directory": directory, "config": config, "steps": steps, "batch_size": 16, "run": run}
    return loop.fit(model or Shift(), TASK, EVALUATION, **options)


def contents(directory):
    files = (path for path in directory.rglob("*") if path.is_file() and path.name != claiming.LOCK)
    return {str(path.relative_to(directory)): path.read_bytes() for path in files}


def samples(directory):
    with np.load(directory / "samples.npz") as file:
        return file["samples"]


@pytest.fixture(scope="module")
def finished(tmp_path_factory):
    directory = tmp_path_factory.mktemp("finished") / "run"
    fit(directory)
    return directory


@pytest.fixture
def run(finished, tmp_path):
    return shutil.copytree(finished, tmp_path / "run")


def refused(directory, match, *args, **others):
    before = contents(directory)
    with pytest.raises(ValueError, match=match) as raised:
        fit(directory, *args, **others)
    assert contents(directory) == before
    assert "\n" not in str(raised.value) and len(str(raised.value)) < 600


def test_what_does_not_fit_leaves_everything_as_it_was(run):
    refused(run, "with other options", 30)
    refused(run, r"has generator.params.noise float32 \[1, 8\], not float32 \[1, 9\]; nor can the 1 before",
            30, Shift(9), accept_changes=True)  # fmt: skip
    seeds = {"experiment": "ring", "options": {"steps": 20, "run": {"seeds": 2}}}
    refused(run, "a run of other seeds", 20, config=seeds, seeds=2, accept_changes=True)
    refused(run, "holds a run that is at step 20, beyond the 15 asked for", 15, accept_changes=True)
    assert fit(run).steps == 20


@pytest.mark.parametrize("steps", [27, 31])
def test_a_finished_run_is_made_longer_by_any_number_of_steps(steps, run, tmp_path):
    assert fit(run, steps, accept_changes=True).steps == steps
    fit(tmp_path / "whole", steps)
    np.testing.assert_array_equal(samples(run), samples(tmp_path / "whole"))
    assert (run / "metrics.jsonl").read_text() == (tmp_path / "whole" / "metrics.jsonl").read_text()


def test_other_intervals_need_not_divide_the_step_of_the_checkpoint(run, tmp_path):
    config = {"experiment": "ring", "options": {"steps": 24, "run": {"seeds": 1, "log_every": 7}}}
    others = {"log_every": 7, "evaluate_every": 7, "checkpoint_every": 7, "accept_changes": True}
    fit(run, 24, config=config, **others)
    assert [line["step"] for line in folder.read_lines(run)] == [10, 20, 21, 24]
    fit(tmp_path / "whole", 24)
    np.testing.assert_array_equal(samples(run), samples(tmp_path / "whole"))


@pytest.mark.parametrize("name", ["samples.npz", "summary.json"])
def test_what_a_finished_run_lacks_is_made_again(name, run, capsys):
    before = samples(run)
    (run / name).write_bytes(b"{")
    assert fit(run).steps == 20
    assert f"{run / name} cannot be read" in capsys.readouterr().err
    np.testing.assert_array_equal(samples(run), before)


def test_a_run_without_its_checkpoints_does_not_begin_anew(run):
    shutil.rmtree(run / "checkpoints")
    refused(run, "came to step 20, but none of its checkpoints: put them back", 30, accept_changes=True)


def test_other_versions_are_said_and_recorded_when_a_run_goes_on(tmp_path, capsys):
    def config(version, steps):
        versions = {"versions": {"jax": version}}
        return {"experiment": "ring", "options": {"steps": steps, "run": {"seeds": 1}}, **versions}

    fit(tmp_path / "run", 10, config=config("1.0", 10))
    fit(tmp_path / "run", 20, config=config("1.1", 20), accept_changes=True)
    assert "goes on with versions.jax: 1.0 -> 1.1; results may be rounded otherwise\n" in capsys.readouterr().err
    recorded = folder.read_json(tmp_path / "run" / "config.json")
    assert recorded["continued"] == [{"step": 10, "versions": {"jax": "1.1"}}]


def test_bad_arguments_leave_no_folder(tmp_path):
    with pytest.raises(ValueError, match="config has no 'experiment'"):
        fit(tmp_path / "run", config={"options": {}})
    assert list(tmp_path.iterdir()) == []


def test_a_folder_that_is_removed_or_in_use_is_one_line(tmp_path, monkeypatch, capsys):
    real = folder.log

    def log(directory, lines):
        real(directory, lines)
        if lines[0]["step"] == 10:
            with pytest.raises(ValueError, match="is in use by process"):
                fit(directory)
            shutil.rmtree(directory, ignore_errors=True)

    monkeypatch.setattr(folder, "log", log)
    assert exit_status(lambda: fit(tmp_path / "run") and 0, "stopped") == 2
    last = capsys.readouterr().err.splitlines()[-1]
    assert last.startswith("error: ") and str(tmp_path / "run") in last


def test_a_full_disk_is_one_line_and_the_run_continues_when_there_is_room(tmp_path, monkeypatch, finished):
    def full(*_):
        raise OSError(28, "No space left on device")

    real = Checkpoints._finish
    monkeypatch.setattr(
        Checkpoints, "_finish", lambda self, step, *rest: (full if step == 20 else real)(self, step, *rest)
    )
    with pytest.raises(FileProblem, match=r"step 20 cannot be written .*No space.*the checkpoint of step 10 is whole"):
        fit(tmp_path / "run")
    monkeypatch.undo()
    fit(tmp_path / "run")
    np.testing.assert_array_equal(samples(tmp_path / "run"), samples(finished))
    assert (tmp_path / "run" / "metrics.jsonl").read_text() == (finished / "metrics.jsonl").read_text()


def test_single_steps_are_stopped_between_two_lines_of_the_log(tmp_path, monkeypatch, finished):
    monkeypatch.setattr(beginning, "loops", lambda *_: False)
    monkeypatch.setattr(loop, "HEEDED_WITHIN", 0.0)
    calls = iter([False] * 13 + [True] * 1000)
    with monkeypatch.context() as patch:
        patch.setattr(loop, "told_to_stop", lambda: next(calls))
        with pytest.raises(Interrupted, match=r"stopped at step 1\d of 20") as raised:
            fit(tmp_path / "run")
    assert "step 10" not in str(raised.value)
    fit(tmp_path / "run")
    assert (tmp_path / "run" / "metrics.jsonl").read_text() == (finished / "metrics.jsonl").read_text()
    np.testing.assert_array_equal(samples(tmp_path / "run"), samples(finished))


class OneAlarm(alarms.Detector):
    """Raises an alarm at step 30 of what was healthy until step 25."""

    def see(self, line):
        raised = [alarms.Alarm("mode_loss", 30, 25, (), None, "a mode is gone")] if line["step"] == 30 else []
        self._raised |= {alarm.kind: alarm for alarm in raised}
        self._going_on |= {alarm.kind for alarm in raised}
        return raised


def test_the_checkpoint_of_a_signal_is_no_target_of_a_roll_back(tmp_path, monkeypatch, capsys):
    monkeypatch.setattr(alarms, "Detector", OneAlarm)
    options = {"log_every": 5, "evaluate_every": 20, "checkpoint_every": 20, "on_alarm": "roll_back"}
    fit(tmp_path / "whole", 40, **options)
    for stopped_at in (25, 35):
        with monkeypatch.context() as patch:
            patch.setattr(loop, "told_to_stop", lambda: folder.read_lines(tmp_path / "torn")[-1]["step"] == stopped_at)  # noqa: B023
            with pytest.raises(Interrupted, match=f"stopped at step {stopped_at} of 40"):
                fit(tmp_path / "torn", 40, **options)
    fit(tmp_path / "torn", 40, **options)
    assert [line.get("rolled_back_to") for line in folder.read_lines(tmp_path / "torn")][5] == 20
    assert (tmp_path / "torn" / "metrics.jsonl").read_text() == (tmp_path / "whole" / "metrics.jsonl").read_text()
    np.testing.assert_array_equal(samples(tmp_path / "torn"), samples(tmp_path / "whole"))


def test_an_alarm_that_still_stands_is_said_when_the_run_goes_on(tmp_path, monkeypatch, capsys):
    monkeypatch.setattr(alarms, "Detector", OneAlarm)
    with pytest.raises(Interrupted, match="stopped at step 30 of 40 by an alarm"):
        fit(tmp_path / "run", 40, on_alarm="stop")
    capsys.readouterr()
    fit(tmp_path / "run", 40, on_alarm="stop")
    assert "alarm of step 30, seed 0, still stands: a mode is gone\n" in capsys.readouterr().err
