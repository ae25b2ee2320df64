"""What networks read labels as: the weight of each class for each example."""

import jax.numpy as jnp
import numpy as np
from jax.core import Tracer

from jaxgan.networks.virtual_batch_norm import BatchNorm
from jaxgan.types import Array, Network, PyTree


def passed_on(network: Network, label: PyTree) -> dict[str, PyTree]:
    """The arguments by which a wrapper hands the label that it was given to the network inside.

    Raises:
      ValueError: a label for a network that is not conditional.
    """
    if label is not None and not network.conditional:
        raise ValueError("a network that is not conditional takes no label=: wrap it in labelled or projection")
    return {"label": label} if network.conditional else {}


def check_classes(classes: int) -> None:
    """Raises ValueError unless there are at least 2 classes."""
    if classes < 2:
        raise ValueError(f"classes must be at least 2, got {classes}")


def check_conditional_norm(classes: int, batch_norm: BatchNorm) -> None:
    """Raises ValueError unless classes, if there are any, are 2 or more and have a normalisation to act on."""
    if batch_norm not in (True, False, "virtual"):
        raise ValueError(f"batch_norm must be True, False or 'virtual', not {batch_norm!r}")
    if classes == 0:
        return
    check_classes(classes)
    if batch_norm is not True:
        raise ValueError(f"classes={classes} act on batch normalisation: take batch_norm=True, or labelled(network)")


def class_weights(name: str, label: PyTree, classes: int, batch: int, dtype: jnp.dtype) -> Array:
    """Reads labels as weights, one for each class: 1 and zeros for an integer.

    Args:
      name: the network or layer that asks, for the errors.
      label: int `[batch]`, in [0, classes), or soft, float `[batch, classes]`; packed, `[batch, m]` or
        `[batch, m, classes]`.
      classes: how many there are.
      batch: examples, or packs of them.
      dtype: of the result.

    Returns:
      `[batch, m, classes]`, with m = 1 where labels are not packed. An integer out of range gives NaN where it is not
      known before the program runs, so that the loss shows it.

    Raises:
      ValueError: no label, another dtype or shape, or an integer out of range.
    """
    what = f"{name} needs label=, int [{batch}] in [0, {classes}) or float [{batch}, {classes}]"
    if label is None:
        raise ValueError(f"{what}, got label=None")
    if not hasattr(label, "dtype"):
        raise ValueError(f"{what}, got {type(label).__name__}")
    soft = jnp.issubdtype(label.dtype, jnp.floating)
    fits = label.shape[-1:] == (classes,) and label.ndim > 1 if soft else jnp.issubdtype(label.dtype, jnp.integer)
    if not fits or label.shape[:1] != (batch,):
        raise ValueError(f"{what}, got {label.dtype} {list(label.shape)}")
    if soft:
        return jnp.reshape(label, (batch, -1, classes)).astype(dtype)
    if not isinstance(label, Tracer) and getattr(label, "is_fully_addressable", True):
        values = np.asarray(label)
        wrong = values[(values < 0) | (values >= classes)]
        if wrong.size:
            raise ValueError(f"{what}, got the label {wrong[0]}")
    label = jnp.reshape(jnp.asarray(label).astype(jnp.int32), (batch, -1, 1))  # uint8 cannot hold every class
    known = (label >= 0) & (label < classes)
    hot = label == jnp.arange(classes, dtype=jnp.int32).reshape(1, 1, classes)
    return jnp.where(known, hot.astype(dtype), jnp.nan)
