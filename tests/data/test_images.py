import io
import re
import socket
import threading
import tomllib
from pathlib import Path

import jax
import jax.numpy as jnp
import numpy as np
import pytest
import tensorflow_datasets as tfds
from PIL import Image

from jaxgan import data
from jaxgan.types import Batch, Finite, Stream
from tests.helpers import drawn, jit


def png(pixels):
    file = io.BytesIO()
    Image.fromarray(pixels).save(file, "PNG")
    return file.getvalue()


def write(directory, name, images, *, feature="image", label=True, channels=None):
    """Writes a TFDS data set with one split, "train", in which image i has the label i mod 2."""
    features = {feature: tfds.features.Image(shape=(None, None, channels))}
    if label:
        features["label"] = tfds.features.ClassLabel(names=["even", "odd"])
    folder = directory / name / "1.0.0"
    folder.mkdir(parents=True)
    identity = tfds.core.DatasetIdentity(name=name, version="1.0.0", data_dir=str(folder), module_name="tests")
    info = tfds.core.DatasetInfo(builder=identity, features=tfds.features.FeaturesDict(features))
    writer = tfds.core.SequentialWriter(info, max_examples_per_shard=7, file_format="array_record")
    writer.initialize_splits(["train"])
    for index, image in enumerate(images):
        writer.add_examples({"train": [{feature: png(image)} | ({"label": index % 2} if label else {})]})
    writer.close_all()


def plain(level, height=4, width=5, channels=3):
    return np.full((height, width, channels)[: 2 if channels == 1 else 3], level, np.uint8)


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    directory = tmp_path_factory.mktemp("tfds")
    write(directory, "levels", [plain(level) for level in range(23)], channels=3)
    write(directory, "unlabelled", [plain(level) for level in range(3)], channels=3, label=False)
    write(directory, "grey", [plain(level, channels=1) for level in range(3)])
    write(directory, "unequal", [plain(0), plain(0), plain(0, 4, 6)], channels=3)
    write(directory, "mixed", [plain(0), plain(0), plain(0, channels=1)])
    write(directory, "photographs", [plain(0)], feature="photograph")
    write(directory, "damaged", [plain(0)], channels=3)
    for shard in (directory / "damaged").glob("**/*array_record*"):
        shard.unlink()
    return directory


def levels(batch):
    """The grey level that each image of a batch is filled with."""
    pixels = np.rint(np.asarray(batch) * 127.5 + 127.5).astype(int)
    assert (pixels == pixels[:, :1, :1, :1]).all()
    return pixels[:, 0, 0, 0].tolist()


def test_a_small_set_is_held_on_the_device(folder, key):
    task = data.images("levels", data_dir=folder)
    assert (task.name, task.shape, task.size, task.names) == ("levels", (4, 5, 3), 23, ("even", "odd"))
    assert task.data.dtype == jnp.uint8
    np.testing.assert_array_equal(np.asarray(task.images)[:, 0, 0, 0], np.arange(23))
    np.testing.assert_array_equal(task.labels, np.arange(23) % 2)
    sample = drawn(task, key, 500)
    assert sample.shape == (500, 4, 5, 3) and sample.dtype == jnp.float32
    assert set(levels(sample)) == set(range(23))
    batch = jit(task.draw_labelled, static_argnums=2)(task.arrays, jax.random.clone(key), 500)
    np.testing.assert_array_equal(batch.data, sample)
    assert [level % 2 for level in levels(batch.data)] == batch.label.tolist()


def test_labelled_gives_batches(folder, key):
    batch = drawn(data.images("levels", data_dir=folder, labelled=True), key, 4)
    assert isinstance(batch, Batch) and batch.label.shape == (4,)


def test_grey_images_have_one_channel(folder):
    assert data.images("grey", data_dir=folder).shape == (4, 5, 1)


def test_the_directory_comes_from_the_environment(folder, monkeypatch):
    monkeypatch.setenv("TFDS_DATA_DIR", str(folder))
    assert data.images("levels", split="train[:5]").size == 5


def test_the_mock_of_tfds(key):
    with tfds.testing.mock_data(num_examples=7):
        task = data.images("cifar10")
    assert task.shape == (32, 32, 3) and task.size == 7 and task.names == tuple("0123456789")
    assert jax.eval_shape(lambda key: task.sample(key, 3), key).shape == (3, 32, 32, 3)


def test_a_large_set_is_streamed(folder):
    stream = data.images("levels", data_dir=folder, max_bytes=23 * 60 - 1)
    assert isinstance(stream, data.ImageStream)
    assert isinstance(data.images("levels", data_dir=folder, max_bytes=23 * 60), data.Examples)
    assert (stream.name, stream.shape, stream.size, stream.names) == ("levels", (4, 5, 3), 23, ("even", "odd"))
    batch = next(stream.stream(6, seed=0))
    assert batch.shape == (6, 4, 5, 3) and batch.dtype == np.float32
    scaled = np.array(levels(batch))[:, None, None, None] / 127.5 - 1
    np.testing.assert_allclose(batch, np.broadcast_to(scaled, batch.shape), atol=1e-6)


def test_a_stream_says_what_it_is_and_gives_examples_by_number(folder):
    stream = data.images("levels", data_dir=folder, max_bytes=100)
    assert isinstance(stream, Stream) and isinstance(stream, Finite)
    assert (stream.kind, stream.shape) == ("images", (4, 5, 3))
    batch = stream.at(np.array([7, 2, 7]))
    assert levels(batch.data) == [7, 2, 7] and batch.label.tolist() == [1, 0, 1]
    assert not isinstance(data.images("levels", data_dir=folder), Stream)


def test_stream_labels(folder):
    batch = next(data.images("levels", data_dir=folder, labelled=True, max_bytes=0).stream(8, seed=0))
    assert [level % 2 for level in levels(batch.data)] == batch.label.tolist()


def test_stream_visits_every_image_once_in_an_epoch_and_reshuffles(folder):
    stream = data.images("levels", data_dir=folder, max_bytes=0)
    batches = stream.stream(23, seed=3)
    first, second = levels(next(batches)), levels(next(batches))
    assert sorted(first) == sorted(second) == list(range(23))
    assert first != second and first != list(range(23))
    assert levels(next(stream.stream(23, seed=3))) == first
    assert levels(next(stream.stream(23, seed=4))) != first


def test_stream_continues_from_a_saved_position(folder):
    stream = data.images("levels", data_dir=folder, max_bytes=0)
    batches = stream.stream(5, seed=0)
    for _ in range(7):
        next(batches)
    position = batches.get_state()
    expected = [next(batches) for _ in range(6)]
    other = stream.stream(5, seed=0)
    other.set_state(position)
    for batch in expected:
        np.testing.assert_array_equal(next(other), batch)


def test_batches_are_placed_ahead_of_time_and_continue_at_the_same_position(folder):
    stream = data.images("levels", data_dir=folder, labelled=True, max_bytes=0)
    placed, one_ahead = [], threading.Event()

    def place(batch):
        placed.append(threading.current_thread())
        if len(placed) > 3:
            one_ahead.set()
        return jax.device_put(batch, jax.devices()[1])

    host, device = stream.stream(5, seed=0), stream.stream(5, seed=0, place=place)
    for _ in range(3):
        expected, batch = next(host), next(device)
        assert batch.data.devices() == batch.label.devices() == {jax.devices()[1]}
        jax.tree.map(np.testing.assert_array_equal, batch, expected)
    assert one_ahead.wait(timeout=30)  # without another `next`
    assert len(placed) > 3 and threading.main_thread() not in placed
    assert device.get_state() == host.get_state()  # what waits on the device was not used yet
    host.set_state(device.get_state())
    np.testing.assert_array_equal(next(host).label, next(device).label)


def test_processes_share_every_batch(folder):
    stream = data.images("levels", data_dir=folder, max_bytes=0)
    whole = stream.stream(12, seed=0)
    parts = [stream.stream(4, seed=0, process_index=index, process_count=3) for index in range(3)]
    for _ in range(3):  # beyond an epoch of 23 images
        assert levels(next(whole)) == [level for part in parts for level in levels(next(part))]
    assert whole.get_state() == parts[2].get_state()


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"batch_size": 0}, "batch_size must be at least 1, got 0"),
        ({"process_index": 2, "process_count": 2}, "got 2 and 2"),
        ({"process_count": 24}, "at most the 23 images, got 0 and 24"),
        ({"threads": 0}, "threads must be at least 1 and at most prefetch, got 0 and 8"),
        ({"threads": 9}, "got 9 and 8"),
    ],
)
def test_stream_errors(folder, options, message):
    stream = data.images("levels", data_dir=folder, max_bytes=0)
    with pytest.raises(ValueError, match=message):
        stream.stream(**({"batch_size": 2, "seed": 0} | options))


@pytest.mark.parametrize(
    ("name", "message"),
    [
        ("unequal", "images of 'unequal' differ in size: image 0 is 4x5 and image 2 is 4x6; resize all to one size"),
        ("mixed", "'mixed' mixes grey and colour: image 0 has 3 channels and image 2 has 1"),
    ],
)
def test_images_of_unequal_shapes(folder, name, message):
    with pytest.raises(ValueError, match=message):
        data.images(name, data_dir=folder)
    with pytest.raises(ValueError, match=message):
        next(data.images(name, data_dir=folder, max_bytes=0).stream(3, seed=0))


@pytest.mark.parametrize(
    ("name", "options", "message"),
    [
        ("photographs", {}, "data set 'photographs' has no feature 'image'; it has label, photograph"),
        ("levels", {"split": "valid"}, "data set 'levels' has no split 'valid'; it has train, and slices"),
        ("levels", {"split": "train[:0]"}, "'train\\[:0\\]'"),
        ("unlabelled", {"labelled": True}, "no feature 'label' with classes, so labelled must be False"),
        ("huggingface:mnist", {}, "'name', 'name/config' or 'name:1.0.0', got 'huggingface:mnist'"),
    ],
)
def test_errors(folder, name, options, message):
    with pytest.raises(ValueError, match=message) as raised:
        data.images(name, data_dir=folder, **options)
    assert "\n" not in str(raised.value)


@pytest.mark.parametrize("name", ["cifar10", "mnist:9.9.9"])
def test_a_missing_set_fails_at_once_and_says_how_to_prepare_it(folder, name, monkeypatch):
    def refuse(*arguments, **options):
        raise AssertionError("tried to reach the network")

    monkeypatch.setattr(socket.socket, "connect", refuse)
    monkeypatch.setattr(socket, "getaddrinfo", refuse)
    with pytest.raises(data.MissingData) as raised:
        data.images(name, data_dir=folder)
    assert str(raised.value) == (
        f"data set '{name}' is not in {folder}; prepare it with: pip install importlib_resources tensorflow-cpu "
        f"&& tfds build {name} --file_format=array_record --data_dir {folder}"
    )


def test_the_command_that_prepares_a_set_installs_the_extra_for_it():
    declared = tomllib.loads((Path(__file__).resolve().parents[2] / "pyproject.toml").read_text())["project"]
    prepare = declared["optional-dependencies"]["prepare"]
    assert [re.split("[>=]", requirement)[0] for requirement in prepare] == ["importlib_resources", "tensorflow-cpu"]


@pytest.mark.parametrize(("name", "hint"), [("icons", ""), ("cifar1", ", but 'cifar10'"), ("levels:2.0.0", "")])
def test_a_set_that_tfds_does_not_know_is_a_folder_of_ones_own(folder, name, hint):
    with pytest.raises(data.MissingData) as raised:
        data.images(name, data_dir=folder)
    assert str(raised.value) == (
        f"data set '{name}' is not in {folder}, and TFDS can prepare none of that name{hint}; a folder of images of "
        "your own is trained on with: jaxgan train --data FOLDER"
    )


def test_a_damaged_set(folder):
    with pytest.raises(data.MissingData, match=r"'damaged' in .* is damaged .*--overwrite"):
        data.images("damaged", data_dir=folder)


def test_a_set_without_random_access(tmp_path):
    write(tmp_path, "records", [plain(0)], channels=3)
    info = tmp_path / "records" / "1.0.0" / "dataset_info.json"
    info.write_text(info.read_text().replace("array_record", "tfrecord"))
    with pytest.raises(data.MissingData, match=r"'records' in .* without random access; .*--overwrite"):
        data.images("records", data_dir=tmp_path)


def test_mnist(mnist_dir, key):
    task = data.images("mnist", split="test", data_dir=mnist_dir)
    assert task.size == 10_000 and task.shape == (28, 28, 1) and task.names == tuple("0123456789")
    assert np.bincount(task.labels).tolist() == [980, 1135, 1032, 1010, 982, 892, 958, 1028, 974, 1009]
    sample = np.asarray(drawn(task, key, 64))
    assert sample.min() == -1 and sample.max() == 1


def test_mnist_train_is_streamed(mnist_dir):
    stream = data.images("mnist", data_dir=mnist_dir, max_bytes=2**20)
    assert stream.size == 60_000
    batch = next(stream.stream(128, seed=0))
    # The published mean of the training pixels, 0.1307 in [0, 1].
    np.testing.assert_allclose((batch.mean() + 1) / 2, 0.1307, atol=0.02)


@pytest.mark.slow
def test_mnist_train(mnist_dir):
    task = data.images("mnist", data_dir=mnist_dir)
    counts = np.bincount(task.labels)
    assert counts.tolist() == [5923, 6742, 5958, 6131, 5842, 5421, 5918, 6265, 5851, 5949]
    np.testing.assert_allclose(np.asarray(task.images).mean() / 255, 0.1307, atol=1e-4)
    # What stacking three of them costs against 1000 equal modes, in nats.
    share = counts / counts.sum()
    np.testing.assert_allclose(3 * np.sum(share * np.log(10 * share)), 0.0043, atol=5e-5)
