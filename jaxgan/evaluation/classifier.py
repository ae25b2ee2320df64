"""The classifier that tells the modes of labelled images: trained once, then read from a cache folder."""

import hashlib
import itertools
import os
import warnings
from collections.abc import Callable, Iterator
from functools import partial
from pathlib import Path
from typing import Any, NamedTuple

import jax
import jax.numpy as jnp
import numpy as np
import optax
import platformdirs
from jax.typing import ArrayLike
from tqdm import tqdm

from jaxgan import features
from jaxgan.backend.files import write_whole
from jaxgan.data.examples import from_uint8
from jaxgan.evaluation.chunks import in_chunks
from jaxgan.types import Array, Key, Network, Params, PyTree

CHUNK = 2000  # images that are classified at a time
LEARNING_RATE = 1e-3
CACHE_VERSION = 1  # to be raised whenever the same data and settings give another classifier


class Classifier(NamedTuple):
    """A trained classifier.

    Attributes:
      params: of the network.
      accuracy: in [0, 1], on the examples held out of training.
      held_out: how many examples that were.
      classify: `classify(images [n, height, width, channels] in [-1, 1]) -> [n]` int32 on the host, a class in
        `[0, classes)`, or -1 for an image with a value that is not finite.
      logits: `logits(images) -> [n, classes]` float32 on the host.
      rows: `[held_out]`, which examples those are.
    """

    params: Params
    accuracy: float
    held_out: int
    classify: Callable[[ArrayLike], np.ndarray]
    logits: Callable[[ArrayLike], np.ndarray]
    rows: np.ndarray


def train_classifier(
    images: ArrayLike,
    labels: ArrayLike,
    *,
    key: Key,
    classes: int | None = None,
    steps: int | None = None,
    batch: int = 64,
    hold_out: float = 1 / 6,
    shift: int = 1,
) -> Classifier:
    """Trains `features.classifier` on labelled images, or reads it from the cache.

    The same key, data and settings give the same parameters bit for bit on one kind of device. A progress bar goes to
    the standard error if that is a terminal and training takes more than a few seconds.

    Args:
      images: uint8 `[N, height, width]` or `[N, height, width, channels]`.
      labels: integers `[N]` in `[0, classes)`.
      key: for the split, the initialisation, the order and the dropout.
      classes: number of classes; None for the largest label plus one.
      steps: of Adam, with a cosine decay of the learning rate; None for six passes over the data, but at least 1000.
      batch: images per step.
      hold_out: share of the images that are kept out of training to measure the accuracy, in (0, 1).
      shift: training moves batches by up to this many pixels.

    Returns:
      A `Classifier`.

    Raises:
      ValueError: if images or labels have another shape or type, or an argument is out of its range.
    """
    images, labels = _checked(np.asarray(images), np.asarray(labels), classes)
    classes = int(labels.max()) + 1 if classes is None else classes
    held_out = round(len(images) * hold_out)
    if not 0 < held_out < len(images):
        raise ValueError(f"hold_out must leave images on both sides of the split of {len(images)}, got {hold_out}")
    batch = min(batch, len(images) - held_out)
    steps = max(1000, 6 * (len(images) - held_out) // batch) if steps is None else steps
    if batch < 1 or steps < 1:
        raise ValueError(f"batch and steps must be at least 1, got {batch} and {steps}")

    network = features.classifier(classes)
    predict = jax.jit(partial(features.predict, network))
    split_key, train_key = jax.random.split(key)
    path = cache_folder() / f"classifier-{_digest(images, labels, key, classes, steps, batch, hold_out, shift)}.npz"
    like, _ = jax.eval_shape(network.init, key, jnp.zeros((1, *images.shape[1:]), jnp.float32))
    found = _load(path, {"params": like, "accuracy": jax.ShapeDtypeStruct((), np.float64)})
    order = np.asarray(jax.random.permutation(split_key, len(images)))
    test, rest = order[:held_out], order[held_out:]
    if found is None:
        params = _fit(train_key, network, images[rest], labels[rest], steps, batch, shift)
        predicted = _classify(predict, params, np.asarray(from_uint8(jnp.asarray(images[test]))))
        found = {"params": params, "accuracy": np.mean(predicted == labels[test])}
        _save(path, found)
    params = found["params"]
    score = jax.jit(lambda params, images: network.apply(params, {}, images, train=False)[0])
    return Classifier(
        params,
        float(found["accuracy"]),
        held_out,
        classify=partial(_classify, predict, params),
        logits=lambda images: in_chunks(partial(score, params), np.asarray(images, np.float32), CHUNK),
        rows=test,
    )


def _fit(
    key: Key, network: Network, images: np.ndarray, labels: np.ndarray, steps: int, batch: int, shift: int
) -> Params:
    init_key, order_key, noise_key = jax.random.split(key, 3)
    optimizer = optax.adam(optax.cosine_decay_schedule(LEARNING_RATE, steps))
    update = features.training_step(network, optimizer, shift=shift)

    @jax.jit
    def step(params, opt_state, index, rows, images, labels):
        step_key = jax.random.fold_in(noise_key, index)
        return update(params, opt_state, step_key, from_uint8(images[rows]), labels[rows])

    data = jax.device_put((images, labels))
    params, _ = jax.jit(network.init)(init_key, jnp.zeros((1, *images.shape[1:]), jnp.float32))
    opt_state = optimizer.init(params)
    minibatches = itertools.islice(_minibatches(order_key, len(images), batch), steps)
    # Single steps, not a scan: on the CPU the weight gradient of a convolution is many times slower inside a loop.
    for index, rows in enumerate(
        tqdm(minibatches, "training the classifier", steps, unit="step", disable=None, delay=3, leave=False)
    ):
        params, opt_state, loss = step(params, opt_state, index, rows, *data)
        if index % 50 == 0:
            loss.block_until_ready()  # or the progress bar shows what was asked for, not what was done
    return params


def _minibatches(key: Key, size: int, batch: int) -> Iterator[np.ndarray]:
    """Yields row numbers `[batch]`, a new order in each pass, without end."""
    for epoch in itertools.count():
        order = np.asarray(jax.random.permutation(jax.random.fold_in(key, epoch), size))
        yield from (order[start : start + batch] for start in range(0, size - batch + 1, batch))


def _classify(predict: Callable[[Params, Array], Array], params: Params, images: ArrayLike) -> np.ndarray:
    return in_chunks(partial(predict, params), np.asarray(images, np.float32), CHUNK).astype(np.int32)


def _checked(images: np.ndarray, labels: np.ndarray, classes: int | None) -> tuple[np.ndarray, np.ndarray]:
    if images.dtype != np.uint8 or images.ndim not in (3, 4):
        raise ValueError(f"images must be uint8 [N, height, width(, channels)], got {images.dtype} {images.shape}")
    if labels.shape != images.shape[:1] or not np.issubdtype(labels.dtype, np.integer):
        raise ValueError(
            f"labels must be integers [{len(images)}], one for each image, got {labels.dtype} {labels.shape}"
        )
    if labels.size == 0 or labels.min() < 0 or (classes is not None and labels.max() >= classes):
        raise ValueError(f"labels must be in [0, {classes or 'classes'}), got {np.unique(labels)[[0, -1]].tolist()}")
    return images.reshape(*images.shape[:3], -1), labels.astype(np.int32)


def cache_folder() -> Path:
    """Tells where trained classifiers are kept: the environment variable JAXGAN_CACHE, or the user's cache folder."""
    return Path(os.environ.get("JAXGAN_CACHE") or platformdirs.user_cache_dir("jaxgan"))


def _digest(images: np.ndarray, labels: np.ndarray, key: Key, *settings: float) -> str:
    """Hashes all that decides what the trained classifier is."""
    digest = hashlib.sha256(repr((CACHE_VERSION, images.shape, LEARNING_RATE, settings)).encode())
    for array in (images, labels, np.asarray(jax.random.key_data(key))):
        digest.update(np.ascontiguousarray(array).tobytes())
    return digest.hexdigest()[:20]


def _load(path: Path, like: PyTree) -> PyTree | None:
    """Reads a tree of arrays with the names, shapes and types of `like`; None where there is none that can be read."""
    try:
        with path.open("rb") as raw, np.load(raw, allow_pickle=False) as file:
            tree = jax.tree_util.tree_map_with_path(lambda place, _: file[_name(place)], like)
    except FileNotFoundError:
        return None
    except Exception as error:  # a damaged archive fails in many ways, and all of them are cured by training again
        warnings.warn(f"training again, since {path} cannot be read: {error}", RuntimeWarning, stacklevel=3)
        return None
    fits = jax.tree.all(jax.tree.map(lambda a, b: a.shape == b.shape and a.dtype == b.dtype, tree, like))
    return tree if fits else None


def _save(path: Path, tree: PyTree) -> None:
    """Writes a tree of arrays, in one piece or not at all."""
    arrays = {_name(place): np.asarray(leaf) for place, leaf in jax.tree_util.tree_leaves_with_path(tree)}
    try:
        write_whole(path, lambda file: np.savez(file, allow_pickle=False, **arrays))
    except OSError as error:
        warnings.warn(
            f"the classifier is not kept, since {path} cannot be written: {error}", RuntimeWarning, stacklevel=3
        )


def _name(place: tuple[Any, ...]) -> str:
    return jax.tree_util.keystr(place, simple=True, separator="/")
