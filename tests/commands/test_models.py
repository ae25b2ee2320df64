"""A model that is no GAN, of data that are neither points nor images, through all that a run is put through."""

import json
from unittest import mock

import jax
import numpy as np
import pytest

import jaxgan
from jaxgan import data
from jaxgan.commands.experiment import Arm, Experiment, main
from jaxgan.commands.main import main as command
from jaxgan.runs import folder
from jaxgan.runs.options import Architecture, Run, Training
from jaxgan.training import loop
from tests.commands.fixtures import NoOptions
from tests.report.fixtures import Page

pytestmark = pytest.mark.slow  # a run and its report, which tests of other rooms show for a GAN

DIGITS = Experiment(
    name="digits_in_time",
    description="Digits.",
    data=NoOptions(),
    task=lambda options: data.digits_in_time(1),
    run=Run(seeds=1, samples=300, log_every=4, evaluate_every=8),
    arms={
        "vae": Arm(
            Architecture(generator_width=4, discriminator_width=4, latent_dim=2),
            Training(steps=16, batch_size=8, model="vae:likelihood=laplace"),
        )
    },
)


@pytest.fixture(scope="module")
def directory(tmp_path_factory):
    path = tmp_path_factory.mktemp("models") / "run"
    assert main(DIGITS, ["--workdir", str(path), "--batch-size", "8"]) == 0
    return path


def test_a_run_logs_what_the_model_reports_and_raises_no_alarm(directory):
    lines = folder.read_lines(directory)
    assert [line["step"] for line in lines] == [4, 8, 12, 16]
    assert all({"loss", "reconstruction", "kl", "scale", "gradient_norm"} <= set(line) for line in lines)
    assert not any("alarms" in line or "window" in line for line in lines)
    assert json.loads((directory / "config.json").read_text())["example"]["kind"] == "sequences"


def test_the_page_shows_sequences_and_the_curves_of_the_model(directory):
    figures = {path.stem for path in (directory / "figures").iterdir()}
    assert {"samples", "losses", "map"} <= figures
    assert "Samples through training" in Page(directory / "report.html").text


def test_a_run_goes_on_from_its_checkpoint(directory, tmp_path):
    options = ["--workdir", str(tmp_path / "run"), "--batch-size", "8"]

    def stopped(*_, **__):
        raise KeyboardInterrupt

    with mock.patch.object(loop, "summarized", stopped):
        assert main(DIGITS, options) == 130
    assert main(DIGITS, options) == 0
    found, expected = (np.load(path / "samples.npz")["samples"] for path in (tmp_path / "run", directory))
    np.testing.assert_array_equal(found, expected)


def test_it_is_loaded_and_sampled_and_diagnosed(directory, tmp_path):
    run = jaxgan.load(directory)
    assert run.example.kind == "sequences" and int(run.states[0].step) == 16
    assert run.model.sample(jax.random.key(0), run.states[0], 3).shape == (3, 8, 8)
    assert command(["sample", str(directory), "--n", "9", "--out", str(tmp_path / "a.png")]) == 0
    assert command(["sample", str(directory), "--n", "300", "--out", str(tmp_path / "fake.npz")]) == 0
    real = np.asarray(data.digits_in_time(1).sample(jax.random.key(0), 300))
    np.savez(tmp_path / "real.npz", samples=real, kind="sequences")
    sides = ["--real", str(tmp_path / "real.npz"), "--fake", str(tmp_path / "fake.npz")]
    assert command(["diagnose", *sides, "--out", str(tmp_path / "found")]) == 0
    assert {"samples", "map"} <= {path.stem for path in (tmp_path / "found" / "figures").iterdir()}
