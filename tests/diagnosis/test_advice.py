"""What is advised about lost modes stands on the recorded comparison, and can be typed."""

import json
import re
from pathlib import Path

import numpy as np
import pytest
from scipy import stats

from jaxgan.diagnosis.advice import AFTER_A_COLLAPSE, WHERE_MODES_ARE_MISSING, advice
from jaxgan.runs.catalogues import LOSSES, TECHNIQUES
from jaxgan.runs.factories import parameters

CELLS = Path(__file__).resolve().parents[2] / "experiments" / "results" / "compare_techniques" / "cells"


def cell(task, technique):
    return json.loads((CELLS / task / f"{technique}.json").read_text())


def modes(task, technique):
    return np.array([end["modes"] for end in cell(task, technique)["equal_steps"]])


def helps(task, technique):
    """The rule of the protocol: the 95 % interval of the paired difference lies above zero."""
    difference = modes(task, technique) - modes(task, "plain")
    half = stats.t.ppf(0.975, len(difference) - 1) * difference.std(ddof=1) / len(difference) ** 0.5
    return difference.mean() > half


def test_the_numbers_after_a_collapse():
    found = [modes("stacked", name).mean() for name in ("plain", "mode_seeking", "mode_seeking+covariance_matching")]
    assert re.findall(r"\b\d{2,3}\b", AFTER_A_COLLAPSE[0]) == [f"{x:.0f}" for x in found]
    for task in ("ring", "stacked"):
        for name in ("mode_seeking", "mode_seeking+covariance_matching", "packing", "unrolled"):
            assert helps(task, name), (task, name)
        assert cell(task, "mode_seeking")["cost"] < 1.1 and cell(task, "packing")["cost"] < 1.05
    assert [round(cell(task, "unrolled")["cost"], 1) for task in ("stacked", "ring")] == [1.5, 4.8]


def test_the_numbers_where_modes_are_missing():
    assert round(modes("grid", "plain").mean()) == 17
    advised = ("zero_centred_penalty", "dragan", "relativistic+r1+r2")
    for name in advised:
        assert helps("grid", name) and round(modes("grid", name).mean()) in (23, 24)
    better = [path.stem for path in (CELLS / "grid").glob("*.json") if path.stem != "plain"]
    better = [name for name in better if "refused" not in cell("grid", name) and helps("grid", name)]
    assert set(advised) <= set(better) and len(better) <= 12


@pytest.mark.parametrize("kind", ["collapse", "partial"])
def test_what_is_advised_can_be_typed(kind):
    text = " ".join(advice(kind, "good"))
    assert ("Look ahead" in text) == (kind == "collapse")
    named = re.findall(r"\b([a-z_0-9]+):[0-9.]+[0-9]", text)
    assert named
    for name in named:
        assert parameters(TECHNIQUES, TECHNIQUES.factories[name])[0].reader
    assert all(name in LOSSES.factories for name in re.findall(r"--loss (\w+)", text))


def test_quality_copies_and_health_have_their_own():
    texts = {
        advice(*pair) for pair in (("healthy", "good"), ("copies", "good"), ("partial", "low"), ("partial", "good"))
    }
    assert advice("healthy", "unknown") == advice("healthy", "good")
    assert len(texts) == 4 and (*WHERE_MODES_ARE_MISSING,) == advice("partial", "good")[:2]
