"""MGAN: several generators that a classifier can tell apart, so that each makes something else."""

import jax
import jax.numpy as jnp

from jaxgan.techniques.heads import _classifier
from jaxgan.types import Array, Technique
from jaxgan.types.checks import at_least, whole


def mgan(count: int, weight: float | Array = 0.01) -> Technique:
    """Adds `-weight · E log C(k | x)` to both players' losses, with a classifier C of which generator made a fake.

    C is a head on the discriminator's features. The discriminator's loss trains it, and the features under it, on the
    fakes that the discriminator is shown; the generators' loss makes their fakes easier to tell apart, with C held
    still. Its columns of the latent hold the choice of the generator, one-hot, so a fake of `techniques.replay` still
    belongs to its maker. Take it with `networks.several_generators(network, count)`, which reads these columns.

    Whose turn it is goes in equal blocks of neighbours where `count` divides the batch, as it has to in training, and
    is drawn otherwise. Neighbours are then made by one generator: do not pack them. All generators have equal shares;
    data whose modes have not need more generators than modes, or several for one mode.

    `Info.reports` shows `information`, `log count - E log(1/C)` in nats: how well makers are told apart, at most
    `log count`.

    Use when: modes lie apart, and a single generator leaves some out or draws bridges between them.

    Cost: one more backward pass of the discriminator over the fakes, for both players; the generators, of which each
    makes its share of the batch, cost no time but memory.

    Args:
      count: how many generators, at least 2.
      weight: β, 0 or more; 0.01 in the authors' program.

    Raises:
      ValueError: an argument out of range; when a GAN with it begins, a discriminator without features or a packed one.

    Reference:
      Hoang, Nguyen, Le and Phung, "MGAN: Training Generative Adversarial Nets with Multiple Generators", 2018,
      arXiv:1708.02556.
    """
    whole("the generators of mgan", count, 2)
    at_least("the weight of mgan", weight, 0)

    def latent(own, key, z, columns):
        del own
        n = z.data.shape[0]
        # In arrays, so that the sampler can be exported for any n.
        turns, drawn = jnp.arange(n) // jnp.maximum(n // count, 1), jax.random.randint(key, (n,), 0, count)
        choice = jax.nn.one_hot(jnp.where(jnp.asarray(n % count) == 0, turns, drawn), count, dtype=z.data.dtype)
        return z._replace(data=z.data.at[:, columns].set(choice))

    def attach(own, key, shapes):
        head = _classifier.begin("mgan", key, shapes, count)
        return own._replace(discriminator=head, state=jnp.zeros((), head["bias"].dtype))

    def cost(own, play):
        return _classifier.cross_entropy(own, play, play.fake, play.fake.latent[:, play.columns["mgan"]])

    return Technique(
        "mgan",
        columns=count,
        attach=attach,
        latent=latent,
        discriminator_loss=lambda own, key, play: weight * cost(own, play),
        generator_loss=lambda own, key, play: weight * cost(own, play),
        update=lambda own, key, play, info: jnp.log(jnp.asarray(count, own.state.dtype)) - cost(own, play),
        report=lambda own: {"information": own.state},
    )
