"""The folder of a run: nothing is written over, nothing is doubled or lost."""

import json

import numpy as np
import pytest

from jaxgan.runs import folder

CONFIG = {"experiment": "ring", "arm": None, "options": {"training": {"steps": 10, "technique": ["r1:1.0"]}}}


def other(**options):
    return {**CONFIG, "options": {"training": {**CONFIG["options"]["training"], **options}}}


def test_claims_a_new_folder_and_again(tmp_path):
    folder.claim(tmp_path / "run", CONFIG)
    assert json.loads((tmp_path / "run" / "config.json").read_text()) == CONFIG
    folder.claim(tmp_path / "run", {**CONFIG, "versions": {"jax": "another"}})
    assert json.loads((tmp_path / "run" / "config.json").read_text()) == CONFIG


def test_refuses_a_folder_with_files_of_a_user(tmp_path):
    (tmp_path / "thesis.tex").write_text("mine")
    with pytest.raises(ValueError, match="holds files, but no run"):
        folder.claim(tmp_path, CONFIG)
    assert [path.name for path in tmp_path.iterdir()] == ["thesis.tex"]


def test_refuses_a_file(tmp_path):
    (tmp_path / "file").write_text("mine")
    with pytest.raises(ValueError, match="is a file"):
        folder.claim(tmp_path / "file", CONFIG)


def test_refuses_another_experiment_and_another_arm(tmp_path):
    folder.claim(tmp_path, CONFIG)
    before = (tmp_path / "config.json").read_bytes()
    with pytest.raises(ValueError, match="holds a run of ring, not of grid"):
        folder.claim(tmp_path, {**CONFIG, "experiment": "grid"}, accept_changes=True)
    with pytest.raises(ValueError, match="holds a run of ring"):
        folder.claim(tmp_path, {**CONFIG, "arm": "packed"})
    assert (tmp_path / "config.json").read_bytes() == before


def test_shows_changed_options_and_takes_them_on_demand(tmp_path):
    folder.claim(tmp_path, CONFIG)
    (tmp_path / "summary.json").write_text("{}")
    with pytest.raises(ValueError, match=r"training.steps: 10 -> 20.*--accept-changes"):
        folder.claim(tmp_path, other(steps=20))
    assert (tmp_path / "summary.json").exists()
    folder.claim(tmp_path, other(steps=20), accept_changes=True)
    assert not (tmp_path / "summary.json").exists()
    assert json.loads((tmp_path / "config.json").read_text()) == other(steps=20)


def test_rewind_cuts_the_log_and_the_snapshots_back(tmp_path):
    samples = np.arange(12.0).reshape(2, 3, 2)
    for step in (10, 20, 30):
        folder.log(tmp_path, [{"step": step, "seed": seed, "loss": float("nan")} for seed in (0, 1)])
        folder.add_snapshot(tmp_path, step, samples + step)
    with open(tmp_path / "metrics.jsonl", "a") as file:
        file.write('{"step": 40, "se')  # killed while writing
    folder.rewind(tmp_path, 20)
    lines = [json.loads(line) for line in (tmp_path / "metrics.jsonl").read_text().splitlines()]
    assert [(line["step"], line["seed"], line["loss"]) for line in lines] == [
        (10, 0, None),
        (10, 1, None),
        (20, 0, None),
        (20, 1, None),
    ]
    steps, kept = folder.read_snapshots(tmp_path)
    assert steps.tolist() == [10, 20]
    np.testing.assert_array_equal(kept, np.stack([samples + 10, samples + 20]))
    folder.rewind(tmp_path, 0)
    assert (tmp_path / "metrics.jsonl").read_text() == ""
    assert len(folder.read_snapshots(tmp_path)[0]) == 0


def test_a_file_is_replaced_whole_or_not_at_all(tmp_path):
    folder.write_json(tmp_path / "a.json", {"x": 1})
    with pytest.raises(TypeError):
        folder.write_arrays(tmp_path / "a.json", **{"file": np.zeros(1)})  # numpy's own argument name: fails midway
    assert folder.read_json(tmp_path / "a.json") == {"x": 1}


def test_plain_makes_json():
    value = {"a": np.float32(1.5), "b": [np.inf, np.int32(3)], "c": np.arange(2), "d": None, "e": tmp_like("x")}
    assert folder.plain(value) == {"a": 1.5, "b": [None, 3], "c": [0, 1], "d": None, "e": "x"}


def tmp_like(text):
    from pathlib import PurePosixPath

    return PurePosixPath(text)
