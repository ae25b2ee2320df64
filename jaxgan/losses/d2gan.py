"""D2GAN: two discriminators with opposite tastes, so that the generator minimises a divergence and its reverse."""

import jax
import jax.numpy as jnp

from jaxgan.losses._building import joint
from jaxgan.types import AdversarialLoss, Array, Halves
from jaxgan.types.checks import positive


def d2gan(alpha: float | Array = 1.0, beta: float | Array = 1.0) -> AdversarialLoss:
    """D2GAN: `-α log D₁(real) + D₁(fake) + D₂(real) - β log D₂(fake)`, and minus the fakes for the generator.

    Logits `[batch, 2]`, of `networks.several_discriminators(network, 2)` or of one network with two outputs; D₁ and D₂
    are their softplus, so that both are positive. D₁ is large at real examples and D₂ at fakes; the best ones are
    `α p / q` and `β q / p`, with p the density of the data and q that of the generator, and the game is then worth
    `α KL(p ‖ q) + β KL(q ‖ p)` and a constant. The logarithm of a softplus is taken so that it is finite for any logit.
    Penalties, accuracy and monitors read the difference of the two logits, which is zero where p = q if α = β.

    Use when: modes are missing, and fakes between modes are to be avoided too: α weighs the first, β the second.

    Cost: a second discriminator, or only a second output of one.

    Args:
      alpha: α, above 0; 1 in the authors' program.
      beta: β, above 0; 1 in the authors' program.

    Raises:
      ValueError: a number that is not positive; in use, a discriminator that does not give two logits.

    Reference:
      Nguyen, Le, Vu and Phung, "Dual Discriminator Generative Adversarial Nets", 2017, arXiv:1709.03831.
    """
    positive("the alpha of d2gan", alpha)
    positive("the beta of d2gan", beta)

    def of_real(logits: Array) -> Array:
        return jax.nn.softplus(logits[:, 1]) - alpha * _log_softplus(logits[:, 0])

    def of_fake(logits: Array) -> Array:
        return jax.nn.softplus(logits[:, 0]) - beta * _log_softplus(logits[:, 1])

    return joint(
        "d2gan",
        2,
        lambda logits: logits[:, 0] - logits[:, 1],
        lambda real, fake: of_real(real) + of_fake(fake),
        lambda real, fake: -of_fake(fake),
        Halves(of_real, of_fake, lambda fake: -of_fake(fake)),
    )


def _log_softplus(x: Array) -> Array:
    """`log log(1 + eˣ)`, which is x where eˣ is lost beside 1."""
    lost = x < -30.0
    return jnp.where(lost, x, jnp.log(jax.nn.softplus(jnp.where(lost, 0.0, x))))
