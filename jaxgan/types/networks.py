"""What a network is."""

from collections.abc import Callable
from typing import NamedTuple

from jaxgan.types.batches import Array, Params, Stats


class Network(NamedTuple):
    """A network as pure functions; generator, discriminator, encoder and classifier are all of this type.

    `stats` is whatever changes without a gradient (batch statistics, power-iteration vectors), `{}` if nothing does.
    A wrapper takes a `Network` and returns one, so wrappers nest.

    A conditional network is called with one more argument, `label=`, the labels of the batch; the others never are, so
    that a network written by hand stays short.

    Attributes:
      init: `init(key, x) -> (params, stats)`, from an example input `[batch, ...]`.
      apply: `apply(params, stats, x, *, train, key=None) -> (y, stats)`. `key` is needed only by a network that draws
        noise. A discriminator gives one logit per example, `[batch]` or `[batch, 1]`, or several, `[batch, parts]`.
      features: `features(params, stats, x, *, train, key=None) -> [batch, width]`, the activations below the last
        layer, which feature matching compares; None where the network has no such layer to show.
      group: how many neighbours in the batch are looked at together, the rest having no influence on them: 1 where each
        example is on its own, m in a packed network; None where it may be the whole batch, or is not known. Where it
        is a number and there are no `stats`, real and fake examples can go through a discriminator in one pass.
      conditional: whether `init`, `apply` and `features` also take `label=`, a tree of arrays `[batch, ...]`.
    """

    init: Callable[..., tuple[Params, Stats]]
    apply: Callable[..., tuple[Array, Stats]]
    features: Callable[..., Array] | None = None
    group: int | None = None
    conditional: bool = False
