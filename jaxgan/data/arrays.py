"""Anybody's own array as data to imitate."""

from collections.abc import Sequence

import jax.numpy as jnp
import numpy as np
from numpy.typing import ArrayLike

from jaxgan.data.examples import Examples, check_examples, stack_examples
from jaxgan.types import Kind

# What an example with so many axes is, where nobody says it.
KINDS: dict[int, Kind] = {0: "points", 1: "points", 2: "sequences", 3: "images"}


def arrays(
    data: ArrayLike | Sequence[ArrayLike],
    label: ArrayLike | None = None,
    name: str = "arrays",
    kind: Kind | None = None,
) -> Examples:
    """An array as a task: examples are drawn uniformly with replacement.

    Floating-point data are used as they are; for a generator that ends in tanh, scale them to [-1, 1] first. uint8 data
    stay uint8 on the device and are scaled by x / 127.5 - 1 when they are drawn.

    Args:
      data: `[N, ...]`, N at least 1: floating point and finite, or uint8 in [0, 255]; an array, or a sequence of arrays
        of one shape.
      label: `[N, ...]`, finite; when given, `draw` and `sample` return a `types.Batch`.
      name: what to call the set.
      kind: what an example is; None for what its axes suggest: points `[width]`, sequences `[time, channels]`, images
        `[height, width, channels]`. One with more axes has to be named.

    Raises:
      ValueError: no example; examples of unequal shapes, or of more axes without a kind; a type that is neither
        floating point nor uint8; a value that is NaN or infinite, or becomes so in JAX's default type, by its index;
        another number of labels than examples.

    Example:
      >>> task = arrays(np.zeros((10, 28, 28, 1), np.uint8), label=np.arange(10), name="black")
      >>> task.shape, task.size
      ((28, 28, 1), 10)
    """
    # A ragged sequence has no shape of its own; stacking it here can say which two examples disagree.
    values = stack_examples(data, name) if isinstance(data, Sequence) and data else np.asarray(data)
    if values.dtype == np.float64:
        with np.errstate(over="ignore"):
            values = values.astype(jnp.zeros(()).dtype)
    labels = None if label is None else np.asarray(label)
    check_examples(values, labels, name)
    if labels is not None and jnp.issubdtype(labels.dtype, jnp.floating):
        check_examples(labels, None, f"{name}, label")
    labels = None if labels is None else jnp.asarray(labels)
    kind = KINDS.get(values.ndim - 1) if kind is None else kind
    if kind is None:
        raise ValueError(f"{name!r} has examples {values.shape[1:]}, which no kind is usual for: say kind=")
    return Examples(name, kind, jnp.asarray(values), labels, labelled=labels is not None)
