"""Several discriminators that judge as one."""

import math
from collections.abc import Sequence
from typing import Any

import jax
import jax.numpy as jnp

from jaxgan.networks.labels import passed_on
from jaxgan.types import Array, Key, Network, Params, PyTree, Stats
from jaxgan.types.checks import at_least


def several_discriminators(networks: Network | Sequence[Network], count: int | None = None) -> Network:
    """Makes one discriminator of several, whose logits stand side by side: `[n, N]`, one part for each.

    What is done with the parts is the loss's: a mean of the losses (each judges alone), the largest (GMAN), and so on.

    Args:
      networks: one network, of which there will be `count` with parameters of their own, computed as one; or a list of
        different ones. Where one is conditional, it is given the labels.
      count: how many of one network, at least 1; None for a list.

    Returns:
      A `Network`, with parameters `[count, ...]` or a list. Logits are `[n, N]`, or `[n, N * parts]` of networks with
      several parts, those of the first one first. `features` are joined likewise, `[n, N * width]`, and None where one
      shows none. Its `group` is the least common multiple of theirs, None where one of them is.

    Raises:
      ValueError: an empty list, `count < 1`, or a `count` beside a list or missing without one. In use, networks that
        give different numbers of rows, as where they are packed differently.

    Reference:
      Durugkar, Gemp and Mahadevan, "Generative Multi-Adversarial Networks", 2017, arXiv:1611.01673.
    """
    if isinstance(networks, Network):
        if count is None:
            raise ValueError("several_discriminators of one network needs how many, count=, got None")
        at_least("count", count, 1)
        return _copies(networks, count)
    if count is not None:
        raise ValueError(f"several_discriminators of a list takes no count, got {count}")
    if not networks:
        raise ValueError("several_discriminators needs at least one network, got an empty list")
    return _different(tuple(networks))


def _copies(network: Network, count: int) -> Network:
    """Parameters stacked, one program."""

    def init(key: Key, x: PyTree, label: PyTree = None) -> tuple[Params, Stats]:
        return jax.vmap(lambda key: network.init(key, x, **passed_on(network, label)))(jax.random.split(key, count))

    def keys(key: Key | None) -> Key | None:
        return None if key is None else jax.random.split(key, count)

    def apply(
        params: Params, stats: Stats, x: PyTree, *, train: bool, key: Key | None = None, label: PyTree = None
    ) -> tuple[Array, Stats]:
        def one(params: Params, stats: Stats, key: Key | None) -> tuple[Array, Stats]:
            return network.apply(params, stats, x, train=train, key=key, **passed_on(network, label))

        logits, changed = jax.vmap(one)(params, stats, keys(key))
        return _side_by_side(list(logits)), changed

    def features(
        params: Params, stats: Stats, x: PyTree, *, train: bool, key: Key | None = None, label: PyTree = None
    ) -> Array:
        assert network.features is not None
        inner = network.features

        def one(params: Params, stats: Stats, key: Key | None) -> Array:
            return inner(params, stats, x, train=train, key=key, **passed_on(network, label))

        return _side_by_side(list(jax.vmap(one)(params, stats, keys(key))))

    return Network(init, apply, network.features and features, network.group, network.conditional)


def _different(networks: tuple[Network, ...]) -> Network:
    """A list of parameters, one network after the other."""
    conditional = any(network.conditional for network in networks)

    def chosen(network: Network, label: PyTree) -> dict[str, PyTree]:
        return passed_on(network, label if network.conditional or not conditional else None)

    def keys(key: Key | None) -> Any:
        return [None] * len(networks) if key is None else jax.random.split(key, len(networks))

    def init(key: Key, x: PyTree, label: PyTree = None) -> tuple[Params, Stats]:
        pairs = [n.init(k, x, **chosen(n, label)) for n, k in zip(networks, keys(key), strict=True)]
        return [params for params, _ in pairs], [stats for _, stats in pairs]

    def apply(
        params: Params, stats: Stats, x: PyTree, *, train: bool, key: Key | None = None, label: PyTree = None
    ) -> tuple[Array, Stats]:
        pairs = [
            n.apply(p, s, x, train=train, key=k, **chosen(n, label))
            for n, p, s, k in zip(networks, params, stats, keys(key), strict=True)
        ]
        return _side_by_side([logits for logits, _ in pairs]), [changed for _, changed in pairs]

    def features(
        params: Params, stats: Stats, x: PyTree, *, train: bool, key: Key | None = None, label: PyTree = None
    ) -> Array:
        members = zip(networks, params, stats, keys(key), strict=True)
        shown = [n.features and n.features(p, s, x, train=train, key=k, **chosen(n, label)) for n, p, s, k in members]
        return _side_by_side([rows for rows in shown if rows is not None])

    groups = [network.group for network in networks if network.group is not None]
    group = math.lcm(*groups) if len(groups) == len(networks) else None
    shows = all(network.features is not None for network in networks)
    return Network(init, apply, features if shows else None, group, conditional)


def _side_by_side(parts: list[Array]) -> Array:
    """`[n]` or `[n, parts]` each, joined to `[n, all parts]`."""
    rows = {part.shape[0] for part in parts}
    if len(rows) > 1:
        raise ValueError(f"several discriminators must give equally many rows, got {sorted(rows)}: pack all or none")
    return jnp.concatenate([part.reshape(part.shape[0], -1) for part in parts], axis=1)
