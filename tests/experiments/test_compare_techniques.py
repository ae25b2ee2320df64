"""The comparison of techniques: its protocol names what there is, and its statistics are the textbook's."""

import sys
from pathlib import Path

import numpy as np
import pytest

EXPERIMENTS = Path(__file__).resolve().parents[2] / "experiments"


@pytest.fixture(autouse=True)
def beside_it(monkeypatch):
    monkeypatch.syspath_prepend(str(EXPERIMENTS))
    yield
    for name in ("compare_protocol", "compare_techniques", "compare_report", "driving"):
        sys.modules.pop(name, None)


def test_every_setting_is_one_that_the_command_line_takes():
    from compare_candidates import candidates
    from compare_protocol import SEEDS, TASKS, TUNING_SEEDS

    assert not set(SEEDS) & set(TUNING_SEEDS) and len(SEEDS) >= 5
    for name, setting in TASKS.items():
        found = candidates(name)
        assert len(found) >= 45 and found["plain"][0].of(setting) == (setting.architecture, setting.training)
        for changes in found.values():
            assert 1 <= len(changes) <= 3
            for change in changes:
                change.of(setting)  # reads every name and number, and raises where one is wrong


def test_settings_are_the_same_after_json():
    import json

    from compare_candidates import candidates
    from compare_protocol import TASKS, Change

    for changes in candidates("ring").values():
        for change in changes:
            read = Change(**json.loads(json.dumps(change._asdict())))
            assert read.of(TASKS["ring"]) == change.of(TASKS["ring"])


def test_the_interval_is_students():
    from compare_report import interval

    mean, half = interval([1.0, 2.0, 3.0, 4.0])
    assert mean == 2.5
    np.testing.assert_allclose(half, 3.182446 * np.std([1, 2, 3, 4], ddof=1) / 2, rtol=1e-6)


def test_the_rare_class_has_a_tenth_of_its_share():
    from compare_protocol import unbalanced_digits

    task = unbalanced_digits()
    np.testing.assert_allclose(task.shares[0] / (1 - task.shares[0]), 0.1 * 178 / (1797 - 178), rtol=0.02)


def test_the_report_judges_paired_differences_and_names_what_was_refused(tmp_path):
    import compare_report
    from compare_protocol import TASKS
    from compare_techniques import prepared_task

    from jaxgan.runs import folder

    def cell(name, modes):
        ends = [{"modes": m, "divergence": 0.1} for m in modes]
        return {"technique": name, "seeds": [1, 2, 3], "cost": 1.0, "equal_steps": ends, "equal_time": ends}

    measured = {"plain": (1, 2, 3), "better": (4, 5, 7), "worse": (0, 0, 0), "unclear": (3, 0, 4)}
    (tmp_path / "cells" / "ring").mkdir(parents=True)
    for name, modes in measured.items():
        folder.write_json(tmp_path / "cells" / "ring" / f"{name}.json", cell(name, modes))
    folder.write_json(tmp_path / "cells" / "ring" / "labels.json", {"refused": "needs labels"})
    assert "ring" in TASKS
    compare_report.write(tmp_path, {"ring": prepared_task("ring")})
    lines = (tmp_path / "table.md").read_text().splitlines()
    rows = {line.split("|")[1].strip(): line for line in lines if line.startswith("| ")}
    assert rows["better"].rstrip("| ").endswith("helps") and "0 of 3 (0.00 to 0.71)" in rows["better"]
    assert "+3.333" in rows["better"] and not rows["unclear"].rstrip("| ").endswith(("helps", "harms"))
    assert "- labels: refused, needs labels" in lines
    assert (tmp_path / "table.png").stat().st_size > 5000


SCORES = {"ring": ("modes", 1), "grid": ("modes", 1), "stacked": ("modes", 0), "rare": ("divergence", 3)}


def usable(found):
    return [(name, cell) for name, cell in found.items() if "refused" not in cell]


def test_the_table_in_the_readme_is_that_of_the_cells():
    from compare_report import cells, interval
    from compare_techniques import RESULTS

    readme = (EXPERIMENTS.parent / "README.md").read_text(encoding="utf-8")
    part = readme.split("### Which to try first")[1].split("- **It has")[0]
    rows = [[x.strip() for x in line.strip("|").split("|")] for line in part.splitlines() if " ± " in line]
    assert len(rows) >= 10
    found = {task: cells(RESULTS, task) for task in ("ring", "grid", "stacked", "rare")}
    for name, *numbers, cost in rows:
        names = [each for each in found["ring"] if each.replace("_", " ") == name.replace(" and ", "+")]
        assert len(names) == 1, name
        of = [of_task[names[0]] for of_task in found.values()]
        for number, cell, (key, digits) in zip(numbers, of, SCORES.values(), strict=True):
            mean, half = interval([end[key] for end in cell["equal_steps"]])
            assert number == f"{mean:.{digits}f} ± {half:.{digits}f}"
        costs = [cell["cost"] for cell in of]
        assert cost == f"{min(costs):.1f} to {max(costs):.1f}"
    helps, harms = ({task: 0 for task in found} for _ in range(2))
    for task, of_task in found.items():
        key, sign = SCORES[task][0], -1 if task == "rare" else 1
        plain = of_task["plain"]["equal_steps"]
        for name, cell in of_task.items():
            if name != "plain" and "refused" not in cell:
                pairs = zip(cell["equal_steps"], plain, strict=True)
                mean, half = interval([sign * (end[key] - without[key]) for end, without in pairs])
                helps[task] += mean - half > 0
                harms[task] += mean + half < 0
    shares = {name: np.mean([end["rare"] for end in cell["equal_steps"]]) for name, cell in usable(found["rare"])}
    assert f"its share from the plain GAN and at most {max(shares.values()):.2f} from any" in readme
    assert (len(shares), helps["rare"], harms["rare"]) == (79, 10, 4) and "Of 78 settings ten\n" in readme
    incomplete = [name for name, cell in usable(found["rare"]) if min(end["modes"] for end in cell["equal_steps"]) < 10]
    assert len(incomplete) == 1
    assert f"{helps['stacked']} of 78 settings" in readme and f"{helps['ring']} of 80 on the ring" in readme
    assert helps["grid"] == 10 and "Of the ten that help there" in readme
    best = [end["modes"] for end in found["stacked"]["mode_seeking+covariance_matching"]["equal_steps"]]
    assert f"{min(best):.0f} to {max(best):.0f}" in readme and min(best) > 900
