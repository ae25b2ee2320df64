"""What the samplers ask a discriminator."""

from collections.abc import Callable

import jax
import jax.numpy as jnp

from jaxgan.types import GAN, Array, Batch, Key, PyTree, State

Calibration = Callable[[Array], Array]


def scores(gan: GAN, key: Key, state: State, x: PyTree, label: PyTree, calibration: Calibration | None) -> Array:
    """`[n]`, the logit of each example.

    Raises:
      ValueError: the discriminator gives one logit for several examples.
    """
    n = jax.tree.leaves(x)[0].shape[0]
    logits = gan.judge(key, state, Batch(x, label))
    if logits.shape != (n,):
        raise ValueError(
            f"a sampler needs one logit for each example, and this discriminator gives {logits.shape[0]} for {n}: it "
            "is packed, and knows no density ratio of a single one"
        )
    return logits if calibration is None else calibration(logits)


def proposed(
    gan: GAN, key: Key, state: State, n: int, label: PyTree, calibration: Calibration | None
) -> tuple[PyTree, Array]:
    """Samples of the generator, and the logit of each, `[n]`."""
    key_draw, key_judge = jax.random.split(key)
    x = gan.sample(key_draw, state, n, label)
    return x, scores(gan, key_judge, state, x, label, calibration)


def chosen(where: Array, new: PyTree, old: PyTree) -> PyTree:
    """The examples of `new` where true, else those of `old`."""
    return jax.tree.map(lambda a, b: jnp.where(where.reshape(-1, *(1,) * (a.ndim - 1)), a, b), new, old)
