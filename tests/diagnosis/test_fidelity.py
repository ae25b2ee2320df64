"""Fidelity: its level, what is low, and that it does not depend on how many modes are there."""

import numpy as np
import pytest

from jaxgan.diagnosis.fidelity import measure_fidelity
from tests.diagnosis import fixtures

IMAGES = fixtures.digits()[0][..., None] / 127.5 - 1


def found(real, fake, seed=0):
    flat = real.reshape(len(real), -1), fake.reshape(len(fake), -1)
    return measure_fidelity(*flat, real, fake, seed=seed)


def test_halves_of_the_data_are_alike():
    p_values = []
    for seed in range(40):
        first, second = fixtures.halves(seed)
        result = found(IMAGES[first][:300], IMAGES[second][:300], seed)
        assert not result.low and result.farther == pytest.approx(0.5, abs=0.15)
        p_values.append(result.p_value)
    # Uniform or greater: at most a tenth lies below a tenth, with a margin of four deviations.
    assert np.mean(np.array(p_values) < 0.1) < 0.3


@pytest.mark.parametrize(("std", "detail"), [(0.7, 0.0), (1.5, 0.0)])
def test_blur_is_low_fidelity_by_its_detail(std, detail):
    first, second = fixtures.halves(0)
    blurred = fixtures.blurred(fixtures.digits()[0][second], std)[..., None] / 127.5 - 1
    result = found(IMAGES[first], blurred)
    assert result.low and result.detail == pytest.approx(detail, abs=0.1)


def test_noise_is_like_nothing_in_the_data():
    first, second = fixtures.halves(0)
    noise = fixtures.noise(fixtures.digits()[0][second])[..., None] / 127.5 - 1
    result = found(IMAGES[first], noise)
    assert result.nothing_alike and result.odd > 0.9 and result.farther > 0.99


def test_a_generator_that_lost_modes_has_fidelity():
    first, second = fixtures.halves(0)
    some = np.isin(fixtures.digits()[1][second], (1, 2))
    result = found(IMAGES[first], IMAGES[second][some])
    assert not result.low and result.odd < 0.1


def test_points_have_no_detail():
    random = np.random.RandomState(0)
    x = random.normal(size=(400, 2))
    result = measure_fidelity(x[:200], x[200:] + 8, x[:200], x[200:] + 8)
    assert result.detail == 0.5 and result.low and result.farther > 0.99
