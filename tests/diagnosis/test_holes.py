"""Parts of the data in which fakes are missing: found wherever they are, and not where nothing is missing."""

import numpy as np
import pytest
from scipy import stats
from scipy.ndimage import gaussian_filter

from jaxgan import data
from jaxgan.data.files import Samples
from jaxgan.diagnosis import diagnose
from jaxgan.diagnosis.holes import ball_sizes, measure_holes
from jaxgan.diagnosis.levels import DOOR

MIDDLE, RADIUS = np.array([0.6, 0.3]), 0.38  # a disc with 11 % of the square


def slow(*values):
    return pytest.param(*values, marks=pytest.mark.slow)


def square(n, seed):
    """Evenly spread, so that no cluster is anywhere."""
    return np.random.RandomState(seed).uniform(-1, 1, (n, 2)).astype(np.float32)


def in_disc(x):
    return np.linalg.norm(x - MIDDLE, axis=1) < RADIUS


def thinned(x, kept, seed=0):
    """Without some of what lies in the disc."""
    return x[~in_disc(x) | (np.random.RandomState(seed).uniform(size=len(x)) < kept)]


@pytest.mark.parametrize(("reals", "fakes"), [(2500, 2500), slow(600, 4000), slow(12000, 900)])
def test_a_part_that_no_cluster_knows(reals, fakes):
    real = square(reals, 0)
    found = measure_holes(real, thinned(square(fakes, 1), 0.0))
    assert found.found and found.p_value < 0.001
    first = found.empty[0]
    assert first.name == f"real {first.members[0]}"
    assert first.ratio < 0.2 and in_disc(real[first.members]).mean() > 0.8
    assert 0.4 < found.share / (np.pi * RADIUS**2 / 4) < 1.2
    together = np.concatenate([hole.members for hole in (*found.empty, *found.thin)])
    assert len(np.unique(together)) == len(together)


def test_what_is_only_thinner_is_told_apart():
    found = measure_holes(square(5000, 0), thinned(square(5000, 1), 0.62))
    assert not found.found and found.p_value <= DOOR
    assert 0.5 < found.thin[0].ratio < 0.8


def test_the_test_has_its_level_whatever_lies_where():
    p_values = []
    for seed in range(100):
        random = np.random.RandomState(seed)
        x = random.normal(size=(160, 3)) * np.exp(random.normal(size=(160, 1)))
        p_values.append(measure_holes(x[:90].astype(np.float32), x[90:].astype(np.float32), seed=seed).p_value)
        assert np.sum(np.array(p_values) <= 0.1) <= stats.binom.ppf(0.99, 100, 0.1)
    assert np.median(p_values) < 0.75  # and it is not merely timid


def test_balls_grow_to_a_quarter_of_the_samples():
    for total in (20, 100, 1000, 10_000):
        sizes = ball_sizes(total)
        assert (np.diff(sizes) > 0).all() and sizes[-1] == max(min(1024, total // 4), 2)
        assert (sizes[1:] <= np.ceil(1.5 * sizes[:-1])).all()
    assert ball_sizes(1000)[:4].tolist() == [8, 11, 16, 23]


def points(x, labels=None):
    return Samples(x, labels, ("inside", "outside") if labels is not None else (), "x", "points")


def test_the_verdict_names_what_fakes_are_missing_from():
    real, fake = square(800, 0), thinned(square(800, 1), 0.0)
    found = diagnose(points(real), points(fake))
    assert found.verdict.kind == "partial"
    assert found.found is not None
    hole = found.found.holes.empty[0]
    assert f"hardly any fakes are like {hole.name} and the" in found.verdict.sentence
    told = found.summary()["tests"]["holes"]
    assert told["found"] and told["empty"][0]["members"] == hole.members.tolist()
    # A class that is missing has a name, which says the same better.
    labelled = diagnose(points(real, (~in_disc(real)).astype(int)), points(fake, np.ones(len(fake), int)))
    assert labelled.verdict.sentence == "Partial collapse: inside lost."


@pytest.mark.slow
def test_what_is_thinner_is_said_of_a_healthy_one():
    verdict = diagnose(points(square(2500, 0)), points(thinned(square(5000, 1), 0.62))).verdict
    assert (
        verdict.kind == "healthy" and "not like the data in every respect (few fakes are like real" in verdict.sentence
    )


@pytest.mark.parametrize(("blur", "low"), [slow(0.3, False), (1.2, True)])
def test_a_blur_empties_nothing(blur, low):
    digits = data.digits()
    x = np.asarray(digits.images)[np.random.RandomState(0).permutation(len(digits.images))[:1000]]
    fakes = gaussian_filter(x[500:].astype(float), (0, blur, blur, 0)).round().astype(x.dtype)
    found = diagnose(*(Samples(each, None, (), "x", "images") for each in (x[:500], fakes))).found
    assert found is not None and found.fidelity.low is low and not found.holes.found and not found.holes.thin
