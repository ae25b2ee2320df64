"""RealnessGAN: realness is a distribution, and no single number."""

import jax
import jax.numpy as jnp
import numpy as np

from jaxgan.losses._building import joint
from jaxgan.types import AdversarialLoss, Array, Halves
from jaxgan.types.checks import positive, whole


def realness(atoms: int = 51, spread: float = 0.5, *, relative: bool = True) -> AdversarialLoss:
    """RealnessGAN: `KL(A₁ ‖ D(real)) + KL(A₀ ‖ D(fake))`, where D gives a distribution over degrees of realness.

    Logits `[batch, atoms]`, of one network with as many outputs; D is their softmax, over degrees spread evenly from -1
    to 1. The generator minimises `KL(D(real) ‖ D(fake)) - KL(A₀ ‖ D(fake))`, where real and fake meet in the order of
    the batch, or, not relative, `KL(A₁ ‖ D(fake))`. Only the latter has halves.

    The anchors are fixed: A₁ is a normal distribution around 1, and A₀ around -1, restricted to the degrees. The
    authors' program draws theirs anew at every step as histograms of normal and uniform noise, stretched to the range
    of what was drawn; that adds noise to the loss, and depends on a sample's extremes. As here the two are each other's
    mirror image, equally dense real and fake are answered evenly, and two atoms are cross entropy with smoothed labels.
    Penalties, accuracy and monitors read `Σ (A₁ - A₀) log D`, the evidence for A₁ over A₀, which is linear in the
    logits.

    Use when: a single logit is too coarse: examples are real in several respects that a discriminator weighs up.

    Cost: nothing to speak of; the last layer has more outputs.

    Args:
      atoms: how many degrees, at least 2; 51 is the authors' default, 5 that of their Gaussians.
      spread: standard deviation of the anchors, above 0; a smaller one is further apart.
      relative: whether the generator compares its fakes with real examples.

    Raises:
      ValueError: an argument out of range; in use, a discriminator that does not give as many logits.

    Reference:
      Xiangli, Deng, Dai, Loy and Lin, "Real or Not Real, that is the Question", 2020.
    """
    whole("the atoms of realness", atoms, 2)
    positive("the spread of realness", spread)
    degrees = np.linspace(-1.0, 1.0, atoms)
    log_of_real = _normalised(-((degrees - 1.0) ** 2) / (2.0 * spread**2))
    log_of_fake = log_of_real[::-1]

    def divergence(log_anchor: np.ndarray, logits: Array) -> Array:
        anchor = jnp.asarray(np.exp(log_anchor), logits.dtype)[None]
        return jnp.sum(anchor * (jnp.asarray(log_anchor, logits.dtype)[None] - jax.nn.log_softmax(logits)), axis=1)

    def of_real(logits: Array) -> Array:
        return divergence(log_of_real, logits)

    def of_fake(logits: Array) -> Array:
        return divergence(log_of_fake, logits)

    def compared(real: Array, fake: Array) -> Array:
        log_real, log_fake = jax.nn.log_softmax(real), jax.nn.log_softmax(fake)
        return jnp.sum(jnp.exp(log_real) * (log_real - log_fake), axis=1) - of_fake(fake)

    def logit(logits: Array) -> Array:
        return logits @ jnp.asarray(np.exp(log_of_real) - np.exp(log_of_fake), logits.dtype)

    return joint(
        "realness",
        atoms,
        logit,
        lambda real, fake: of_real(real) + of_fake(fake),
        compared if relative else lambda real, fake: of_real(fake),
        None if relative else Halves(of_real, of_fake, of_real),
    )


def _normalised(logits: np.ndarray) -> np.ndarray:
    """Logarithms of the probabilities that logits stand for."""
    shifted = logits - np.max(logits)
    return shifted - np.log(np.sum(np.exp(shifted)))
