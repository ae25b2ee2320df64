"""The experiment on error rates: what it damages is damaged, and what it counts is counted."""

import re
from pathlib import Path

import numpy as np
import pytest
import verdict_rates


def test_six_kinds_of_data():
    """MNIST is the sixth, for who has it."""
    for name, pool in verdict_rates.POOLS.items():
        if name != "mnist":
            x, labels = pool()
            assert len(x) == len(labels) >= 1797 and np.isfinite(x).all()


def test_at_least_3000_healthy_pairs(monkeypatch):
    monkeypatch.setenv("TFDS_DATA_DIR", "somewhere")
    cells = verdict_rates.cells()
    assert len(set(cells)) == len(cells)
    assert sum(arm.startswith("healthy/") for arm, _ in cells) >= 3000
    monkeypatch.delenv("TFDS_DATA_DIR")
    assert not any("mnist" in arm for arm, _ in verdict_rates.cells())


def test_a_healthy_pair_is_disjoint_or_drawn_with_replacement():
    found = verdict_rates.measure("healthy/people/100+100", 0)
    assert found == {"verdict": "healthy", "sentence": "", "below": False}


def test_a_lost_class_is_said():
    verdict, sentence, below = verdict_rates.verdict_of(verdict_rates.lost("people", 400, 3, 0.0, True, 0))
    assert verdict == "partial" and "3 lost" in sentence and below


def test_the_tables():
    healthy = {i: {"verdict": "partial" if i == 0 else "healthy", "below": i < 2, "sentence": ""} for i in range(100)}
    wrong = {i: {"verdict": "partial", "right": i < 9, "sentence": ""} for i in range(10)}
    text = verdict_rates.write({"healthy/grid/100+100": healthy, "a class gone": wrong})
    assert "| grid, 100 and 100 | 100 | 1.0 (0.0 to 5.4) | 2.0 (0.2 to 7.0) | 0.0 (0.0 to 3.6) |" in text
    assert "| a class gone | 10 | 90.0 (55.5 to 99.7) | 10 partial |" in text


@pytest.mark.parametrize(("sentence", "right"), [("Low fidelity: blurred.", True), ("Partial: 3 lost.", False)])
def test_blur_must_not_be_called_a_lost_mode(sentence, right):
    assert verdict_rates.never_lost("", sentence) is right


def test_the_readme_says_what_was_measured():
    """`all N sets` and `of 160`: each row of its kind has every case right."""
    readme = " ".join((Path(__file__).parents[2] / "README.md").read_text(encoding="utf-8").split())
    table = (verdict_rates.RESULTS / "table.md").read_text(encoding="utf-8")
    rows = [[cell.strip() for cell in line.strip("|").split("|")] for line in table.splitlines()]
    pairs, alarms = next(row[1:3] for row in rows if row[0] == "all")
    share, least, most = re.findall(r"[\d.]+", alarms)
    assert (
        f"Of {pairs} healthy pairs of six kinds of data {share} % were accused (95 % interval {least} to {most})"
        in readme
    )
    power = {"class of": 160, r"patches.*(repeated|copies)": 150}
    for kind, cases in power.items():
        found = [row for row in rows if re.search(kind, row[0])]
        assert sum(int(row[1]) for row in found) == cases and all(row[2].startswith("100.0") for row in found), kind
    assert "of 160 with a mode" in readme and "all 150 sets of repeated or copied photographs" in readme
