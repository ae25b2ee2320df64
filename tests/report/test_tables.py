"""The figure of a table's columns and pairs, and the page that has it."""

import json

import numpy as np
import pyarrow
import pytest

from jaxgan import data, report
from jaxgan.report.files import read_run
from jaxgan.report.tables import MOST, columns_and_pairs
from tests.report.fixtures import Page, write


def table_run(directory, columns):
    """A run of a table with numbers of so many columns, of which the first is the worst."""
    write(directory, examples="vectors", modes=(8, 8), snapshots=1)
    table = pyarrow.table({f"column {i}": np.random.RandomState(i).normal(size=30) for i in range(columns)})
    (directory / "encoding.json").write_text(json.dumps(data.encoding_as_json(data.fit_table(table))))
    summary = json.loads((directory / "summary.json").read_text())
    pairs = columns * (columns - 1) // 2
    for i, seed in enumerate(summary["seeds"]):
        seed["column_distances"] = [0.9 / (1 + k) + 0.02 * i for k in range(columns)]
        seed["associations"] = [0.5] * pairs
    summary["metrics"]["column_distances"] = {"convention": "c", "real": [0.05] * columns}
    summary["metrics"]["associations"] = {"convention": "c", "real": [0.4] * pairs}
    (directory / "summary.json").write_text(json.dumps(summary))
    return directory


def test_the_worst_column_comes_first_with_the_real_rows_beside_it(tmp_path):
    figure = columns_and_pairs(read_run(table_run(tmp_path / "run", 3)))
    assert figure is not None
    left, right = figure.axes
    assert [label.get_text() for label in left.get_yticklabels()] == ["column 0", "column 1", "column 2"]
    assert [bar.get_bbox().width for bar in left.patches] == pytest.approx([0.91, 0.46, 0.31])  # pyright: ignore
    np.testing.assert_allclose(np.asarray(right.collections[0].get_offsets()), [[0.4, 0.5]] * 3)


def test_of_many_columns_the_worst_are_shown(tmp_path):
    figure = columns_and_pairs(read_run(table_run(tmp_path / "run", MOST + 5)))
    assert figure is not None
    assert len(figure.axes[0].patches) == MOST and "the worst" in figure.axes[0].get_title()


def test_the_page_of_a_table_begins_with_it_and_no_other_page_speaks_of_it(tmp_path):
    page = Page(report.write_run(table_run(tmp_path / "run", 3)))
    assert page.text.index("Columns and pairs of columns") < page.text.index("Samples through training")
    assert "Columns and pairs" not in Page(report.write_run(write(tmp_path / "other", snapshots=1))).text
