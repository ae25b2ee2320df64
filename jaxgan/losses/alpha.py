"""(α_D, α_G)-GAN: cross entropy for each player, bent by a number."""

import jax
import jax.numpy as jnp

from jaxgan.losses._building import compared, expm1, halved
from jaxgan.types import AdversarialLoss, Array
from jaxgan.types.checks import positive


def alpha(discriminator: float | Array, generator: float | Array, saturating: bool = False) -> AdversarialLoss:
    """α-loss of both players: `ℓ_α(p) = α / (α - 1) · (1 - p^((α - 1) / α))` takes the place of `-log p`.

    Discriminator: `ℓ_α(σ(real)) + ℓ_α(1 - σ(fake))` with its α; generator, with its own: `ℓ_α(σ(fake))`, or, where it
    saturates, minus the discriminator's loss at the generator's α, real term included (see `zero_sum`). α = 1 is the
    original game, exactly; below 1 confident mistakes weigh more, above 1 less. It is computed of `-log p`, so that
    nothing is lost where p is near 0 or 1; where `p^((α - 1) / α)` is above e²⁰, which α < 1 allows, it goes on as its
    tangent.

    Use when: a generator saturates or explodes, or a discriminator is too sure of itself, and you can afford to search
    for two numbers.

    Cost: nothing to speak of.

    Args:
      discriminator: α_D, above 0.
      generator: α_G, above 0.
      saturating: whether the generator minimises minus the α_G-loss of both halves.

    Raises:
      ValueError: a number that is not positive.

    Reference:
      Welfert, Otstot, Kurri and Sankar, "(α_D, α_G)-GANs: Addressing GAN Training Instabilities via Dual Objectives",
      2023, arXiv:2302.14320.
    """
    positive("the discriminator's alpha", discriminator)
    positive("the generator's alpha", generator)

    def real_half(real: Array) -> Array:
        return _alpha_loss(jax.nn.softplus(-real), discriminator)

    def fake_half(fake: Array) -> Array:
        return _alpha_loss(jax.nn.softplus(fake), discriminator)

    if not saturating:
        return halved(real_half, fake_half, lambda fake: _alpha_loss(jax.nn.softplus(-fake), generator))

    def generator_loss(real: Array, fake: Array) -> Array:
        return -_alpha_loss(jax.nn.softplus(-real), generator) - _alpha_loss(jax.nn.softplus(fake), generator)

    return compared(lambda real, fake: real_half(real) + fake_half(fake), generator_loss)


def _alpha_loss(surprise: Array, alpha: float | Array) -> Array:
    """`ℓ_α(p)` where `surprise` is `-log p`: with `x = surprise · (1 - α) / α` it is `surprise · (eˣ - 1) / x`."""
    x = surprise * jnp.asarray(1.0 / alpha - 1.0, surprise.dtype)
    small = jnp.abs(x) < 1e-3
    away = jnp.where(small, 1.0, x)
    series = 1.0 + x / 2.0 * (1.0 + x / 3.0 * (1.0 + x / 4.0))
    return surprise * jnp.where(small, series, expm1(away) / away)
