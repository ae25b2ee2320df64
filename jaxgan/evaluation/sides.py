"""The two sides that metrics compare, real and generated samples, with what the metrics read of them."""

from collections.abc import Callable
from functools import partial
from typing import Any, NamedTuple

import jax
import numpy as np

from jaxgan import features
from jaxgan.evaluation.chunks import in_chunks
from jaxgan.evaluation.classifier import CHUNK
from jaxgan.evaluation.modes import CountedModes
from jaxgan.types import Array, Batch, Finite, PyTree, Stream, Tabular, Task, as_batch

WIDTH = 32  # channels of the random convolutions

Features = Callable[[Array], Array]


class Side(NamedTuple):
    """Samples with what metrics read of them; what no metric asked for is None.

    Attributes:
      data: `[n, ...]`, a tree of arrays.
      labels: `[n]` integers, what a conditional generator was asked for, or what is known of real examples.
      features: `[n, d]`.
      modes: in which samples are counted.
      mode: `[n]` int32, the mode of each sample; -1 for none.
      nearest: `[n]` int32, the nearest mode, near or far; None where the task knows no such thing.
      logits: `[n, k]`, of the classifier.
      widths: of the parts of a row, see `types.Tabular`; empty of all else.
      values: `[n, parts]`, what each part of a row says.
    """

    data: PyTree
    labels: np.ndarray | None = None
    features: np.ndarray | None = None
    modes: CountedModes | None = None
    mode: np.ndarray | None = None
    nearest: np.ndarray | None = None
    logits: np.ndarray | None = None
    widths: tuple[int, ...] = ()
    values: np.ndarray | None = None


def side(
    batch: Batch,
    needs: frozenset[str],
    modes: CountedModes | None,
    extract: Features | None,
    rows: Tabular | None = None,
) -> Side:
    """Makes a side of a batch, with all that metrics need of it.

    Args:
      batch: samples `[n, ...]`, with labels where they are known.
      needs: "features", "modes", "labels", "logits" and "values", as far as they are needed.
      modes: in which samples are counted; None where none are known.
      extract: `extract(samples) -> [n, d]`, for "features".
      rows: says what the parts of rows are; None where the samples are none.
    """
    data = jax.tree.map(np.asarray, batch.data)
    found = Side(data, None if batch.label is None else np.asarray(batch.label))
    if rows is not None:
        found = found._replace(widths=tuple(rows.widths) or (1,) * data.shape[1])
        if "values" in needs:
            found = found._replace(values=data if rows.values is None else rows.values(data))
    if "features" in needs and extract is not None:
        found = found._replace(features=in_chunks(jax.jit(extract), data, CHUNK).reshape(len(data), -1))
    if "modes" in needs and modes is not None:
        nearest = None if modes.nearest_of is None else modes.nearest_of(data)
        found = found._replace(modes=modes, mode=modes.label_of(data), nearest=nearest)
    if "logits" in needs and modes is not None and modes.logits_of is not None:
        found = found._replace(logits=modes.logits_of(data))
    return found


def extractor(task: Task | Stream, wanted: str | Features) -> tuple[Features, str]:
    """What features of a task are, and what to call them.

    Args:
      task: whose samples they are of.
      wanted: "auto": a fixed random convolutional network for images, the values themselves for points and sequences;
        "pixels": the values themselves; or a function `samples [n, ...] -> [n, d]`.

    Raises:
      ValueError: there are no such features, or none for tasks of this kind.
    """
    if not isinstance(wanted, str):
        return wanted, "features of the user"
    if wanted not in ("auto", "pixels"):
        raise ValueError(f"no features {wanted!r}; known are auto, pixels and a function of samples")
    if task.kind == "images" and wanted == "auto":
        return features.random_convolutions(channels=task.shape[-1], width=WIDTH), "features of random convolutions"
    if task.kind in ("points", "images", "sequences"):
        return lambda samples: samples.reshape(samples.shape[0], -1), f"the values of {task.kind}"
    raise ValueError(f"tasks of kind {task.kind} have no features of their own: give a function of samples")


def reals(task: Any, n: int) -> tuple[Batch, Batch]:
    """Draws real examples twice: a reference to compare with, and others that show what real data get.

    Of finitely many examples none is in both or comes twice, so there may be fewer than n.

    Args:
      task: a `types.Task`, or a `types.Stream`.
      n: examples on each side, at least 1.

    Raises:
      ValueError: the task has a single example.
    """
    if isinstance(task, Finite):
        size = min(n, task.size // 2)
        if not size:
            raise ValueError(f"{task.name!r} has {task.size} example; real data are compared by at least 2")  # pyright: ignore
        rows = np.random.RandomState(1).permutation(task.size)
        return task.at(rows[:size]), task.at(rows[size : 2 * size])
    if isinstance(task, Stream):
        both = as_batch(next(task.stream(2 * n, seed=1)))
        return jax.tree.map(lambda x: x[:n], both), jax.tree.map(lambda x: x[n:], both)
    return _drawn(task, n, seed=2), _drawn(task, n, seed=1)


def drawn_reals(task: Any, n: int) -> Batch:
    """Draws n real examples as training draws them, for metrics that compare with no others."""
    return as_batch(next(task.stream(n, seed=1))) if isinstance(task, Stream) else _drawn(task, n, seed=1)


def _drawn(task: Task, n: int, seed: int) -> Batch:
    draw = jax.jit(partial(_draw, task), static_argnums=2)
    size = min(n, CHUNK)
    keys = [jax.random.fold_in(jax.random.key(seed), index) for index in range(-(-n // size))]
    batches = [jax.device_get(draw(task.arrays, key, size)) for key in keys]
    return jax.tree.map(lambda *parts: np.concatenate(parts)[:n], *batches)


def _draw(task: Task, arrays: PyTree, key: Array, n: int) -> Batch:
    return as_batch(task.draw(arrays, key, n))
