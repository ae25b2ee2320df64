"""The command line: one vocabulary, arms side by side, and one clear line for bad input."""

import dataclasses
import json
import os
import shutil
import subprocess
import sys

import pytest

from jaxgan import data, load, report
from jaxgan.backend import processes
from jaxgan.backend.files import FileProblem
from jaxgan.commands.experiment import Arm, Experiment, _compares, main
from jaxgan.runs.options import Architecture, Run, Training
from jaxgan.training import loop


@dataclasses.dataclass(frozen=True)
class Ring:
    """The data."""

    modes: int = 8
    """Gaussians on the ring."""


SMALL = Architecture(generator_width=8, discriminator_width=8, layers=1, latent_dim=2)
TRAINING = Training(steps=20, batch_size=16)
EXPERIMENT = Experiment(
    name="ring",
    description="A ring.",
    data=Ring(),
    task=lambda options: data.ring(options.modes),
    run=Run(seeds=2, samples=50, log_every=10),
    arms={"plain": Arm(SMALL, TRAINING), "packed": Arm(SMALL, dataclasses.replace(TRAINING, pack=2))},
)


@pytest.fixture
def quick(monkeypatch):
    """Without a report, or a search for silent techniques."""
    monkeypatch.setattr(report, "write_run", lambda *_, **__: None)
    monkeypatch.setattr(loop, "_silent", lambda *_: [])


def options(path):
    return json.loads((path / "config.json").read_text())["options"]


@pytest.mark.slow
def test_without_training_options_the_arms_are_compared(tmp_path, capsys):
    assert main(EXPERIMENT, ["--workdir", str(tmp_path / "run")]) == 0
    printed = capsys.readouterr().out
    assert "plain" in printed and "packed" in printed and "report.html" in printed
    assert {path.name for path in (tmp_path / "run").iterdir()} >= {"plain", "packed", "report.html", "config.json"}
    with pytest.raises(ValueError, match=r"holds a comparison of plain, packed: name the folder of one arm, .*plain"):
        load(tmp_path / "run")
    assert load(tmp_path / "run" / "packed").seeds == (0, 1)
    # Networks that no option names leave no line, so that a run from before they could be named continues.
    assert "generator" not in options(tmp_path / "run")["plain"]["architecture"]
    for arm, pack in (("plain", 1), ("packed", 2)):
        assert options(tmp_path / "run" / arm)["training"]["pack"] == pack
        assert (tmp_path / "run" / arm / "report.html").exists()


@pytest.mark.slow
def test_reports_need_no_device_and_one_that_cannot_be_written_is_an_error(tmp_path):
    arguments = ["--workdir", str(tmp_path / "run")]
    assert main(EXPERIMENT, arguments) == 0
    again = [sys.executable, "-m", "jaxgan", "report", str(tmp_path / "run" / "plain")]
    subprocess.run(again, env={**os.environ, "JAX_PLATFORMS": "none_such"}, check=True)  # the run holds the device
    figures = tmp_path / "run" / "plain" / "figures"
    shutil.rmtree(figures)
    figures.write_text("in the way")
    with pytest.raises(RuntimeError, match=r"(?s)jaxgan report .*plain failed: .*FileExistsError"):
        main(EXPERIMENT, arguments)


@pytest.mark.slow
def test_with_a_training_option_one_configuration_is_trained(quick, tmp_path):
    arguments = ["--workdir", str(tmp_path / "run"), "--unroll.steps", "2", "--technique", "r1:0.1", "replay:32"]
    assert main(EXPERIMENT, arguments) == 0
    training = options(tmp_path / "run")["training"]
    assert training["unroll"]["steps"] == 2
    assert training["technique"] == ["r1:0.1", "replay:32"]
    assert (tmp_path / "run" / "summary.json").exists()


@pytest.mark.parametrize(
    ("arguments", "says"),
    [
        (["--batch-size", "33", "--pack", "2"], "a batch of 33 cannot be packed by 2"),
        (["--steps", "-5"], "--steps must be in [1, 2147483647], got -5"),
        (["--steps", "many"], "many"),
        (["--unroll.steps", "-1"], "0 or more steps, not -1"),
        (["--loss", "l2"], "no loss 'l2'; known are alpha, d2gan, f_divergence, flipped, hinge, least_squares"),
        (["--technique", "r3:1.0"], "no technique 'r3'; the nearest of "),
        (["--technique", "r1"], "--technique r1: r1 needs weight, a number"),
        (["--technique", "replay:8,shre=1"], "replay has no parameter 'shre'; did you mean share?"),
        (["--generator", "mlp:8,activation=tahn"], "error: --generator mlp:8,activation=tahn: activation takes an act"),
        (["--generator", "mlp:8,out=3"], "--generator mlp:8,out=3: makes [3], but an example is [2]"),
        (["--technique", "replay:0"], "the capacity of replay must be a whole number of at least 1, got 0"),
        (["--technique", "r1:1", "r1:2"], "has a name of its own"),
        (["--seeds", "0"], "--seeds must be at least 1"),
        (["--log-every", "10", "--evaluate-every", "15"], "multiple of --log-every"),
        (["--decay-from", "1.5"], "--decay-from must be in [0, 1], got 1.5"),
        (["--modes", "0"], "0"),
        (["--wrokdir", "x"], "--workdir"),
        (["--average", "1.5"], r"--average must be in [0, 1), got 1.5"),
        (["--activation", "relu6"], "no activation 'relu6'"),
        (["--initialisation", "orthogonal:big"], "orthogonal:big"),
    ],
)
def test_bad_input_is_one_line_and_leaves_nothing(arguments, says, tmp_path, capsys):
    assert main(EXPERIMENT, ["--workdir", str(tmp_path / "run"), *arguments]) == 2
    printed = capsys.readouterr()
    assert printed.err.startswith("error: ") and printed.err.count("\n") == 1
    assert says in printed.err
    assert not (tmp_path / "run").exists()


@pytest.mark.parametrize(
    "option", ["--no-batch-norm", "--steps=20", "--unroll.no-resample", "--batch_size", "--generator"]
)
def test_any_option_of_training_or_architecture_stands_for_one_configuration(option):
    assert not _compares(EXPERIMENT, ["--workdir", "steps", option])
    assert _compares(EXPERIMENT, ["--workdir", "steps", "--seeds", "2", "--no-watch-modes"])
    assert not _compares(EXPERIMENT._replace(arms={"plain": EXPERIMENT.arms["plain"]}), [])


def test_networks_and_techniques_are_named_with_their_parameters(quick, tmp_path, monkeypatch, capsys):
    technique, generator = "replay:64,share=0.25", "mlp:widths=8+4,activation=leaky_relu:0.2"
    arguments = ["--workdir", str(tmp_path / "run"), "--technique", technique, "--generator", generator]
    assert main(EXPERIMENT, [*arguments, "--seeds", "1"]) == 0
    assert options(tmp_path / "run")["training"]["technique"] == [technique]
    recorded = options(tmp_path / "run")["architecture"]
    assert recorded["generator"] == generator and "discriminator" not in recorded

    def refused(directory):
        raise FileProblem(f"{directory} is read-only")

    (tmp_path / "run" / "report.html").touch()  # a finished run on a disk that has become read-only
    monkeypatch.setattr(report, "write_run", refused)
    monkeypatch.setattr(os, "access", lambda path, mode: False)
    capsys.readouterr()
    assert main(EXPERIMENT, [*arguments, "--seeds", "1"]) == 0
    assert "report.html" in capsys.readouterr().out


def test_a_folder_that_is_not_the_runs_is_left_alone(quick, tmp_path, capsys):
    (tmp_path / "notes.txt").write_text("mine")
    for arguments in ([], ["--steps", "20"]):
        assert main(EXPERIMENT, ["--workdir", str(tmp_path), *arguments]) == 2
        assert "holds files, but no run" in capsys.readouterr().err
    assert [path.name for path in tmp_path.iterdir()] == ["notes.txt"]
    assert main(EXPERIMENT, ["--workdir", str(tmp_path / "run"), "--steps", "20", "--seeds", "1"]) == 0
    before = {path: path.read_bytes() for path in (tmp_path / "run").rglob("*") if path.is_file()}
    grid = EXPERIMENT._replace(name="grid")
    assert main(grid, ["--workdir", str(tmp_path / "run"), "--steps", "20", "--seeds", "1"]) == 2
    assert "holds a run of ring, not of grid" in capsys.readouterr().err
    assert main(EXPERIMENT, ["--workdir", str(tmp_path / "run"), "--steps", "30", "--seeds", "1"]) == 2
    assert "training.steps: 20 -> 30" in capsys.readouterr().err
    assert {path: path.read_bytes() for path in (tmp_path / "run").rglob("*") if path.is_file()} == before


def test_processes_are_told_by_flags_which_are_no_part_of_the_run(quick, tmp_path, monkeypatch):
    told = []
    monkeypatch.setattr(processes, "initialize", lambda *values: told.append(values))
    arguments = ["--workdir", str(tmp_path / "run"), "--steps", "20", "--seeds", "1"]
    assert main(EXPERIMENT, [*arguments, "--coordinator", "host:1", "--processes", "1", "--process", "0"]) == 0
    assert main(EXPERIMENT, arguments) == 0
    assert told == [("host:1", 1, 0), (None, None, None)]


def test_metrics_by_name_stand_beside_the_others_with_what_real_data_get(quick, tmp_path):
    arguments = [
        "--workdir",
        str(tmp_path / "run"),
        "--pack",
        "1",
        "--seeds",
        "2",
        "--metric",
        "frechet_distance",
        "vendi_score",
    ]
    assert main(EXPERIMENT, arguments) == 0
    summary = json.loads((tmp_path / "run" / "summary.json").read_text())
    assert summary["kind"] == "points"
    lines = [json.loads(line) for line in (tmp_path / "run" / "metrics.jsonl").read_text().splitlines()]
    for name in ("frechet_distance", "vendi_score", "modes"):
        last = [line[name] for line in lines[-2:]]
        assert last == [seed[name] for seed in summary["seeds"]]
        assert summary["mean"][name] == pytest.approx(sum(last) / 2) and name in summary["ci95"]
        assert summary["metrics"][name]["convention"] and summary["metrics"][name]["real"] is not None
    assert summary["metrics"]["frechet_distance"]["real"] < 0.2 < summary["mean"]["frechet_distance"]


def test_an_unknown_metric_is_one_line(tmp_path, capsys):
    assert main(EXPERIMENT, ["--workdir", str(tmp_path / "run"), "--metric", "fid"]) == 2
    assert capsys.readouterr().err.startswith("error: there is no metric 'fid'; known are mode_coverage")
    assert not (tmp_path / "run").exists()
