"""Grouping by class: neighbours in the batch are of one class, for discriminators that look at neighbours together."""

import jax
import jax.numpy as jnp

from jaxgan.types import Array, Batch, Technique


def group_by_class() -> Technique:
    """Sorts real examples and fakes by their labels, so that a pack or a group of neighbours is of one class.

    For `networks.packed`, `packed_features`, `minibatch_discrimination` and `minibatch_stddev`, which then judge the
    variety within a class. Examples of one class stay in their order, and each keeps its label and its latent. Groups
    are contiguous: where the count of a class is no multiple of their size, the one at its border holds two.

    Fakes of a conditional generator are made for the labels of the real minibatch, so that both sides have the same
    packs. Where `label_distribution` draws others, as in runs of the command line, packs of two classes are at other
    places. Never take it without labels of the fakes: real packs would be of one class and fake ones not, and the
    discriminator would reward a generator that makes one class.

    Use when: a conditional generator lacks variety within classes, and the discriminator is packed or compares
    neighbours.

    Cost: sorting the batch, which moves examples between devices where it is sharded.

    Raises:
      ValueError: in use, real examples or fakes without labels, or labels that are not one number, or one for each
        class, for each example.
    """

    def sorted_by_class(side: str, x: Batch) -> Batch:
        order = jnp.argsort(_classes(side, x.label), stable=True)
        return jax.tree.map(lambda a: a[order], x)

    def meet(own, key, real, fake, features):
        del own, key, features
        return sorted_by_class("real examples", real), sorted_by_class("fakes", fake)

    return Technique("group_by_class", meet=meet)


def _classes(side: str, label: Array | None) -> Array:
    """Labels `[batch]`: integers as they are, and the most likely class of soft ones."""
    if label is None:
        raise ValueError(
            f"group_by_class needs labels of both sides, and the {side} have none: give Batch(data, label) and a "
            "conditional generator or label_distribution"
        )
    soft = hasattr(label, "ndim") and label.ndim == 2 and jnp.issubdtype(label.dtype, jnp.floating)
    if soft:
        return jnp.argmax(label, axis=1)
    if getattr(label, "ndim", None) != 1:
        raise ValueError(
            f"group_by_class needs labels int [batch] or float [batch, classes], got {jax.tree.map(jnp.shape, label)}"
        )
    return label
