"""ADA: augmentation with a probability that follows how much the discriminator overfits."""

from jaxgan.techniques._changes import on_both_sides
from jaxgan.techniques._overfitting import controller
from jaxgan.techniques.augmentation import _policy
from jaxgan.types import Array, Batch, Key, Own, Technique
from jaxgan.types.checks import at_least

_IMAGES = "flip+translation+color"


def adaptive_augmentation(
    policy: str | None = None,
    *,
    target: float | Array = 0.6,
    images: float | Array = 500_000,
    interval: int = 4,
    maximum: float | Array = 0.8,
    noise: float | Array = 0.1,
) -> Technique:
    """Shows the discriminator `T(x)`, real and fake, where each operation of T changes an example with probability p.

    p starts at 0. Every `interval` steps it moves by `batch · interval / images`, up where `r = E sign(D(T(x)))` over
    the real examples of these steps is above `target`, down where it is below, within [0, `maximum`]. While an
    operation leaves a part of the examples alone, it does not leak into the samples, which see no augmentation; the cap
    keeps it so, and the authors' program has none.

    The operations are those of `differentiable_augmentation`; the authors' also resample images, turned and stretched
    by any amount, which is not here. r reads the sign of a logit: with losses that only compare logits, such as
    `losses.relativistic` and `losses.wasserstein`, it means nothing, and `differentiable_augmentation` with a fixed
    strength is the one to take. A p that stays at its maximum says that the discriminator wins all the same.

    `Info.reports` shows `probability`, p.

    Use when: there are few examples, and it is not known how much augmentation they need.

    Cost: nothing to speak of.

    Args:
      policy: operations joined by +, in their order. None is "flip+translation+color" for images and "noise+scale" for
        points.
      target: of r, in [-1, 1]; 0.6 in the authors' program.
      images: real examples in which p goes from 0 to 1, above 0; 500 000 in the authors' program.
      interval: steps between two changes of p, at least 1; 4 in the authors' program.
      maximum: of p, in [0, 1].
      noise: standard deviation of the operation noise, 0 or more, in units of the data.

    Raises:
      ValueError: an operation that is not known, or a number out of range; when it is used, examples that are neither
        images nor points, or an operation that is not for them.

    Reference:
      Karras, Aittala, Hellsten, Laine, Lehtinen and Aila, "Training Generative Adversarial Networks with Limited Data",
      2020, arXiv:2006.06676.
    """
    _policy.check("adaptive_augmentation", policy)
    at_least("the noise of adaptive_augmentation", noise, 0)
    control = controller("adaptive_augmentation", target, images, interval, maximum)

    def changed(own: Own, key: Key, x: Batch) -> Batch:
        p = own.state.probability
        return x._replace(data=_policy.augmented("adaptive_augmentation", policy, _IMAGES, key, x.data, noise, p))

    return Technique(
        "adaptive_augmentation",
        init=lambda key, batch, latent_width: Own(state=control.begin()),
        meet=on_both_sides(changed),
        update=lambda own, key, play, info: control.moved(own.state, play),
        report=lambda own: {"probability": own.state.probability},
    )
