"""Balance: slows the discriminator down while it is too far ahead."""

from typing import Literal

import jax.numpy as jnp

from jaxgan.techniques.balance._updates import scaled
from jaxgan.types import Array, Own, Technique
from jaxgan.types.checks import at_least, between


def balance(
    target: float | Array = 0.75,
    by: Literal["accuracy", "gap"] = "accuracy",
    *,
    rate: float | Array = 0.01,
    least: float | Array = 0.1,
) -> Technique:
    """Takes a share s of each of the discriminator's updates: `s ← clip(s · exp(λ (target - measured)), least, 1)`.

    What is measured is the discriminator's accuracy on the minibatch, or the gap `E real - E fake` of its logits. s
    begins at 1 and comes back to it, so the discriminator is never faster than its optimizer. The update is scaled, and
    not the loss, because Adam takes steps of the same length whatever the loss is multiplied with. With several
    discriminator steps their sum is scaled; a lookahead still takes whole ones.

    Low accuracy may mean that the generator is good, or that the discriminator learns nothing: watch coverage too.
    `Info.reports` shows `factor`, s. Inside `axis_name` take the accuracy: the gap would be each device's own, and
    their discriminators would drift apart.

    Use when: the discriminator wins: its accuracy goes to 1 and the generator's loss rises; try `r1` first.

    Cost: nothing to speak of.

    Args:
      target: of the accuracy, where 0.7 to 0.8 is usual; or of the gap, where 1 is a moderate one.
      by: accuracy or gap.
      rate: λ, 0 or more.
      least: smallest share, in (0, 1].

    Raises:
      ValueError: a number out of range, or another measure.
    """
    if by not in ("accuracy", "gap"):
        raise ValueError(f"balance goes by accuracy or gap, not {by!r}")
    if by == "accuracy":
        between("the accuracy that balance aims at", target, 0, 1)
    else:
        at_least("the gap that balance aims at", target, 0)
    at_least("the rate of balance", rate, 0)
    between("the least of balance", least, 0, 1, ends="(]")

    def gap(play):
        return jnp.mean(play.loss.logit(play.real_logits)) - jnp.mean(play.loss.logit(play.fake_logits))

    def update(own, key, play, info):
        del key
        measured = info.discriminator_accuracy if by == "accuracy" else gap(play)
        factor = jnp.clip(own.state * jnp.exp(rate * (target - measured)), least, 1.0)
        return factor.astype(own.state.dtype)

    return Technique(
        "balance",
        init=lambda key, batch, latent_width: Own(state=jnp.ones((), float)),
        update=update,
        adjust=lambda own, key, before, after: (scaled(own.state, before, after), own.state),
        report=lambda own: {"factor": own.state},
    )
