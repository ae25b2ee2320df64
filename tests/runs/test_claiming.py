"""Whose folder it is: nobody else's files are touched, and nobody else trains there."""

import json
import multiprocessing
import os
import shutil

import pytest

from jaxgan.backend.files import FileProblem
from jaxgan.runs import claiming

CONFIG = {"experiment": "ring", "arm": None, "options": {"training": {"steps": 10, "technique": ["r1:1.0"]}}}


def claims(directory, config, **options):
    """Claims and writes, as a run does."""
    claiming.record(claiming.claim(directory, config, **options), 0)


def other(**options):
    return {**CONFIG, "options": {"training": {**CONFIG["options"]["training"], **options}}}


def test_claims_a_new_folder_and_again(tmp_path):
    claims(tmp_path / "run", CONFIG)
    assert json.loads((tmp_path / "run" / "config.json").read_text()) == CONFIG
    claims(tmp_path / "run", {**CONFIG, "versions": {"jax": "another"}})
    assert json.loads((tmp_path / "run" / "config.json").read_text()) == CONFIG
    assert not list((tmp_path / "run").glob(".*"))


def test_refuses_a_folder_with_files_of_a_user(tmp_path):
    (tmp_path / "thesis.tex").write_text("mine")
    with pytest.raises(ValueError, match="holds files, but no run"):
        claims(tmp_path, CONFIG)
    assert [path.name for path in tmp_path.iterdir()] == ["thesis.tex"]


def test_refuses_a_file(tmp_path):
    (tmp_path / "file").write_text("mine")
    with pytest.raises(ValueError, match="is a file"):
        claims(tmp_path / "file", CONFIG)


def test_refuses_another_experiment_and_another_arm(tmp_path):
    claims(tmp_path, CONFIG)
    before = (tmp_path / "config.json").read_bytes()
    with pytest.raises(ValueError, match="holds a run of ring, not of grid"):
        claims(tmp_path, {**CONFIG, "experiment": "grid"}, accept_changes=True)
    with pytest.raises(ValueError, match="holds a run of ring"):
        claims(tmp_path, {**CONFIG, "arm": "packed"})
    assert (tmp_path / "config.json").read_bytes() == before


def test_shows_changed_options_and_takes_them_on_demand(tmp_path):
    claims(tmp_path, CONFIG)
    (tmp_path / "summary.json").write_text("{}")
    with pytest.raises(ValueError, match=r"training.steps: 10 -> 20.*--accept-changes"):
        claims(tmp_path, other(steps=20))
    claims(tmp_path, other(steps=20), accept_changes=True)
    assert (tmp_path / "summary.json").exists()
    assert json.loads((tmp_path / "config.json").read_text()) == other(steps=20)


def test_a_claim_writes_nothing(tmp_path):
    claimed = claiming.claim(tmp_path / "run", CONFIG)
    assert not (tmp_path / "run").exists()
    claiming.record(claimed, 0)
    before = (tmp_path / "run" / "config.json").read_bytes()
    claiming.claim(tmp_path / "run", other(steps=20), accept_changes=True)
    assert (tmp_path / "run" / "config.json").read_bytes() == before


@pytest.mark.parametrize("absent", ["experiment", "options"])
def test_a_configuration_that_lacks_something_is_refused(absent, tmp_path):
    config = {name: value for name, value in CONFIG.items() if name != absent}
    with pytest.raises(ValueError, match=f"config has no '{absent}'"):
        claiming.claim(tmp_path / "run", config)
    arm = {name: value for name, value in CONFIG.items() if name != "arm"}
    assert claiming.claim(tmp_path / "run", arm).config["arm"] is None
    assert list(tmp_path.iterdir()) == []


def test_changed_options_are_a_short_line(tmp_path):
    claims(tmp_path, other(**{f"option_{i}": "x" * 5000 for i in range(40)}))
    with pytest.raises(ValueError, match=r"and 37 more\): choose another --workdir, or") as raised:
        claiming.claim(tmp_path, CONFIG)
    assert len(str(raised.value)) < 800
    changed = {**CONFIG, "options": {**CONFIG["options"], "run": {"seeds": 3}}}
    with pytest.raises(ValueError, match=r"other seeds \(run.seeds: \(none\) -> 3\), .*with --first-seed"):
        claiming.claim(tmp_path, changed, accept_changes=True)


def test_a_damaged_configuration_is_written_again_on_demand_and_kept(tmp_path):
    claims(tmp_path, CONFIG)
    path = tmp_path / "config.json"
    for damaged in ('{"experi', "[]", '{"options": 3}', '{"options": {}, "continued": 1}'):
        path.write_text(damaged)
        with pytest.raises(ValueError, match=f"^{path} .*--accept-changes"):
            claiming.claim(tmp_path, CONFIG)
        claims(tmp_path, CONFIG, accept_changes=True)
        assert json.loads(path.read_text()) == CONFIG
        (aside,) = tmp_path.glob("*.damaged")
        assert aside.read_text() == damaged
        aside.unlink()
    path.unlink()
    (tmp_path / "checkpoints").mkdir()
    with pytest.raises(ValueError, match=r"holds a run without its config.json: put it back, or write it again"):
        claiming.claim(tmp_path, CONFIG)
    claims(tmp_path, CONFIG, accept_changes=True)
    assert json.loads(path.read_text()) == CONFIG


def test_other_versions_and_devices_are_recorded_once_with_the_step(tmp_path):
    here = {"versions": {"jax": "1.0"}, "device_kind": "cpu", "device_count": 1}
    claims(tmp_path, {**CONFIG, **here, "started_from": {"step": 5}})
    there = {**here, "versions": {"jax": "1.1"}, "device_count": 8}
    claimed = claiming.claim(tmp_path, {**CONFIG, **there})
    assert claimed.surroundings == "device_count: 1 -> 8; versions.jax: 1.0 -> 1.1"
    for step in (40, 60):
        claiming.record(claiming.claim(tmp_path, {**CONFIG, **there}), step)
    recorded = json.loads((tmp_path / "config.json").read_text())
    assert recorded["versions"] == {"jax": "1.0"} and recorded["continued"] == [{"step": 40, **there}]
    claims(tmp_path, {**other(steps=20), **there}, accept_changes=True)
    recorded = json.loads((tmp_path / "config.json").read_text())
    assert recorded["continued"] == [{"step": 40, **there}] and recorded["started_from"] == {"step": 5}
    assert recorded["options"]["training"]["steps"] == 20


def hold(directory, held, leave):
    with claiming.locked(directory):
        held.set()
        leave.wait()
        os.kill(os.getpid(), 9)


def test_a_folder_is_held_by_one_process_and_by_none_that_is_dead(tmp_path):
    context = multiprocessing.get_context("spawn")
    held, leave = context.Event(), context.Event()
    other_process = context.Process(target=hold, args=(tmp_path / "run", held, leave))
    other_process.start()
    assert held.wait(60)
    with (
        pytest.raises(ValueError, match=rf"is in use by process {other_process.pid} on .*: wait for its end"),
        claiming.locked(tmp_path / "run"),
    ):
        pass
    leave.set()
    other_process.join()
    with claiming.locked(tmp_path / "run") as lock:
        lock.check()
    claiming.claim(tmp_path / "run", CONFIG)  # a lock alone makes no folder that holds files


def test_a_folder_that_is_gone_is_noticed(tmp_path):
    with claiming.locked(tmp_path / "run") as lock:
        lock.check()
        shutil.rmtree(tmp_path / "run")
        with pytest.raises(FileProblem, match="was removed or moved while it was in use"):
            lock.check()
        (tmp_path / "run").mkdir()
        (tmp_path / "run" / ".lock").touch()
        with pytest.raises(FileProblem, match="was removed or moved while it was in use"):
            lock.check()
    (tmp_path / "file").touch()
    with pytest.raises(FileProblem, match="cannot be written"), claiming.locked(tmp_path / "file"):
        pass
