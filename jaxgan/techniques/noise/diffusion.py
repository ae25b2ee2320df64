"""Diffusion-GAN: noise of many strengths, stronger the more the discriminator overfits."""

import jax
import jax.numpy as jnp

from jaxgan.techniques._changes import on_both_sides
from jaxgan.techniques._overfitting import controller
from jaxgan.techniques._trees import each_leaf
from jaxgan.types import Array, Batch, Key, Own, Technique
from jaxgan.types.checks import at_least, between, whole

_FIRST, _LAST = 1e-4, 2e-2  # β of a diffusion's first and last step


def diffusion(
    std: float | Array = 0.05,
    *,
    target: float | Array = 0.6,
    shortest: int = 10,
    longest: int = 1000,
    images: float | Array = 500_000,
    interval: int = 4,
    clean: float | Array = 0.5,
    show: bool = False,
) -> Technique:
    """Shows the discriminator `√ᾱ_t x + √(1 - ᾱ_t) σ ε` in place of `x`, real and fake, each with a `t` of its own.

    `ᾱ_t = (1 - β_1) ... (1 - β_t)`, with β rising linearly from 1e-4 to 2e-2 over the T steps of the diffusion, however
    many these are. T follows the discriminator: `T = shortest + round(p (longest - shortest))`, where p rises while the
    mean sign of its real logits is above `target`, and falls below it. With losses that only compare logits, such as
    `losses.relativistic` and `losses.wasserstein`, that sign means nothing.

    Each example is clean (t = 0) with the probability `clean`, and otherwise at t in 1 to T with a probability
    proportional to t. The authors' program draws from a table of 64 values of t that is refreshed only when T is: 32
    are 0, the others proportional to t - 1, so that t = 1 does not occur. Here t is drawn anew for each example, so no
    discriminator can learn the table; the share of clean examples is the same.

    The signal shrinks with t, so penalties such as R1 see data of a smaller scale. With `show` the discriminator is
    also given the strength of the noise, `√(1 - ᾱ_t)`, as one more column or channel behind the others, as the paper's
    discriminator is given t; penalties on its input then act on it too. `Info.reports` shows `length`, T.

    Use when: there are few examples, or real and fake hardly overlap, and the discriminator tells them apart easily.

    Cost: nothing to speak of.

    Args:
      std: σ, 0 or more, in units of the data; 0.05 for images in [-1, 1].
      target: of the mean sign of real logits, in [-1, 1].
      shortest: T at the start and at least, 1 or more.
      longest: T at most, no less than `shortest`.
      images: real examples in which T goes from its shortest to its longest, above 0.
      interval: steps between two changes of T, at least 1.
      clean: share of examples without noise, in [0, 1].
      show: whether the discriminator is told the strength of the noise.

    Raises:
      ValueError: an argument out of range; when it is used with `show`, examples that are trees or single numbers.

    Reference:
      Wang, Zheng, He, Chen and Zhou, "Diffusion-GAN: Training GANs with Diffusion", 2023,
      arXiv:2206.02262.
    """
    at_least("the std of diffusion", std, 0)
    whole("the shortest of diffusion", shortest, 1)
    whole("the longest of diffusion", longest, shortest)
    between("the clean share of diffusion", clean, 0, 1)
    control = controller("diffusion", target, images, interval)

    def length(own: Own) -> Array:
        return shortest + jnp.round(own.state.probability * (longest - shortest)).astype(jnp.int32)

    def diffused(own: Own, key: Key, x: Batch) -> Batch:
        leaves = jax.tree.leaves(x.data)
        key_time, key_noise = jax.random.split(key)
        t = _times(key_time, leaves[0].shape[0], length(own), clean)
        kept = _log_kept(length(own), longest)[t]
        signal, level = jnp.exp(0.5 * kept), jnp.sqrt(-jnp.expm1(kept))

        def noisy(key, leaf):
            each = (-1, *[1] * (leaf.ndim - 1))
            noise = jnp.asarray(std * level, leaf.dtype).reshape(each) * jax.random.normal(key, leaf.shape, leaf.dtype)
            return signal.astype(leaf.dtype).reshape(each) * leaf + noise

        data = each_leaf(noisy, key_noise, x.data)
        return x._replace(data=_beside(data, level) if show else data)

    return Technique(
        "diffusion",
        init=lambda key, batch, latent_width: Own(state=control.begin()),
        meet=on_both_sides(diffused),
        update=lambda own, key, play, info: control.moved(own.state, play),
        report=lambda own: {"length": length(own)},
    )


def _log_kept(length: Array, longest: int) -> Array:
    """`[longest + 1]`, log ᾱ of t from 0 on for a diffusion of so many steps; what is behind these means nothing."""
    place = jnp.arange(longest) / jnp.maximum(length - 1, 1)
    rates = _FIRST + (_LAST - _FIRST) * jnp.minimum(place, 1.0)
    return jnp.concatenate([jnp.zeros(1, rates.dtype), jnp.cumsum(jnp.log1p(-rates))])


def _times(key: Key, n: int, length: Array, clean: float | Array) -> Array:
    """`[n]` int32: 0 with the probability `clean`, else t in 1 to `length` in proportion to t."""
    key_clean, key_time = jax.random.split(key)
    # The probability of at most t is t (t + 1) / (length (length + 1)), whose inverse is rounded up.
    share = 1.0 - jax.random.uniform(key_time, (n,))
    steps = length.astype(share.dtype)
    t = jnp.ceil(0.5 * (jnp.sqrt(1.0 + 4.0 * share * steps * (steps + 1.0)) - 1.0))
    t = jnp.clip(t.astype(jnp.int32), 1, length)
    return jnp.where(jax.random.uniform(key_clean, (n,)) < clean, 0, t)


def _beside(x: Array, level: Array) -> Array:
    """`x` with the strength of its noise as a last column or channel."""
    if not isinstance(x, jax.Array) or x.ndim < 2:
        raise ValueError("diffusion shows its noise beside one array [batch, ..., channels]: leave `show` out")
    column = jnp.broadcast_to(level.astype(x.dtype).reshape(-1, *[1] * (x.ndim - 1)), (*x.shape[:-1], 1))
    return jnp.concatenate([x, column], axis=-1)
