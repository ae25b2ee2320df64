"""The coordinates of samples, and what alignment undoes."""

import numpy as np

from jaxgan.diagnosis.assignment import assign
from jaxgan.diagnosis.inputs import Scaled
from jaxgan.diagnosis.views import averaged, view_of


def scaled(real, fake, kind="points"):
    return Scaled(real.astype(np.float32), fake.astype(np.float32), None, None, (), kind)


def test_few_numbers_are_their_own_coordinates():
    x = np.random.RandomState(0).normal(size=(100, 5))
    view = view_of(scaled(x[:50], x[50:]))
    assert view.axes is None and (view.real == x[:50].astype(np.float32)).all()


def test_distances_of_what_lies_in_few_directions_are_kept():
    random = np.random.RandomState(0)
    x = random.normal(size=(300, 10)) @ random.normal(size=(10, 200))
    view = view_of(scaled(x[:150], x[150:]))
    assert view.real.shape == (150, 64)
    np.testing.assert_allclose(
        np.linalg.norm(view.real[0] - view.fake, axis=1), np.linalg.norm(x[0] - x[150:], axis=1), rtol=1e-3
    )


def test_alignment_undoes_the_scale_of_each_coordinate():
    random = np.random.RandomState(0)
    x = random.normal(size=(400, 100)) * np.linspace(3, 0.5, 100)
    weak = x[200:] * np.linspace(1, 0.6, 100)
    view = view_of(scaled(x[:200], weak)).aligned()
    np.testing.assert_allclose(view.fake.std(axis=0), view.real.std(axis=0), rtol=1e-3)
    # What the coordinates say, the samples say too.
    np.testing.assert_allclose(
        (view.fake_base - weak) @ view.axes.T, view.fake - view_of(scaled(x[:200], weak)).fake, atol=1e-3
    )


def test_large_images_are_averaged_in_blocks():
    x = np.arange(2 * 64 * 40).reshape(2, 64, 40, 1).astype(float)
    assert averaged(x).shape == (2, 32, 20, 1)
    assert averaged(x)[0, 0, 0, 0] == np.mean([x[0, i, j, 0] for i in (0, 1) for j in (0, 1)])
    assert averaged(x[:, :32]).shape == (2, 16, 20, 1) and averaged(x[:, :32, :32]) is not None


def test_ten_clouds_are_ten_clusters():
    random = np.random.RandomState(0)
    centers = 1.5 * random.normal(size=(10, 128))
    x = centers[random.randint(0, 10, 1600)] + random.normal(size=(1600, 128))
    both = scaled(x[:800], x[800:])
    assert len(assign(both, view_of(both), level=0.002).names) == 10


def test_no_more_clusters_than_the_fewer_samples_can_test():
    x = np.random.RandomState(0).uniform(size=(2200, 2))
    few, many = scaled(x[:200], x[200:]), scaled(x[:1100], x[1100:])
    counts = [len(assign(both, view_of(both), level=0.002).names) for both in (few, many)]
    assert 2 <= counts[0] < 10 < counts[1] <= 50
