"""Many devices: the mesh, and what lies where on it.

Everything is one global program: `jax.jit` divides it over the mesh, so that it computes the same on one device and on
many. The mesh has two axes: seeds, which never talk to each other, and data, along which a minibatch is cut into
contiguous parts; packs, and groups of a minibatch standard deviation, then stay on their device.
"""

import math
from typing import Any

import jax

from jaxgan.types import Player, PyTree, State

SEED, DATA = "seed", "data"


def mesh(seeds: int, batch_size: int, pack: int = 1) -> jax.sharding.Mesh:
    """All devices as a mesh of seeds and data.

    As many devices as fit are given to different seeds, which need no communication; those of one seed share its
    minibatch. On several hosts all devices go to the data, so that each host reads its own part.

    Args:
      seeds: how many are trained.
      batch_size: examples in a minibatch.
      pack: examples that the discriminator judges together.

    Raises:
      ValueError: a minibatch that cannot be cut into as many parts, of whole packs.

    >>> mesh(seeds=1, batch_size=8 * jax.device_count()).axis_names
    ('seed', 'data')
    """
    rows = math.gcd(seeds, jax.device_count()) if jax.process_count() == 1 else 1
    columns = jax.device_count() // rows
    if batch_size % (columns * pack):
        packs = f" of packs of {pack}" if pack > 1 else ""
        raise ValueError(
            f"a batch of {batch_size} cannot be cut into {columns} equal parts{packs}, one for each device: "
            f"take a multiple of {columns * pack}"
        )
    return jax.make_mesh((rows, columns), (SEED, DATA), axis_types=(jax.sharding.AxisType.Auto,) * 2)


def sharding(on: jax.sharding.Mesh, *axes: str | None) -> jax.sharding.NamedSharding:
    """Where an array lies whose leading axes are cut along the given axes of the mesh; none is everywhere, whole."""
    return jax.NamedSharding(on, jax.P(*axes))


def placement(on: jax.sharding.Mesh, states: State, *, divide_optimizer: bool) -> State:
    """Where the states of several seeds lie, arrays `[seeds, ...]`: each seed's on every device of that seed.

    With `divide_optimizer` the optimizers' arrays, Adam's moments, are cut along their first axis that the devices of a
    seed divide: each keeps and updates its part, and the parameters are put together again. Rajbhandari, Rasley, Ruwase
    and He, "ZeRO: Memory Optimizations Toward Training Trillion Parameter Models", 2020, stage 1.
    """

    def cut(leaf: Any) -> jax.sharding.NamedSharding:
        axis = next((i for i, n in enumerate(leaf.shape[1:]) if n and n % on.shape[DATA] == 0), None)
        return sharding(on, SEED) if axis is None else sharding(on, SEED, *[None] * axis, DATA)

    def player(name: str) -> Player:
        whole = getattr(placed, name)
        return whole._replace(opt_state=jax.tree.map(cut, getattr(states, name).opt_state))

    placed = jax.tree.map(lambda _: sharding(on, SEED), states)
    if divide_optimizer:
        placed = placed._replace(generator=player("generator"), discriminator=player("discriminator"))
    return placed


def all_share(on: jax.sharding.Mesh) -> bool:
    """Whether all devices share the batches of every seed, since none is kept for some seeds only."""
    return on.shape[SEED] == 1


def replicated(on: jax.sharding.Mesh, tree: PyTree) -> PyTree:
    """Puts arrays, the same in every process, on every device."""
    return jax.device_put(tree, sharding(on))


def divided(on: jax.sharding.Mesh, tree: PyTree, *axes: str) -> PyTree:
    """Puts arrays whose leading axes are cut along these axes of the mesh; each process gives its part of the data."""
    return jax.tree.map(lambda a: jax.make_array_from_process_local_data(sharding(on, *axes), a), tree)
