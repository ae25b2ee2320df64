"""AC-GAN: the discriminator also tells the class of an example, and the generator makes examples that it can tell."""

from jaxgan.techniques._labels import required
from jaxgan.techniques.heads import _classifier
from jaxgan.types import Array, Batch, Technique
from jaxgan.types.checks import at_least, whole


def ac_gan(classes: int, weight: float | Array = 1.0, *, of_fakes: bool = True) -> Technique:
    """Adds `-weight · E log P(c | x)` to both players' losses, with a classifier P on the discriminator's features.

    The discriminator's loss trains the classifier and the features under it on real examples and their labels, and, as
    in the paper, on fakes and the labels that they were made for. The generator's loss trains it to make fakes that the
    classifier, held still, tells. Fakes keep their labels through `techniques.replay`. The generator has to be given
    labels: a conditional network, or `gan(label_distribution=...)`. Known weaknesses: examples on which classes overlap
    are avoided; a small weight leaves classes mixed; and a classifier that learns from fakes may agree with the
    generator on signs of a class that real examples do not have, which `of_fakes=False` prevents
    (`experiments/conditional_digits.py`). `networks.projection` needs no weight.

    Use when: the data have labels, and examples of a wanted class are to be made; see also
    `networks.projection`.

    Cost: one more backward pass of the discriminator over the real batch and the fakes, and over the fakes for the
    generator.

    Args:
      classes: how many there are, at least 2; labels are int `[batch]` in [0, classes).
      weight: 0 or more; 1 in the paper.
      of_fakes: whether the discriminator's classifier learns from fakes too.

    Raises:
      ValueError: an argument out of range; when a GAN with it begins, a discriminator without features or a packed one;
        when it is used, examples without labels.

    Reference:
      Odena, Olah and Shlens, "Conditional Image Synthesis with Auxiliary Classifier GANs", 2017, section 3.
    """
    whole("the classes of ac_gan", classes, 2)
    at_least("the weight of ac_gan", weight, 0)

    def cost(own, play, x: Batch) -> Array:
        return _classifier.cross_entropy(own, play, x, required("ac_gan", x))

    def discriminator_loss(own, key, play):
        del key
        return weight * (cost(own, play, play.real) + (cost(own, play, play.fake) if of_fakes else 0.0))

    def attach(own, key, shapes):
        return own._replace(discriminator=_classifier.begin("ac_gan", key, shapes, classes))

    return Technique(
        "ac_gan",
        attach=attach,
        discriminator_loss=discriminator_loss,
        generator_loss=lambda own, key, play: weight * cost(own, play, play.fake),
    )
