"""Gap-aware rate: the discriminator learns as fast as its loss is far from the ideal one."""

import math

import jax.numpy as jnp

from jaxgan.techniques.balance._updates import scaled
from jaxgan.types import Array, Own, Technique
from jaxgan.types.checks import between, positive

LOG_4 = math.log(4.0)


def gap_aware_rate(
    ideal: float | Array = LOG_4,
    *,
    width: float | Array | None = None,
    least: float | Array = 0.1,
    most: float | Array = 2.0,
    decay: float | Array = 0.95,
) -> Technique:
    """Multiplies the discriminator's updates by s: above 1 where its loss V is above the ideal V*, below 1 where below.

    With `x = min(|V - V*| / width, 1)`: `s = most^x` where `V > V*`, else `s = least^x`. V is a moving average of the
    adversarial part of the discriminator's loss, without what techniques add; it begins at V*, so that s begins at 1.
    The ideal is the loss of the best discriminator where the generator is perfect: log 4 for non_saturating and
    minimax, 0.25 for least_squares, 2 for hinge, log 2 for relativistic, 0 for wasserstein, which needs a width. Labels
    that are smoothed and weights on the loss change it.

    The paper multiplies the learning rate; here the update is scaled once it is taken, which for Adam and for gradient
    descent is the same step. With several discriminator steps their sum is scaled; a lookahead still takes whole ones.
    `Info.reports` shows `factor`, s.

    Use when: one learning rate of the discriminator cannot be found that is right both early and late.

    Cost: nothing to speak of.

    Args:
      ideal: V*.
      width: distance from V* from which s is `most` or `least`, above 0; None is a tenth of `|V*|`, as in the paper.
      least: in (0, 1]; 0.1 in the paper.
      most: above 0, at least 1 to be of use; 2 in the paper.
      decay: of the moving average, in [0, 1).

    Raises:
      ValueError: a number out of range, or an ideal of 0 without a width.

    Reference:
      Hazimeh and Ponomareva, "Mind the (optimality) Gap: A Gap-Aware Learning Rate Scheduler for Adversarial Nets",
      2023, arXiv:2302.00089.
    """
    between("the ideal of gap_aware_rate", ideal, -math.inf, math.inf, ends="()")
    width = 0.1 * abs(ideal) if width is None else width
    positive("the width of gap_aware_rate, by default a tenth of its ideal,", width)
    between("the least of gap_aware_rate", least, 0, 1, ends="(]")
    positive("the most of gap_aware_rate", most)
    between("the decay of gap_aware_rate", decay, 0, 1, ends="[)")

    def factor(average: Array) -> Array:
        x = jnp.clip(jnp.abs(average - ideal) / width, 0.0, 1.0)
        return jnp.where(average > ideal, jnp.asarray(most) ** x, jnp.asarray(least) ** x)

    def update(own, key, play, info):
        del key, play
        value = info.discriminator_loss - sum(info.terms.discriminator.values())
        return (decay * own.state + (1.0 - decay) * value).astype(own.state.dtype)

    return Technique(
        "gap_aware_rate",
        init=lambda key, batch, latent_width: Own(state=jnp.asarray(ideal, float)),
        update=update,
        adjust=lambda own, key, before, after: (scaled(factor(own.state), before, after), own.state),
        report=lambda own: {"factor": factor(own.state)},
    )
