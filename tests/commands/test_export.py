"""`jaxgan export`, from a run to samples in a process that cannot import jaxgan."""

import os
import subprocess
import sys
from pathlib import Path

import jax
import numpy as np
import pytest
from safetensors.numpy import load_file

import jaxgan
from jaxgan.commands.main import main
from jaxgan.data.encodings import encoding_as_json
from jaxgan.data.preparation import Scaling
from jaxgan.runs.folder import write_json
from jaxgan.runs.loading import draw
from tests.commands.fixtures import RING, train

README = Path(__file__).resolve().parents[2] / "README.md"


@pytest.fixture(scope="module")
def ring(tmp_path_factory):
    return train(RING, tmp_path_factory.mktemp("ring") / "run")


def test_the_code_in_the_readme_gives_bit_equal_samples_without_jaxgan(ring, tmp_path, monkeypatch, capsys):
    text = README.read_text().split("## Take it elsewhere")[1].split("\n## ")[0]
    command = next(line for line in text.splitlines() if line.startswith("jaxgan export"))
    (tmp_path / "runs").mkdir()
    (tmp_path / "runs" / "ring").mkdir()
    (tmp_path / "runs" / "ring" / "packed").symlink_to(ring)
    monkeypatch.chdir(tmp_path)
    assert main(command.split()[1:]) == 0
    assert capsys.readouterr().out == (
        "seed 3 at step 20\n"
        "ring.jaxexport: key, label [n] -> float32 [n, 2], for cpu, cuda, tpu\n"
        "ring.safetensors: parameters and statistics of the networks\n"
    )
    code = text.split("```python\n")[1].split("```")[0]
    assert len(code.strip().splitlines()) <= 5
    blocked = f"import sys\nsys.modules['jaxgan'] = None\n{code}\nnp.save('samples.npy', samples)"
    subprocess.run([sys.executable, "-c", blocked], check=True, env={**os.environ, "PYTHONWARNINGS": "error"})
    samples, run = np.load("samples.npy"), jaxgan.load(ring)
    np.testing.assert_array_equal(samples, draw(run, jax.random.key(0), 64))
    held = load_file("ring.safetensors")
    np.testing.assert_array_equal(
        held["generator.params.Dense_0.kernel"], run.states[0].generator.params["Dense_0"]["kernel"]
    )
    assert all(name.split(".")[1] in ("params", "stats") for name in held)


def test_it_samples_in_the_units_of_the_data(ring, tmp_path):
    (tmp_path / "run").mkdir()
    for path in ring.iterdir():
        (tmp_path / "run" / path.name).symlink_to(path)
    scaling = Scaling(np.float32([100, -7]), np.float32([3, 0.5]))
    write_json(tmp_path / "run" / "encoding.json", encoding_as_json(scaling))
    assert main(["export", str(tmp_path / "run"), "--out", str(tmp_path / "a"), "--seed", "4"]) == 0
    samples = jax.export.deserialize((tmp_path / "a").read_bytes()).call(np.uint32(5), np.zeros(3, np.int32))
    expected = scaling.inverse(draw(jaxgan.load(ring), jax.random.key(5), 3, seed=4))
    np.testing.assert_allclose(samples, expected, rtol=1e-6)


@pytest.mark.parametrize(
    ("arguments", "says"),
    [
        (["--out", "{here}/there"], "there is there already; --out names a new file"),
        (["--out", "{here}/a", "--parameters", "{here}/there"], "there is there already; --parameters names a new"),
        (["--out", "{here}/a", "--parameters", "{here}/a"], "they name two files"),
        (["--out", "{here}/a", "--seed", "0"], "there is no seed 0 in this run; its seeds are 3, 4"),
        ([], "--out"),
    ],
)
def test_bad_input_is_one_line_and_leaves_nothing(arguments, says, ring, tmp_path, capsys):
    (tmp_path / "there").write_bytes(b"mine")
    assert main(["export", str(ring), *(text.format(here=tmp_path) for text in arguments)]) == 2
    printed = capsys.readouterr()
    assert printed.out == "" and printed.err.startswith("error: ") and printed.err.count("\n") == 1
    assert says in printed.err
    assert [(path.name, path.read_bytes()) for path in tmp_path.iterdir()] == [("there", b"mine")]
