"""Programs compiled for TPUs: what is read off their text, and which program a name stands for."""

import dataclasses
import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

from benchmarks.compile_for_tpu import asked, laid_out, main, read_records, table
from benchmarks.reading_hlo import read, size

ROOT = Path(__file__).resolve().parents[2]
# Three steps, in each of which a lookahead turns four times; a loop that does not say how often it turns runs after it.
PROGRAM = """HloModule jit_advance, is_scheduled=true

%sum (a: f32[], b: f32[]) -> f32[] {
  ROOT %add.1 = f32[]{:T(128)} add(%a, %b)
}

%fused_computation.1 (p: f32[8]) -> f32[8] {
  %p = f32[8]{0:T(128)} parameter(0)
  ROOT %add.2 = f32[8]{0:T(128)} add(%p, %p)
}

%carried (p: f32[8]) -> f32[32] {
  ROOT %all-gather.2 = f32[32]{0:T(128)} all-gather(%p), channel_id=7, dimensions={0}
}

%inner_condition (t: (s32[], f32[8])) -> pred[] {
  %constant.1 = s32[]{:T(128)} constant(4)
  ROOT %lt.1 = pred[]{:T(512)} compare(%i, %constant.1), direction=LT
}

%inner_body (t: (s32[], f32[8])) -> (s32[], f32[8]) {
  %fusion.1 = f32[8]{0:T(128)} fusion(%x), kind=kLoop, calls=%fused_computation.1
  ROOT %all-reduce.1 = (f32[8]{0:T(128)}, bf16[2,4]{1,0:T(8,128)(2,1)}) all-reduce(%fusion.1, %y), to_apply=%sum
}

%condition (t: (s32[], f32[8])) -> pred[] {
  %constant.2 = s32[]{:T(128)} constant(3)
  ROOT %lt.2 = pred[]{:T(512)} compare(%i, %constant.2), direction=LT
}

%body (t: (s32[], f32[8])) -> (s32[], f32[8]) {
  %while.1 = (s32[], f32[8]{0:T(128)}) while(%t), condition=%inner_condition, body=%inner_body
  %fusion.2 = f32[32]{0:T(128)} fusion(%x), kind=kCustom, calls=%carried
  %fusion.3 = f32[32]{0:T(128)} fusion(%x), kind=kCustom, calls=%carried
  %copy.1 = f32[8]{0:T(128)} copy(%x)
  ROOT %all-reduce-start.1 = ((f32[10]{0:T(128)}), (f32[10]{0:T(128)})) all-reduce-start(%x), to_apply=%sum
}

%open_condition (t: (s32[])) -> pred[] {
  ROOT %lt.3 = pred[]{:T(512)} compare(%i, %n), direction=LT
}

%open_body (t: (s32[])) -> (s32[]) {
  ROOT %all-gather.1 = f32[16]{0:T(128)} all-gather(%x), dimensions={0}
}

ENTRY %main.1_spmd (p: f32[8]) -> f32[8] {
  %p.1 = f32[8]{0:T(128)} parameter(0)
  %while.2 = (s32[], f32[8]{0:T(128)}) while(%t), condition=%condition, body=%body
  %while.3 = (s32[]) while(%t), condition=%open_condition, body=%open_body
  ROOT %bitcast.1 = f32[8]{0:T(128)} bitcast(%p.1)
}
"""


def test_what_a_program_does_is_counted_as_often_as_it_runs():
    found = read(PROGRAM)
    assert found.loops == ((3, ()), (4, (3,)), (None, ()))
    assert found.collectives == {"all-reduce": (12 + 3, 12 * (32 + 16) + 3 * 40), "all-gather": (1 + 3, 64 + 3 * 128)}
    assert found.kernels == {"fusion": 12 + 6, "copy": 3}
    assert size("(f32[3,4]{1,0:T(8,128)S(1)}, pred[], token[])") == 49


@dataclasses.dataclass(frozen=True)
class Device:
    process_index: int
    id: int


def test_seeds_share_the_chips_of_one_host_and_data_those_of_many():
    alone = [Device(0, i) for i in range(8)]
    mesh, batch = laid_out(alone, 4, 128, 2)
    assert (dict(mesh.shape), batch) == ({"seed": 4, "data": 2}, 128)
    mesh, batch = laid_out([Device(i // 8, i) for i in range(256)], 4, 128, 2)
    assert (dict(mesh.shape), batch) == ({"seed": 1, "data": 256}, 512)


def test_a_program_is_what_its_command_would_train(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    found = asked("ring:packed,unroll.steps=3,seeds=2")
    assert (found.pack, found.run.seeds, found.batch_size, found.task.name) == (2, 2, 192, "ring")
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize(
    ("arguments", "says"),
    [
        (["--programs", "nothing"], "there is no experiment nothing; there are "),
        (["--programs", "infogan_ring"], "infogan_ring trains by itself, and is no `Experiment` whose program"),
        (["--programs", "ring:nothing"], "there is no arm nothing of ring; there are plain, unrolled, packed, mgan"),
        (["--programs", "train:graphs"], "train is compiled for images, points, sequences, not graphs"),
        (["--slices", "v1-8"], "--slices are of v5e-8, "),
    ],
)
def test_bad_input_is_one_line_and_leaves_nothing(arguments, says, tmp_path, capsys):
    assert main(["--out", str(tmp_path / "records.json"), *arguments]) == 2
    printed = capsys.readouterr().err
    assert printed.startswith("error: ") and printed.count("\n") == 1 and says in printed
    assert list(tmp_path.iterdir()) == []


def test_the_documentation_says_what_the_records_do():
    records = read_records(ROOT / "benchmarks" / "results" / "compile_for_tpu.json")
    assert table(records) in (ROOT / "docs" / "scaling.md").read_text()
    assert all(record.fits for record in records)
    # Where each chip has a single example, where moments are divided, and for MGAN outside of the loop of steps.
    assert {(record.program, record.slice) for record in records if record.other_collectives} == {
        ("ring:plain", "v5e-256"),
        ("ring:unrolled", "v5e-256"),
        ("ring:mgan", "v5e-8"),
        ("several_players:mgan", "v5e-8"),
        ("ring:unrolled,divide-optimizer", "v5e-8"),
        ("stacked_digits:plain,divide-optimizer", "v5e-8"),
    }


@pytest.mark.slow
def test_a_small_program_is_compiled_for_eight_chips(tmp_path):
    """In a process without the flags of these tests, by the compiler of the TPU where it is installed."""
    pytest.importorskip("libtpu", reason="pip install 'jax[tpu]'")
    environment = {**os.environ, "XLA_FLAGS": "", "JAX_PLATFORMS": "cpu"}
    script, out = ROOT / "benchmarks" / "compile_for_tpu.py", tmp_path / "records.json"
    command = [sys.executable, str(script), "--out", str(out), "--programs", "ring:plain,unroll.steps=3"]
    done = subprocess.run(command, env=environment, cwd=ROOT, capture_output=True, text=True)
    assert done.returncode == 0, done.stderr
    (record,) = json.loads(out.read_text())
    assert record["fits"] and record["mesh"] == {"seed": 4, "data": 2} and not record["other_collectives"]
    steps, *lookahead = record["loops"]
    assert steps[0] == record["length"] > 1 and len(lookahead) == 2  # one forwards and one backwards
    assert 7 <= record["all_reduces"] < 8  # two for each step ahead, and one more
