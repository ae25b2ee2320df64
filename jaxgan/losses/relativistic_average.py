"""Relativistic average losses: each example is judged against the mean of the other kind."""

from typing import Literal

import jax

from jaxgan.losses._building import batch_mean, compared
from jaxgan.types import AdversarialLoss, Array


def relativistic_average(kind: Literal["standard", "least_squares", "hinge"] = "standard") -> AdversarialLoss:
    """Judges real examples against the mean of fakes, and fakes against the mean of reals (RaGAN, RaLSGAN, RaHinge).

    With `a = real - E fake` and `b = fake - E real`, the discriminator minimises `½ E[φ(a) + φ(-b)]` and the generator
    `½ E[φ(-a) + φ(b)]`. φ is `log(1 + exp(-t))` (standard), `(t - 1)²` (least_squares) or `max(0, 1 - t)` (hinge). The
    value of a logit is half of the two at its place in the batch: only their mean means something. Both means carry a
    gradient, and the ½ is that of the authors' program. A batch of one is relativistic pairing.

    The means are over the whole batch where it is sharded under `jax.jit`, but over each device's own inside
    `axis_name`. Only differences of logits are fixed, so their level drifts: accuracy, which has its threshold at zero,
    says little.

    Use when: a loss that judges reals and fakes apart loses modes; `relativistic` with R1 and R2 has the better record.

    Cost: nothing to speak of.

    Args:
      kind: standard, least_squares or hinge.

    Raises:
      ValueError: a kind that is not one of these.

    Reference:
      Jolicoeur-Martineau, "The Relativistic Discriminator: A Key Element Missing from Standard GAN", 2018,
      arXiv:1807.00734, the section on relativistic average GANs.
    """
    if kind not in _PENALTIES:
        raise ValueError(f"the kind of relativistic_average is one of {', '.join(_PENALTIES)}, not {kind!r}")
    penalty = _PENALTIES[kind]

    def discriminator(real: Array, fake: Array) -> Array:
        return 0.5 * (penalty(real - batch_mean(fake)) + penalty(batch_mean(real) - fake))

    def generator(real: Array, fake: Array) -> Array:
        return 0.5 * (penalty(batch_mean(fake) - real) + penalty(fake - batch_mean(real)))

    return compared(discriminator, generator)


_PENALTIES = {
    "standard": lambda t: jax.nn.softplus(-t),
    "least_squares": lambda t: (t - 1.0) ** 2,
    "hinge": lambda t: jax.nn.relu(1.0 - t),
}
