"""Class weights: what belongs to a rare class counts more."""

from collections.abc import Sequence

import jax.numpy as jnp

from jaxgan.techniques._labels import required
from jaxgan.types import Array, Batch, Technique
from jaxgan.types.checks import between, whole


def class_weights(counts: Sequence[int], beta: float | Array = 0.999) -> Technique:
    """Multiplies the losses of both players, example by example, with `w_c ∝ (1 - β) / (1 - β^{n_c})` of its class c.

    `n_c` is how often the class occurs in the data, and `(1 - β^n) / (1 - β)` its effective number of examples: β = 0
    weighs all classes alike, β towards 1 by the inverse of their counts. As in the authors' program the weights have a
    mean of 1 over classes, so over data in which some classes are rare their mean is below 1, and a penalty beside them
    weighs more. Real examples and the discriminator's fakes are weighed by their own labels, and so are the generator's
    fakes; of a packed discriminator packs are, by the mean of theirs.

    Take it where the discriminator is told the classes (`networks.projection`) and fakes have the labels of real
    examples. If examples were drawn with balanced classes already, weights would count that twice.

    Use when: labelled data are unbalanced, and rare classes are poor or missing.

    Cost: nothing to speak of.

    Args:
      counts: examples of each class, at least 1 of each; labels are int `[batch]` below their number.
      beta: β, in [0, 1); 0.9 to 0.9999 in the authors' program.

    Raises:
      ValueError: an argument out of range; in use, examples without labels or with labels of another kind, or a loss
        that compares real and fake examples.

    Reference:
      Cui, Jia, Lin, Song and Belongie, "Class-Balanced Loss Based on Effective Number of Samples", 2019.
    """
    if not len(counts):
        raise ValueError("class_weights needs a count for each class, got none")
    whole("each count of class_weights", counts, 1)
    between("the beta of class_weights", beta, 0, 1, ends="[)")

    def weights(x: Batch, logits: Array) -> Array:
        label = jnp.asarray(required("class_weights", x))
        if label.ndim != 1 or not jnp.issubdtype(label.dtype, jnp.integer):
            raise ValueError(f"class_weights takes labels int [batch], not {label.dtype}{list(label.shape)}")
        # 1 - βⁿ, without what rounding takes of it where β is almost 1; the factor 1 - β cancels.
        inverse = -1.0 / jnp.expm1(jnp.asarray(counts, float) * jnp.log(jnp.asarray(beta, float)))
        each = (inverse / jnp.mean(inverse))[label]
        return jnp.mean(each.reshape(logits.shape[0], -1), axis=1)

    return Technique(
        "class_weights",
        discriminator_weights=lambda own, key, play: (
            weights(play.real, play.real_logits),
            weights(play.fake, play.fake_logits),
        ),
        generator_weights=lambda own, key, play: weights(play.fake, play.fake_logits),
    )
