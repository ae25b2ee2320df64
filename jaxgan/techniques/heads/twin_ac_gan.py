"""Twin AC-GAN: a second classifier, of fakes, takes back what the first one costs in variety."""

import jax

from jaxgan.techniques._labels import required
from jaxgan.techniques.heads import _classifier
from jaxgan.types import Array, Batch, Own, Play, Technique
from jaxgan.types.checks import at_least, whole


def twin_ac_gan(classes: int, weight: float | Array = 1.0) -> Technique:
    """Adds `weight · E log (Q(c | x) / P(c | x))` over fakes to the generator's loss, with two classifiers, P and Q.

    P is of real examples and Q of fakes, both heads on the discriminator's features. The discriminator's loss trains P
    and the features on real examples and their labels, and Q and the features on fakes and the labels that they were
    made for, by `-weight · E log P(c | x)` and `-weight · E log Q(c | x)`. The generator, for which both are held
    still, makes fakes that P tells and Q does not. `techniques.ac_gan` has the first half alone, and is lowest for
    fakes whose class is beyond doubt, though real classes overlap. With the second half the term is, at the best P and
    Q, the divergence of the fakes' classes from the real ones, and zero where P and Q agree.

    The term may be below zero. Fakes keep their labels through `techniques.replay`. The generator has to be given
    labels: a conditional network, or `gan(label_distribution=...)`.

    Use when: classes overlap, and with `ac_gan` every class shrinks to its clearest examples.

    Cost: nothing to speak of; two linear heads on features that the discriminator has already.

    Args:
      classes: how many there are, at least 2; labels are int `[batch]` in [0, classes).
      weight: 0 or more; 1 is usual.

    Raises:
      ValueError: an argument out of range; when a GAN with it begins, a discriminator without features or a packed one;
        when it is used, examples without labels.

    Reference:
      Gong, Xu, Li, Zhang and Batmanghelich, "Twin Auxiliary Classifiers GAN", 2019.
    """
    whole("the classes of twin_ac_gan", classes, 2)
    at_least("the weight of twin_ac_gan", weight, 0)

    def attach(own, key, shapes):
        heads = {
            name: _classifier.begin("twin_ac_gan", k, shapes, classes)
            for name, k in zip(("real", "fake"), jax.random.split(key), strict=True)
        }
        return own._replace(discriminator=heads)

    def cost(own: Own, play: Play, head: str, x: Batch) -> Array:
        label = required("twin_ac_gan", x)
        return _classifier.cross_entropy(own._replace(discriminator=own.discriminator[head]), play, x, label)

    def discriminator_loss(own, key, play):
        del key
        return weight * (cost(own, play, "real", play.real) + cost(own, play, "fake", play.fake))

    def generator_loss(own, key, play):
        del key
        return weight * (cost(own, play, "real", play.fake) - cost(own, play, "fake", play.fake))

    return Technique("twin_ac_gan", attach=attach, discriminator_loss=discriminator_loss, generator_loss=generator_loss)
