"""The benchmark: its count of operations against XLA's, its arithmetic, what it promises, and the tool end to end."""

import json
import math
import os
import subprocess
import sys
from pathlib import Path

import pytest

from benchmarks import benchmark, measuring
from benchmarks.comparing import compared, rows, table
from benchmarks.counting import unrolled_step

ROOT = Path(__file__).resolve().parents[2]
METZ = {"network": "mlp", "width": 128, "latent": 256, "batch": 512}


def in_a_process(script, *arguments):
    """What a script prints, without the flags of these tests, which change how programs are compiled."""
    environment = {**os.environ, "XLA_FLAGS": "", "JAX_PLATFORMS": "cpu"}
    command = [sys.executable, str(ROOT / "benchmarks" / script), *arguments]
    done = subprocess.run(command, env=environment, cwd=ROOT, capture_output=True, text=True)
    assert done.returncode == 0, done.stderr
    return done.stdout


def measured(measurement, **spec):
    return json.loads(in_a_process("measuring.py", json.dumps({**METZ, "measurement": measurement, **spec})))


@pytest.mark.parametrize(
    "lookahead", [0, 1, pytest.param(5, marks=pytest.mark.slow), pytest.param(10, marks=pytest.mark.slow)]
)
def test_a_step_does_no_more_than_what_is_counted_by_hand(lookahead):
    counted = unrolled_step([256, 128, 128, 2], [2, 128, 128, 1], 512, lookahead)
    of_xla = measuring.flops({**METZ, "lookahead": lookahead})["flops"]
    assert 1.0 < of_xla / counted < 1.15  # the products are all there, and little else


def test_the_count_of_one_layer_each():
    """Without hidden layers every product can be listed: 2 n times 3 for the generator and so on."""
    n, latent, width = 7, 3, 2
    generator, discriminator = 2 * n * latent * width, 2 * n * width
    counts = [unrolled_step([latent, width], [width, 1], n, k) for k in (0, 1, 2, 3)]
    assert counts[0] == 2 * generator + (4 + 3) * discriminator
    assert counts[1] == 2 * generator + (7 + 5) * discriminator
    assert counts[3] - counts[2] == counts[2] - counts[1] == 10 * discriminator


@pytest.mark.parametrize(
    ("inverse", "wanted", "ratio", "holds"),
    [(False, "<= 0.4", 1 / 3, True), (True, ">= 4", 3.0, False), (True, "", 3.0, None)],
)
def test_ratios_are_medians_of_pairs(inverse, wanted, ratio, holds):
    row = compared("step", "x", "ms", [1.0, 2.0, 4.0], [3.0, 4.0, 40.0], "PyTorch", inverse=inverse, wanted=wanted)
    assert (row.value, row.other, row.holds) == (2.0, 4.0, holds)
    assert math.isclose(row.ratio, ratio)
    assert [row.low, row.high] == ([2.0, 10.0] if inverse else [0.1, 0.5])


def test_rows_pair_what_belongs_together():
    def result(baseline, k, times):
        spec = {"lookahead": k, "measurement": "step"} | ({"baseline": baseline} if baseline else {})
        return {"section": "step", "case": f"mlp, k={k}", "spec": spec, "result": {"milliseconds": times}}

    every = [result("tuned", 1, [9, 6, 7]), result("plain", 1, [16]), result("", 1, [2, 3, 1])]
    every += [result("tuned", 5, [8]), result("plain", 5, [12]), result("", 5, [4])]
    found = rows(every)
    assert [(row.case, row.value, row.other, row.against, row.ratio) for row in found] == [
        ("mlp, k=1", 2, 7, "tuned PyTorch", 3.5),
        ("mlp, k=1", 2, 16, "plain PyTorch", 8.0),
        ("mlp, k=5", 4, 8, "tuned PyTorch", 2.0),
        ("mlp, k=5", 4, 12, "plain PyTorch", 3.0),
    ]
    assert [row.holds for row in found] == [True, True, False, True]
    printed = table(found)
    assert "3.50 (3.50 to 3.50)" in printed and "NO" in printed
    alone = rows([each for each in every if "baseline" not in each["spec"]])
    assert [(row.value, row.ratio) for row in alone] == [(2, None), (4, None)]


def test_baselines_and_jaxgan_alternate():
    options = benchmark.Options(sections=("step",), repeats=2)
    baselines = [job["spec"].get("baseline") for job in benchmark.jobs(options, benchmark.QUICK)]
    assert baselines == ["tuned", "plain", None] * 4
    assert {job["section"] for job in benchmark.jobs(options, benchmark.FULL)} == {"step"}


@pytest.mark.parametrize("arguments", [["--repeats", "0"], ["--seconds", "-1"], ["--sections", "speed"]])
def test_bad_options_end_in_one_line(arguments, capsys):
    assert benchmark.main(arguments) == 2
    assert len(capsys.readouterr().err.splitlines()) == 1


@pytest.mark.slow
def test_a_long_lookahead_compiles_as_fast_as_a_short_one():
    short, long = (measured("compile", lookahead=k, form=1)["seconds"] for k in (5, 50))
    assert long < 1.5 * short


@pytest.mark.slow
def test_a_long_lookahead_with_remat_fits_in_little_memory():
    short = measured("memory", lookahead=5, form=1, seconds=0)["mebibytes"]
    long = measured("memory", lookahead=50, form=1, remat=True, seconds=0)["mebibytes"]
    assert long < 2 * short
    assert measured("memory", lookahead=100, form=1, remat="two_level", seconds=0)["mebibytes"] < short


@pytest.mark.slow
def test_a_quick_benchmark_from_end_to_end(tmp_path):
    printed = in_a_process("benchmark.py", "--quick", "--workdir", str(tmp_path))
    record = json.loads((tmp_path / "benchmark.json").read_text())
    assert {row["section"] for row in record["rows"]} == set(benchmark.SECTIONS)
    assert all(row["section"] in printed and row["value"] > 0 for row in record["rows"])
    assert all(each["result"]["process_seconds"] > 0 for each in record["results"])
    assert record["machine"]["versions"]["jax"]


def test_without_pytorch_jaxgan_is_timed_alone(tmp_path, monkeypatch, capsys):
    monkeypatch.setattr(benchmark, "find_spec", lambda name: None)
    ran = []

    def run(job, workdir):
        ran.append(job["spec"].get("baseline"))
        return {"milliseconds": [1.0]}

    monkeypatch.setattr(benchmark, "run", run)
    assert benchmark.main(["--quick", "--sections", "step", "--workdir", str(tmp_path)]) == 0
    printed = capsys.readouterr()
    assert "PyTorch is not installed" in printed.err
    assert set(ran) == {None}
    assert "1 ms/step" in printed.out
    record = json.loads((tmp_path / "benchmark.json").read_text())
    assert [(row["case"], row["value"]) for row in record["rows"]] == [("mlp, k=0", 1.0), ("mlp, k=1", 1.0)]
