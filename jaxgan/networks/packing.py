"""Packing: the discriminator judges several examples at once, so that a lack of variety is visible to it."""

import jax
import jax.numpy as jnp

from jaxgan.networks.labels import passed_on
from jaxgan.types import Array, Key, Network, Params, PyTree, Stats


def packed(network: Network, m: int) -> Network:
    """Gives a network `m` examples at a time, joined along the channels.

    `[batch, ..., channels]` becomes `[batch / m, ..., m * channels]`, so only the first layer grows, and there is one
    logit for each pack. Neighbours in the batch are packed together; the batch must be drawn independently. Where an
    example is a tree of arrays, each is packed by itself, and an array `[batch]` becomes `[batch / m, m]`. Labels are
    packed along an axis of their own, `[batch, ...]` to `[batch / m, m, ...]`, and never land among the channels.

    Use when: modes are missing, with any loss; 2 to 4 examples in a pack, and a batch that can be larger by as much.

    Cost: nothing to speak of: the first layer grows, and there are fewer logits.

    Args:
      network: the discriminator; it must not know the number of channels beforehand. A conditional one is given the
        labels of all examples of a pack.
      m: how many examples in a pack, at least 1; 1 returns the network as it is.

    Raises:
      ValueError: `m < 1`, or, when the result is used, a batch that `m` does not divide.

    Reference:
      Lin, Khetan, Fanti and Oh, "PacGAN: The power of two samples in generative adversarial networks", 2018.
    """
    if m < 1:
        raise ValueError(f"a pack holds at least 1 example, not m={m}")
    if m == 1:
        return network

    def joined(x: Array) -> Array:
        if x.ndim == 1:
            return packs(x, m)
        groups = jnp.moveaxis(packs(x, m), 1, -2)
        return groups.reshape(*groups.shape[:-2], m * x.shape[-1])

    def pack(x: PyTree) -> PyTree:
        return jax.tree.map(joined, x)

    def labels(label: PyTree) -> dict[str, PyTree]:
        return passed_on(network, jax.tree.map(lambda a: packs(a, m), label))

    def init(key: Key, x: PyTree, label: PyTree = None) -> tuple[Params, Stats]:
        return network.init(key, pack(x), **labels(label))

    def apply(
        params: Params, stats: Stats, x: PyTree, *, train: bool, key: Key | None = None, label: PyTree = None
    ) -> tuple[Array, Stats]:
        return network.apply(params, stats, pack(x), train=train, key=key, **labels(label))

    def features(
        params: Params, stats: Stats, x: PyTree, *, train: bool, key: Key | None = None, label: PyTree = None
    ) -> Array:
        assert network.features is not None
        return network.features(params, stats, pack(x), train=train, key=key, **labels(label))

    return Network(
        init,
        apply,
        features=None if network.features is None else features,
        group=None if network.group is None else m * network.group,
        conditional=network.conditional,
    )


def packs(x: Array, m: int) -> Array:
    """`[batch, ...]` as `[batch / m, m, ...]`, neighbours together.

    Raises:
      ValueError: a batch that `m` does not divide.
    """
    if x.shape[0] % m:
        raise ValueError(f"a batch of {x.shape[0]} cannot be packed by {m}: take a multiple of {m}")
    return x.reshape(x.shape[0] // m, m, *x.shape[1:])  # contiguous: needs no communication between devices
