"""`--sweep`: every setting ends as if it had been trained alone, in a folder that is read like that of any run."""

import json

import numpy as np
import pytest

from jaxgan import load, report
from jaxgan.commands.experiment import main
from jaxgan.commands.main import main as jaxgan
from tests.commands.fixtures import RING, train

AXES = ("--sweep", "technique.r1.weight=0.1,1", "--sweep", "discriminator-learning-rate=1e-3,1e-2")
NAMES = [f"technique.r1.weight={w},discriminator_learning_rate={r}" for w in ("0.1", "1") for r in ("1e-3", "1e-2")]


@pytest.fixture(scope="module")
def swept(tmp_path_factory):
    return train(RING, tmp_path_factory.mktemp("sweep") / "run", *AXES)


def test_each_setting_equals_the_run_alone_bit_for_bit(swept, tmp_path):
    assert {path.name for path in swept.iterdir() if path.is_dir()} >= set(NAMES)
    options = ("--technique", "replay:32", "r1:1", "--discriminator-learning-rate", "0.01")
    alone = train(RING, tmp_path / "alone", *options)
    with np.load(swept / NAMES[3] / "samples.npz") as one, np.load(alone / "samples.npz") as other:
        np.testing.assert_array_equal(one["samples"], other["samples"])
    (one, other) = ((folder / "metrics.jsonl").read_text().splitlines() for folder in (swept / NAMES[3], alone))
    assert [json.loads(line) for line in one] == [json.loads(line) for line in other]
    of_one, of_other = (json.loads((f / "config.json").read_text())["options"] for f in (swept / NAMES[3], alone))
    assert of_one["training"] == of_other["training"] and of_one["run"] == of_other["run"]


def test_settings_differ_and_each_is_a_run_like_any_other(swept):
    summaries = [json.loads((swept / name / "summary.json").read_text()) for name in NAMES]
    assert [summary["arm"] for summary in summaries] == NAMES
    assert len({json.dumps(summary["seeds"]) for summary in summaries}) > 1
    assert load(swept / NAMES[0]).seeds == (3, 4)


def test_the_same_command_only_reads_and_another_one_is_refused(swept, capsys):
    before = {path: path.stat().st_mtime_ns for path in swept.rglob("*.npz")}
    train(RING, swept, *AXES)
    assert before == {path: path.stat().st_mtime_ns for path in swept.rglob("*.npz")}
    capsys.readouterr()
    assert main(RING, ["--workdir", str(swept), "--batch-size", "16", *AXES[:2]]) == 2
    assert "sweep" in capsys.readouterr().err


def test_the_page_can_be_made_again(swept, capsys):
    first = (swept / "report.html").read_bytes()
    assert report.is_sweep(swept) and not report.is_sweep(swept / NAMES[0])
    assert jaxgan(["report", str(swept)]) == 0
    assert (swept / "report.html").read_bytes() == first


def test_a_sweep_folder_is_no_run(swept):
    with pytest.raises(ValueError, match=r"holds a sweep of 4 settings: name the folder of one, such as"):
        load(swept)


def test_mistakes_are_one_line_and_leave_nothing(tmp_path, capsys):
    for text, says in (
        ("steps=5,x", "takes a whole number"),
        ("pack=1,3", "cannot be packed by 3"),
        ("a=1", "no option a"),
    ):
        assert main(RING, ["--workdir", str(tmp_path / "run"), "--sweep", text]) == 2
        error = capsys.readouterr().err
        assert says in error and error.count("\n") == 1
        assert not (tmp_path / "run").exists()
