"""The test for each mode: its false-alarm rate, its power, and what it says of a labelling that errs."""

import numpy as np
import pytest
from scipy import stats

from jaxgan.diagnosis.modes import FALSE_ALARM, holm, judge_counts, judge_modes

NAMES = tuple(map(str, range(10)))


def states(modes):
    return {mode.name: mode.state for mode in modes if mode.state != "kept"}


def test_holm_equals_its_definition():
    random = np.random.RandomState(0)
    p = random.rand(7) ** 3
    order = np.argsort(p)
    expected = np.empty(7)
    for rank, place in enumerate(order):
        expected[place] = min(1.0, max((7 - r) * p[order[r]] for r in range(rank + 1)))
    np.testing.assert_allclose(holm(p), expected)


def test_p_values_are_those_of_fishers_exact_test():
    real, fake = np.array([30, 70]), np.array([12, 88])
    mode = judge_modes(("a", "b"), real, fake, fake, np.zeros((2, 2)))[0]
    exact = stats.fisher_exact([[12, 88], [30, 70]], alternative="less").pvalue
    assert mode.p_value == pytest.approx(2 * exact, rel=1e-9)
    assert (mode.expected, mode.seen, mode.ratio) == (30, 12, pytest.approx(0.4))


def test_a_healthy_generator_is_rarely_accused():
    random = np.random.RandomState(0)
    weights = np.linspace(1, 3, 10) / 20
    alarms = sum(
        bool(np.any([mode.p_value <= FALSE_ALARM for mode in judge_modes(NAMES, real, fake, fake, np.zeros((10, 10)))]))
        for real, fake in ((random.multinomial(600, weights), random.multinomial(900, weights)) for _ in range(2000))
    )
    # The rate is at most 1 %; more than 34 of 2000 has a probability below 0.002 then.
    assert alarms <= 34


@pytest.mark.parametrize("error", [0.0, 0.03])
def test_lost_and_starved_modes_are_told_apart(error):
    random = np.random.RandomState(1)
    confusion = (1 - error) * np.eye(10) + error / 9 * (1 - np.eye(10))
    shares = np.ones(10) / 10
    damaged = np.where(np.arange(10) == 3, 0.0, np.where(np.arange(10) == 5, 0.1, 1.0))
    damaged = damaged / damaged.sum()
    outcomes = []
    for _ in range(100):
        real = random.multinomial(2000, shares @ confusion)
        fake = random.multinomial(3000, damaged @ confusion)
        held_out = np.array([random.multinomial(200, row) for row in confusion])
        outcomes.append(states(judge_modes(NAMES, real, fake, fake, held_out if error else np.zeros((10, 10)))))
    assert outcomes.count({"3": "lost", "5": "starved"}) >= (100 if error == 0 else 95)


def test_a_mode_too_rare_to_be_missed_is_said_to_be_untested():
    modes = judge_modes(
        ("common", "rare"), np.array([1000, 3]), np.array([1000, 0]), np.array([1000, 0]), np.zeros((2, 2))
    )
    assert [mode.state for mode in modes] == ["kept", "untested"]


def test_samples_of_no_mode_count_against_every_mode():
    real, fake = np.full(10, 100), np.full(10, 20)
    assert not states(judge_modes(NAMES, real, fake, fake, np.zeros((10, 10))))
    assert set(states(judge_modes(NAMES, real, fake, fake, np.zeros((10, 10)), total=1000)).values()) == {"starved"}


def test_known_shares_are_the_limit_of_infinitely_many_reals():
    shares = np.array([0.2, 0.3, 0.48])
    fake = np.array([150, 290, 470])
    exact = [stats.binomtest(int(n), 1000, p, alternative="less").pvalue for n, p in zip(fake, shares, strict=True)]
    known = judge_counts(("a", "b", "c"), shares, fake, 1000)
    np.testing.assert_allclose([mode.p_value for mode in known], holm(np.array(exact)), rtol=1e-9)
    # Reals in no mode would be those that no column counts, as 2 % are here.
    many = judge_modes(
        ("a", "b", "c", "none"),
        (1e9 * np.append(shares, 0.02)).astype(int),
        np.append(fake, 90),
        np.append(fake, 90),
        np.zeros((4, 4)),
    )
    assert [mode.expected for mode in known] == pytest.approx([mode.expected for mode in many[:3]])
    # The fourth mode, which has more than expected, costs Holm's correction a factor.
    assert known[0].p_value * 4 / 3 == pytest.approx(many[0].p_value, rel=1e-3)


def test_one_rule_for_lost_and_starved():
    shares = np.full(10, 0.1)
    counts = np.array([0, 3, 55, 100, 142, 140, 140, 140, 140, 140])
    for modes in (
        judge_counts(NAMES, shares, counts, 1000),
        judge_modes(NAMES, np.full(10, 10_000), counts, counts, np.zeros((10, 10))),
    ):
        assert states(modes) == {"0": "lost", "1": "starved"}
    # A mode is not lost while one sample is surely of it; it is, if those that are counted may belong elsewhere.
    assert states(judge_counts(NAMES, shares, counts, 1000, sure=np.where(counts == 3, 0, 1))) == {
        "0": "starved",
        "1": "lost",
    }
    assert {mode.state for mode in judge_counts(NAMES, shares, np.zeros(10, int), 20)} == {"untested"}
