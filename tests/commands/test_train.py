"""`jaxgan train` on own data, from files to samples like them, and one line for what cannot be."""

import json
from pathlib import Path
from unittest import mock

import numpy as np
import pyarrow
import pytest
from PIL import Image
from pyarrow import csv

import jaxgan
from jaxgan import data
from jaxgan.commands.main import main
from jaxgan.commands.sample import read_encoding
from jaxgan.commands.train import ARMS, said
from jaxgan.data.own_data import own_data
from jaxgan.training import loop

ROOT = Path(__file__).resolve().parents[2]
RANDOM = np.random.RandomState(0)
QUICK = ["--steps", "4", "--batch-size", "8", "--samples", "16", "--layers", "1", "--generator-width", "4"]
QUICK += ["--discriminator-width", "4", "--latent-dim", "2", "--no-watch-modes"]


@pytest.fixture(autouse=True)
def no_search_for_silent_techniques(monkeypatch):
    """It compiles a step for each technique."""
    monkeypatch.setattr(loop, "_silent", lambda *args: [])


def write_table(path, n=60):
    kind = RANDOM.choice(["pear", "plum"], n, p=[0.8, 0.2])
    size = RANDOM.normal(np.where(kind == "plum", 3, 7), 1).round(3)
    table = {"size": size, "kind": kind, "price": pyarrow.array(RANDOM.poisson(20, n), mask=np.arange(n) % 5 == 0)}
    csv.write_csv(pyarrow.table(table), path)
    return path


def trained(path, workdir, *arguments):
    assert main(["train", "--data", str(path), "--workdir", str(workdir), *QUICK, *arguments]) == 0
    return workdir


@pytest.mark.slow
def test_a_table_with_labels_from_the_file_to_rows(tmp_path, capsys):
    """The run is like any other; rows have the columns and types of the table, and classes in its shares."""
    table = write_table(tmp_path / "fruit.csv")
    run = trained(table, tmp_path / "run", "--label", "kind")
    printed = capsys.readouterr().out
    assert "fruit.csv: 60 rows of 4, 2 classes\n" in printed
    assert "2 classes are unbalanced: from" in printed and "they are drawn equally often" in printed
    summary = json.loads((run / "summary.json").read_text())
    assert summary["modes_total"] == 2 and "class_accuracy" in summary["mean"] and summary["kind"] == "tables"
    assert not summary["verdict"]["sentence"].startswith("Not judged")
    config = json.loads((run / "config.json").read_text())
    assert config["options"]["architecture"]["conditional"] is True and config["options"]["data"]["label"] == "kind"
    assert (run / "report.html").exists() and jaxgan.load(run).example.widths == (1, 1, 2)
    for name in ("rows.csv", "rows.parquet", "rows.npz", "rows.png"):
        assert main(["sample", str(run), "--n", "500", "--out", str(tmp_path / name)]) == 0
    rows, real = csv.read_csv(tmp_path / "rows.csv"), csv.read_csv(table)
    assert rows.schema == real.schema and len(rows) == 500
    share = np.mean(np.asarray(real["kind"].to_pylist()) == "plum")
    assert abs(np.mean(np.asarray(rows["kind"].to_pylist()) == "plum") - share) < 0.06
    assert main(["sample", str(run), "--n", "9", "--label", "plum", "--out", str(tmp_path / "plums.csv")]) == 0
    assert set(csv.read_csv(tmp_path / "plums.csv")["kind"].to_pylist()) == {"plum"}
    # The same file goes on, another one is told apart from it.
    assert main(["train", "--data", str(table), "--workdir", str(run), *QUICK, "--label", "kind"]) == 0
    write_table(table)
    assert main(["train", "--data", str(table), "--workdir", str(run), *QUICK, "--label", "kind"]) == 2
    assert "other options (data.digest: " in capsys.readouterr().err


@pytest.mark.slow
def test_points_come_back_in_the_units_of_the_data(tmp_path, capsys):
    points = RANDOM.normal([13, 100, 747], [0.8, 14, 314], (300, 3))
    np.save(tmp_path / "x.npy", points)
    run = trained(tmp_path / "x.npy", tmp_path / "run", "--steps", "40")
    assert main(["sample", str(run), "--n", "200", "--out", str(tmp_path / "s.npz")]) == 0
    samples = np.load(tmp_path / "s.npz")["samples"]
    assert np.all(np.abs(samples.mean(axis=0) - points.mean(axis=0)) < 2 * points.std(axis=0))
    assert main(["sample", str(run), "--out", str(tmp_path / "s.csv")]) == 2
    assert "was not trained on a table: --out is a .png or .npz file" in capsys.readouterr().err


@pytest.mark.slow
def test_images_of_any_size_in_class_folders(tmp_path, capsys):
    for name in ("cat", "dog"):
        (tmp_path / "x" / name).mkdir(parents=True)
        for i in range(6):
            pixels = RANDOM.randint(0, 256, (12 + i, 20, 3)).astype(np.uint8)
            Image.fromarray(pixels).save(tmp_path / "x" / name / f"{i}.png")
    run = trained(tmp_path / "x", tmp_path / "run", "--size", "8x12")
    assert "x: 12 images of 8 x 12 x 3, 2 classes\n" in capsys.readouterr().out
    assert jaxgan.load(run).example.shape == (8, 12, 3) and read_encoding(run) is None
    assert main(["sample", str(run), "--n", "4", "--out", str(tmp_path / "s.png"), "--label", "1"]) == 0
    with Image.open(tmp_path / "s.png") as picture:
        assert picture.size[0] > 12


@pytest.mark.slow
def test_sequences_without_labels(tmp_path):
    np.savez(tmp_path / "x.npz", samples=100 + RANDOM.normal(size=(40, 5, 2)), kind="sequences")
    run = trained(tmp_path / "x.npz", tmp_path / "run")
    assert main(["sample", str(run), "--n", "7", "--out", str(tmp_path / "s.npz")]) == 0
    found = np.load(tmp_path / "s.npz")
    assert found["samples"].shape == (7, 5, 2) and found["samples"].min() > 90 and str(found["kind"]) == "sequences"


@pytest.mark.parametrize("kind", ARMS)
def test_the_defaults_of_each_kind_are_a_regularised_relativistic_game(kind):
    arm = ARMS[kind]
    assert arm.training.loss == "relativistic" and [t.name for t in arm.training.techniques()] == ["r1", "r2"]


def test_options_begin_with_the_defaults_for_the_data(tmp_path):
    """Labels make networks conditional and ask for each class, and any option may say otherwise."""
    np.savez(tmp_path / "x.npz", samples=RANDOM.normal(size=(90, 2)), labels=np.arange(90) % 2)
    begun = []

    def record(experiment, options, files):
        begun.append((options, experiment.task(options.data), files))
        return tmp_path

    with mock.patch("jaxgan.commands.train.train_and_report", record):
        for more in ([], ["--no-conditional", "--technique", "r1:2.0", "--steps", "7", "--metric", "vendi"]):
            assert main(["train", "--data", str(tmp_path / "x.npz"), "--workdir", str(tmp_path), *more]) == 0
    (usual, task, files), (other, *_) = begun
    assert usual.training == ARMS["points"].training and usual.architecture.conditional
    assert usual.run.metric == ("class_accuracy",) and isinstance(task, data.Examples)
    assert list(files) == ["encoding.json"] and usual.data.digest
    assert not other.architecture.conditional and other.run.metric == ("vendi",)
    assert (other.training.technique, other.training.steps) == (("r1:2.0",), 7)
    assert other.training.loss == "relativistic"


def test_the_commands_in_the_readme_train_on_such_data(tmp_path, monkeypatch):
    text = (ROOT / "README.md").read_text(encoding="utf-8").split("## Train on your own data")[1].split("\n## ")[0]
    monkeypatch.chdir(tmp_path)
    (tmp_path / "photos").mkdir()
    for i in range(3):
        Image.fromarray(RANDOM.randint(0, 256, (90 + i, 80, 3)).astype(np.uint8)).save(tmp_path / "photos" / f"{i}.jpg")
    write_table("customers.csv")
    (tmp_path / "customers.csv").write_text((tmp_path / "customers.csv").read_text().replace("kind", "segment"))
    np.savez("waves.npz", samples=RANDOM.normal(size=(20, 9, 2)), kind="sequences")
    begun = []

    def record(experiment, options, files):
        begun.append((str(options.run.workdir), experiment.task(options.data).kind))
        return tmp_path

    with mock.patch("jaxgan.commands.train.train_and_report", record):
        for line in text.splitlines():
            if line.startswith("jaxgan train"):
                assert main(line.split()[1:]) == 0
    assert begun == [("runs/photos", "images"), ("runs/customers", "tables"), ("runs/waves", "sequences")]
    sampled = [line.split()[2] for line in text.splitlines() if line.startswith("jaxgan sample")]
    assert sampled == [workdir for workdir, _ in begun]


def test_what_is_said_of_the_data_before_training(tmp_path):
    np.savez(tmp_path / "x.npz", samples=RANDOM.normal(size=(90, 2)), labels=np.arange(90) // 80)
    task = own_data(tmp_path / "x.npz").task
    first, unequal, few = said(task, conditional=True)
    assert first == "x.npz: 90 points of 2, 2 classes"
    assert unequal == (
        "note: 2 classes are unbalanced: from 10 of '1' to 80 of '0', 8 times as many; they are drawn equally often"
    )
    assert few.startswith("note: 90 examples are few, and the discriminator may learn them by heart")
    assert "drawn as often as they occur" in said(task, conditional=False)[1]
    assert len(said(data.arrays(RANDOM.normal(size=(2000, 2))), conditional=False)) == 1


def test_help_is_shown_without_data(capsys):
    with pytest.raises(SystemExit) as left:
        main(["train", "--help"])
    assert not left.value.code
    printed = capsys.readouterr().out
    assert "usage: jaxgan train" in printed and "--data" in printed and "--technique" in printed


def test_what_can_be_named_is_listed_without_data_and_with_it(tmp_path, capsys):
    np.save(tmp_path / "x.npy", RANDOM.normal(size=(20, 2)))
    assert main(["train", "--list", "losses"]) == 0
    without = capsys.readouterr().out
    assert without.startswith("losses: --loss NAME")
    assert main(["train", "--data", str(tmp_path / "x.npy"), "--list", "losses"]) == 0
    assert capsys.readouterr().out == without


@pytest.mark.parametrize(
    ("arguments", "says"),
    [
        ([], "--data is missing: a folder of images, a file or tfds:NAME/SPLIT"),
        (["--data", "{here}/nothing"], "no file or folder {here}/nothing; data are a folder of images, .npy"),
        (["--data", "{here}"], "no images in {here}"),
        (["--data", "{here}/x.npy", "--size", "big"], "--size is a side in pixels, or HEIGHTxWIDTH"),
        (["--data", "{here}/x.npy", "--stepps", "3"], "--stepps"),
        (["--data", "{here}/x.npy", "--technique", "r9"], "r9"),
        (["--data", "{here}/x.npy", "--conditional"], "--conditional needs data with at least two classes"),
    ],
)
def test_bad_input_is_one_line_and_leaves_nothing(arguments, says, tmp_path, capsys):
    here = tmp_path / "data"
    here.mkdir()
    np.save(here / "x.npy", RANDOM.normal(size=(20, 2)))
    assert main(["train", *(text.format(here=here) for text in arguments), "--workdir", str(tmp_path / "run")]) == 2
    printed = capsys.readouterr().err
    assert printed.startswith("error: ") and printed.count("\n") == 1 and says.format(here=here) in printed
    assert not (tmp_path / "run").exists()
