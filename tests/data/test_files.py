"""Samples from files, folders and arrays, and one clear line for those that cannot be read."""

import json
import struct

import numpy as np
import pytest
from PIL import Image

from jaxgan.data.files import Samples, read_samples
from jaxgan.data.pictures import common_size, size_of

RANDOM = np.random.RandomState(0)
IMAGES = RANDOM.randint(0, 256, (12, 6, 5, 3)).astype(np.uint8)


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
        ("x.npz", lambda p: np.savez(p, a=IMAGES, b=IMAGES), "no array 'samples'; it has a, b"),
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
        ("x.txt", lambda p: p.write_text(""), "x.txt is none of a folder of images, .npy"),
    ],
)
def test_files_that_cannot_be_read(tmp_path, name, write, says):
    write(tmp_path / name)
    with pytest.raises(ValueError, match=says):
        read_samples(tmp_path / name)


def test_a_tfds_name_without_a_split():
    with pytest.raises(ValueError, match="tfds:NAME/SPLIT"):
        read_samples("tfds:mnist")


def test_sixteen_bits_are_read_as_they_are(tmp_path):
    deep = RANDOM.randint(0, 65536, (3, 6, 5)).astype(np.uint16)
    folder(tmp_path / "deep", deep)
    np.testing.assert_array_equal(read_samples(tmp_path / "deep").data, deep[..., None])
    Image.fromarray(IMAGES[0, ..., 0]).save(tmp_path / "deep" / "002.png")
    np.testing.assert_array_equal(read_samples(tmp_path / "deep").data[2, ..., 0], IMAGES[0, ..., 0] * 257.0)
    Image.fromarray(IMAGES[0, ..., 0]).save(tmp_path / "deep" / "000.png")
    assert read_samples(tmp_path / "deep").data[1].max() == deep[1].max()
    Image.fromarray(deep[0].astype(np.int32) * 2).save(tmp_path / "deep" / "000.tif")
    with pytest.raises(ValueError, match=r"000.tif cannot be read: its values are in .*, not in \[0, 65535\]"):
        read_samples(tmp_path / "deep")


def test_floating_point_images_have_no_range(tmp_path):
    (tmp_path / "x").mkdir()
    Image.fromarray(np.zeros((4, 4), np.float32)).save(tmp_path / "x" / "0.tif")
    with pytest.raises(ValueError, match=r"0.tif cannot be read: it holds floating-point numbers"):
        read_samples(tmp_path / "x")


@pytest.mark.parametrize("mode", ["LA", "RGBA", "P"])
def test_what_is_transparent_is_white(tmp_path, mode):
    (tmp_path / "x").mkdir()
    grey = np.full((4, 5), 51, np.uint8)
    alpha = np.where(np.arange(5)[None] < 2, 0, 255).astype(np.uint8).repeat(4, 0).reshape(4, 5)
    if mode == "P":
        image = Image.fromarray((alpha > 0).astype(np.uint8)).convert("P")
        image.putpalette([9, 9, 9, 51, 51, 51])
        image.info["transparency"] = 0
        image.save(tmp_path / "x" / "0.png", transparency=0)
    else:
        Image.merge(mode, [Image.fromarray(grey)] * (len(mode) - 1) + [Image.fromarray(alpha)]).save(
            tmp_path / "x" / "0.png"
        )
    found = read_samples(tmp_path / "x").data[0]
    assert found.shape[2] == (1 if mode == "LA" else 3)
    np.testing.assert_array_equal(found, np.where(alpha == 0, 255, 51)[..., None].repeat(found.shape[2], 2))


def test_images_of_any_size_are_cut_at_the_centre_and_resized(tmp_path):
    (tmp_path / "x").mkdir()
    wide = np.zeros((20, 40, 3), np.uint8)
    wide[:, 10:30] = (200, 100, 0)  # the middle half
    Image.fromarray(wide).save(tmp_path / "x" / "wide.png")
    Image.fromarray(np.full((30, 20), 77, np.uint8)).save(tmp_path / "x" / "tall.png")
    found = read_samples(tmp_path / "x", size=(10, 10)).data
    assert found.dtype == np.uint8 and found.shape == (2, 10, 10, 3)
    assert (found[0] == 77).all() and (found[1] == (200, 100, 0)).all()
    assert read_samples(tmp_path / "x", size="auto").data.shape == (2, 20, 20, 3)
    assert read_samples(tmp_path / "x", size=(10, 20)).data[1, :, 0].tolist() == [[0, 0, 0]] * 10


@pytest.mark.parametrize(
    ("sizes", "expected"),
    [
        ([(20, 30)] * 3, (20, 30)),
        ([(65, 10)] * 3, (10, 10)),
        ([(300, 200)] * 2, (64, 64)),
        ([(20, 30), (40, 24), (90, 50)], (24, 24)),
        ([(2, 3), (4, 5)], (8, 8)),
    ],
)
def test_the_size_that_is_found(sizes, expected):
    assert common_size(sizes) == expected


def test_a_photograph_is_upright(tmp_path):
    image = Image.fromarray(np.arange(24, dtype=np.uint8).reshape(4, 6))
    exif = Image.Exif()
    exif[0x0112] = 6  # turned by a quarter
    (tmp_path / "x").mkdir()
    image.save(tmp_path / "x" / "0.png", exif=exif)
    assert size_of(tmp_path / "x" / "0.png") == (6, 4)
    np.testing.assert_array_equal(read_samples(tmp_path / "x").data[0, ..., 0], np.rot90(np.asarray(image), -1))


def test_arrays_of_bytes_are_resized_and_others_are_not(tmp_path):
    np.save(tmp_path / "x.npy", np.full((3, 8, 8), 9, np.uint8))
    assert (read_samples(tmp_path / "x.npy", size=(4, 4)).data == np.full((3, 4, 4, 1), 9)).all()
    np.save(tmp_path / "y.npy", np.zeros((3, 8, 8, 3)))
    assert read_samples(tmp_path / "y.npy", size=(8, 8)).data.shape == (3, 8, 8, 3)
    with pytest.raises(ValueError, match=r"only uint8 images, grey or colour, are resized; .* holds float64"):
        read_samples(tmp_path / "y.npy", size=(4, 4))


def test_an_array_that_may_be_two_things_has_to_be_called_one(tmp_path):
    np.save(tmp_path / "x.npy", np.zeros((3, 8, 2)))
    with pytest.raises(
        ValueError, match=r"may be grey images or sequences, \[3, 8, 2\]: say --kind images or --kind sequences"
    ):
        read_samples(tmp_path / "x.npy", guess=False)
    assert read_samples(tmp_path / "x.npy", guess=False, kind="sequences").data.shape == (3, 8, 2)


def safetensors(path, **arrays):
    header, data = {}, b""
    for name, array in arrays.items():
        at = [len(data), len(data) + array.nbytes]
        header[name] = {"dtype": {"f": "F32", "i": "I64"}[array.dtype.kind], "shape": array.shape, "data_offsets": at}
        data += array.tobytes()
    text = json.dumps(header).encode()
    path.write_bytes(struct.pack("<Q", len(text)) + text + data)


def test_embeddings_of_any_file(tmp_path):
    vectors = RANDOM.normal(size=(6, 5)).astype(np.float32)
    np.save(tmp_path / "x.npy", vectors[:, :, None, None])
    np.savez(tmp_path / "x.npz", image_embeds=vectors, labels=np.arange(6))
    safetensors(tmp_path / "x.safetensors", features=vectors, labels=np.arange(6))
    safetensors(tmp_path / "y.safetensors", samples=vectors, others=vectors)
    for name in ("x.npy", "x.npz", "x.safetensors", "y.safetensors"):
        found = read_samples(tmp_path / name)
        assert found.kind == "points"
        np.testing.assert_array_equal(found.data, vectors)
    assert found.labels is None and read_samples(tmp_path / "x.safetensors").names == tuple("012345")
    assert read_samples(tmp_path / "x.npy").notes == ("[6, 5, 1, 1] were read as vectors",)
    safetensors(tmp_path / "z.safetensors", a=vectors, b=vectors)
    with pytest.raises(ValueError, match="has no array 'samples'; it has a, b"):
        read_samples(tmp_path / "z.safetensors")


def test_what_was_done_to_an_array_is_noted(tmp_path):
    np.save(tmp_path / "first.npy", np.moveaxis(IMAGES, 3, 1))
    (note,) = read_samples(tmp_path / "first.npy").notes
    assert note == "channels came first, [12, 3, 6, 5], and were moved last, [12, 6, 5, 3]"
    np.save(tmp_path / "last.npy", IMAGES)
    assert read_samples(tmp_path / "last.npy").notes == ()
    (note,) = read_samples(tmp_path / "last.npy", size=(4, 4)).notes
    assert note == "images were cut at the centre and resized from 6 x 5 to 4 x 4 (Lanczos)"


def test_fakes_are_of_the_kind_of_the_reals(tmp_path):
    np.save(tmp_path / "x.npy", np.zeros((3, 8, 2)))
    reals = Samples(np.zeros((3, 9, 2)), None, (), "reals", "sequences")
    assert read_samples(tmp_path / "x.npy", like=reals).kind == "sequences"
    np.save(tmp_path / "y.npy", np.zeros((4, 2500, 2)))
    with pytest.raises(ValueError, match=r"may be grey images or sequences, \[4, 2500, 2\]"):
        read_samples(tmp_path / "y.npy")


@pytest.mark.parametrize("value", [1e39, -1e300, np.inf, np.nan])
def test_numbers_are_finite_in_float32(tmp_path, value):
    x = np.ones((5, 2))
    x[3, 1] = value
    np.save(tmp_path / "x.npy", x)
    with pytest.raises(ValueError, match=r"1 of the 5 samples of .* hold NaN, infinity or numbers beyond"):
        read_samples(tmp_path / "x.npy")


def test_names_of_classes_can_be_shown(tmp_path):
    for labels, names in (
        (["a", "\x1b[2J", "\udcff"], {"a", "\\x1b[2J", "\\udcff"}),
        (np.array([b"\xff", b"b", b"c"]), {"\\xff", "b", "c"}),
    ):
        np.savez(tmp_path / "x.npz", samples=np.ones((3, 2)), labels=np.asarray(labels))
        assert set(read_samples(tmp_path / "x.npz").names) == names
    for labels, says in (
        (["a" * 201] * 3, "a label of .* has 201 characters"),
        (np.full(3, 0x7FFFFFFF, np.uint32).view("U1"), "are no texts"),
    ):
        np.savez(tmp_path / "x.npz", samples=np.ones((3, 2)), labels=labels)
        with pytest.raises(ValueError, match=says):
            read_samples(tmp_path / "x.npz")
