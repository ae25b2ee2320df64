"""A linear classifier on the discriminator's features."""

import jax
import jax.numpy as jnp

from jaxgan.types import Array, Batch, Key, Own, Params, Play


def begin(name: str, key: Key, shapes: Play, classes: int) -> Params:
    """A classifier for as many classes, on features of the width that a round has."""
    if shapes.features is None:
        raise ValueError(f"{name} classifies features, but this discriminator shows none: give its Network `features`")
    rows, width = shapes.features.shape
    if rows != shapes.latent.shape[0]:
        raise ValueError(
            f"{name} classifies every example by itself, but {shapes.latent.shape[0]} examples have {rows} rows of "
            "features: it cannot read a packed discriminator"
        )
    dtype = jnp.promote_types(shapes.features.dtype, jnp.float32)
    kernel = jax.nn.initializers.lecun_normal()(key, (width, classes), dtype)
    return {"kernel": kernel, "bias": jnp.zeros((classes,), dtype)}


def cross_entropy(own: Own, play: Play, x: Batch, target: Array) -> Array:
    """Mean of `-log P(class | x)` in nats; `target` is int `[n]`, or one-hot `[n, classes]`."""
    head = own.discriminator
    features = play.features(x).astype(head["kernel"].dtype)
    log_p = jax.nn.log_softmax(features @ head["kernel"] + head["bias"][None], axis=1)
    if target.ndim == 1:
        target = jax.nn.one_hot(target, log_p.shape[1], dtype=log_p.dtype)
    return -jnp.mean(jnp.sum(target.astype(log_p.dtype) * log_p, axis=1))
