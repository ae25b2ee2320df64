"""The experiment on cycling: what it counts, and a run of a moment that goes on where it was."""

import json
import sys
from pathlib import Path

import numpy as np
import pytest

EXPERIMENTS = Path(__file__).resolve().parents[2] / "experiments"


@pytest.fixture
def cycling(monkeypatch):
    monkeypatch.syspath_prepend(str(EXPERIMENTS))
    import cycling

    yield cycling
    for name in ("cycling", "driving"):
        sys.modules.pop(name, None)


def hopping(cycling, moves):
    """Numbers of a generator in one mode of four, which moves on every so many times; old fakes are judged fake."""
    options = cycling.Options(steps=160, every=20, samples=100)
    nearest = 100 * np.eye(4, dtype=int)[np.arange(8) // moves % 4]
    good = np.where(np.arange(8)[:, None] == 7, 0, nearest)
    return cycling.numbers(nearest, good, np.tile(np.arange(8.0), (8, 1)), options)


def test_hops_and_modes_are_counted(cycling):
    fast, slow = hopping(cycling, 1), hopping(cycling, 2)
    assert fast["hops"] == 1.0 and slow["hops"] == pytest.approx(3 / 7)
    assert fast["modes_at_end"] == 0 and fast["modes"] == pytest.approx(7 / 8) and fast["modes_ever"] == 4
    assert slow["modes_ever"] == 4 and slow["high_quality"] == pytest.approx(7 / 8)
    np.testing.assert_allclose(fast["forgetting"], -np.arange(1.0, 8.0), atol=1e-5)
    assert fast["cycling"][3] > 0.9 > slow["cycling"][3]  # back after four times


def test_the_table_compares_seed_by_seed(cycling):
    fast, slow = hopping(cycling, 1), hopping(cycling, 2)
    slow["nearest"] = fast["nearest"] = np.tile([100, 0, 0, 0], (8, 1))
    results = {"plain": {4: fast, 5: slow}, "replay": {4: slow, 5: slow}}
    rows = cycling.summarised(results).splitlines()
    assert "plain" in rows[2] and rows[2].endswith("|  |  |")
    assert "-0.29 ± 3.63 (plain)" in rows[3]
    assert cycling.picture(results, cycling.Options(steps=160)) is not None


@pytest.mark.parametrize(
    ("options", "says"), [({"arms": ("reply",)}, "no arm 'reply'; there are plain"), ({"every": 30}, "multiple of")]
)
def test_options_are_checked(cycling, options, says):
    with pytest.raises(ValueError, match=says):
        cycling.Options(**options)


@pytest.mark.slow
def test_a_run_of_a_moment(cycling, tmp_path, capsys):
    command = ["--workdir", str(tmp_path), "--steps", "12", "--every", "2", "--samples", "20", "--seeds", "2"]
    assert cycling.main([*command, "--arms", "plain", "grouped"]) == 0
    printed = capsys.readouterr().out
    assert printed == (tmp_path / "table.md").read_text() and printed.count("\n") == 4
    cells = json.loads((tmp_path / "results.json").read_text())["cells"]
    assert set(cells) == {"plain", "grouped"} and set(cells["plain"]) == {"4", "5"}
    assert np.sum(cells["grouped"]["4"]["nearest"], axis=1).tolist() == [20] * 6
    before = (tmp_path / "results.json").read_bytes()
    assert cycling.main([*command, "--arms", "plain", "grouped"]) == 0  # without training again
    assert (tmp_path / "results.json").read_bytes() == before and (tmp_path / "cycling.png").stat().st_size > 5000
