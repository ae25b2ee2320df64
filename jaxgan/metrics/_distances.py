"""Squared distances of a tile of rows to many points: as fast as a matrix product, and as exact as differences.

The expanded form `|x|^2 + |y|^2 - 2 <x, y>` is one matrix product, but it cancels: of two equal rows it can make
anything up to its rounding error, and rows that lie close together lose their order. So it only decides what it can
decide. Whatever lies within a bound on its error is computed again as `sum (x - y)^2`: a few points for each row, and
if these are not enough (many copies of one point) all points of the tile.
"""

import math
from typing import Any, NamedTuple

import jax
import jax.numpy as jnp

from jaxgan.metrics._tiles import map_rows
from jaxgan.types import Array

# Up to this dimension differences cost no more than looking for the few points to compute again.
DIRECT = 16
# Points of each row that are computed again.
CHECKS = 8
# A squared distance of the expanded form that is this many times its rounding error has three digits or more.
CLEAR = 1000


class Points(NamedTuple):
    """Points with what every tile needs of them.

    Attributes:
      values: `[m, d]`.
      centre: `[1, d]`, their mean. Near it the expanded form cancels least.
      centred: `[m, d]`, the values less the centre.
      norms: `[m]`, squared norms of `centred`.
    """

    values: Array
    centre: Array
    centred: Array
    norms: Array


def points(values: Array) -> Points:
    """Prepares points `[m, d]`."""
    centre = values.mean(axis=0, keepdims=True)
    centred = values - centre
    return Points(values, centre, centred, jnp.square(centred).sum(axis=1))


def width(y: Points, count: int = 0) -> int:
    """Tells how many numbers `inside`, or `nearest` with its `count`, holds for each row."""
    m, d = y.values.shape
    return m + (CHECKS + count) * d


def expanded(x: Array, y: Points) -> tuple[Array, Array]:
    """Computes squared distances by one matrix product.

    Args:
      x: `[rows, d]`.
      y: m points.

    Returns:
      Squared distances `[rows, m]`, at least 0, and a bound `[rows, m]` on their rounding error. The error of a sum
      of d products grows like the square root of d.
    """
    centred = x - y.centre
    scale = jnp.square(centred).sum(axis=1)[:, None] + y.norms[None, :]
    product = jnp.einsum("id,jd->ij", centred, y.centred, precision=jax.lax.Precision.HIGHEST)
    error = (8 + math.sqrt(x.shape[1])) * jnp.finfo(x.dtype).eps
    return jnp.maximum(scale - 2 * product, 0), error * scale


def squared_distances(x: Array, y: Points) -> Array:
    """Computes squared distances, each to three digits or better and those of copies as 0.

    Args:
      x: `[rows, d]`.
      y: m points.

    Returns:
      `[rows, m]`.
    """
    m, d = y.values.shape

    def all_points() -> Array:
        return _all_differences(x, y)

    if d <= DIRECT or m <= CHECKS:
        return all_points()
    squared, error = expanded(x, y)
    least, doubtful = _smallest(squared - CLEAR * error, CHECKS)

    def doubtful_points() -> Array:
        return _replaced(squared, doubtful, _differences(x, y.values[doubtful]))

    return jax.lax.cond((least[:, -1] > 0).all(), doubtful_points, all_points)


def squared_radii(y: Points, k: int, tile_rows: int | None) -> Array:
    """Computes the squared distance `[m]` of each point to its k-th nearest other point."""
    return map_rows(
        lambda rows, index: nearest(rows, y, k, exclude=index)[0][:, -1],
        y.values,
        jnp.arange(y.values.shape[0]),
        width=width(y, k),
        tile_rows=tile_rows,
    )


def check_neighbour(k: int, rows: int) -> None:
    """Raises a ValueError unless each of `rows` points has a k-th other point."""
    if not 1 <= k < rows:
        raise ValueError(f"k must be at least 1 and below the {rows} rows of the smaller set with radii, got {k}")


def nearest(x: Array, y: Points, count: int, exclude: Array | None = None) -> tuple[Array, Array]:
    """Finds the nearest points of each row.

    Args:
      x: `[rows, d]`.
      y: m points.
      count: how many to find, at most m, or m - 1 where one is excluded.
      exclude: `[rows]`, the index of a point that is not to be found; None for all points.

    Returns:
      Squared distances `[rows, count]`, ascending and computed from differences, and indices `[rows, count]`.
    """
    m, d = y.values.shape

    def allowed(squared: Array, index: Array) -> Array:
        return squared if exclude is None else jnp.where(index == exclude[:, None], jnp.inf, squared)

    def all_points() -> tuple[Array, Array]:
        squared = allowed(_all_differences(x, y), jnp.arange(m)[None, :])
        return _smallest(squared, count)

    if d <= DIRECT or m <= count + CHECKS:
        return all_points()
    squared, error = expanded(x, y)
    bound, candidates = _smallest(allowed(squared - error, jnp.arange(m)[None, :]), count + CHECKS)
    found, order = _smallest(allowed(_differences(x, y.values[candidates]), candidates), count)
    # No other point is nearer than the last candidate's bound; and none is nearer than zero.
    certain = (found[:, -1] <= bound[:, -1]) | (found[:, -1] == 0)
    index = jnp.take_along_axis(candidates, order, axis=1)
    return jax.lax.cond(certain.all(), lambda: (found, index), all_points)


def inside(x: Array, y: Points, squared_radius: Array, *, strict: bool) -> Array:
    """Tells which points lie within a radius of each row.

    Args:
      x: `[rows, d]`.
      y: m points.
      squared_radius: `[1, m]`, one for each point, or `[rows, 1]`, one for each row.
      strict: whether a point at exactly the radius is outside.

    Returns:
      `[rows, m]`, boolean.
    """
    m, d = y.values.shape
    compare = jnp.less if strict else jnp.less_equal

    def all_points() -> Array:
        return compare(_all_differences(x, y), squared_radius)

    if d <= DIRECT or m <= CHECKS:
        return all_points()
    squared, error = expanded(x, y)
    clearance = jnp.abs(squared - squared_radius) - error
    least, doubtful = _smallest(clearance, CHECKS)

    def doubtful_points() -> Array:
        decision = compare(squared, squared_radius)
        radius = jnp.take_along_axis(jnp.broadcast_to(squared_radius, squared.shape), doubtful, axis=1)
        return _replaced(decision, doubtful, compare(_differences(x, y.values[doubtful]), radius))

    return jax.lax.cond((least[:, -1] > 0).all(), doubtful_points, all_points)


def balls_around(x: Array, y: Points, squared_radius: Array, *, strict: bool, tile_rows: int | None) -> Array:
    """`[n]`, how many of the balls around the points, of squared radii `[m]`, hold each row of `x` `[n, d]`."""
    return map_rows(
        lambda rows: inside(rows, y, squared_radius[None, :], strict=strict).sum(axis=1),
        x,
        width=width(y),
        tile_rows=tile_rows,
    )


def _replaced(values: Array, columns: Array, by: Array) -> Array:
    """Replaces in each row of `values` `[rows, m]` what stands in `columns` `[rows, c]` by `by` `[rows, c]`."""
    for check in range(columns.shape[1]):
        this = jnp.arange(values.shape[1])[None, :] == columns[:, check : check + 1]
        values = jnp.where(this, by[:, check : check + 1], values)
    return values


def _differences(x: Array, y: Array) -> Array:
    """Computes squared distances `[rows, c]` of rows `[rows, d]` to points, `[rows, c, d]` or `[1, c, d]` for all."""
    return jnp.square(x[:, None, :] - y).sum(axis=2)


def _all_differences(x: Array, y: Points) -> Array:
    """Computes the squared distances `[rows, m]` to all points, a few points at a time."""
    m, d = y.values.shape
    return map_rows(lambda part: _differences(part, x[None]), y.values, width=1, tile_rows=max(CHECKS, m // d)).T


def _smallest(x: Array, count: int) -> tuple[Array, Array]:
    """Finds the smallest values of each row, ascending, and their indices; of equal values the first comes first.

    The columns are cut into blocks and the smallest value left in each is kept, so that the next value costs one look
    at these and one at its block. `jax.lax.top_k` would gather rows that are sharded over devices, and sort doubles.
    """
    rows, m = x.shape
    size = math.isqrt(m)
    blocks = -(-m // size)
    x = jnp.pad(x, ((0, 0), (0, blocks * size - m)), constant_values=jnp.inf).reshape(rows, blocks, size)

    def next_smallest(left: tuple[Array, Array, Array], _: None) -> tuple[tuple[Array, Array, Array], Any]:
        least, value, index = left
        block = least.argmin(axis=1, keepdims=True)
        values = jnp.take_along_axis(x, block[:, :, None], axis=1)[:, 0]
        columns = block * size + jnp.arange(size)[None, :]

        def rest() -> Array:
            later = (values > value) | ((values == value) & (columns > index))
            return jnp.where(later, values, jnp.inf)

        place = rest().argmin(axis=1, keepdims=True)
        value, index = least.min(axis=1, keepdims=True), block * size + place
        least = jnp.where(jnp.arange(blocks)[None, :] == block, rest().min(axis=1, keepdims=True), least)
        return (least, value, index), (value[:, 0], index[:, 0])

    nothing = jnp.full((rows, 1), -jnp.inf, x.dtype), jnp.full((rows, 1), -1)
    _, (values, index) = jax.lax.scan(next_smallest, (x.min(axis=2), *nothing), length=count)
    return values.T, index.T
