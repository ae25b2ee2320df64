"""What is measured for each task, and the classifier that counts the modes of stacked digits."""

from pathlib import Path

import jax
import jax.numpy as jnp
import numpy as np
import pytest

from jaxgan import data, metrics
from jaxgan.evaluation import cache_folder, evaluator, train_classifier


@pytest.fixture(scope="module")
def digits_cache(tmp_path_factory) -> Path:
    """A cache folder in which this module trains its digit classifier once."""
    return tmp_path_factory.mktemp("cache")


@pytest.fixture
def cache(tmp_path, monkeypatch) -> Path:
    """An empty cache folder."""
    monkeypatch.setenv("JAXGAN_CACHE", str(tmp_path / "cache"))
    return tmp_path / "cache"


def small_training(**options):
    """A few steps on random images: enough to tell one classifier from another."""
    random = np.random.default_rng(0)
    images = random.integers(0, 256, (30, 8, 8), dtype=np.uint8)
    arguments = {"images": images, "labels": np.arange(30) % 3, "key": jax.random.key(0), "steps": 2, "batch": 8}
    return train_classifier(**{**arguments, **options})


def assert_same(a, b) -> None:
    jax.tree.map(np.testing.assert_array_equal, a.params, b.params)
    assert (a.accuracy, a.held_out) == (b.accuracy, b.held_out)


@pytest.mark.slow
def test_digits_are_learned_and_read_back_from_the_cache(digits_cache, monkeypatch):
    monkeypatch.setenv("JAXGAN_CACHE", str(digits_cache))
    task = data.stacked_digits(stack=2)
    trained = train_classifier(task.images, task.labels, key=jax.random.key(0), classes=10)
    assert trained.held_out == 300
    assert trained.accuracy >= 0.98
    (path,) = digits_cache.iterdir()
    written = path.stat().st_mtime_ns
    assert_same(train_classifier(task.images, task.labels, key=jax.random.key(0), classes=10), trained)
    assert [path.stat().st_mtime_ns for path in digits_cache.iterdir()] == [written]  # it was not trained again


@pytest.mark.slow
def test_stacked_digits(digits_cache, monkeypatch):
    monkeypatch.setenv("JAXGAN_CACHE", str(digits_cache))  # holds the classifier of the test above
    task = data.stacked_digits(stack=2)
    evaluation = evaluator(task)
    assert len(list(digits_cache.iterdir())) == 1
    assert evaluation.names == task.names

    batch = task.draw_labelled(task.arrays, jax.random.key(5), 2100)  # more than a chunk
    real = evaluation.measure(batch.data)
    truth = np.bincount(batch.label, minlength=100)
    assert np.abs(real["counts"] - truth).sum() / 2 <= 0.03 * 2100
    # Digits are drawn one by one, so the share of a stack is the product of the shares of its digits.
    shares = np.bincount(np.asarray(task.labels)) / len(task.labels)
    np.testing.assert_allclose(evaluation.shares[[0, 37, 73]], shares[[0, 3, 7]] * shares[[0, 7, 3]])
    assert real["modes"] == 100
    expected = evaluation.real(2100)
    assert expected["modes"] == 100
    assert expected["reverse_kl_floor"] == metrics.expected_reverse_kl(100, 2100)
    assert 0.5 * expected["reverse_kl_floor"] < expected["reverse_kl"] < 2 * expected["reverse_kl_floor"]

    one = np.repeat(np.asarray(batch.data[:1]), 50, axis=0)
    one[10:] = np.nan
    collapsed = evaluation.measure(one)
    assert (collapsed["modes"], collapsed["counts"].sum()) == (1, 10)
    np.testing.assert_allclose(collapsed["reverse_kl"], np.log(100), rtol=1e-6)
    assert evaluation.names[collapsed["counts"].argmax()] in task.names

    assert real.keys() | expected.keys() == evaluation.conventions.keys()
    assert "% accuracy on 300 held-out images" in evaluation.conventions["modes"]
    with pytest.raises(ValueError, match=r"\[n, 8, 8, 2\], got \(5, 8, 8, 3\)"):
        evaluation.measure(np.zeros((5, 8, 8, 3)))


@pytest.mark.slow
def test_training_is_a_function_of_key_data_and_settings(cache, monkeypatch, tmp_path):
    first = small_training()
    monkeypatch.setenv("JAXGAN_CACHE", str(tmp_path / "other"))
    assert_same(small_training(), first)
    for change in ({"key": jax.random.key(1)}, {"steps": 3}, {"labels": (np.arange(30) + 1) % 3}):
        kernel = small_training(**change).params["Dense_1"]["kernel"]
        assert np.abs(kernel - first.params["Dense_1"]["kernel"]).max() > 0, change
    assert len(list(cache.iterdir())) == 1
    assert len(list((tmp_path / "other").iterdir())) == 4


@pytest.mark.slow
def test_a_damaged_cache_file_is_replaced(cache):
    first = small_training()
    (path,) = cache.iterdir()
    good = path.read_bytes()
    flipped = bytearray(good)
    flipped[len(good) // 2] ^= 255
    for damaged in (b"no archive", b"", good[:500], bytes(flipped)):
        path.write_bytes(damaged)
        with pytest.warns(RuntimeWarning, match="cannot be read"):
            assert_same(small_training(), first)
        assert_same(small_training(), first)  # warnings are errors: this one is read
        assert list(cache.iterdir()) == [path]


@pytest.mark.slow
def test_a_cache_file_of_another_shape_is_replaced(cache):
    first = small_training()
    (path,) = cache.iterdir()
    with np.load(path) as file:
        arrays = {name: value if value.ndim < 2 else value[..., :-1] for name, value in file.items()}
    np.savez(path, **arrays)
    assert_same(small_training(), first)


def test_a_cache_folder_that_cannot_be_written_is_no_obstacle(cache, monkeypatch):
    cache.write_text("a file where the folder should be")
    with pytest.warns(RuntimeWarning, match="cannot be"):
        assert small_training().held_out == 5


def test_cache_folder_of_the_user(monkeypatch):
    monkeypatch.setenv("JAXGAN_CACHE", "elsewhere")
    assert cache_folder() == Path("elsewhere")
    monkeypatch.delenv("JAXGAN_CACHE")
    assert "jaxgan" in cache_folder().parts


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ({"images": np.zeros((30, 8, 8))}, "float64"),
        ({"images": np.zeros((30, 8), np.uint8)}, r"\(30, 8\)"),
        ({"labels": np.zeros(29, int)}, r"\(29,\)"),
        ({"labels": np.zeros(30)}, "float64"),
        ({"classes": 2}, r"\[0, 2\), got \[0, 2\]"),
        ({"labels": np.full(30, -1)}, "-1"),
        ({"hold_out": 1.0}, "got 1.0"),
        ({"steps": 0}, "got 8 and 0"),
    ],
)
def test_wrong_arguments_are_named(cache, arguments, message):
    with pytest.raises(ValueError, match=message):
        small_training(**arguments)
    assert not cache.exists()


def test_ring():
    task = data.ring()
    evaluation = evaluator(task)
    samples = task.sample(jax.random.key(1), 2500)
    found, real = evaluation.measure(samples), evaluation.real(2500)
    expected = metrics.mode_coverage(samples, task.means, task.std)
    for name in ("counts", "counts_all"):
        np.testing.assert_array_equal(found.pop(name), getattr(expected, name))
    for name, value in found.items():
        np.testing.assert_allclose(value, getattr(expected, name), rtol=1e-4)
        assert type(value) in (int, float)  # as JSON can hold it
    assert real == pytest.approx(
        {"modes": 8, "high_quality": 0.9889, "reverse_kl": 7 / 4944, "reverse_kl_all": 7 / 5000}, 1e-2
    )
    assert found == pytest.approx(real, rel=0.01, abs=4 * real["reverse_kl"])
    assert evaluation.names == task.names
    assert found.keys() | {"counts", "counts_all"} == evaluation.conventions.keys()
    np.testing.assert_allclose(evaluation.shares, real["high_quality"] / 8)
    assert "3 standard deviations" in evaluation.conventions["high_quality"]


def test_a_missing_mode_is_named_and_a_wider_threshold_takes_more():
    task = data.grid(side=2, spacing=2.0, std=0.05)
    samples = task.sample(jax.random.key(1), 500)
    samples = samples[np.asarray((samples[:, 0] < 0) | (samples[:, 1] < 0))]
    evaluation = evaluator(task)
    assert metrics.missing_modes(evaluation.measure(samples)["counts"], evaluation.names) == (task.names[3],)
    narrow, wide = (evaluator(task, threshold=t).measure(samples)["high_quality"] for t in (1.0, 5.0))
    np.testing.assert_allclose(narrow, 1 - np.exp(-0.5), atol=0.1)
    assert wide == 1.0
    with pytest.raises(ValueError, match=r"threshold .* 0\.0"):
        evaluator(task, threshold=0.0)


def test_a_mode_of_weight_zero_is_not_missed():
    task = data.ring(modes=4, weights=[1, 0, 2, 1])
    evaluation = evaluator(task)
    found = evaluation.measure(task.sample(jax.random.key(0), 400))
    assert evaluation.names == (task.names[0], task.names[2], task.names[3])
    assert found["modes"] == 3 == evaluation.real(400)["modes"]
    assert metrics.missing_modes(found["counts"], evaluation.names) == ()
    assert found["reverse_kl"] < 0.03
    np.testing.assert_allclose(evaluation.shares / evaluation.shares.sum(), [0.25, 0.5, 0.25])


def test_real_samples_in_1200_dimensions_are_of_high_quality():
    task = data.embedded_mixture()
    evaluation = evaluator(task)
    found = evaluation.measure(task.sample(jax.random.key(0), 300))
    assert found["modes"] == 10
    assert found["high_quality"] == evaluation.real(300)["high_quality"] == 1.0
    assert "1200 dimensions" in evaluation.conventions["high_quality"]
    # The share is a closed form where it is not 1, too: at a threshold near the length of the noise.
    near = evaluator(task, threshold=float(np.sqrt(700 / 1200)))
    share = near.measure(task.sample(jax.random.key(1), 600))["high_quality"]
    np.testing.assert_allclose(share, near.real(600)["high_quality"], atol=0.08)


def test_a_mixture_without_noise_is_refused():
    task = data.Mixture("constant", jnp.eye(2), jnp.zeros(2), jnp.ones(2) / 2, ("a", "b"))
    with pytest.raises(ValueError, match="std"):
        evaluator(task)


def test_a_task_without_modes_has_nothing_to_measure():
    evaluation = evaluator(data.spiral())
    assert evaluation.measure(np.zeros((5, 2))) == evaluation.conventions == evaluation.real(5) == {}
    assert evaluation.names == () and evaluation.shares.shape == (0,)


@pytest.mark.slow
def test_mnist(mnist_dir, cache):
    train, test = (data.stacked_mnist(mnist_dir, split, stack=1) for split in ("train", "test"))
    classifier = train_classifier(train.images, train.labels, key=jax.random.key(0), classes=10)
    images = np.asarray(test.images)[..., None] / 127.5 - 1
    assert (classifier.classify(images) == np.asarray(test.labels)).mean() >= 0.992
