"""A run that starts from another: what it takes over and leaves alone, and one clear line where they do not fit."""

import dataclasses
import json
import shutil

import jax
import numpy as np
import pytest

from jaxgan import data, load
from jaxgan.commands.experiment import _compares, _given, main
from tests.commands.fixtures import RING, train

LARGER = RING._replace(task=lambda options: data.ring(radius=3.0))
STANDING = ("--generator-learning-rate", "0", "--discriminator-learning-rate", "0", "--steps", "10")


@pytest.fixture(scope="module")
def source(tmp_path_factory):
    """Two seeds, 20 steps, networks that no option of the tests names."""
    return train(RING, tmp_path_factory.mktemp("source") / "run", "--average", "0.9", "--generator-width", "12")


def contents(directory):
    return {path: path.read_bytes() for path in sorted(directory.rglob("*")) if path.is_file()}


def config(directory):
    return json.loads((directory / "config.json").read_text())


def assert_equal(found, wanted):
    jax.tree.map(np.testing.assert_array_equal, found, wanted)


@pytest.mark.slow
@pytest.mark.parametrize("axis", ["turn", "vmap", "mesh"])
def test_players_go_over_and_the_source_stays(source, tmp_path, axis):
    before = contents(source)
    started = train(LARGER, tmp_path / "run", "--start-from", str(source), "--seed-axis", axis, *STANDING)
    assert contents(source) == before
    there, here = load(source), load(started)
    assert here.step == 10 and here.example.scale == there.example.scale  # and so it makes the same samples
    for old, new in zip(there.states, here.states, strict=True):
        assert_equal(new.generator.params, old.generator.params)
        assert_equal(new.discriminator.params, old.discriminator.params)
        # It averages over what does not change any more.
        moved = jax.tree.map(lambda a, p: np.asarray(p + 0.9**10 * (a - p)), old.average, old.generator.params)
        jax.tree.map(lambda a, b: np.testing.assert_allclose(a, b, rtol=1e-5, atol=1e-6), new.average, moved)
    assert config(started)["options"]["run"]["start_from"] == str(source)
    assert config(started)["options"]["architecture"]["generator_width"] == 12
    assert config(started)["started_from"] == {"step": 20, "seeds": [3, 4]}


@pytest.mark.slow
def test_it_goes_on_without_the_run_that_it_started_from(source, tmp_path):
    moved = shutil.copytree(source, tmp_path / "source")
    command = ("--start-from", str(moved), "--generator-learning-rate", "0.01")
    whole = contents(train(LARGER, tmp_path / "run", *command) / "checkpoints")
    (tmp_path / "run" / "summary.json").unlink()
    shutil.rmtree(tmp_path / "run" / "checkpoints" / "20")
    shutil.rmtree(moved)
    train(LARGER, tmp_path / "run", *command)
    states = load(tmp_path / "run").states
    assert whole and load(tmp_path / "run").step == 20
    again = train(LARGER, tmp_path / "again", "--start-from", str(source), "--generator-learning-rate", "0.01")
    assert_equal(states[0], load(again).states[0])


@pytest.mark.parametrize(
    ("arguments", "says"),
    [
        (["--seeds", "3"], "has 2 seeds, and each starts one here: --seeds must be 2, not 3"),
        (
            ["--generator-width", "16"],
            "generator.params.Dense_0.bias is float32 [12] there, and float32 [16] here",
        ),
        (["--layers", "2"], "generator.params.Dense_1.bias is float32 [2] there, and float32 [12] here"),
        (["--spectral-norm"], "networks that start_from does not fit: discriminator."),
    ],
)
@pytest.mark.slow
def test_what_does_not_fit_is_one_line_and_leaves_nothing(source, tmp_path, capsys, arguments, says):
    given = ["--workdir", str(tmp_path / "run"), "--start-from", str(source), *arguments]
    assert main(RING, given) == 2
    printed = capsys.readouterr().err
    assert printed.startswith("error: ") and printed.count("\n") == 1
    assert says in printed
    assert not (tmp_path / "run").exists()


def test_no_such_run_is_one_line_and_leaves_nothing(tmp_path, capsys):
    for folder, says in ((tmp_path / "none", "there is no folder"), (tmp_path, "holds no run")):
        assert main(RING, ["--workdir", str(tmp_path / "run"), f"--start-from={folder}"]) == 2
        printed = capsys.readouterr().err
        assert printed.startswith(f"error: --start-from {folder}: ") and says in printed and printed.count("\n") == 1
    assert not (tmp_path / "run").exists()


def test_it_is_an_option_of_a_single_configuration():
    two = RING._replace(arms={"one": RING.arms["plain"], "two": RING.arms["plain"]})
    assert _compares(two, ["--seeds", "2"]) and not _compares(two, ["--start_from", "runs/a"])
    assert _given(["--start_from", "runs/a"], "start-from") == _given(["--start-from=runs/a"], "start-from") == "runs/a"
    assert _given(["--seeds", "2"], "start-from") is None
    assert dataclasses.asdict(RING.run)["start_from"] is None
