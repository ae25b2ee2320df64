"""The experiment on continued training: its two halves, its table, and a run of a moment."""

import json
import sys
from pathlib import Path

import jax
import numpy as np
import pytest

EXPERIMENTS = Path(__file__).resolve().parents[2] / "experiments"


@pytest.fixture
def continued(monkeypatch):
    monkeypatch.syspath_prepend(str(EXPERIMENTS))
    import continued

    yield continued
    for name in ("continued", "driving"):
        sys.modules.pop(name, None)


def test_the_halves_share_no_mode_and_make_the_ring_together(continued):
    whole = continued.ring()
    for half in (0, 1):
        x = continued.ring(half).sample(jax.random.key(0), 400)
        modes = np.unique(whole.nearest_of(x))
        np.testing.assert_array_equal(modes, np.arange(4) + 4 * half)
    np.testing.assert_allclose(whole.shares, 1 / 8)


def test_the_table_counts_old_and_new_modes(continued):
    def cell(old, new):
        end = [100] * old + [10] * (4 - old) + [50] * new + [0] * (4 - new)
        return {"before": [600] * 4 + [0] * 4, "counts": [[0] * 8, end]}

    results = {"warm": {4: cell(0, 4), 5: cell(0, 4)}, "replayed": {4: cell(4, 4), 5: cell(2, 4)}}
    rows = continued.summarised(results).splitlines()
    assert rows[2].startswith("| warm start | 4.0 ± 0.0 | 0.0 ± 0.0 | 4.0 ± 0.0 | 4.0 ± 0.0 |")
    assert "| 3.0 ± 12.7 | 4.0 ± 0.0 | 7.0 ± 12.7 |" in rows[3] and rows[3].endswith("+3.0 ± 12.7 |")


@pytest.mark.parametrize(
    ("options", "says"), [({"arms": ("cold",)}, "no arm 'cold'; there are new"), ({"times": 3}, "multiple of --times")]
)
def test_options_are_checked(continued, options, says):
    with pytest.raises(ValueError, match=says):
        continued.Options(**options)


@pytest.mark.slow
def test_a_run_of_a_moment(continued, tmp_path, capsys):
    command = ["--workdir", str(tmp_path), "--steps", "4", "--times", "2", "--seeds", "2"]
    assert continued.main([*command, "--arms", "warm", "ewc"]) == 0
    assert capsys.readouterr().out == (tmp_path / "table.md").read_text()
    cells = json.loads((tmp_path / "results.json").read_text())["cells"]
    assert np.shape(cells["ewc"]["5"]["counts"]) == (2, 8)
    assert (tmp_path / "continued.png").stat().st_size > 5000
