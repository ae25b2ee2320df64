"""APA: fakes in the place of some real examples, as many as the discriminator overfits."""

from typing import NamedTuple

import jax
import jax.numpy as jnp

from jaxgan.techniques._overfitting import Controlled, controller
from jaxgan.types import Array, Batch, Own, PyTree, Technique


class PseudoState(NamedTuple):
    """What is kept from step to step.

    Attributes:
      fakes: of the last step, `[batch, ...]`, with their labels.
      controlled: the probability, and what moves it.
    """

    fakes: Batch
    controlled: Controlled


def pseudo_augmentation(
    *,
    target: float | Array = 0.6,
    images: float | Array = 500_000,
    interval: int = 4,
    maximum: float | Array = 0.8,
) -> Technique:
    """Replaces each real example with probability p by a fake of the last step, which the discriminator takes for real.

    The best discriminator then answers `log[((1 - p) p_data + p q) / q]`, at least `log p`, where q is the density of
    the fakes: however few its examples are, it cannot push fakes further down. p starts at 0 and moves as in
    `adaptive_augmentation`, every `interval` steps by `batch · interval / images`, by the mean sign r of the logits of
    the real examples, replaced ones included, which lowers r by itself. With losses that only compare logits, such as
    `losses.relativistic` and `losses.wasserstein`, that sign means nothing.

    A fake brings its label; where fakes have none, the label of the example that it replaces stays. Penalties on real
    examples act on the mixed batch, and losses that read real logits in the generator's step see it too. Take it before
    techniques that change examples, so that what it puts in is changed like the others.

    It shelters the generator: one that has collapsed is told less of what it leaves out. Watch the coverage, and take
    it together with augmentation rather than in its place. `Info.reports` shows `probability`, p.

    Use when: there are few examples and they allow no augmentation, and the discriminator knows them by heart.

    Cost: memory for one batch of fakes.

    Args:
      target: of r, in [-1, 1]; 0.6 in the authors' program.
      images: real examples in which p goes from 0 to 1, above 0; 500 000 in the authors' program.
      interval: steps between two changes of p, at least 1; 4 in the authors' program.
      maximum: of p, in [0, 1]; at 1 no real example would be left.

    Raises:
      ValueError: a number out of range; when it is used, a batch of another size than the GAN began with.

    Reference:
      Jiang, Dai, Wu and Loy, "Deceive D: Adaptive Pseudo Augmentation for GAN Training with Limited Data", 2021,
      arXiv:2111.06849.
    """
    control = controller("pseudo_augmentation", target, images, interval, maximum)

    def attach(own, key, shapes):
        del own, key
        fakes = jax.tree.map(lambda a: jnp.zeros(a.shape, a.dtype), shapes.generated._replace(latent=None))
        return Own(state=PseudoState(fakes, control.begin()))

    def meet(own, key, real, fake, features):
        del features
        if not own.state:  # before `attach`
            return real, fake
        fakes, p = own.state.fakes, own.state.controlled.probability
        size, n = (jax.tree.leaves(x.data)[0].shape[0] for x in (fakes, real))
        if size != n:
            raise ValueError(f"pseudo_augmentation keeps batches of {size}, as the GAN began with, and got one of {n}")
        replaced = jax.random.uniform(key, (n,)) < p

        def mixed(past: Array, new: Array) -> Array:
            return jnp.where(replaced.reshape(-1, *[1] * (new.ndim - 1)), past.astype(new.dtype), new)

        def all_mixed(past: PyTree, new: PyTree) -> PyTree:
            return jax.tree.map(mixed, past, new)

        label = real.label if fakes.label is None or real.label is None else all_mixed(fakes.label, real.label)
        return real._replace(data=all_mixed(fakes.data, real.data), label=label), fake

    def update(own, key, play, info):
        del key, info
        return PseudoState(play.generated._replace(latent=None), control.moved(own.state.controlled, play))

    return Technique(
        "pseudo_augmentation",
        attach=attach,
        meet=meet,
        update=update,
        report=lambda own: {"probability": own.state.controlled.probability},
    )
