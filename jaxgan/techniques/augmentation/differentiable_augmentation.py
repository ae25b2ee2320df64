"""DiffAugment: random changes of all that the discriminator sees, which the generator does not learn."""

from jaxgan.techniques._changes import on_both_sides
from jaxgan.techniques.augmentation import _policy
from jaxgan.types import Array, Batch, Key, Own, Technique
from jaxgan.types.checks import at_least

_IMAGES = "color+translation+cutout"


def differentiable_augmentation(policy: str | None = None, *, noise: float | Array = 0.1) -> Technique:
    """Shows the discriminator `T(x)` in place of `x`, real and fake, in the steps of both players.

    T is a chain of random changes, drawn anew for every example and differentiable in it, so the generator is trained
    through it on what it made itself. `sample` and the metrics see no augmentation.

    Images in [-1, 1]: `brightness` adds U(-0.5, 0.5); `saturation` spreads the channels of each pixel about their mean
    by U(0, 2); `contrast` spreads an image about its mean by U(0.5, 1.5); `color` is these three; `translation` shifts
    by whole pixels, up to an eighth, and fills with zeros, which are grey; `cutout` sets a square of half the size to
    zero; `flip` mirrors every other image; `quarter_turns` turns square ones. Points: `noise`, `scale` by 2^N(0, 0.2²),
    and `rotation` of the first two coordinates by N(0, 0.2²). An angle that may be anything would hide lost modes on a
    ring; the normal one hides none, nor do the other two.

    What cannot be told apart after the change leaks into the samples: with `flip` or `quarter_turns` alone mirrored
    and turned images are made as well. The mixing of channels in `saturation` mixes the modes of stacked digits: leave
    `color` out there. Members of a pack are changed apart.

    Use when: there are few examples, and the discriminator knows them by heart: its accuracy rises while samples
    get worse.

    Cost: nothing to speak of.

    Args:
      policy: operations joined by +, in their order; "" is none. None is "color+translation+cutout" for images and
        "noise+scale" for points.
      noise: standard deviation of the operation noise, 0 or more, in units of the data.

    Raises:
      ValueError: an operation that is not known, or a negative number; when it is used, examples that are neither
        images nor points, or an operation that is not for them.

    Reference:
      Zhao, Liu, Lin, Zhu and Han, "Differentiable Augmentation for Data-Efficient GAN Training", 2020, section 3,
      arXiv:2006.10738. The operations on points are jaxgan's own.
    """
    _policy.check("differentiable_augmentation", policy)
    at_least("the noise of differentiable_augmentation", noise, 0)

    def changed(own: Own, key: Key, x: Batch) -> Batch:
        del own
        return x._replace(data=_policy.augmented("differentiable_augmentation", policy, _IMAGES, key, x.data, noise))

    return Technique("differentiable_augmentation", meet=on_both_sides(changed))
