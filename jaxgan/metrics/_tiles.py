"""A loop over tiles of rows, so that a matrix of all pairs never exists as a whole."""

import math
from collections.abc import Callable

import jax
import jax.numpy as jnp

from jaxgan.types import Array, PyTree

TILE_BYTES = 2**27
GROUPS = 64


def map_rows(function: Callable[..., PyTree], *arrays: Array, width: int, tile_rows: int | None = None) -> PyTree:
    """Applies a function that treats each row by itself, one tile of rows after the other.

    Args:
      function: maps arrays `[rows, ...]` to a tree of arrays `[rows, ...]`.
      *arrays: `[n, ...]`, n at least 1.
      width: numbers that the function holds for each row.
      tile_rows: rows of a tile, at least 1; None for as many as need 128 MiB.

    Returns:
      The tree, with arrays `[n, ...]`.

    Raises:
      ValueError: if tile_rows is below 1.
    """
    return map_tiles(lambda *rows: (function(*rows), ()), *arrays, width=width, tile_rows=tile_rows)[0]


def map_tiles(
    function: Callable[..., tuple[PyTree, PyTree]], *arrays: Array, width: int, tile_rows: int | None = None
) -> tuple[PyTree, PyTree]:
    """Applies a function to one tile of rows after the other, for what it says of each row and of each tile.

    The rows are cut into up to 64 groups of neighbours, and a tile takes some rows of every group. Rows that are
    sharded over devices therefore stay where they are, and every device has its share of each tile, as long as the
    number of devices divides the number of groups (a power of two that divides the number of rows).

    Args:
      function: maps arrays `[rows, ...]` to a tree of arrays `[rows, ...]`, each row by itself, and a tree of any
        arrays. Some rows may be in two tiles.
      *arrays: `[n, ...]`, n at least 1.
      width: numbers that the function holds for each row.
      tile_rows: rows of a tile, at least 1; None for as many as need 128 MiB.

    Returns:
      The first tree, with arrays `[n, ...]`, and the second, with arrays `[tiles, ...]`.

    Raises:
      ValueError: if tile_rows is below 1.
    """
    if tile_rows is not None and tile_rows < 1:
        raise ValueError(f"tile_rows must be at least 1, got {tile_rows}")
    n = arrays[0].shape[0]
    limit = tile_rows or max(1, TILE_BYTES // (arrays[0].dtype.itemsize * width))
    groups = math.gcd(n, min(GROUPS, 1 << (limit.bit_length() - 1)))
    members = n // groups
    tiles = -(-members // (limit // groups))
    if tiles == 1:
        of_rows, of_tile = function(*arrays)
        return of_rows, jax.tree.map(lambda x: x[None], of_tile)
    height = -(-members // tiles)
    tiles = -(-members // height)
    # The first tile overlaps the second where the tiles hold more rows than there are.
    overlap = tiles * height - members
    grouped = [x.reshape(groups, members, *x.shape[1:]) for x in arrays]

    def tile(index: Array) -> tuple[PyTree, PyTree]:
        start = jnp.maximum(index * height - overlap, 0)
        parts = [jax.lax.dynamic_slice_in_dim(x, start, height, axis=1) for x in grouped]
        return function(*(x.reshape(groups * height, *x.shape[2:]) for x in parts))

    def join(x: Array) -> Array:
        rest = x.shape[2:]
        x = jnp.moveaxis(x.reshape(tiles, groups, height, *rest), 0, 1).reshape(groups, tiles * height, *rest)
        x = jnp.concatenate([x[:, : height - overlap], x[:, height:]], axis=1)
        return x.reshape(n, *rest)

    of_rows, of_tiles = jax.lax.map(tile, jnp.arange(tiles))
    return jax.tree.map(join, of_rows), of_tiles
