"""Anybody's own data: in units that networks like, with classes, and back; or one line that says what is wrong."""

import jax
import numpy as np
import pytest
from PIL import Image

from jaxgan.data.own_data import accidents, imbalance, own_data
from jaxgan.data.tables import TableEncoding
from jaxgan.types import Batch

RANDOM = np.random.RandomState(0)
POINTS = RANDOM.normal([13, 100, 747], [0.8, 14, 314], (200, 3))


def drawn(task, n=4):
    return jax.jit(lambda arrays, key: task.draw(arrays, key, n))(task.arrays, jax.random.key(0))


def test_points_of_large_means_are_standardised_and_come_back(tmp_path):
    np.savez(tmp_path / "x.npz", samples=POINTS, labels=["b", "a"] * 100)
    task, scaling = own_data(tmp_path / "x.npz")
    assert (task.name, task.kind, task.shape, task.size) == ("x.npz", "points", (3,), 200)
    assert task.names == ("a", "b") and task.labels[:4].tolist() == [1, 0, 1, 0] and task.labelled
    np.testing.assert_allclose(np.mean(task.data, axis=0), 0, atol=1e-6)
    np.testing.assert_allclose(np.std(task.data, axis=0), 1, atol=1e-6)
    np.testing.assert_allclose(scaling.inverse(task.data), POINTS, rtol=1e-5)
    assert isinstance(drawn(task), Batch)


def test_sequences_span_the_unit_range_by_channel(tmp_path):
    waves = np.stack([100 + RANDOM.normal(size=(20, 9)), RANDOM.uniform(-3, 0, (20, 9))], axis=-1)
    np.savez(tmp_path / "x.npz", samples=waves, kind="sequences")
    task, scaling = own_data(tmp_path / "x.npz")
    assert (task.kind, task.shape, task.labels) == ("sequences", (9, 2), None)
    np.testing.assert_allclose(np.max(task.data, axis=(0, 1)), 1, rtol=1e-6)
    np.testing.assert_allclose(np.min(task.data, axis=(0, 1)), -1, rtol=1e-6)
    np.testing.assert_allclose(scaling.inverse(task.data), waves, rtol=1e-5, atol=1e-5)


def test_class_folders_of_images_are_labels(tmp_path):
    for name, sizes in (("cat", [(9, 12), (12, 9)]), ("dog", [(16, 16)])):
        (tmp_path / name).mkdir()
        for i, size in enumerate(sizes):
            Image.fromarray(RANDOM.randint(0, 256, size).astype(np.uint8)).save(tmp_path / name / f"{i}.png")
    task, encoding = own_data(tmp_path, size=(6, 8))
    assert encoding is None and task.data.dtype == np.uint8 and task.shape == (6, 8, 1)
    assert task.names == ("cat", "dog") and task.labels.tolist() == [0, 0, 1]
    assert own_data(tmp_path).task.shape == (9, 9, 1)


@pytest.mark.parametrize(
    ("array", "expected"),
    [
        (np.array([0, 65535], np.uint16), [-1, 1]),
        (np.array([0, 51], np.int64), [-1, -0.6]),
        (np.array([False, True]), [-1, 1]),
        (np.array([2.0, 5.0]), [-1, 1]),
        (np.array([-300, 300]), [-1, 1]),
    ],
)
def test_pixels_of_any_type_become_those_of_networks(tmp_path, array, expected):
    np.save(tmp_path / "x.npy", np.broadcast_to(array[:, None, None, None], (2, 4, 4, 1)))
    task, encoding = own_data(tmp_path / "x.npy")
    shown = task.at(np.arange(2)).data
    np.testing.assert_allclose(shown[:, 0, 0, 0], expected, atol=1e-6)
    if encoding is not None:
        np.testing.assert_allclose(encoding.inverse(shown)[:, 0, 0, 0], array, rtol=1e-6)


def test_tables_have_parts_and_their_labels_are_classes(tmp_path):
    rows = [f"{kind},{i}.5,{'yes' if i % 3 else 'no'}" for i, kind in enumerate("abcabcaaa")]
    (tmp_path / "x.csv").write_text("\n".join(["kind,size,fresh", *rows]))
    task, encoding = own_data(tmp_path / "x.csv", label="kind")
    assert isinstance(encoding, TableEncoding) and task.kind == "tables"
    assert task.widths == (1, 2) and task.shape == (3,) and task.names == ("a", "b", "c")
    assert task.shares.tolist() == pytest.approx([5 / 9, 2 / 9, 2 / 9])
    assert imbalance(task) == "3 classes are unbalanced: from 2 of 'b' to 5 of 'a', 2.5 times as many"
    assert own_data(tmp_path / "x.csv", drop=["kind"]).task.widths == (1, 2)
    assert imbalance(own_data(tmp_path / "x.csv").task) is None
    assert task.classes.part == "row"


def test_tfds(mnist_dir):
    task, encoding = own_data("tfds:mnist/test[:50]", data_dir=mnist_dir)
    assert encoding is None and task.shape == (28, 28, 1) and task.labelled and task.modes == 10
    assert own_data("tfds:mnist/test[:50]", data_dir=mnist_dir, size=(14, 20)).task.shape == (14, 20, 1)


def one_image(path):
    path.mkdir()
    Image.fromarray(np.zeros((4, 4), np.uint8)).save(path / "0.png")


def alike(path):
    one_image(path)
    Image.fromarray(np.zeros((4, 4), np.uint8)).save(path / "1.png")


def unreadable(path):
    one_image(path)
    (path / "broken.jpg").write_bytes(b"no image")


def array(**arrays):
    return lambda path: np.savez(path, **arrays)


def text(content):
    return lambda path: path.write_text(content)


@pytest.mark.parametrize(
    ("name", "write", "options", "says"),
    [
        (
            "x",
            lambda path: None,
            {},
            "no file or folder .*x; data are a folder of images, .npy",
        ),
        ("x.csv", lambda path: None, {}, "no file or folder .*x.csv"),
        ("x.txt", text("?"), {}, "x.txt is none of a folder of images"),
        ("x", lambda path: path.mkdir(), {}, "no images in .*x; known are files ending in .png"),
        ("x", one_image, {}, "x holds a single sample, of images: there is nothing to imitate"),
        ("x", alike, {}, "all 2 images of .* are the same"),
        ("x", unreadable, {}, "the image .*broken.jpg cannot be read"),
        ("x.npz", array(samples=POINTS * [1, 0, 1]), {}, "column 1 of .*x.npz is constant: leave it out"),
        (
            "x.npz",
            array(samples=np.zeros((3, 4, 2)) + np.arange(3)[:, None, None] * [0, 1], kind="sequences"),
            {},
            "channel 0 of .* is constant",
        ),
        ("x.npz", array(samples=POINTS * [1, 1, np.inf]), {}, "200 of the 200 samples of .* hold NaN, infinity"),
        ("x.npz", array(samples=POINTS, labels=np.zeros(3, int)), {}, "has 200 samples, but 3 labels"),
        ("x.csv", text("a,b\n1.5,2.5\n1.5,3.5\n"), {}, "x.csv: there is nothing to imitate in 'a'"),
        ("x.csv", text("a,b\n1.5,2.5\n2.5,3.5\n"), {"label": "c"}, "x.csv: the table has no column 'c'"),
        ("x.csv", text("a\nx\ny\n"), {"label": "a"}, "no column besides the label"),
        ("x.csv", text("a\nx\ny\n"), {"size": (4, 4)}, "--size is not for"),
        ("x.npz", array(samples=POINTS), {"label": "a"}, "--label is not for"),
        ("x", one_image, {"kind": "points"}, "--kind is not for"),
    ],
)
def test_bad_data_are_one_line(tmp_path, name, write, options, says):
    write(tmp_path / name)
    with pytest.raises(ValueError, match=says) as raised:
        own_data(tmp_path / name, **options)
    assert "\n" not in str(raised.value)


@pytest.mark.parametrize(
    ("column", "says"),
    [
        ([f"1,{i:03d}.50" for i in range(60)], "holds numbers such as '1,000.50': write them as 1234.5"),
        ([f"{i} €" for i in range(60)], None),
        ([f"€1 {i:03d}" for i in range(60)], "holds numbers such as '€1 000'"),
        (
            [*map(str, range(59)), "n/a?"],
            r"holds numbers, but 'n/a\?' in row 60: mend or empty that, or .*--categories x",
        ),
        ([*"abcdefghij", "1,5"], None),
    ],
)
def test_numbers_that_are_written_as_texts(tmp_path, column, says):
    path = tmp_path / "x.csv"
    path.write_text("x,y\n" + "".join(f'"{text}",{i}.5\n' for i, text in enumerate(column)), encoding="utf-8")
    if says is None:
        own_data(path)
        return
    with pytest.raises(ValueError, match=says) as raised:
        own_data(path)
    assert "\n" not in str(raised.value)
    if "categories" in says:
        own_data(path, categories=["x"])


def test_a_number_beyond_float32_is_named(tmp_path):
    (tmp_path / "x.csv").write_text("x\n1.5\n1e308\n2.5\n")
    with pytest.raises(ValueError, match=r"the column 'x' holds 1e\+308, beyond float32, in row 2"):
        own_data(tmp_path / "x.csv")


def test_what_may_be_an_accident_is_said(tmp_path):
    points = np.random.RandomState(0).normal(size=(200, 2))
    np.save(tmp_path / "fine.npy", points)
    assert accidents(own_data(tmp_path / "fine.npy").task) == []
    points[:10] = points[10:20]
    points[100, 1] = 1e6
    np.save(tmp_path / "odd.npy", points)
    twice, outside = accidents(own_data(tmp_path / "odd.npy").task)
    assert twice == "10 of 200 examples are the same as another"
    assert outside.startswith("1 of 200 examples lie more than 50 times") and "in column 1," in outside
    images = np.random.RandomState(0).randint(0, 255, (30, 8, 8, 1)).astype(np.uint8)
    images[3] = images[4]
    np.savez(tmp_path / "x.npz", samples=images, kind="images")
    assert accidents(own_data(tmp_path / "x.npz").task) == ["1 of 30 examples are the same as another"]
