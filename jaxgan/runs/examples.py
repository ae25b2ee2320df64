"""What a run records of its data: enough to make its model again without them."""

from collections.abc import Sequence
from typing import Any, NamedTuple

import jax
import jax.numpy as jnp
import numpy as np

from jaxgan.runs.building import build
from jaxgan.runs.options import Architecture, Training
from jaxgan.types import (
    Batch,
    Classified,
    Kind,
    KnownModes,
    Model,
    Reweighted,
    Stream,
    Tabular,
    Task,
    Technique,
    as_batch,
)

EXAMPLE = "example"  # what `config.json` calls the description of an example


class Label(NamedTuple):
    """What a label is.

    Attributes:
      shape: of one label; `()` for a class.
      dtype: of the labels, such as "int32".
      classes: how many classes there are; None where that is not known, or labels are no classes.
      names: of the classes; empty where they have none.
      shares: of the classes, as they are drawn; empty where they are not known.
      in_data: shares of the classes in the data, which are drawn otherwise where they are balanced; likewise.
    """

    shape: tuple[int, ...]
    dtype: str
    classes: int | None = None
    names: tuple[str, ...] = ()
    shares: tuple[float, ...] = ()
    in_data: tuple[float, ...] = ()


class Example(NamedTuple):
    """What a model must know of its data to be made again without them.

    Attributes:
      kind: what an example is, such as "points" or "images".
      shape: of one example.
      dtype: of the examples, such as "float32".
      scale: standard deviation of points, which the networks are told; 1 for everything else.
      label: what the labels are that come with the examples; None without.
      widths: of rows of a table, how many numbers each part takes, see `types.Tabular`; empty of all else.
    """

    kind: Kind
    shape: tuple[int, ...]
    dtype: str = "float32"
    scale: float = 1.0
    label: Label | None = None
    widths: tuple[int, ...] = ()

    def model(self, architecture: Architecture, training: Training, further: Sequence[Technique] = ()) -> Model:
        """The model that options describe, for such examples; `further` are techniques that no option names.

        Raises:
          ValueError: as `building.build`.
        """
        return build(
            architecture,
            training,
            self.shape,
            self.scale,
            further,
            kind=self.kind,
            classes=self.classes,
            shares=() if self.label is None else self.label.shares,
            widths=self.widths,
        )

    @property
    def classes(self) -> int | None:
        """How many classes there are; None where labels are none."""
        return None if self.label is None else self.label.classes

    def as_json(self) -> dict[str, Any]:
        """What `config.json` holds of it."""
        return {**self._asdict(), "label": None if self.label is None else self.label._asdict()}

    def batch(self, n: int) -> Batch:
        """Shapes and dtypes of a batch of n examples, as `jax.eval_shape` takes them."""
        label = self.label
        return Batch(
            jax.ShapeDtypeStruct((n, *self.shape), jnp.dtype(self.dtype)),
            None if label is None else jax.ShapeDtypeStruct((n, *label.shape), jnp.dtype(label.dtype)),
        )


def example_of(task: Task | Stream) -> Example:
    """Describes what a task, or a stream, gives to a model."""

    def draw(n: int) -> Batch:
        if isinstance(task, Stream):
            return as_batch(next(task.stream(n, seed=0)))
        return as_batch(task.sample(jax.random.key(0), n))

    first = draw(1)
    # Points are brought to unit scale inside the networks, so that one setting fits a ring of any radius.
    scale = float(np.std(draw(10_000).data)) if task.kind == "points" else 1.0
    label = None
    if first.label is not None:
        a_class = first.label.ndim == 1 and jnp.issubdtype(first.label.dtype, jnp.integer)
        label = Label(first.label.shape[1:], str(first.label.dtype))
        if a_class and isinstance(task, KnownModes | Classified):
            whole = task.shares_in_data if isinstance(task, Reweighted) else task.shares
            shares, in_data = (tuple(np.asarray(each, float).tolist()) for each in (task.shares, whole))
            label = label._replace(classes=task.modes, names=tuple(task.names), shares=shares, in_data=in_data)
    widths = tuple(task.widths) if isinstance(task, Tabular) else ()
    return Example(task.kind, first.data.shape[1:], str(first.data.dtype), scale, label, widths)


def turns(shares: np.ndarray, n: int) -> np.ndarray:
    """Classes of `n` samples that come as often as their shares, to within one sample from the first on.

    Args:
      shares: `[k]` of the classes, non-negative, together positive.
      n: how many.

    Returns:
      `[n]` int32; with equal shares 0, 1, ... k - 1, 0, 1, ...

    >>> turns(np.array([0.5, 0.25, 0.25]), 8)
    array([0, 1, 2, 0, 0, 1, 2, 0], dtype=int32)
    """
    shares = np.asarray(shares, float) / np.sum(shares)
    owed, found = np.zeros(len(shares)), np.empty(n, np.int32)
    for i in range(n):
        owed += shares
        found[i] = np.argmax(np.round(owed, 9))
        owed[found[i]] -= 1
    return found
