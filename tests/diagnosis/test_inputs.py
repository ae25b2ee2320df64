"""Samples from files, folders and arrays, and one clear line for those that cannot be compared."""

import numpy as np
import pytest
from PIL import Image

from jaxgan.diagnosis.inputs import Samples, fitted, read_samples

RANDOM = np.random.RandomState(0)
IMAGES = RANDOM.randint(0, 256, (12, 6, 5, 3)).astype(np.uint8)


def samples(data, labels=None, names=()):
    data = np.asarray(data)
    return Samples(data, labels, names, "somewhere", "points" if data.ndim == 2 else "images")


def folder(path, images, classes=None):
    for i, image in enumerate(images):
        place = path if classes is None else path / classes[i]
        place.mkdir(parents=True, exist_ok=True)
        Image.fromarray(image.squeeze()).save(place / f"{i:03}.png")
    return path


def test_npy_npz_and_folders_hold_the_same(tmp_path):
    np.save(tmp_path / "x.npy", IMAGES)
    np.savez(tmp_path / "x.npz", samples=IMAGES, labels=np.array(list("abcabcabcabc")))
    plain = folder(tmp_path / "plain", IMAGES)
    classes = folder(tmp_path / "classes", IMAGES, ["b" if i % 2 else "a" for i in range(12)])
    for source in (tmp_path / "x.npy", tmp_path / "x.npz", plain):
        np.testing.assert_array_equal(read_samples(source).data, IMAGES)
    assert read_samples(tmp_path / "x.npy").labels is None
    found = read_samples(tmp_path / "x.npz")
    assert found.names == ("a", "b", "c") and found.labels.tolist() == [0, 1, 2] * 4
    found = read_samples(classes)
    assert found.names == ("a", "b") and found.labels.tolist() == [0] * 6 + [1] * 6
    np.testing.assert_array_equal(found.data, np.concatenate([IMAGES[::2], IMAGES[1::2]]))


def test_shapes_of_other_frameworks_are_understood(tmp_path):
    np.save(tmp_path / "first.npy", np.moveaxis(IMAGES, 3, 1))
    np.testing.assert_array_equal(read_samples(tmp_path / "first.npy").data, IMAGES)
    np.save(tmp_path / "grey.npy", IMAGES[..., 0])
    np.testing.assert_array_equal(read_samples(tmp_path / "grey.npy").data, IMAGES[..., :1])


def test_tfds(mnist_dir):
    found = read_samples("tfds:mnist/test[:50]", data_dir=mnist_dir)
    assert found.data.shape == (50, 28, 28, 1) and found.names == tuple("0123456789")


def test_units_are_those_of_the_reals():
    real, fake = samples(IMAGES / 255.0), samples(0.5 * IMAGES / 255.0)
    scaled = fitted(real, fake)
    assert scaled.real.min() == -1 and scaled.real.max() == 1
    np.testing.assert_allclose(scaled.fake, (scaled.real - 1) / 2, atol=1e-2)
    scaled = fitted(samples(IMAGES), samples(IMAGES))
    np.testing.assert_allclose(scaled.real, IMAGES / 127.5 - 1, atol=1e-6)


def test_labels_are_matched_by_name():
    real = samples(IMAGES[:3], np.array([0, 1, 2]), ("a", "b", "c"))
    fake = samples(IMAGES[:3], np.array([0, 1, 1]), ("c", "other"))
    assert fitted(real, fake).fake_labels.tolist() == [2, -1, -1]


def corrupt(path):
    folder(path, IMAGES)
    (path / "005.png").write_bytes(b"no image")


def unequal(path):
    folder(path, IMAGES)
    Image.fromarray(IMAGES[0, :3]).save(path / "020.png")


def beside(path):
    folder(path, IMAGES, ["a"] * 12)
    Image.fromarray(IMAGES[0]).save(path / "loose.png")


@pytest.mark.parametrize(
    ("make", "says"),
    [
        (lambda path: None, "no file or folder"),
        (lambda path: path.mkdir(), "no images in"),
        (corrupt, "005.png cannot be read"),
        (unequal, "unequal sizes: 6 x 5 colour in .*000.png, 3 x 5 colour in .*020.png"),
        (beside, "class folders and also images beside them, such as loose.png"),
    ],
    ids=["nothing", "empty", "corrupt", "unequal", "beside"],
)
def test_folders_that_cannot_be_read(tmp_path, make, says):
    make(tmp_path / "x")
    with pytest.raises(ValueError, match=says):
        read_samples(tmp_path / "x")


@pytest.mark.parametrize(
    ("name", "write", "says"),
    [
        ("x.npy", lambda p: p.write_bytes(b"nothing"), "holds no plain array"),
        ("x.npz", lambda p: np.savez(p, images=IMAGES), "no array 'samples'; it has images"),
        ("x.npy", lambda p: np.save(p, np.full((3, 4, 4, 1), np.nan)), "3 of the 3 samples of .* NaN"),
        ("x.npy", lambda p: np.save(p, IMAGES[:0]), "no samples in"),
        (
            "x.npy",
            lambda p: np.save(p, np.zeros(5)),
            r"points \[n, d\], images .*, sequences \[n, time, channels\], got \(5,\)",
        ),
        ("x.npy", lambda p: np.save(p, np.array(["a"])), "must be numbers"),
        ("x.npy", lambda p: np.save(p, np.array([{}])), "holds no plain array"),
        ("x.npz", lambda p: np.savez(p, samples=IMAGES, labels=np.zeros(3, int)), "12 samples, but 3 labels"),
        ("x.npz", lambda p: np.savez(p, samples=IMAGES, labels=np.zeros((12, 2))), "integers or strings"),
        ("x.txt", lambda p: p.write_text(""), "no .npy or .npz file"),
    ],
)
def test_files_that_cannot_be_read(tmp_path, name, write, says):
    write(tmp_path / name)
    with pytest.raises(ValueError, match=says):
        read_samples(tmp_path / name)


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


def test_a_tfds_name_without_a_split():
    with pytest.raises(ValueError, match="tfds:NAME/SPLIT"):
        read_samples("tfds:mnist")


def test_three_axes_are_sequences_where_they_are_called_so(tmp_path):
    waves = RANDOM.normal(size=(12, 9, 2))
    np.save(tmp_path / "x.npy", waves)
    np.savez(tmp_path / "x.npz", samples=waves, kind="sequences")
    for found in (read_samples(tmp_path / "x.npy", kind="sequences"), read_samples(tmp_path / "x.npz")):
        assert found.kind == "sequences"
        np.testing.assert_array_equal(found.data, waves)
    assert read_samples(tmp_path / "x.npy").data.shape == (12, 9, 2, 1)
    scaled = fitted(found, found)
    np.testing.assert_allclose(scaled.real, waves, atol=1e-6)
    with pytest.raises(ValueError, match="says that it holds sequences, not images"):
        read_samples(tmp_path / "x.npz", kind="images")
    with pytest.raises(ValueError, match="the reals are sequences of 9 x 2, the fakes of 8 x 2"):
        fitted(found, found._replace(data=waves[:, :8]))
    with pytest.raises(ValueError, match=r"the reals are sequences .*, the fakes images"):
        fitted(found, read_samples(tmp_path / "x.npy"))
    np.savez(tmp_path / "y.npz", samples=waves, kind="waves")
    with pytest.raises(ValueError, match="samples of kind waves; known are points, images, sequences"):
        read_samples(tmp_path / "y.npz")
