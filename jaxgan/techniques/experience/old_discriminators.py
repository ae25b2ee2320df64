"""Old discriminators: the generator has to fool those of the past too, and not what the present one has forgotten."""

from typing import NamedTuple

import jax
import jax.numpy as jnp

from jaxgan.types import Array, Own, Params, Technique
from jaxgan.types.checks import at_least, whole


class Snapshots(NamedTuple):
    """Discriminators of the past.

    Attributes:
      params: of each, `[count, ...]`.
      saved: int32 scalar, how many were saved so far; the next one takes the place of the oldest.
    """

    params: Params
    saved: Array


def old_discriminators(count: int = 4, *, every: int = 100, weight: float | Array = 0.3) -> Technique:
    """Adds `weight · mean_i E ℓ_G(D_i(G(z)))` to the generator's loss, over snapshots D_i of the discriminator.

    ℓ_G is the generator's part of the GAN's loss; where it compares logits, each D_i judges the real examples too. The
    discriminator is saved after every `every` steps, as it was before its own update of that step, and the last `count`
    are kept. The term is zero until the first is saved. It is the generator's side of fictitious play; `replay` is the
    discriminator's.

    A snapshot is the parameters alone: batch normalisation is over the present batch, as in training, and vectors of
    spectral normalisation are the present discriminator's. Where there are several logits for an example, a snapshot is
    heard by the one number that `AdversarialLoss.logit` reads.

    It is against forgetting, not against rotation: to a generator a snapshot is an opponent that comes late, and on
    f(x, y) = xy, where nothing is forgotten, it makes the players spiral outwards. A loss of the generator without a
    bound (`non_saturating`, Wasserstein) lets it run away from a snapshot that never answers: take a small weight or a
    penalty such as `r1` with it.

    Use when: the discriminator forgets, so that the generator regains by old modes what it loses by new ones, and
    `replay` is not enough.

    Cost: `count` more passes of the discriminator, forward and backward, over the fakes in the generator's update, and
    memory for as many discriminators.

    Args:
      count: how many snapshots, at least 1.
      every: steps between them, at least 1.
      weight: 0 or more; 0.1 to 0.5 is a beginning.

    Raises:
      ValueError: an argument out of range; when a GAN with it begins, a loss that reads all parts of an example
        together.

    Reference:
      Ge, Xia, Chen, Berry and Wu, "Fictitious GAN: Training GANs with Historical Models", 2018, which keeps the whole
      past in a queue.
    """
    whole("the count of old_discriminators", count, 1)
    whole("the steps between old_discriminators", every, 1)
    at_least("the weight of old_discriminators", weight, 0)

    def attach(own, key, shapes):
        del own, key
        if shapes.loss.joint:
            raise ValueError("old_discriminators are heard by one logit each, and this loss reads all parts together")
        params = jax.tree.map(lambda a: jnp.zeros((count, *a.shape), a.dtype), shapes.discriminator)
        return Own(state=Snapshots(params, jnp.zeros((), jnp.int32)))

    def generator_loss(own, key, play):
        del key
        saved = jnp.arange(count) < own.state.saved

        def loss_against(params: Params, saved: Array) -> Array:
            # A network whose weights are all zero need not be differentiable: in free places stands the present one.
            params = jax.tree.map(lambda old, new: jnp.where(saved, old, new), params, play.discriminator)
            logits = play.judge(params, play.fake)
            if play.loss.halves is not None:
                losses = play.loss.halves.generator(logits)
            else:
                losses = play.loss.generator(play.judge(params, play.real), logits)
            return jnp.where(saved, jnp.mean(losses), 0.0)

        losses = jax.vmap(loss_against)(own.state.params, saved)
        return weight * jnp.sum(losses) / jnp.maximum(jnp.sum(saved), 1)

    def update(own, key, play, info):
        del key, info
        params, saved = own.state
        now = (play.step + 1) % every == 0
        place = saved % count

        def stored(past: Array, new: Array) -> Array:
            return jnp.where(now, past.at[place].set(new), past)

        # Beyond `count` only the place of the next one matters, so the number need not grow for ever.
        after = jnp.where(saved + 1 < 2 * count, saved + 1, count)
        return Snapshots(jax.tree.map(stored, params, play.discriminator), jnp.where(now, after, saved))

    return Technique("old_discriminators", attach=attach, generator_loss=generator_loss, update=update)
