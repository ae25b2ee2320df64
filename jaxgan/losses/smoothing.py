"""Smoothed and flipped labels: the discriminator is told less than certain things."""

from jaxgan.losses._building import halved
from jaxgan.types import AdversarialLoss, Array
from jaxgan.types.checks import between


def smoothed(loss: AdversarialLoss, real: float | Array = 0.9, fake: float | Array = 0.0) -> AdversarialLoss:
    """Smooths the labels that the discriminator is trained on: 1 becomes `real`, and 0 becomes `fake`.

    With the halves R and F of the loss, the discriminator minimises `real · R(x) + (1 - real) · F(x)` over real
    examples and `fake · R(x) + (1 - fake) · F(x)` over fakes; the generator's loss stays as it is. For the logistic
    losses that is cross entropy with these labels. The best discriminator is then `(real · p + fake · q) / (p + q)`,
    with p the density of the data and q that of the generator. So the logit of a healthy discriminator lies below
    zero at real 0.9, and its accuracy, which has its threshold at zero, reads 0.5. A `fake` above 0 leaves the
    generator a plateau far from the data, which is why the default is one-sided.

    Use when: the discriminator is too sure of itself and its logits grow without end; R1 does more.

    Cost: nothing to speak of.

    Args:
      loss: a loss with halves, `smoothed:hinge,real=0.8`.
      real: label of real examples, in [0, 1]; 0.9 is usual.
      fake: label of fakes, in [0, 1].

    Raises:
      ValueError: a label out of range, or a loss that compares real and fake.

    Reference:
      Salimans et al., "Improved Techniques for Training GANs", 2016, section 3.4.
    """
    between("the label of real examples", real, 0, 1)
    between("the label of fakes", fake, 0, 1)
    return _mixed("smoothed", loss, real, fake)


def flipped(loss: AdversarialLoss, probability: float | Array = 0.05) -> AdversarialLoss:
    """Flips the labels that the discriminator is trained on with a probability ρ, in expectation.

    That is `smoothed(loss, real=1 - ρ, fake=ρ)`: the mean over all flips, which has the same gradient without their
    noise.

    Use when: the discriminator is too sure of itself on both sides; `smoothed` on one side is safer.

    Cost: nothing to speak of.

    Args:
      loss: a loss with halves.
      probability: ρ, in [0, 0.5]; at 0.5 nothing can be learned.

    Raises:
      ValueError: a probability out of range, or a loss that compares real and fake.

    Reference:
      Chintala, Denton, Arjovsky and Mathieu, "How to Train a GAN? Tips and tricks to make GANs work", 2016, which flips
      at random.
    """
    between("the probability of flipped", probability, 0, 0.5)
    return _mixed("flipped", loss, 1.0 - probability, probability)


def _mixed(name: str, loss: AdversarialLoss, real: float | Array, fake: float | Array) -> AdversarialLoss:
    if (halves := loss.halves) is None:
        raise ValueError(
            f"{name} mixes the real and the fake half of a loss, and this one compares real with fake: take one with "
            "`halves`, such as hinge"
        )

    def mixed(label: float | Array):
        return lambda logits: label * halves.real(logits) + (1.0 - label) * halves.fake(logits)

    return loss._replace(
        discriminator=halved(mixed(real), mixed(fake), halves.generator).discriminator,
        halves=halves._replace(real=mixed(real), fake=mixed(fake)),
    )
