"""The folder of a run: nothing is written over, nothing is doubled or lost."""

import json
import os

import numpy as np
import pytest

from jaxgan.runs import folder
from jaxgan.runs.lines import missing, parsed


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


SEEDS = (0, 1)


def logged(directory, *steps):
    for step in steps:
        folder.log(directory, [{"step": step, "seed": seed, "loss": float("nan")} for seed in SEEDS])
        folder.add_snapshot(directory, step, np.full((2, 3, 2), step))


def kept(directory):
    lines = [json.loads(line) for line in (directory / "metrics.jsonl").read_text().splitlines()]
    return [(line["step"], line["seed"]) for line in lines]


def test_rewind_cuts_the_log_and_the_snapshots_back(tmp_path, capsys):
    logged(tmp_path, 10, 20, 30)
    with open(tmp_path / "metrics.jsonl", "a") as file:
        file.write('{"step": 40, "se')  # killed while writing
    lines = folder.rewind(tmp_path, 20, SEEDS, 10)
    assert kept(tmp_path) == [(10, 0), (10, 1), (20, 0), (20, 1)]
    assert lines == folder.read_lines(tmp_path) and lines[0] == {"step": 10, "seed": 0, "loss": None}
    steps, samples = folder.read_snapshots(tmp_path)
    assert steps.tolist() == [10, 20]
    np.testing.assert_array_equal(samples[:, 0, 0, 0], [10, 20])
    folder.rewind(tmp_path, 0, SEEDS, 10)
    assert (tmp_path / "metrics.jsonl").read_text() == ""
    assert len(folder.read_snapshots(tmp_path)[0]) == 0
    assert capsys.readouterr().err == ""  # nothing of this is damage


def test_a_line_that_was_changed_is_noticed(tmp_path, capsys):
    logged(tmp_path, 10, 20)
    expected = folder.digest(tmp_path)
    logged(tmp_path, 30)
    folder.rewind(tmp_path, 20, SEEDS, 10, expected)
    assert capsys.readouterr().err == ""
    path = tmp_path / "metrics.jsonl"
    path.write_text(path.read_text().replace("null", "0.5", 1))
    folder.rewind(tmp_path, 20, SEEDS, 10, expected)
    assert capsys.readouterr().err == f"{path} is not as it was written, and its lines are used as they are\n"


@pytest.mark.parametrize(
    "part", [{"window": {}}, {"window": 3}, {"alarms": [{"kind": "x"}]}, {"not_finite": {}}, {"loss": "x"}]
)
def test_a_line_of_another_shape_is_garbled(part):
    line = json.dumps({"step": 1, "seed": 0, **part}).encode() + b"\n"
    assert parsed(line).damage == ["line 1 is garbled"]


def test_damaged_lines_are_named_and_the_file_is_kept_as_it_was(tmp_path, capsys):
    logged(tmp_path, 10, 20, 30)
    path = tmp_path / "metrics.jsonl"
    lines = path.read_text().splitlines()
    lines[1] = lines[1][:5]
    damaged = "\n".join([*lines, lines[2], "[]", ""])
    path.write_text(damaged)
    folder.rewind(tmp_path, 30, SEEDS, 10)
    said = capsys.readouterr().err.splitlines()
    assert said == [
        f"{path}: line 2 is garbled, line 7 repeats step 20 of seed 0, line 8 is garbled; "
        "left out, and the file as it was is metrics.jsonl.damaged",
        f"{path}: lines are missing seed 1 at step 10; the run goes on without them",
    ]
    assert (tmp_path / "metrics.jsonl.damaged").read_text() == damaged
    assert kept(tmp_path) == [(10, 0), (20, 0), (20, 1), (30, 0), (30, 1)]
    path.write_bytes(b"\xff\n" + path.read_bytes())
    assert len(folder.read_lines(tmp_path)) == 5
    assert "line 1 is garbled; left out" in capsys.readouterr().err


@pytest.mark.parametrize(
    ("steps", "every", "says"),
    [
        ((8, 16, 24), 8, ""),
        ((8, 24), 8, "after step 8"),
        ((16, 24), 8, "after step 0"),
        ((8, 16), 8, "after step 16"),
        ((), 8, "after step 0"),
        ((2, 4, 6, 8, 16, 24), 8, ""),  # made longer, and logged at longer intervals from then on
        ((2, 4, 24), 8, "after step 4"),
        ((8, 16, 19, 24), 8, ""),
    ],
)
def test_missing_lines_are_found(steps, every, says):
    lines = [{"step": step, "seed": seed} for step in steps for seed in SEEDS]
    assert missing(lines, 24, SEEDS, every) == says
    assert missing(lines, 27, SEEDS, every) == says  # stopped between two lines


def test_a_damaged_snapshot_is_named_and_left_out(tmp_path, capsys):
    logged(tmp_path, 10, 20, 30, 40)
    (tmp_path / "snapshots" / "20.npz").write_bytes(b"PK")
    folder.add_snapshot(tmp_path, 30, np.zeros((1, 2)))
    assert folder.read_snapshots(tmp_path)[0].tolist() == [10, 40]
    said = capsys.readouterr().err.splitlines()
    assert len(said) == 2 and "snapshots/20.npz cannot be read: " in said[0]
    assert "the samples of step 30 have another shape; left out" in said[1]


@pytest.mark.parametrize("name", ["config.json", "samples.npz"])
@pytest.mark.parametrize("damage", ["a folder", "a link to nowhere", "a pipe", "no text", "deep"])
def test_what_is_no_such_file_is_one_line_that_names_it(name, damage, tmp_path):
    path = tmp_path / name
    if damage == "a folder":
        path.mkdir()
    elif damage == "a link to nowhere":
        path.symlink_to("nowhere")
    elif damage == "a pipe":
        os.mkfifo(path)
    else:
        path.write_bytes(b"\xff\xfe\x00" if damage == "no text" else b"[" * 100_000)
    with pytest.raises(ValueError, match=f"^{path} cannot be read") as raised:
        folder.read_json(path) if name == "config.json" else folder.read_arrays(path, ("samples",))
    assert "\n" not in str(raised.value) and len(str(raised.value)) < 400
