"""Labelled examples whose classes are drawn equally often, however rare they are."""

from collections.abc import Callable
from typing import NamedTuple

import jax
import jax.numpy as jnp
import numpy as np

from jaxgan.data.examples import ExampleArrays, Examples, examples_at
from jaxgan.types import Array, Batch, Classes, Key, Kind


class ByClass(NamedTuple):
    """Where the examples of each class are.

    Attributes:
      order: int32 `[N]`, rows of all examples, class by class.
      starts: int32 `[k]`, where each class that occurs begins in the order.
      counts: int32 `[k]`, how many examples each of them has.
    """

    order: Array
    starts: Array
    counts: Array


class BalancedArrays(NamedTuple):
    """What a balanced draw reads.

    Attributes:
      examples: all of them.
      by_class: where those of each class are.
    """

    examples: ExampleArrays
    by_class: ByClass


class Balanced(NamedTuple):
    """Examples drawn by first drawing a class that occurs, uniformly, and then one of its examples.

    It satisfies `types.Task`, `types.Finite`, `types.Classified` and `types.Reweighted`, and `shares` are those that
    are drawn. Examples by their number are balanced too, without any of them twice: as many of each class as the
    smallest one has.

    Attributes:
      examples: that are drawn from.
      by_class: where those of each class are.
    """

    examples: Examples
    by_class: ByClass

    @property
    def name(self) -> str:
        """That of the examples, and that they are balanced."""
        return f"{self.examples.name}, balanced"

    @property
    def kind(self) -> Kind:
        """What an example is."""
        return self.examples.kind

    @property
    def shape(self) -> tuple[int, ...]:
        """Shape of one example."""
        return self.examples.shape

    @property
    def size(self) -> int:
        """How many examples there are that make a balanced set."""
        return int(self.by_class.counts.min()) * len(self.by_class.counts)

    @property
    def arrays(self) -> BalancedArrays:
        """What `draw` reads."""
        return BalancedArrays(self.examples.arrays, self.by_class)

    @property
    def draw(self) -> Callable[[BalancedArrays, Key, int], Array | Batch]:
        """`draw(arrays, key, n) -> [n, ...]`, or a `Batch` where the examples are drawn with labels."""
        return draw_labelled_balanced if self.examples.labelled else draw_balanced

    def sample(self, key: Key, n: int) -> Array | Batch:
        """`draw(self.arrays, key, n)`."""
        return self.draw(self.arrays, key, n)

    def at(self, rows: np.ndarray) -> Batch:
        """The examples of rows `[n]` in [0, size), classes in turns, with their labels; pixels in [-1, 1]."""
        order, starts, counts = (np.asarray(a) for a in self.by_class)
        rows, k = np.asarray(rows), len(counts)
        return self.examples.at(order[starts[rows % k] + rows // k])

    @property
    def modes(self) -> int:
        """How many classes there are."""
        return self.examples.modes

    @property
    def names(self) -> tuple[str, ...]:
        """What the classes are called; empty where they have no names."""
        return self.examples.names

    @property
    def widths(self) -> tuple[int, ...]:
        """Those of the examples."""
        return self.examples.widths

    @property
    def values(self) -> Callable[[np.ndarray], np.ndarray] | None:
        """That of the examples."""
        return self.examples.values

    @property
    def shares(self) -> np.ndarray:
        """`[modes]`, with which each class is drawn: the same for all that occur, 0 for others; together 1."""
        occurs = self.examples.shares > 0
        return occurs / occurs.sum()

    @property
    def shares_in_data(self) -> np.ndarray:
        """`[modes]`, of each class among the examples."""
        return self.examples.shares

    @property
    def classes(self) -> Classes | None:
        """Those of the examples, by which a classifier learns to tell them."""
        return self.examples.classes


def balanced(examples: Examples) -> Balanced:
    """Balances the classes of labelled examples: those of a rare class are drawn more often.

    This changes what is to be imitated: the distribution of the task has equal shares of all classes that occur, and
    all that is measured, real samples and the divergence of modes, is against it and not against the data as they came.
    A conditional generator gets its labels from the same draws. A class of few examples is repeated often, and the
    discriminator may learn these by heart: think of augmentation.

    Args:
      examples: with whole numbers from 0 on as labels, such as `data.arrays(images, label=classes)`.

    Raises:
      ValueError: a task without such labels, or one that is not a finite set on the device.

    Example:
      >>> from jaxgan import data
      >>> task = balanced(data.arrays(np.zeros((10, 2)), label=np.array([0] * 9 + [1])))
      >>> task.shares
      array([0.5, 0.5])
    """
    if not isinstance(examples, Examples):
        raise ValueError(
            f"balanced takes examples on the device, of data.arrays, data.digits or data.images, not a "
            f"{type(examples).__name__}"
        )
    if not examples.modes:
        raise ValueError(f"balanced needs the classes of {examples.name!r}: whole numbers from 0 on as labels")
    labels = np.asarray(examples.labels)
    counts = np.bincount(labels, minlength=examples.modes)
    starts = np.cumsum(counts) - counts
    occurs = counts > 0
    order = np.argsort(labels, kind="stable")
    numbers = (jnp.asarray(a, jnp.int32) for a in (order, starts[occurs], counts[occurs]))
    return Balanced(examples, ByClass(*numbers))


def draw_balanced(arrays: BalancedArrays, key: Key, n: int) -> Array:
    """Draws `[n, ...]` with classes equally often; uint8 becomes floating point in [-1, 1]."""
    return draw_labelled_balanced(arrays, key, n).data


def draw_labelled_balanced(arrays: BalancedArrays, key: Key, n: int) -> Batch:
    """Draws n examples with classes equally often, with their labels."""
    order, starts, counts = arrays.by_class
    key_class, key_example = jax.random.split(key)
    drawn = jax.random.randint(key_class, (n,), 0, counts.shape[0])
    place = jax.random.randint(key_example, (n,), 0, counts[drawn])
    return examples_at(arrays.examples, order[starts[drawn] + place])
