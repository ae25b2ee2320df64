"""A finite set of examples on the device, and the checks and the scaling that all such sets share."""

from collections.abc import Callable, Sequence
from typing import NamedTuple

import jax
import jax.numpy as jnp
import numpy as np
from numpy.typing import ArrayLike

from jaxgan.types import Array, Batch, Classes, Key, Kind

# What the classifier says that it reads.
_PARTS = {"images": "image", "points": "point", "sequences": "sequence", "tables": "row"}


class ExampleArrays(NamedTuple):
    """What a draw from a finite set reads.

    Attributes:
      data: `[N, ...]`, floating point as it is, or uint8 in [0, 255] to be scaled to [-1, 1].
      labels: `[N, ...]`, or None.
    """

    data: Array
    labels: Array | None = None


class Examples(NamedTuple):
    """A finite set of examples, drawn uniformly with replacement.

    It satisfies `types.Task`, `types.Finite`, `types.Tabular` and `types.Classified`; the modes are the classes of
    whole labels.

    Attributes:
      name: what the set is called.
      kind: what an example is.
      data: `[N, ...]`, on the device: floating point, or uint8, which is scaled to [-1, 1] only when it is drawn.
      labels: `[N, ...]`, or None where nothing is known.
      labelled: whether `draw` returns a `Batch` with labels.
      names: what the classes are called, in the order of the labels; empty where they have no names.
      widths: of rows of a table, how many numbers each part takes, see `types.Tabular`; empty of all else.
      values: of rows of a table, what each part says in its own units, see `types.Tabular`.
    """

    name: str
    kind: Kind
    data: Array
    labels: Array | None = None
    labelled: bool = False
    names: tuple[str, ...] = ()
    widths: tuple[int, ...] = ()
    values: Callable[[np.ndarray], np.ndarray] | None = None

    @property
    def shape(self) -> tuple[int, ...]:
        """Shape of one example."""
        return self.data.shape[1:]

    @property
    def size(self) -> int:
        """How many examples there are."""
        return self.data.shape[0]

    @property
    def images(self) -> Array:
        """`data`, by the name that suits images."""
        return self.data

    @property
    def arrays(self) -> ExampleArrays:
        """What `draw` reads."""
        return ExampleArrays(self.data, self.labels)

    @property
    def draw(self) -> Callable[[ExampleArrays, Key, int], Array | Batch]:
        """`draw(arrays, key, n) -> [n, ...]`, or a `Batch` when `labelled`."""
        return draw_labelled_examples if self.labelled else draw_examples

    @property
    def draw_labelled(self) -> Callable[[ExampleArrays, Key, int], Batch]:
        """`draw_labelled(arrays, key, n) -> Batch`; the data are those that `draw` gives for the same key."""
        return draw_labelled_examples

    def sample(self, key: Key, n: int) -> Array | Batch:
        """`draw(self.arrays, key, n)`."""
        return self.draw(self.arrays, key, n)

    def at(self, rows: np.ndarray) -> Batch:
        """The examples of rows `[n]` with their labels, None where there are none; pixels in [-1, 1]."""
        return examples_at(self.arrays, jnp.asarray(rows))

    @property
    def modes(self) -> int:
        """How many classes there are; 0 where there are no labels, or they are no classes."""
        if self.labels is None or self.labels.ndim != 1 or not jnp.issubdtype(self.labels.dtype, jnp.integer):
            return 0
        labels = np.asarray(self.labels)
        return 0 if labels.min() < 0 else max(len(self.names), int(labels.max()) + 1)

    @property
    def shares(self) -> np.ndarray:
        """`[modes]`, share of each class among the examples; together 1."""
        modes = self.modes
        return np.bincount(np.asarray(self.labels), minlength=modes) / self.size if modes else np.zeros(0)

    @property
    def classes(self) -> Classes | None:
        """The labelled examples; None without labels of two classes, or for images outside of [-1, 1]."""
        modes = self.modes
        if self.labels is None or modes < 2:
            return None
        examples, part = self.data, _PARTS.get(self.kind, "example")
        if self.kind == "images" and examples.dtype != jnp.uint8:
            if jnp.max(jnp.abs(examples)) > 1:
                return None
            examples = to_uint8(examples)
        elif examples.dtype == jnp.uint8 and self.kind != "images":
            examples = from_uint8(examples)
        return Classes(examples, self.labels, modes, lambda samples: samples[:, None], part, self.labelled)


def draw_examples(arrays: ExampleArrays, key: Key, n: int) -> Array:
    """Draws `[n, ...]` uniformly with replacement; uint8 becomes floating point in [-1, 1]."""
    return draw_labelled_examples(ExampleArrays(arrays.data), key, n).data


def draw_labelled_examples(arrays: ExampleArrays, key: Key, n: int) -> Batch:
    """Draws n examples uniformly with replacement together with their labels, None where there are none."""
    return examples_at(arrays, jax.random.randint(key, (n,), 0, arrays.data.shape[0]))


def examples_at(arrays: ExampleArrays, index: Array) -> Batch:
    """The examples of rows `[n]` with their labels, None where there are none; uint8 is scaled to [-1, 1]."""
    data = arrays.data[index]
    labels = None if arrays.labels is None else arrays.labels[index]
    return Batch(from_uint8(data) if data.dtype == jnp.uint8 else data, labels)


def from_uint8(images: Array) -> Array:
    """Maps uint8 values in [0, 255] to [-1, 1] by x / 127.5 - 1, in JAX's default floating-point type."""
    # Subtracting first is exact and keeps both ends in [-1, 1]: XLA divides by multiplying with a rounded reciprocal.
    return (images - 127.5) / 127.5


def to_uint8(images: ArrayLike) -> Array:
    """Maps floating-point values in [-1, 1] to the nearest uint8 in [0, 255]; values outside are clipped.

    The inverse of the map x / 127.5 - 1 that every uint8 image goes through when it is drawn.
    """
    return jnp.clip(jnp.round((jnp.asarray(images, float) + 1.0) * 127.5), 0.0, 255.0).astype(jnp.uint8)


def stack_examples(examples: Sequence[ArrayLike], name: str) -> np.ndarray:
    """Stacks examples of one shape, at least one, to `[n, ...]`; `name` is that of the set, for the message.

    Raises:
      ValueError: two images differ in size, or one is grey and the other in colour; or two examples differ in shape.
    """
    stack = [np.asarray(example) for example in examples]
    for index, example in enumerate(stack):
        check_shape(example.shape, stack[0].shape, index, name)
    return np.stack(stack)


def check_shape(shape: tuple[int, ...], expected: tuple[int, ...], index: int, name: str) -> None:
    """Raises a ValueError if example `index` of a set has another shape than the expected one, that of example 0."""
    if shape == expected:
        return
    if not len(shape) == len(expected) == 3:
        raise ValueError(f"examples of {name!r} differ in shape: {expected} at 0 and {shape} at {index}")
    if shape[:2] == expected[:2]:
        raise ValueError(
            f"{name!r} mixes grey and colour: image 0 has {expected[2]} channels and image {index} has {shape[2]}; "
            "convert all to one kind"
        )
    raise ValueError(
        f"images of {name!r} differ in size: image 0 is {expected[0]}x{expected[1]} and image {index} is "
        f"{shape[0]}x{shape[1]}; resize all to one size"
    )


def check_examples(data: np.ndarray, labels: np.ndarray | None, name: str) -> None:
    """Checks a set of examples before it goes to the device.

    Args:
      data: `[N, ...]`, as it will be stored.
      labels: `[N, ...]` or None.
      name: of the set, for the message.

    Raises:
      ValueError: no example, a type that is neither floating point nor uint8, a value that is not finite, or labels of
        another length.
    """
    if data.ndim < 1 or data.size == 0:
        raise ValueError(f"{name!r} must hold at least one example that is not empty, got shape {data.shape}")
    if data.dtype != np.uint8 and not jnp.issubdtype(data.dtype, jnp.floating):
        raise ValueError(f"{name!r} must be floating point, or uint8 from 0 to 255, got {data.dtype}")
    if data.dtype != np.uint8 and not np.isfinite(data).all():
        index = tuple(int(i) for i in np.argwhere(~np.isfinite(data))[0])
        raise ValueError(f"{name!r} must be finite, got {data[index]} at index {index}")
    if labels is not None and labels.shape[:1] != data.shape[:1]:
        raise ValueError(f"{name!r} has {len(data)} examples but labels of shape {labels.shape}; give one for each")
