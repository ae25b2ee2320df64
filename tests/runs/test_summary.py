"""The summary of a run: what is written is read again, and a file of another shape is one line."""

import json
import math

import pytest

from jaxgan.runs.summary import (
    Metric,
    MonitoredModes,
    SeedSummary,
    Summary,
    as_json,
    from_json,
    read_summary,
    write_summary,
)
from jaxgan.types import SeedVerdict, Verdict

WHOLE = Summary(
    task="ring",
    experiment="ring",
    arm="packed",
    steps=48,
    verdict=Verdict("partial", "good", "Two modes.", ("Seen.",), ("Pack.", "Wait.")),
    seeds=(
        SeedSummary(
            3,
            {"modes": 1, "high_quality": 0.5},
            {"counts": (4, 0)},
            ("second",),
            SeedVerdict("partial", "good", "One mode.", ("second",), (), 0),
        ),
    ),
    mean={"modes": 1.0, "high_quality": 0.5},
    ci95={"modes": 0.25, "high_quality": 0.125},
    compile_seconds=2.5,
    train_seconds=3.5,
    waited_share=0.0,
    steps_per_second=13.7,
    metrics={"modes": Metric("counted", 2.0), "high_quality": Metric("near a mean", 0.98)},
    samples=8,
    modes_total=2,
    modes_expected={"first": 4.0, "second": 4.0},
    watched=MonitoredModes(("a", "b"), (0.5, 0.5)),
    silent_techniques=("r1",),
)
KEYS = [
    *[
        "task",
        "kind",
        "experiment",
        "arm",
        "steps",
        "verdict",
        "seeds",
        "mean",
        "ci95",
        "compile_seconds",
        "train_seconds",
    ],
    *["waited_share", "steps_per_second", "metrics", "samples", "modes_total", "modes_expected", "watched"],
    "silent_techniques",
]


def test_what_is_written_is_read(tmp_path):
    assert read_summary(tmp_path) is None
    write_summary(tmp_path, WHOLE)
    assert read_summary(tmp_path) == WHOLE
    assert read_summary(tmp_path)._replace(seeds=()) != WHOLE


def test_the_file_has_the_names_that_other_programs_read(tmp_path):
    write_summary(tmp_path, WHOLE)
    found = json.loads((tmp_path / "summary.json").read_text())
    assert sorted(found) == sorted(KEYS)
    verdict = {"kind": "partial", "quality": "good", "sentence": "One mode.", "lost": ["second"], "starved": []}
    assert found["seeds"] == [
        {
            "seed": 3,
            "modes": 1,
            "high_quality": 0.5,
            "counts": [4, 0],
            "missing": ["second"],
            "verdict": verdict | {"untested": 0},
        }
    ]
    assert found["metrics"]["modes"] == {"convention": "counted", "real": 2.0}
    assert found["watched"] == {"names": ["a", "b"], "shares": [0.5, 0.5]}


def test_what_is_not_finite_is_null_in_the_file_and_nan_again(tmp_path):
    one = WHOLE._replace(
        ci95={"modes": math.nan}, seeds=(SeedSummary(0, {"fid": math.inf}),), metrics={"fid": Metric("how", math.nan)}
    )
    assert as_json(one)["ci95"] == {"modes": None}
    assert as_json(one)["seeds"] == [{"seed": 0, "fid": None}]
    read = from_json(json.loads(json.dumps(as_json(one))))
    assert math.isnan(read.ci95["modes"]) and math.isnan(read.seeds[0].values["fid"])
    assert math.isnan(read.metrics["fid"].real) and read.seeds[0].missing is None


def test_a_summary_of_an_older_version_holds_less():
    seeds = [{"seed": 0, "modes": 6, "counts": [1, 2]}]
    old = from_json({"task": "ring", "seeds": seeds, "arm": None, "modes_total": None, "samples": None})
    assert old.verdict is None and old.samples is None and old.metrics == {}
    assert old.seeds[0].counts == (1, 2) and old.seeds[0].verdict is None
    assert from_json({}) == from_json({"seeds": None})


@pytest.mark.parametrize(
    ("value", "says"),
    [
        ([], "holds no object with names"),
        ({"seeds": 3}, "seeds is no list"),
        ({"seeds": [3]}, r"seeds\[0\] is no object"),
        ({"seeds": [{"modes": 3}]}, r"seeds\[0\] does not hold 'seed'"),
        ({"seeds": [{"seed": "one"}]}, r"seeds\[0\].seed is 'one', not a whole number"),
        ({"seeds": [{"seed": 1, "fid": "low"}]}, r"seeds\[0\].values.fid is 'low', not a number"),
        ({"seeds": [{"seed": 1, "counts": ["a"]}]}, r"seeds\[0\].arrays.counts\[0\] is 'a', not a number"),
        ({"steps": 1.5}, "steps is 1.5, not a whole number"),
        ({"verdict": {"kind": "healthy"}}, "verdict does not hold 'quality'"),
        ({"metrics": {"fid": 3}}, "metrics.fid is 3, not an object with names"),
        ({"loss": 3}, "holds 'loss'; known are task, kind, experiment"),
    ],
)
def test_a_file_of_another_shape_is_one_line_that_names_it(value, says, tmp_path):
    (tmp_path / "summary.json").write_text(json.dumps(value))
    with pytest.raises(ValueError, match=says) as raised:
        read_summary(tmp_path)
    message = str(raised.value)
    assert message.startswith(str(tmp_path / "summary.json")) and "\n" not in message


def test_a_torn_file_is_one_line_that_names_it(tmp_path):
    (tmp_path / "summary.json").write_text('{"task": "ri')
    with pytest.raises(ValueError, match=r"summary\.json cannot be read as JSON: .*line 1"):
        read_summary(tmp_path)
