"""BEGAN's controller: how much the discriminator cares for fakes follows who is ahead."""

import jax.numpy as jnp

from jaxgan.types import Array, Own, Technique
from jaxgan.types.checks import at_least, between


def proportional_control(
    ratio: float | Array = 2.0,
    *,
    rate: float | Array = 0.001,
    start: float | Array = 1.0,
    least: float | Array = 0.1,
) -> Technique:
    """Multiplies the discriminator's fake half by k, and `k ← clip(k + λ (γ E R(real) - E R(fake)), least, 1)`.

    R is the real half of the loss, so `E R(fake)` is how unreal fakes look, as BEGAN's reconstruction error of them is.
    k falls while they look more than γ times as unreal as real examples do: a discriminator that is ahead attends less
    to fakes. This is the controller of BEGAN on another game, and not BEGAN, whose discriminator is an autoencoder. Its
    γ is at most 1; a classifier that learns finds fakes less real than the data, so γ is above 1 here. At k = 1 it is
    the plain game, and k begins there, where BEGAN begins with 0. Nor does k reach 0: without fakes a classifier calls
    everything real, both R vanish, and the controller has nothing left to come back by. The loss has to be one whose
    real half is not negative, and the equilibrium moves with k: the best logit is `log(p / (k q))` for the logistic
    losses.

    `Info.reports` shows `factor`, k, and `measure`, `E R(real) + |γ E R(real) - E R(fake)|`, BEGAN's measure of
    convergence. k is each device's own inside `axis_name`.

    Use when: the discriminator is far ahead and the generator's gradient is poor; a penalty such as `r1` is the first
    thing to try.

    Cost: nothing to speak of.

    Args:
      ratio: γ, 0 or more; how much more unreal than real examples fakes may look.
      rate: λ, 0 or more; 0.001 is usual for BEGAN.
      start: k at the beginning, in [0, 1].
      least: smallest k, in [0, 1]; 0 in BEGAN.

    Raises:
      ValueError: a number out of range; in use, a loss that compares real and fake examples.

    Reference:
      Berthelot, Schumm and Metz, "BEGAN: Boundary Equilibrium Generative Adversarial Networks", 2017, section 3.4.
    """
    at_least("the ratio of proportional_control", ratio, 0)
    at_least("the rate of proportional_control", rate, 0)
    between("the start of proportional_control", start, 0, 1)
    between("the least of proportional_control", least, 0, 1)

    def init(key, batch, latent_width):
        del key, batch, latent_width
        return Own(state={"factor": jnp.asarray(start, float), "measure": jnp.zeros((), float)})

    def attach(own, key, shapes):
        del key
        if shapes.loss.halves is None:
            raise ValueError(
                "proportional_control weighs real and fake examples apart, and this loss compares them: take one with "
                "`halves`"
            )
        return own

    def update(own, key, play, info):
        del key, info
        real, fake = (jnp.mean(play.loss.halves.real(logits)) for logits in (play.real_logits, play.fake_logits))
        lead = ratio * real - fake
        factor = jnp.clip(own.state["factor"] + rate * lead, least, 1.0)
        new = {"factor": factor, "measure": real + jnp.abs(lead)}
        return {name: value.astype(own.state[name].dtype) for name, value in new.items()}

    return Technique(
        "proportional_control",
        init=init,
        attach=attach,
        discriminator_weights=lambda own, key, play: (jnp.ones(()), own.state["factor"]),
        update=update,
        report=lambda own: own.state,
    )
