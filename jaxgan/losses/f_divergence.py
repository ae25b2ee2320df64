"""f-GAN: the game whose value is an f-divergence of one's choice."""

import math
from typing import Literal

import jax

from jaxgan.losses._building import expm1, halved
from jaxgan.losses.adversarial import zero_sum
from jaxgan.types import AdversarialLoss

Divergence = Literal["kl", "reverse_kl", "pearson", "hellinger", "jensen_shannon"]


def f_divergence(divergence: Divergence, saturating: bool = False) -> AdversarialLoss:
    """f-GAN: the discriminator minimises `-g(real) + f*(g(fake))`, at best minus the divergence D_f(data, generator).

    With the logit v, and `r = data / generator` the ratio of densities that the best discriminator finds:

        kl               g = v + 1              f*(g) = exp(v)           v = log r
        reverse_kl       g = -exp(-v)           f*(g) = v - 1            v = log r
        pearson          g = v                  f*(g) = v + v² / 4       v = 2 (r - 1)
        hellinger        g = 1 - exp(-v)        f*(g) = exp(v) - 1       v = (log r) / 2
        jensen_shannon   g = log 2σ(v)          f*(g) = -log 2σ(-v)      v = log r

    The generator minimises `-g(fake)`, which keeps its gradient where fakes are told apart, or, saturating, minus the
    discriminator's whole loss, real term included (see `zero_sum`). jensen_shannon is the original game plus log 4.
    kl has `v + 1` where the paper has v, so that zero is where real and fake are equally dense for all five; the bias
    of the last layer takes up the difference. An exponential goes on as its tangent above e²⁰, so that nothing
    overflows; the divergence is then that of densities whose ratio is below that.

    Use when: you want to choose what a generator is punished for: kl for data that it misses, reverse_kl for fakes
    where there is no data. The exponential of kl and hellinger is unstable beside a strong discriminator.

    Cost: nothing to speak of.

    Args:
      divergence: kl, reverse_kl, pearson, hellinger (squared) or jensen_shannon (twice the usual one).
      saturating: whether the generator plays the zero-sum game.

    Raises:
      ValueError: a divergence that is not one of these.

    Reference:
      Nowozin, Cseke and Tomioka, "f-GAN: Training Generative Neural Samplers using Variational Divergence
      Minimization", 2016, table 2, arXiv:1606.00709.
    """
    if divergence not in _GAMES:
        raise ValueError(f"the divergence of f_divergence is one of {', '.join(_GAMES)}, not {divergence!r}")
    output, conjugate = _GAMES[divergence]
    loss = halved(lambda real: -output(real), conjugate, lambda fake: -output(fake))
    return zero_sum(loss) if saturating else loss


# Of the logit: the output activation g, and the conjugate f* of it.
_GAMES = {
    "kl": (lambda v: v + 1.0, lambda v: 1.0 + expm1(v)),
    "reverse_kl": (lambda v: -1.0 - expm1(-v), lambda v: v - 1.0),
    "pearson": (lambda v: v, lambda v: v + 0.25 * v**2),
    "hellinger": (lambda v: -expm1(-v), expm1),
    "jensen_shannon": (lambda v: math.log(2.0) - jax.nn.softplus(-v), lambda v: jax.nn.softplus(v) - math.log(2.0)),
}
