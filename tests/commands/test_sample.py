"""`jaxgan sample`, from a run to the file."""

import os
import subprocess
import sys
from pathlib import Path

import jax
import numpy as np
import pytest
from PIL import Image

import jaxgan
from jaxgan.commands.main import main
from jaxgan.commands.sample import judged
from jaxgan.runs.loading import draw
from tests.commands.fixtures import DIGITS, RING, train


@pytest.fixture(scope="module")
def ring(tmp_path_factory):
    return train(RING, tmp_path_factory.mktemp("ring") / "run")


@pytest.fixture(scope="module")
def digits(tmp_path_factory):
    return train(DIGITS, tmp_path_factory.mktemp("digits") / "run")


def test_arrays_are_the_models_samples(ring, tmp_path, capsys):
    out = tmp_path / "new" / "samples.npz"
    assert main(["sample", str(ring), "--n", "30", "--out", str(out), "--seed", "4"]) == 0
    assert capsys.readouterr().out == f"30 samples of seed 4 at step 20: {out}\n"
    with np.load(out) as file:
        assert file.files == ["samples", "kind"] and str(file["kind"]) == "points"
        np.testing.assert_array_equal(file["samples"], draw(jaxgan.load(ring), jax.random.key(0), 30, seed=4))
    found = [out]
    for name, arguments in {"first": [], "again": [], "other": ["--key", "1"]}.items():
        found.append(tmp_path / f"{name}.npz")
        assert main(["sample", str(ring), "--n", "30", "--out", str(found[-1]), *arguments]) == 0
    last, first, again, other = (np.load(path)["samples"] for path in found)
    np.testing.assert_array_equal(first, again)
    assert not np.array_equal(first, other) and not np.array_equal(first, last)


@pytest.mark.slow
def test_a_run_on_eight_devices_is_sampled_on_one(tmp_path):
    ring = train(RING, tmp_path / "run", "--seed-axis", "mesh", "--divide-optimizer")
    out = tmp_path / "samples.npz"
    environment = {name: text for name, text in os.environ.items() if name != "XLA_FLAGS"} | {"JAX_PLATFORMS": "cpu"}
    command = [sys.executable, "-m", "jaxgan", "sample", str(ring), "--n", "30", "--out", str(out)]
    done = subprocess.run(command, env=environment, capture_output=True, text=True)
    assert (done.returncode, done.stderr) == (0, "")
    here = draw(jaxgan.load(ring), jax.random.key(0), 30)
    np.testing.assert_allclose(np.load(out)["samples"], here, rtol=1e-4, atol=1e-5)


def test_the_code_in_the_readme_runs(ring, tmp_path, monkeypatch, capsys):
    text = (Path(__file__).resolve().parents[2] / "README.md").read_text().split("## Load a run")[1].split("\n## ")[0]
    (tmp_path / "runs" / "ring").mkdir(parents=True)
    (tmp_path / "runs" / "ring" / "packed").symlink_to(ring)
    monkeypatch.chdir(tmp_path)
    commands = [line.split()[1:] for line in text.splitlines() if line.startswith("jaxgan ")]
    assert len(commands) == 2
    for command in commands:
        assert main(["4" if word == "2" else word for word in command]) == 0  # the seeds of this run are 3 and 4
    assert (tmp_path / "samples.png").exists() and np.load("samples.npz")["samples"].shape == (1000, 2)
    exec(text.split("```python\n")[1].split("```")[0], {})
    assert capsys.readouterr().out.splitlines()[-1] == "20 (3, 4) points (2,) (100, 2)"


def test_points_are_drawn_over_the_real_ones(ring, tmp_path):
    out = tmp_path / "samples.png"
    assert main(["sample", str(ring), "--out", str(out)]) == 0
    with Image.open(out) as image:
        pixels = np.asarray(image.convert("RGB"), int)
    blue = (pixels[..., 2] - pixels[..., 0] > 60).sum()
    grey = (np.ptp(pixels, axis=-1) == 0) & (pixels[..., 0] > 170) & (pixels[..., 0] < 210)
    assert blue > 64 and grey.sum() > 500


@pytest.mark.slow
def test_images_are_a_grid(digits, tmp_path):
    """Ten images of 8 pixels, eight times as large, four in a row, with gaps of two white pixels."""
    run, arguments = jaxgan.load(digits), ["--n", "10"]
    assert (run.example.kind, run.example.shape, run.example.scale) == ("images", (8, 8, 3), 1.0)
    assert main(["sample", str(digits), "--out", str(tmp_path / "a.png"), *arguments]) == 0
    assert main(["sample", str(digits), "--out", str(tmp_path / "a.npz"), *arguments]) == 0
    with Image.open(tmp_path / "a.png") as image:
        pixels = np.asarray(image)
    assert pixels.shape == (3 * 64 + 2 * 2, 4 * 64 + 3 * 2, 3)
    samples = np.load(tmp_path / "a.npz")["samples"]
    assert samples.shape == (10, 8, 8, 3) and np.ptp(samples) > 0
    for i, image in enumerate(samples):
        down, across = (66 * (i // 4), 66 * (i % 4))
        cell = pixels[down : down + 64, across : across + 64]
        expected = np.clip(np.rint(255 * (image + 1) / 2), 0, 255).repeat(8, 0).repeat(8, 1)
        assert np.abs(cell - expected).max() <= 1
    assert (pixels[64:66] == 255).all() and (pixels[:, 64:66] == 255).all() and (pixels[132:, 132:] == 255).all()


@pytest.mark.parametrize(("trained", "chunk"), [("ring", 2500), pytest.param("digits", 500, marks=pytest.mark.slow)])
def test_samples_of_a_mesh_and_of_images_are_those_of_the_training(trained, chunk, request):
    directory = request.getfixturevalue(trained)
    run, kept = jaxgan.load(directory), np.load(directory / "samples.npz")["samples"]
    for seed, state, expected in zip(run.seeds, run.states, kept, strict=True):
        key = jax.random.fold_in(jax.random.key(seed), 2)  # as training.seeds.programs derives it
        key = jax.random.fold_in(jax.random.fold_in(key, run.step), 0)
        found = jax.jit(run.model.sample, static_argnums=2)(key, state, chunk)[: len(expected)]
        np.testing.assert_allclose(found, expected, rtol=1e-5, atol=1e-5)


@pytest.mark.parametrize(
    ("arguments", "says"),
    [
        (["--out", "{here}/there.png"], "there.png is there already; --out names a new file"),
        (["--out", "{here}/a.jpg"], "--out is a file that ends in .png, .npz, .csv, .tsv, .parquet, not"),
        (["--out", "{here}/a.csv"], "was not trained on a table: --out is a .png or .npz file"),
        (["--out", "{here}/a.npz", "--label", "3"], "unconditional: it cannot be asked for label 3"),
        (["--out", "{here}/a.npz", "--seed", "0"], "there is no seed 0 in this run; its seeds are 3, 4"),
        (["--out", "{here}/a.npz", "--n", "0"], "--n is at least 1, not 0"),
        (["--out", "{here}/a.npz", "--n", "9" * 13], "9,999,999,999,999 samples would take 149,012 GiB, and the"),
        (["--n", "3"], "--out"),
    ],
)
def test_bad_input_is_one_line_and_leaves_nothing(arguments, says, ring, tmp_path, capsys):
    (tmp_path / "there.png").write_bytes(b"mine")
    assert main(["sample", str(ring), *(text.format(here=tmp_path) for text in arguments)]) == 2
    printed = capsys.readouterr()
    assert printed.out == "" and printed.err.startswith("error: ") and printed.err.count("\n") == 1
    assert says in printed.err
    assert [path.name for path in tmp_path.iterdir()] == ["there.png"]
    assert (tmp_path / "there.png").read_bytes() == b"mine"


def test_a_folder_without_a_run_is_one_line(tmp_path, capsys):
    assert main(["sample", str(tmp_path), "--out", str(tmp_path / "a.png")]) == 2
    assert capsys.readouterr().err == f"error: {tmp_path} holds no run: there is no config.json in it\n"


@pytest.mark.parametrize(
    "sampler", ["rejection:first=64,rounds=5", "metropolis_hastings:proposals=5", "latent_descent:steps=3"]
)
def test_the_discriminator_may_choose(digits, tmp_path, sampler):
    """As the sampler itself does, by the same key."""
    out = tmp_path / "x.npz"
    assert main(["sample", str(digits), "--n", "4", "--out", str(out), "--sampler", sampler]) == 0
    run = jaxgan.load(digits)
    chosen = run._replace(model=judged(run.model, sampler))
    found = np.load(out)["samples"]
    np.testing.assert_array_equal(found, draw(chosen, jax.random.key(0), 4))
    assert not np.array_equal(found, draw(run, jax.random.key(0), 4))


@pytest.mark.parametrize(
    ("sampler", "says"),
    [
        ("rejecton", "no sampler 'rejecton'; did you mean rejection"),
        ("rejection:percentile=300", "--sampler rejection:percentile=300: the percentile of rejection must be in"),
    ],
)
def test_samplers_that_are_none(digits, tmp_path, capsys, sampler, says):
    assert main(["sample", str(digits), "--out", str(tmp_path / "x.npz"), "--sampler", sampler]) == 2
    assert says in capsys.readouterr().err and not (tmp_path / "x.npz").exists()
