"""Samples in common units, and one clear line for those that cannot be compared."""

import numpy as np
import pytest

from jaxgan.data.files import Samples, read_samples
from jaxgan.diagnosis.inputs import fitted, of_unit_length

RANDOM = np.random.RandomState(0)
IMAGES = RANDOM.randint(0, 256, (12, 6, 5, 3)).astype(np.uint8)


def samples(data, labels=None, names=()):
    data = np.asarray(data)
    return Samples(data, labels, names, "somewhere", "points" if data.ndim == 2 else "images")


def test_units_are_those_of_the_reals():
    real, fake = samples(IMAGES / 255.0), samples(0.5 * IMAGES / 255.0)
    scaled = fitted(real, fake)
    assert scaled.real.min() == -1 and scaled.real.max() == 1
    np.testing.assert_allclose(scaled.fake, (scaled.real - 1) / 2, atol=1e-2)
    scaled = fitted(samples(IMAGES), samples(IMAGES))
    np.testing.assert_allclose(scaled.real, IMAGES / 127.5 - 1, atol=1e-6)


def test_vectors_of_unit_length():
    vectors = np.array([[3.0, 4.0], [0.0, -2.0]])
    found = of_unit_length(samples(vectors))
    np.testing.assert_allclose(found.data, [[0.6, 0.8], [0.0, -1.0]], rtol=1e-6)
    assert "unit length" in found.notes[-1]
    vectors[1] = 0
    with pytest.raises(ValueError, match="vector 1 of somewhere is zero"):
        of_unit_length(samples(vectors))
    with pytest.raises(ValueError, match="the cosine is for embeddings, and somewhere holds images"):
        of_unit_length(samples(IMAGES))


def test_labels_are_matched_by_name():
    real = samples(IMAGES[:3], np.array([0, 1, 2]), ("a", "b", "c"))
    fake = samples(IMAGES[:3], np.array([0, 1, 1]), ("c", "other"))
    assert fitted(real, fake).fake_labels.tolist() == [2, -1, -1]
    assert fitted(real, fake._replace(names=("0", "2"))).fake_labels.tolist() == [0, 2, 2]
    for names in (("0", "3"), ("d", "e")):
        with pytest.raises(ValueError, match=rf"no class of the fakes \({names[0]}, {names[1]}\) is one of the reals"):
            fitted(real, fake._replace(names=names))


@pytest.mark.parametrize(
    ("dtype", "scale", "offset"),
    [("f8", 1e-300, 0.0), ("f4", 1e-20, 0.0), ("f4", 1e30, 0.0), ("f8", 1.0, 1.6e9), ("f2", 3.0, 5.0)],
)
def test_units_of_vectors_do_not_matter(dtype, scale, offset):
    real, fake = (np.asarray(scale * x + offset, dtype) for x in RANDOM.normal(size=(2, 2500, 3)))
    scaled = fitted(samples(real), samples(fake))
    assert scaled.real.dtype == scaled.fake.dtype == np.float32
    exact = [x.astype(np.longdouble) for x in (real, fake)]
    centre = exact[0].mean(axis=0)
    spread = np.sqrt(np.mean((exact[0] - centre) ** 2))
    for found, x in zip((scaled.real, scaled.fake), exact, strict=True):
        np.testing.assert_allclose(found, (x - centre) / spread, rtol=1e-6, atol=1e-6)


def test_fakes_beyond_what_can_be_squared_are_refused():
    real = RANDOM.normal(size=(20, 3))
    for far in (1e7, 1e30, 1e300):
        with pytest.raises(ValueError, match=r"the fakes reach .* times the spread of the reals; save both in"):
            fitted(samples(real), samples(real * [1, far, 1]))


@pytest.mark.parametrize(
    ("real", "fake", "says"),
    [
        (IMAGES, IMAGES[:, :5], "the reals are 6 x 5 colour, the fakes 5 x 5 colour"),
        (IMAGES, IMAGES[..., :1], "the reals are 6 x 5 colour, the fakes 6 x 5 grey"),
        (IMAGES, IMAGES.reshape(12, -1), "the reals are images"),
        (IMAGES.reshape(12, -1), IMAGES.reshape(24, -1), "vectors of 90, the fakes of 45"),
        (np.full_like(IMAGES, 3), IMAGES, "are the same"),
        (IMAGES, IMAGES / 127.5 - 1, r"in \[0, 255\], the fakes in \[-1, 1\]; save both in the same units"),
        (IMAGES / 127.5 - 1, IMAGES, "save both in the same units"),
    ],
)
def test_samples_that_cannot_be_compared(real, fake, says):
    with pytest.raises(ValueError, match=says):
        fitted(samples(real), samples(fake))


def test_three_axes_are_sequences_where_they_are_called_so(tmp_path):
    waves = RANDOM.normal(size=(12, 9, 2))
    np.save(tmp_path / "x.npy", waves)
    np.savez(tmp_path / "x.npz", samples=waves, kind="sequences")
    for found in (read_samples(tmp_path / "x.npy", kind="sequences"), read_samples(tmp_path / "x.npz")):
        assert found.kind == "sequences"
        np.testing.assert_array_equal(found.data, waves)
    assert read_samples(tmp_path / "x.npy", kind="images").data.shape == (12, 9, 2, 1)
    scaled = fitted(found, found)
    centred = waves - waves.mean(axis=(0, 1))
    np.testing.assert_allclose(scaled.real, centred / np.sqrt(np.mean(centred**2)), atol=1e-6)
    with pytest.raises(ValueError, match="says that it holds sequences, not images"):
        read_samples(tmp_path / "x.npz", kind="images")
    with pytest.raises(ValueError, match="the reals are sequences of 9 x 2, the fakes of 8 x 2"):
        fitted(found, found._replace(data=waves[:, :8]))
    with pytest.raises(ValueError, match=r"the reals are sequences .*, the fakes images"):
        fitted(found, read_samples(tmp_path / "x.npy", kind="images"))
    np.savez(tmp_path / "y.npz", samples=waves, kind="waves")
    with pytest.raises(ValueError, match="samples of kind waves; known are points, images, sequences"):
        read_samples(tmp_path / "y.npz")


def test_images_of_sixteen_bits_are_compared_with_those_of_eight():
    deep = IMAGES.astype(np.uint16) * 257
    for real, fake in ((IMAGES, deep), (deep, IMAGES), (deep, deep)):
        scaled = fitted(samples(real), samples(fake))
        np.testing.assert_allclose(scaled.real, IMAGES / 127.5 - 1, atol=1e-6)
        np.testing.assert_array_equal(scaled.real, scaled.fake)
