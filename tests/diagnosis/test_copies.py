"""Copies of reals, and of what was trained on: found, shown, and with a level."""

import numpy as np
import pytest

from jaxgan.diagnosis.copies import measure_copies, measure_membership


def cloud(n, seed, d=16):
    return np.random.RandomState(seed).normal(size=(n, d)).astype(np.float32)


def uneven(n, seed):
    """A cloud of which one half is ever denser towards its middle."""
    scales = np.where(np.arange(n) % 2, 1, 10 ** np.random.RandomState(seed + 100).uniform(-2, 0, n))
    return (cloud(n, seed) * scales[:, None]).astype(np.float32)


@pytest.mark.parametrize("noise", [0.0, 0.1])
@pytest.mark.parametrize("share", [0.03, 1.0])
def test_copies_of_reals_are_found_beside_their_originals(share, noise):
    real, fake = cloud(600, 0), cloud(600, 1)
    k = round(share * 600)
    fake[:k] = real[100 : 100 + k] if k < 500 else real
    fake[:k] += noise * cloud(k, 2)
    result = measure_copies(real, fake)
    assert result.found and result.share == pytest.approx(share, rel=0.3)
    assert len(result.pairs) == pytest.approx(k, rel=0.3)
    assert np.linalg.norm(fake[result.pairs[:, 0]] - real[result.pairs[:, 1]], axis=1).max() <= 8 * noise + 1e-3


def test_copies_under_noise_that_is_wider_than_what_lies_between_other_reals():
    real, noise = uneven(600, 0), 0.1 * cloud(600, 2)
    result = measure_copies(real, real + noise)
    assert result.found and result.share > 0.3, result  # the rest is denser than the noise
    assert np.mean(result.pairs[:, 0] == result.pairs[:, 1]) > 0.7
    noisy = measure_copies(real, uneven(600, 1) + noise)
    assert not noisy.found, noisy


@pytest.mark.parametrize("name", ["alike", "narrow", "in the densest place", "reals that repeat"])
def test_no_copies(name):
    real, fake = cloud(600, 0, 2), cloud(600, 1, 2)
    if name == "narrow":
        fake = 0.6 * fake
    if name == "in the densest place":
        real = np.where(np.arange(600)[:, None] % 2, 0.1 * real, 5 + real)
        fake = 0.1 * fake
    if name == "reals that repeat":
        pool, random = cloud(300, 2, 2), np.random.RandomState(0)
        real, fake = pool[random.randint(0, 300, 600)], pool[random.randint(0, 300, 600)]
    result = measure_copies(real.astype(np.float32), fake.astype(np.float32))
    assert not result.found, result


def test_membership_has_its_level_and_finds_a_hundredth_of_copies():
    below = []
    for i in range(60):
        sides = (cloud(80, 3 * i + j, 3) for j in range(3))
        below.append(measure_membership(*sides, seed=i).p_value <= 0.1)
    assert np.mean(below) < 0.26  # a tenth, and four deviations
    train, fake = cloud(1000, 0, 8), cloud(1000, 2, 8)
    fake[:10] = train[:10]
    result = measure_membership(train, cloud(500, 1, 8), fake)
    assert result.found and result.expected == pytest.approx(2 / 3)
    assert sorted(result.pairs[:10, 0]) == list(range(10)) and (result.pairs[:10, 0] == result.pairs[:10, 1]).all()
