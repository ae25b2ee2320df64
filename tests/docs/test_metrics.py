"""docs/metrics.md: it names every metric, by the names that there are."""

import inspect
import re
from pathlib import Path

from jaxgan import metrics
from jaxgan.evaluation import METRICS

ROOT = Path(__file__).resolve().parents[2]
TEXT = (ROOT / "docs" / "metrics.md").read_text(encoding="utf-8")
TABLES = [set(re.findall(r"^\| `(\w+)`", part, re.MULTILINE)) for part in TEXT.split("\n## ")]


def test_every_name_of_the_command_line_is_explained():
    _, two, three, _ = TABLES
    mentioned = set(re.findall(r"`(\w+)`", TEXT.split("Of labels, modes, pictures or sequences:")[1].split("\n\n")[0]))
    assert two | mentioned == METRICS.keys()
    assert three == {name for name, f in inspect.getmembers(metrics, inspect.isfunction) if "train" in signature(f)}


def signature(function) -> set[str]:
    return set(inspect.signature(function).parameters)


def test_no_metric_passes_all_sanity_checks_and_the_counts_are_those_of_the_record():
    table = (ROOT / "experiments" / "results" / "sanity_checks" / "table.md").read_text(encoding="utf-8")
    counts = [row for row in table.splitlines() if "passed" in row]
    assert len(counts) == 4 and all(row in TEXT for row in counts)
    for row in counts:
        of, *passed = map(int, re.findall(r"[0-9]+", row))
        assert max(passed) < of
