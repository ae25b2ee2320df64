"""Collapse within a condition."""

import numpy as np
import pytest

from jaxgan.diagnosis.conditions import judge_conditions


def drawn(conditions, samples, collapsed, seed=0, noise=0.1):
    random = np.random.RandomState(seed)
    centers = 2 * random.normal(size=(conditions, 8))
    of = np.repeat(np.arange(conditions), samples)
    real, fake = (centers[of] + random.normal(size=(len(of), 8)) for _ in range(2))
    for i in range(collapsed):
        fake[of == i] = fake[of == i][:1] + noise * random.normal(size=(samples, 8))
    return [str(i) for i in range(conditions)], fake, of, real


@pytest.mark.parametrize("collapsed", [0, 5, 20, 40])
def test_those_that_collapsed_are_named(collapsed):
    names, fake, of, real = drawn(40, 8, collapsed)
    found = judge_conditions(names, fake, of, real, of)
    assert [each.collapsed for each in found] == [i < collapsed for i in range(40)]
    for each in found[:collapsed]:
        assert each.ratio < 0.2 and each.vendi < 2 and each.p_value < 0.01


def test_without_reals_the_others_are_the_measure():
    names, fake, of, _ = drawn(40, 8, 15)
    assert [each.collapsed for each in judge_conditions(names, fake, of)] == [i < 15 for i in range(40)]


def test_the_p_value_is_that_of_all_splits():
    """The one condition has three samples on each side, and twenty splits: written out."""
    names, fake, of, real = drawn(1, 3, 0)
    away = np.linalg.norm(np.concatenate([fake, real])[:, None] - np.concatenate([fake, real])[None], axis=2)

    def ratio(chosen):
        others = [i for i in range(6) if i not in chosen]
        return away[np.ix_(chosen, chosen)].sum() / away[np.ix_(others, others)].sum()

    splits = [[i, j, k] for i in range(6) for j in range(i + 1, 6) for k in range(j + 1, 6)]
    expected = np.mean([ratio(split) <= ratio([0, 1, 2]) + 1e-9 for split in splits])
    (found,) = judge_conditions(names, fake, of, real, of)
    assert found.p_value == pytest.approx(expected) and found.ratio == pytest.approx(ratio([0, 1, 2]), rel=1e-5)


def test_few_samples_are_not_judged():
    names, fake, of, real = drawn(3, 2, 1)
    assert all(not each.collapsed and each.p_value == 1 for each in judge_conditions(names, fake, of, real, of))


def test_healthy_conditions_are_rarely_accused():
    alarms = sum(
        any(each.collapsed for each in judge_conditions(names, fake, of, real, of))
        for names, fake, of, real in (drawn(10, 6, 0, seed) for seed in range(40))
    )
    assert alarms <= 3
