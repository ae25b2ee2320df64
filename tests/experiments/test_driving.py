"""What experiments share: results are measured once, seed by seed, and belong to their settings."""

import sys
from pathlib import Path

import numpy as np
import pytest

EXPERIMENTS = Path(__file__).resolve().parents[2] / "experiments"


@pytest.fixture
def driving(monkeypatch):
    monkeypatch.syspath_prepend(str(EXPERIMENTS))
    import driving

    yield driving
    sys.modules.pop("driving", None)


def test_a_command_that_was_stopped_measures_only_what_is_missing(driving, tmp_path):
    path, cells = tmp_path / "new" / "results.json", [("a", 4), ("b", 4), ("b", 5)]
    asked = []

    def measure(arm, seed):
        if len(asked) == 2:
            raise KeyboardInterrupt
        asked.append((arm, seed))
        return {"counts": np.array([seed, 1])}

    with pytest.raises(KeyboardInterrupt):
        driving.kept(path, {"steps": 3}, cells, measure)
    asked.clear()
    found = driving.kept(path, {"steps": 3}, cells, measure)
    assert asked == [("b", 5)]
    assert found == {"a": {4: {"counts": [4, 1]}}, "b": {4: {"counts": [4, 1]}, 5: {"counts": [5, 1]}}}
    with pytest.raises(ValueError, match=r"holds results of other settings \(steps: 3 -> 4\): choose another folder"):
        driving.kept(path, {"steps": 4}, cells, measure)


def test_tables_hold_the_mean_and_students_interval(driving):
    assert driving.written([1.0, 2.0, 3.0, 4.0], 1) == "2.5 ± 2.1"
    assert driving.written([1.0, 2.0, 3.0, 4.0], 2, "+") == "+2.50 ± 2.05"
    assert driving.table(["arm", "x"], [["a", "1"]]) == "| arm | x |\n| --- | --- |\n| a | 1 |\n"
