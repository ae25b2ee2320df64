"""Copies among the fakes: their number, their groups, and what is no copy although it is near."""

import numpy as np
import pytest

from jaxgan.diagnosis.repeats import measure_repeats


def cloud(n, seed, d=16):
    return np.random.RandomState(seed).normal(size=(n, d)).astype(np.float32)


def uneven(n, seed):
    """A cloud of which one half is ever denser towards its middle."""
    scales = np.where(np.arange(n) % 2, 1, 10 ** np.random.RandomState(seed + 100).uniform(-2, 0, n))
    return (cloud(n, seed) * scales[:, None]).astype(np.float32)


@pytest.mark.parametrize("noise", [0.0, 0.1])
@pytest.mark.parametrize("different", [10, 150])
def test_so_many_different_samples(different, noise):
    random = np.random.RandomState(0)
    fake = cloud(different, 1)[random.randint(0, different, 600)] + noise * cloud(600, 2)
    result = measure_repeats(cloud(600, 0), fake)
    assert result.found and result.share > 0.9
    assert result.different == pytest.approx(different, rel=0.3)
    group = result.groups[0]
    assert np.linalg.norm(fake[group] - fake[group[0]], axis=1).max() < 2


def test_one_sample_many_times():
    fake = cloud(600, 1)
    fake[:60] = fake[0]
    result = measure_repeats(cloud(600, 0), fake)
    assert (
        result.found and result.share == pytest.approx(0.1, abs=0.02) and result.largest == pytest.approx(0.1, abs=0.01)
    )
    assert sorted(result.groups[0]) == list(range(60))


def test_repeats_under_noise_that_is_wider_than_what_lies_between_other_reals():
    random = np.random.RandomState(0)
    fake = uneven(600, 1)[random.randint(0, 100, 600)] + 0.1 * cloud(600, 2)
    result = measure_repeats(uneven(600, 0), fake)
    assert result.found and 0.3 < result.share < 0.6, result  # the rest is denser than the noise
    noisy = measure_repeats(uneven(600, 0), uneven(600, 1) + 0.1 * cloud(600, 2))
    assert not noisy.found, noisy


@pytest.mark.parametrize("name", ["alike", "half as wide", "in one place", "reals that repeat too"])
def test_no_copies(name):
    real, fake = cloud(600, 0, 2), cloud(600, 1, 2)
    if name == "half as wide":
        fake = 0.6 * fake
    if name == "in one place":
        real = real + 20 * np.random.RandomState(2).randint(0, 8, (600, 1))
    if name == "reals that repeat too":
        random = np.random.RandomState(3)
        real, fake = real[random.randint(0, 200, 600)], fake[random.randint(0, 200, 600)]
    result = measure_repeats(real.astype(np.float32), fake.astype(np.float32))
    assert not result.found, result


def test_the_p_value_has_its_level():
    below = [measure_repeats(cloud(60, 2 * i, 3), cloud(60, 2 * i + 1, 3), seed=i).p_value <= 0.1 for i in range(50)]
    assert np.mean(below) < 0.27  # a tenth, and four deviations
