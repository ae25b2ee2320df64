"""Precision, recall, density and coverage: fidelity and diversity from the nearest neighbours of features."""

from typing import NamedTuple

from jax.typing import ArrayLike

from jaxgan.metrics._distances import balls_around, check_neighbour, inside, nearest, points, squared_radii, width
from jaxgan.metrics._features import as_pair
from jaxgan.metrics._tiles import map_rows, map_tiles
from jaxgan.types import Array


class PrecisionRecall(NamedTuple):
    """How two sets of features cover each other.

    Attributes:
      precision: scalar in [0, 1], share of the fakes that lie within the reals: fidelity.
      recall: scalar in [0, 1], share of the reals that lie within the fakes: diversity.
    """

    precision: Array
    recall: Array


class DensityCoverage(NamedTuple):
    """How fakes fall on the neighbourhoods of the reals.

    Attributes:
      density: scalar, at least 0 and 1 on average for real data: how many neighbourhoods of reals hold a fake, in
        units of k. A collapsed generator may score high.
      coverage: scalar in [0, 1], share of the reals whose neighbourhood holds a fake. It falls with every lost mode.
    """

    density: Array
    coverage: Array


def precision_recall(
    real: ArrayLike, fake: ArrayLike, *, k: int = 3, strict: bool = False, tile_rows: int | None = None
) -> PrecisionRecall:
    """Computes how many fakes lie within the reals, and how many reals within the fakes.

    A set covers a point that lies in the ball of one of its members, whose radius is the distance to the k-th nearest
    other member. Precision is the share of fakes that the reals cover, recall the share of reals that the fakes cover.

    Kynkäänniemi et al., "Improved Precision and Recall Metric for Assessing Generative Models", 2019. Agrees
    with the authors' code and with torch-fidelity; with `strict=True`, for ties, with prdc. On continuous features the
    two are the same. Of a generator that has collapsed onto one real point all radii are 0, and only
    `strict=False` counts that point as recalled.

    Distances near a radius are computed from differences in the dtype of the features, so copies count as copies. The
    time grows as `n m d`, the memory with the features and one tile.

    Args:
      real: finite `[n, d]`, n above k.
      fake: finite `[m, d]`, m above k.
      k: which neighbour gives the radius, at least 1.
      strict: whether a point at exactly the radius is outside.
      tile_rows: rows of the distance matrix that are held at once, at least 1; None for about 128 MiB.

    Returns:
      A `PrecisionRecall`.

    Raises:
      ValueError: if real or fake is no such matrix, d differs, or an option is outside its range.
    """
    real, fake = as_pair(real, fake, 2)
    check_neighbour(k, min(real.shape[0], fake.shape[0]))
    reals, fakes = points(real), points(fake)

    real_radius, fake_radius = (squared_radii(y, k, tile_rows) for y in (reals, fakes))

    def tile(rows: Array, radius: Array) -> tuple[Array, Array]:
        # Both read the same product of matrices, which the compiler computes once.
        within_real = inside(rows, reals, real_radius[None, :], strict=strict).any(axis=1)
        return within_real, inside(rows, reals, radius[:, None], strict=strict).any(axis=0)

    within_real, within_fake = map_tiles(tile, fake, fake_radius, width=2 * width(reals), tile_rows=tile_rows)
    return PrecisionRecall(
        precision=within_real.astype(real.dtype).mean(), recall=within_fake.any(axis=0).astype(real.dtype).mean()
    )


def density_coverage(real: ArrayLike, fake: ArrayLike, *, k: int = 5, tile_rows: int | None = None) -> DensityCoverage:
    """Computes how densely fakes fall on the neighbourhoods of the reals, and how many of these they reach.

    The neighbourhood of a real is the open ball with the distance to its k-th nearest other real as its radius.
    Density is `1 / (k m) sum_fakes (number of neighbourhoods that hold it)`, coverage the share of neighbourhoods that
    hold at least one fake.

    Naeem et al., "Reliable Fidelity and Diversity Metrics for Generative Models", 2020. Agrees with prdc, ties
    included: k or more copies of one real have radius 0 and hold nothing, so two identical constant sets score 0.
    Density does not show a collapse; coverage does.

    Args:
      real: finite `[n, d]`, n above k.
      fake: finite `[m, d]`, m at least 1.
      k: which neighbour gives the radius, at least 1.
      tile_rows: rows of the distance matrix that are held at once, at least 1; None for about 128 MiB.

    Returns:
      A `DensityCoverage`.

    Raises:
      ValueError: if real or fake is no such matrix, d differs, or an option is outside its range.
    """
    real, fake = as_pair(real, fake)
    check_neighbour(k, real.shape[0])
    reals, fakes = points(real), points(fake)
    radius = squared_radii(reals, k, tile_rows)
    balls = balls_around(fake, reals, radius, strict=True, tile_rows=tile_rows)
    closest = map_rows(lambda rows: nearest(rows, fakes, 1)[0][:, 0], real, width=width(fakes, 1), tile_rows=tile_rows)
    return DensityCoverage(
        density=balls.astype(real.dtype).mean() / k, coverage=(closest < radius).astype(real.dtype).mean()
    )
