"""Self-supervised GAN: the discriminator also tells how far an image was turned, and cannot forget its features."""

import jax
import jax.numpy as jnp

from jaxgan.techniques._changes import turned
from jaxgan.techniques.heads import _classifier
from jaxgan.types import Array, Batch, Key, Own, Play, Technique
from jaxgan.types.checks import at_least


def self_supervised(weight: float | Array = 1.0, generator_weight: float | Array = 0.2) -> Technique:
    """Adds `-weight · E log P(r | x turned by r)` to the discriminator's loss, and that of fakes to the generator's.

    r is 0 to 3 quarter turns, x is real, and P is a head on the discriminator's features. The discriminator's loss
    trains P, and the features under it, on real images; the generator's, with `generator_weight`, makes fakes whose
    turn P, held still, tells. So the features keep knowing the shapes of real images while the fakes change, which a
    discriminator that only compares may forget.

    Each image is turned once: neighbours by one quarter more than the one before, from a random beginning, so that all
    four turns have equal shares where four divides the batch. The authors' program shows some images in all four.
    Images whose turn cannot be told (a texture, a ring) teach nothing.

    Use when: images have an upright position, the discriminator forgets, and there are no labels.

    Cost: one more pass of the discriminator over the real batch, and one over the fakes in the generator's step.

    Args:
      weight: of real images, 0 or more; 1 in the authors' program.
      generator_weight: of fakes, 0 or more; 0.2 in the authors' program.

    Raises:
      ValueError: a negative argument; when a GAN with it begins, examples that are not square images, or a
        discriminator without features or a packed one.

    Reference:
      Chen, Zhai, Ritter, Lucic and Houlsby, "Self-Supervised GANs via Auxiliary Rotation Loss", 2019.
    """
    at_least("the weight of self_supervised", weight, 0)
    at_least("the generator_weight of self_supervised", generator_weight, 0)

    def attach(own, key, shapes):
        shape = jax.tree.map(jnp.shape, shapes.real.data)
        if len(jax.tree.leaves(shapes.real.data)) != 1 or len(shape) != 4 or shape[1] != shape[2]:
            raise ValueError(f"self_supervised turns square images [batch, size, size, channels], not {shape}")
        return own._replace(discriminator=_classifier.begin("self_supervised", key, shapes, 4))

    def cost(own: Own, key: Key, play: Play, x: Batch) -> Array:
        turns = (jnp.arange(x.data.shape[0]) + jax.random.randint(key, (), 0, 4)) % 4
        return _classifier.cross_entropy(own, play, x._replace(data=turned(x.data, turns)), turns)

    return Technique(
        "self_supervised",
        attach=attach,
        discriminator_loss=lambda own, key, play: weight * cost(own, key, play, play.real),
        generator_loss=lambda own, key, play: generator_weight * cost(own, key, play, play.fake),
    )
