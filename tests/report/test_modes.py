"""The map of modes over time: its numbers, and what it is made of when the log holds other counts or none."""

import json
from pathlib import Path

import matplotlib.colors
import numpy as np
import pytest

from jaxgan.report.files import read_run
from jaxgan.report.modes import histories, modes_through_training
from tests.report.fixtures import edit, run

EXPECTED = {"a": 100.0, "b": 50.0, "c": 25.0}


def logged(directory: Path, rows: list[dict], **summary) -> Path:
    run(directory, modes=(8, 8))
    (directory / "metrics.jsonl").write_text("\n".join(map(json.dumps, rows)) + "\n")
    edit(directory / "summary.json", **{"modes_expected": EXPECTED, "modes_total": 3, **summary})
    return directory


def row(step: int, seed: int, **more) -> dict:
    return {"step": step, "seed": seed, "generator_loss": 1.0, **more}


ALARM = {"kind": "collapse", "step": 10, "since": 10, "modes": [], "p_value": None, "sentence": "x"}
ROWS = [
    row(10, 0, counts=[100, 0, 5]),
    row(10, 1, counts=[50, 50, 50], alarms=[ALARM]),
    row(15, 0),
    row(20, 0, counts=[1, 1, 1]),  # of a run that was killed, and wrote the line again
    row(20, 0, counts=[200, 50, 25]),
    row(20, 1, counts=[0, 0, 0]),
]


def test_numbers_are_samples_over_what_is_expected(tmp_path):
    first, second = histories(read_run(logged(tmp_path / "run", ROWS)))
    assert (first.seed, second.seed, first.steps.tolist()) == (0, 1, [10, 20])
    np.testing.assert_allclose(first.ratio, [[1, 2], [0, 1], [0.2, 1]])
    np.testing.assert_allclose(second.ratio, [[0.5, 0], [1, 0], [2, 0]])
    assert (first.alarms, second.alarms) == ([], [10])


def test_the_map_shows_the_numbers_and_the_alarms(tmp_path):
    figure = modes_through_training(read_run(logged(tmp_path / "run", ROWS)))
    assert figure is not None
    for axes, alarmed in zip(figure.axes, (0, 1), strict=True):
        mesh = axes.collections[0]
        values = np.asarray(mesh.get_array())
        colours = mesh.cmap(mesh.norm(values))[..., :3]
        lost = np.asarray(matplotlib.colors.to_rgb("#D55E00"))
        np.testing.assert_array_equal(np.isclose(colours, lost).all(-1), values == 0)
        assert len(axes.lines) == alarmed
    texts = [text.get_text() for text in figure.legends[0].get_texts()]
    assert "no sample" in texts and "alarm" in texts
    # A mode with a single sample where none is expected to be missing does not look like a lost one.
    assert mesh.norm([1e-6])[0] != mesh.norm([0.0])[0]


def test_an_unfinished_run_is_compared_with_even_use(tmp_path):
    directory = logged(tmp_path / "run", ROWS)
    (directory / "summary.json").unlink()
    np.testing.assert_allclose(histories(read_run(directory))[0].ratio[:, 0], np.array([100, 0, 5]) / 35)


def test_the_monitors_windows_stand_in_for_counts(tmp_path):
    rows = [row(step, 0, window={"counts": [step, 0.0], "effective": 40.0, "modes_at_once": 1.0}) for step in (10, 20)]
    watched = {"names": ["cluster 0", "cluster 1"], "shares": [0.25, 0.75]}
    (history,) = histories(read_run(logged(tmp_path / "run", rows, watched=watched)))
    np.testing.assert_allclose(history.ratio, [[1, 2], [0, 0]])
    figure = modes_through_training(read_run(tmp_path / "run"))
    assert figure is not None and figure.axes[0].get_ylabel() == "cluster of the data"


def test_without_any_counts_there_is_no_map(tmp_path):
    assert modes_through_training(read_run(run(tmp_path / "run"))) is None


@pytest.mark.parametrize("modes", [1, 8, 25, 100])
@pytest.mark.parametrize("seeds", [1, 3])
def test_rows_can_be_told_apart(tmp_path, modes, seeds):
    rows = [row(step, seed, counts=[1] * modes) for step in (5,) for seed in range(seeds)]
    names = {str(i): 1.0 for i in range(modes)}
    figure = modes_through_training(read_run(logged(tmp_path / "run", rows, modes_expected=names, modes_total=modes)))
    assert figure is not None
    figure.canvas.draw()
    heights = [axes.get_window_extent().height for axes in figure.axes if axes.collections]
    assert len(heights) == seeds and min(heights) / modes >= 3  # pixels
