"""Parts of the data that only a judge sees: found however much else differs, and not where all fakes are unlike."""

import numpy as np
import pytest
from scipy import stats

from jaxgan.data.files import Samples
from jaxgan.diagnosis import diagnose, examination
from jaxgan.diagnosis.holes import measure_holes
from jaxgan.diagnosis.levels import DOOR
from jaxgan.diagnosis.tails import COMPONENTS, measure_tail

WIDTH = 40


def colourful(n, seed):
    """Vectors of 40 numbers, 15 % of which are shifted in a single one, the narrowest; and whether each is."""
    random = np.random.RandomState(seed)
    x = random.normal(size=(n, WIDTH)).astype(np.float32)
    shifted = random.uniform(size=n) < 0.15
    x[:, 3] = (x[:, 3] + 4 * shifted) / 4
    return x, shifted


def without(kept):
    x, shifted = colourful(900, 1)
    return x[~shifted | (np.random.RandomState(9).uniform(size=len(x)) < kept)]


@pytest.mark.parametrize("kept", [0.0, 0.1])
def test_what_neither_clusters_nor_balls_show_is_found(kept):
    real, shifted = colourful(900, 0)
    fake = without(kept)
    assert not measure_holes(real, fake).found
    found = measure_tail(real, fake)
    assert found.found and found.p_value < 0.001
    (hole,) = found.empty
    assert shifted[hole.members].mean() > 0.7 and hole.ratio <= 0.5
    assert abs(hole.share - len(hole.members) / len(real)) < 1e-9 and 0.05 < hole.share < 0.25
    # The lowest first, which are the surest.
    assert shifted[hole.members[:10]].all()


def test_features_may_be_many_and_some_constant():
    random = np.random.RandomState(0)
    mixing = random.normal(size=(WIDTH, 5 * COMPONENTS)).astype(np.float32)
    mixing[:, :20] = 0
    real, shifted = colourful(900, 0)
    found = measure_tail(real @ mixing, without(0.0) @ mixing)
    assert found.found and shifted[found.empty[0].members].mean() > 0.6


@pytest.mark.parametrize("rounded", [False, True])
def test_the_test_has_its_level_also_where_samples_are_equal(rounded):
    p_values = []
    for seed in range(100):
        random = np.random.RandomState(seed)
        x = random.normal(size=(150, 6)) * np.exp(random.normal(size=(150, 1)))
        x = np.round(x.clip(-0.6, 0.6)) if rounded else x
        p_values.append(measure_tail(x[:60].astype(np.float32), x[60:].astype(np.float32), seed=seed).p_value)
    assert np.sum(np.array(p_values) <= 0.1) <= stats.binom.ppf(0.99, 100, 0.1)
    assert np.median(p_values) < 0.75  # and it is not merely timid


def test_fakes_that_are_unlike_the_data_empty_nothing():
    real = colourful(900, 0)[0]
    moved = colourful(900, 1)[0] + np.float32(0.5) * np.eye(WIDTH, dtype=np.float32)[5]
    found = measure_tail(real, moved)
    assert found.p_value <= DOOR and not found.found and not found.empty
    # A few that are odd do not hide what many lack.
    some = without(0.0)
    some[:20, 7] += 9
    assert measure_tail(real, some).found


def test_the_verdict_says_so():
    real = Samples(colourful(900, 0)[0], None, (), "reals", "points")
    found = diagnose(real, Samples(without(0.0), None, (), "fakes", "points"))
    assert found.verdict.kind == "partial" and "hardly any fakes are like real" in found.verdict.sentence


@pytest.mark.slow
def test_repeats_which_a_judge_knows_again_are_no_tail(monkeypatch):
    few = np.repeat(colourful(150, 1)[0], 6, axis=0)
    assert measure_tail(colourful(900, 0)[0], few).p_value <= DOOR
    monkeypatch.setattr(examination, "measure_tail", lambda *_, **__: pytest.fail("repeats are looked at"))
    found = diagnose(
        Samples(colourful(900, 0)[0], None, (), "reals", "points"), Samples(few, None, (), "fakes", "points")
    )
    assert found.found is not None and found.found.repeats.found
