"""The modes of a task as evaluation counts them: those that it labels itself, or classes told by a classifier."""

from collections.abc import Callable
from functools import partial
from typing import NamedTuple

import jax
import numpy as np

from jaxgan import metrics
from jaxgan.evaluation.classifier import train_classifier
from jaxgan.evaluation.forest import train_forest
from jaxgan.types import Classes, Classified, GradedModes, KnownModes, PyTree, Stream, Task, as_batch

REALS = 10_000  # drawn to measure how many real examples are given a mode at all


class CountedModes(NamedTuple):
    """Modes that samples can be counted in; satisfies `types.KnownModes`.

    Attributes:
      numbers: `[k]`, ascending, of those modes of the task that are counted: the ones of a positive share.
      names: `[k]`, what they are called.
      shares: `[k]`, in the data; together 1.
      label_of: `label_of(samples [n, ...]) -> [n]` int32 on the host, in [0, k), or -1 for none.
      nearest_of: the same, near or far, where each sample has a nearest mode; None otherwise.
      quality: share of real examples that `label_of` gives a mode.
      own: whether the task labels them itself.
      cover: `cover(labels [n]) -> metrics.ClassCoverage`, whose histogram is compared with the shares; with equal
        shares, as in the papers, where a classifier tells the modes.
      how: how a mode is told, in words.
      logits_of: `logits_of(samples) -> [n, k]`, where a classifier sees an example as a whole; None otherwise.
      held_out: labels `[m]` of the real images that the classifier was not trained on, and its judgement `[m]`; None
        where no classifier sees an example as a whole.
    """

    numbers: np.ndarray
    names: tuple[str, ...]
    shares: np.ndarray
    label_of: Callable[[PyTree], np.ndarray]
    nearest_of: Callable[[PyTree], np.ndarray] | None
    quality: float
    own: bool
    cover: Callable[[np.ndarray], metrics.ClassCoverage]
    how: str
    logits_of: Callable[[np.ndarray], np.ndarray] | None = None
    held_out: tuple[np.ndarray, np.ndarray] | None = None

    @property
    def modes(self) -> int:
        """How many there are, k."""
        return len(self.names)


def present(task: KnownModes) -> tuple[np.ndarray, np.ndarray, tuple[str, ...]]:
    """The modes that have a positive share: their numbers `[k]`, shares `[k]` and names."""
    shares = np.asarray(task.shares)
    numbers = np.flatnonzero(shares > 0)
    return numbers, shares[numbers], tuple(task.names[int(number)] for number in numbers)


def place(numbers: np.ndarray, labels: np.ndarray) -> np.ndarray:
    """The places `[n]` int32 of modes `[n]` among those that are counted, `numbers` `[k]`; -1 for others."""
    places = np.minimum(np.searchsorted(numbers, labels), len(numbers) - 1)
    return np.where(numbers[places] == labels, places, -1).astype(np.int32)


def counted_modes(task: Task | Stream, *, threshold: float = 3.0) -> CountedModes | None:
    """Finds out in which modes samples of a task can be counted.

    Args:
      task: one that labels its modes (`types.KnownModes`); or one of labelled examples (`types.Classified`), for which
        a classifier is trained, or read from the cache.
      threshold: radius of high quality, positive, in standard deviations, where a task grades its samples.

    Returns:
      The modes; None where nothing is known of them.
    """
    if isinstance(task, KnownModes):
        return _own(task.with_threshold(threshold) if isinstance(task, GradedModes) else task)
    if isinstance(task, Classified) and (classes := task.classes) is not None:
        return _classified(task, classes)
    return None


def _own(task: KnownModes) -> CountedModes:
    numbers, shares, names = present(task)

    def compiled(label: Callable) -> Callable[[PyTree], np.ndarray]:
        compiled = jax.jit(label)
        return lambda samples: place(numbers, np.asarray(compiled(samples)))

    label_of = compiled(task.label_of)
    cover = jax.jit(partial(metrics.class_coverage, classes=len(names), reference=shares))
    if isinstance(task, GradedModes):
        nearest_of = compiled(task.nearest_of)
        return CountedModes(numbers, names, shares, label_of, nearest_of, task.quality, True, cover, task.near)
    reals = as_batch(task.sample(jax.random.key(3), REALS)).data  # pyright: ignore[reportAttributeAccessIssue]
    quality = float(np.mean(label_of(reals) >= 0))
    return CountedModes(numbers, names, shares, label_of, None, quality, True, cover, "by the task itself")


def _classified(task: Classified, classes: Classes) -> CountedModes:
    images = np.asarray(classes.images).dtype == np.uint8
    train = train_classifier if images else train_forest
    classifier = train(classes.images, classes.labels, key=jax.random.key(0), classes=classes.classes)

    def label_of(samples: PyTree) -> np.ndarray:
        parts = classes.parts(np.asarray(samples))
        judged = [classifier.classify(parts[:, part]) for part in range(parts.shape[1])]
        return np.asarray(metrics.stacked_labels(np.stack(judged, axis=1), classes=classes.classes))

    judge = f"a classifier of {100 * classifier.accuracy:.2f} % accuracy on {classifier.held_out} held-out "
    judge += "images" if images else "examples"
    named = tuple(task.names)
    names = named + tuple(f"class {number}" for number in range(len(named), task.modes))
    cover = partial(metrics.class_coverage, classes=task.modes)
    how = f"each {classes.part} is classified by {judge}"
    numbers = np.arange(task.modes)
    found = CountedModes(numbers, names, task.shares, label_of, None, 1.0, False, cover, how)
    if task.modes != classes.classes:
        return found
    return found._replace(
        logits_of=lambda samples: classifier.logits(classes.parts(np.asarray(samples))[:, 0]),
        held_out=_held_out(classes, classifier.rows, classifier.classify),
    )


def _held_out(classes: Classes, rows: np.ndarray, classify: Callable) -> tuple[np.ndarray, np.ndarray]:
    examples = np.asarray(classes.images)
    held_out = examples[rows].astype(np.float32)
    held_out = (held_out - 127.5) / 127.5 if examples.dtype == np.uint8 else held_out
    return np.asarray(classes.labels)[rows], classify(held_out)
