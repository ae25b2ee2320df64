"""Packing: the discriminator judges several examples at once, so that a lack of variety is visible to it."""

import jax.numpy as jnp

from jaxgan.types import Array, Network


def packed(network: Network, m: int) -> Network:
    """Gives a network `m` examples at a time, joined along the channels.

    `[batch, ..., channels]` becomes `[batch / m, ..., m * channels]`, so only the first layer grows, and there is one
    logit for each pack. Neighbours in the batch are packed together; the batch must be drawn independently.

    Args:
      network: the discriminator; it must not know the number of channels beforehand.
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

    def pack(x: Array) -> Array:
        if x.shape[0] % m:
            raise ValueError(f"a batch of {x.shape[0]} cannot be packed by {m}: take a multiple of {m}")
        grouped = x.reshape(x.shape[0] // m, m, *x.shape[1:])  # contiguous: needs no communication between devices
        joined = jnp.moveaxis(grouped, 1, -2)
        return joined.reshape(*joined.shape[:-2], m * x.shape[-1])

    def features(params, stats, x, *, train, key=None):
        assert network.features is not None
        return network.features(params, stats, pack(x), train=train, key=key)

    return Network(
        init=lambda key, x: network.init(key, pack(x)),
        apply=lambda params, stats, x, *, train, key=None: network.apply(params, stats, pack(x), train=train, key=key),
        features=None if network.features is None else features,
        group=None if network.group is None else m * network.group,
    )
