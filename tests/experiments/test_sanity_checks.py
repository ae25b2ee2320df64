"""The sanity checks: what they ask, by metrics that are known to pass and to fail, and that the record is its table."""

import json
import sys
from pathlib import Path

import numpy as np
import pytest

EXPERIMENTS = Path(__file__).resolve().parents[2] / "experiments"


@pytest.fixture
def sanity(monkeypatch):
    monkeypatch.syspath_prepend(str(EXPERIMENTS))
    import sanity_checks

    monkeypatch.setattr(sanity_checks, "ROWS", 50)
    monkeypatch.setattr(sanity_checks, "SIZES", (20, 50, 80))
    yield sanity_checks
    for name in ("sanity_checks", "driving"):
        sys.modules.pop(name, None)


X = np.linspace(-1, 1, 11)


@pytest.mark.parametrize(
    ("criterion", "passes", "fails"),
    [
        (lambda s: s._bell(0.0), [np.exp(-9 * X**2), 0.3 - 0.25 * np.abs(X)], [1 + X, np.ones(11), X**2]),
        (lambda s: s._falls, [1 - X, np.where(X < 0, 1, 0)], [1 + X, np.ones(11), 1 - X + 3 * (np.abs(X) < 0.1)]),
        (lambda s: s._rises, [1 + X], [1 - X]),
        (lambda s: s._level, [np.ones(11), np.where(X > 0, 1, 0.96)], [np.where(X > 0, 1, 0.9)]),
        (lambda s: s._settles, [np.where(X < 0, 9, 1)], [np.where(X > 0.9, 9, 1)]),
        (lambda s: s._falls_by(0.5), [1 - X], [np.where(X > 0.9, 0, 1)]),
        (lambda s: s._near(1, "last"), [1.04 + 0 * X], [1.06 + 0 * X]),
        (lambda s: s._near(0, -0.2), [np.where(np.abs(X + 0.2) < 0.01, 0.04, 1)], [np.ones(11)]),
    ],
)
def test_criteria(sanity, criterion, passes, fails):
    assert all(criterion(sanity)(X, y) is True for y in passes)
    assert all(criterion(sanity)(X, y) is False for y in fails)


def test_a_metric_of_diversity_may_be_either_but_not_both(sanity):
    assert sanity._wide("last")(X, 1 + 0 * X) == "high" and sanity._wide("last")(X, 0 * X) == "low"
    assert sanity._either(sanity._falls, sanity._level)(X, np.ones(11)) == "high"
    assert sanity._together(["low", True, "low"]) == "low" and sanity._together([True, True]) is True
    assert sanity._together(["low", "high"]) is False and sanity._together(["low", False]) is False


def test_every_check_draws_what_it_says(sanity):
    assert len(sanity.CHECKS) == 15
    for name, check in sanity.CHECKS.items():
        cases = list(check.cases(np.random.default_rng(0)))
        for variant in {case.variant for case in cases}:
            x = [case.x for case in cases if case.variant == variant]
            assert x == sorted(set(x)), name
        for case in cases:
            assert case.real.ndim == case.fake.ndim == 2 and case.real.shape[1] == case.fake.shape[1], name
            assert np.isfinite(case.real).all() and np.isfinite(case.fake).all(), name
    means = {
        case.x: case.fake.mean() for case in sanity.gaussian_means(np.random.default_rng(0)) if "1-D" in case.variant
    }
    assert all(abs(found - wanted) < 1 for wanted, found in means.items())


def test_what_tells_the_sets_apart_passes_and_what_does_not_fails(sanity, monkeypatch):
    """One that sees whether the means of the first dimension differ, and one that says that all is well."""

    def oracle(real, fake):
        alike = float(abs(fake[:, 0].mean() - real[:, 0].mean()) < 0.5)
        return alike, alike

    pairs = {("oracle", "other"): oracle, ("blind", "also"): lambda real, fake: (1.0, 1.0)}
    monkeypatch.setattr(sanity, "MEASURES", pairs)
    names = ("one scaled dimension", "one disjoint dimension")
    results = {name: {repeat: sanity.measured(name, repeat) for repeat in range(2)} for name in names}
    fidelity, diversity = sanity.summarised(results).split("\n\n")
    assert "| one scaled dimension | invariance | T | T |\n| one scaled dimension | bounds | T | F |" in fidelity
    for text in (fidelity, diversity):
        assert "| respects passed | of 4 | 4 | 2 |" in text
        assert "| checks passed in every respect | of 2 | 2 | 0 |" in text


def test_the_tests_of_the_verdict_tell_fidelity_from_diversity(sanity):
    random = np.random.default_rng(0)
    real, fake = random.normal(size=(2, 400, 3))
    fidelity, diversity = sanity.of_the_verdict(real, fake)
    assert fidelity > 0.9 and diversity > 0.9
    fidelity, diversity = sanity.of_the_verdict(real, 0.1 * fake)
    assert fidelity > 0.9 and diversity < 0.2
    fidelity, diversity = sanity.of_the_verdict(real, 10 * fake)
    assert fidelity < 0.2 and diversity > 0.9


def test_the_table_is_that_of_the_results(sanity):
    folder = EXPERIMENTS / "results" / "sanity_checks"
    kept = json.loads((folder / "results.json").read_text(encoding="utf-8"))
    cells = {name: kept["cells"][name] for name in sanity.CHECKS}
    assert (folder / "table.md").read_text(encoding="utf-8") == sanity.summarised(cells)
