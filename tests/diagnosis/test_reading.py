"""Generated samples from the folder of a run: each seed by itself, in the units of the data."""

import json

import numpy as np
import pyarrow
import pytest
from PIL import Image
from pyarrow import csv

from jaxgan.commands.main import main
from jaxgan.data.encodings import FILE, encoding_as_json
from jaxgan.data.files import Samples, read_samples
from jaxgan.data.preparation import Scaling
from jaxgan.data.tables import fit_table
from jaxgan.diagnosis import read_generated
from jaxgan.diagnosis.inputs import fitted
from jaxgan.diagnosis.reading import in_shares
from jaxgan.runs import folder

RANDOM = np.random.RandomState(0)
POINTS = RANDOM.normal(size=(2, 20, 2)).astype(np.float32)


def run(path, samples, kind, first_seed=3, encoding=None, **arrays):
    """The folder of a finished run."""
    path.mkdir(parents=True)
    config = {"options": {"run": {"first_seed": first_seed}}, "example": {"kind": kind}}
    folder.write_json(path / folder.CONFIG, config)
    folder.write_arrays(path / folder.SAMPLES, samples=samples, real=samples[0], kind=np.array(kind), **arrays)
    if encoding is not None:
        folder.write_json(path / FILE, encoding_as_json(encoding))
    return path


def real(data, kind="points", **others):
    return Samples(np.asarray(data), None, (), "reals", kind, **others)


def test_each_seed_is_a_set_of_samples(tmp_path):
    directory = run(tmp_path / "run", POINTS, "points")
    for source in (directory, directory / folder.SAMPLES, str(directory)):
        found = read_generated(source, like=real(POINTS[0]))
        assert list(found) == ["seed 3", "seed 4"] and found["seed 4"].source == f"seed 4 of {directory}"
        for i, samples in enumerate(found.values()):
            assert samples.kind == "points" and samples.labels is None
            np.testing.assert_array_equal(samples.data, POINTS[i])
    assert list(read_generated(directory, like=real(POINTS[0]), run_seed=4)) == ["seed 4"]
    with pytest.raises(ValueError, match=r"there is no seed 0 in .*; its seeds are 3, 4"):
        read_generated(directory, like=real(POINTS[0]), run_seed=0)
    np.save(tmp_path / "x.npy", POINTS[0])
    assert list(read_generated(tmp_path / "x.npy", like=real(POINTS[0]))) == [""]
    with pytest.raises(ValueError, match="is not the folder of a run, so it has no seed 1"):
        read_generated(tmp_path / "x.npy", like=real(POINTS[0]), run_seed=1)


def test_samples_are_in_the_units_of_the_data(tmp_path):
    images = RANDOM.randint(0, 256, (1, 5, 4, 4, 1)).astype(np.uint8)
    directory = run(tmp_path / "images", images / 127.5 - 1, "images")
    (found,) = read_generated(directory, like=real(images[0], "images")).values()
    np.testing.assert_array_equal(found.data, images[0])
    assert found.notes == ("images of the run, in [-1, 1], became pixels of 8 bits",)
    (found,) = read_generated(directory, like=real(images[0] / 255, "images")).values()
    assert found.data.min() >= -1 and found.data.dtype == np.float64 and found.notes == ()
    scaling = Scaling(np.array([100.0, -5.0]), np.array([3.0, 1000.0]))
    directory = run(tmp_path / "waves", POINTS[:, :, None].repeat(6, 2), "sequences", encoding=scaling)
    (found, _) = read_generated(directory, like=real(POINTS[0])).values()
    assert found.kind == "sequences" and found.data.shape == (20, 6, 2)
    np.testing.assert_allclose(found.data[:, 0], POINTS[0] * [3, 1000] + [100, -5], rtol=1e-6)


def test_rows_are_those_of_the_table(tmp_path):
    rows = {"money": np.exp(RANDOM.normal(size=40)), "city": list("abac" * 10), "class": list("xxyz" * 10)}
    table = pyarrow.table(rows)
    csv.write_csv(table, tmp_path / "x.csv")
    for label in (None, "class"):
        encoding = fit_table(table, label=label)
        vectors = encoding.encode(table, 7)[None].astype(np.float32)
        directory = run(tmp_path / f"run {label}", vectors, "tables", encoding=encoding)
        of_real = read_samples(tmp_path / "x.csv", label=label)
        (found,) = read_generated(directory, like=of_real).values()
        np.testing.assert_allclose(found.data, of_real.data, atol=1e-4)
        other = read_samples(tmp_path / "x.csv", label="class" if label is None else None)
        with pytest.raises(ValueError, match=r"the run was trained with .*: read the reals with"):
            read_generated(directory, like=other)
    with pytest.raises(ValueError, match=r"the reals have to be that table"):
        read_generated(directory, like=real(vectors[0]))


def test_labels_of_a_run_are_positions_among_the_classes(tmp_path):
    directory = run(tmp_path / "run", POINTS, "points", labels=np.arange(40).reshape(2, 20) % 3)
    cats = Samples(POINTS[0], np.arange(20) % 3, ("cat", "dog", "emu"), "reals", "points")
    found = read_generated(directory, like=cats)["seed 4"]
    assert fitted(cats, found).fake_labels.tolist() == [i % 3 for i in range(20, 40)]


def test_samples_that_were_asked_for_by_class_have_the_shares_of_the_data(tmp_path):
    """They were drawn evenly, and the data are not even; labels that were asked for say nothing of what was made."""
    labels = np.arange(600) % 3
    samples = np.stack([np.stack([labels, np.arange(600)], axis=1)] * 2).astype(np.float32)
    directory = run(tmp_path / "run", samples, "points", labels=np.stack([labels] * 2))
    config = folder.read_json(directory / folder.CONFIG)
    config["example"]["label"] = {"in_data": [0.6, 0.1, 0.3]}
    folder.write_json(directory / folder.CONFIG, config)
    found = read_generated(directory, like=real(samples[0]))["seed 4"]
    assert found.labels is None
    assert np.bincount(found.data[:, 0].astype(int)).tolist() == [200, 33, 100]
    assert (np.diff(found.data[:, 1]) > 0).all()
    for broken in ("x", [1, "a"], [-1, 2, 0], [], [0, 0, 0], {"a": 1}):
        config["example"]["label"] = {"in_data": broken}
        folder.write_json(directory / folder.CONFIG, config)
        assert len(read_generated(directory, like=real(samples[0]))["seed 4"].data) == 600
    assert in_shares(np.zeros(5, int), np.array([0.5, 0.5])).tolist() == [0, 1, 2, 3, 4]


def no_samples(path):
    run(path, POINTS, "points")
    (path / folder.SAMPLES).unlink()


def comparison(path):
    for arm in ("plain", "packed"):
        run(path / arm, POINTS, "points")
    folder.write_json(path / folder.CONFIG, {"options": {"data": {}, "plain": {}, "packed": {}}})


def diverged(path):
    run(path, np.where(np.arange(2)[:, None, None] == 1, np.nan, POINTS), "points")


def garbled(path):
    run(path, POINTS, "points")
    (path / folder.CONFIG).write_text("{")


@pytest.mark.parametrize(
    ("make", "says"),
    [
        (no_samples, r"is not finished, so it has no samples.npz: jaxgan sample \S+ --out FILE.npz draws from"),
        (comparison, r"holds a comparison of plain, packed: name the folder of one, \S+/plain"),
        (diverged, r"seed 4 of \S+ has diverged: 20 of its 20 samples are not finite; --run-seed names another"),
        (garbled, r"config.json cannot be read"),
        (lambda path: run(path, POINTS[0], "points"), "holds no samples of a run"),
        (lambda path: run(path, POINTS, "waves"), "holds samples of kind waves; known are points"),
    ],
)
def test_runs_that_cannot_be_read(tmp_path, make, says):
    make(tmp_path / "run")
    with pytest.raises(ValueError, match=says) as caught:
        read_generated(tmp_path / "run", like=real(POINTS[0]))
    assert "\n" not in str(caught.value)


def test_a_run_is_no_data(tmp_path):
    directory = run(tmp_path / "run", POINTS, "points")
    with pytest.raises(ValueError, match="is the folder of a run, whose samples are generated and no data"):
        read_samples(directory)
    with pytest.raises(ValueError, match=r"holds samples of a run, \[2, 20, 2\], one set for each seed"):
        read_samples(directory / folder.SAMPLES)


def test_the_command_judges_each_seed(tmp_path, capsys):
    directory = run(tmp_path / "run", POINTS, "points")
    np.save(tmp_path / "real.npy", POINTS[0])
    command = ["diagnose", "--real", str(tmp_path / "real.npy"), "--out", str(tmp_path / "out")]
    assert main([*command, "--fake", str(directory)]) == 4
    said = capsys.readouterr().out.splitlines()
    assert [line.split(":")[0] for line in said] == ["seed 3", "report", "seed 4", "report"]
    for seed in ("seed_3", "seed_4"):
        assert (
            json.loads((tmp_path / "out" / seed / "diagnosis.json").read_text())["conventions"]["fake"]["samples"] == 20
        )
        assert (tmp_path / "out" / seed / "report.html").exists()
    assert list(json.loads((tmp_path / "out" / "diagnosis.json").read_text())["seeds"]) == ["seed 3", "seed 4"]
    assert main([*command, "--fake", str(directory), "--run-seed", "4"]) == 4
    assert "seed 4" in (tmp_path / "out" / "report.html").read_text()
    assert main([*command[:1], "--real", str(directory), "--fake", *command[2:]]) == 2
    assert "samples are generated and no data" in capsys.readouterr().err


def test_the_command_says_what_was_done(tmp_path, capsys):
    for side, size in (("real", 8), ("fake", 12)):
        (tmp_path / side).mkdir()
        for i in range(3):
            Image.fromarray(RANDOM.randint(0, 256, (size, size)).astype(np.uint8)).save(tmp_path / side / f"{i}.png")
    command = ["diagnose", *(f"--{side}={tmp_path / side}" for side in ("real", "fake")), f"--out={tmp_path / 'out'}"]
    assert main(command) == 2 and "the reals are 8 x 8 grey, the fakes 12 x 12 grey" in capsys.readouterr().err
    for size in ("auto", "8"):
        assert main([*command, "--size", size]) == 4
        note = "3 of 3 images were cut at the centre and resized to 8 x 8 (Lanczos)"
        assert f"note: fake: {note}" in capsys.readouterr().out
        assert json.loads((tmp_path / "out" / "diagnosis.json").read_text())["conventions"]["read"] == {"fake": [note]}
    assert main([*command, "--size", "100000"]) == 2 and "of at most 67,108,864 pixels" in capsys.readouterr().err
