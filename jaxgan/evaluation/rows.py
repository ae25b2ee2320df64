"""What is measured of the rows of a table."""

from typing import Any

import numpy as np

from jaxgan import metrics
from jaxgan.evaluation.sides import Side


def measure_columns(real: Side, fake: Side) -> dict[str, Any]:
    """`column_distance`, and `column_distances` `[parts]`."""
    each = metrics.column_distances(real.data, fake.data, real.widths)
    return {"column_distance": each.mean(), "column_distances": each}


def measure_associations(real: Side, fake: Side) -> dict[str, Any]:
    """`association_difference`, and the fakes' `associations` `[pairs]`."""
    expected, found = (metrics.associations(side.data, real.widths) for side in (real, fake))
    return {"association_difference": np.abs(found - expected).mean() if len(found) else 0.0, "associations": found}


def measure_categories(real: Side, fake: Side) -> dict[str, Any]:
    """`lost_categories`."""
    return {"lost_categories": metrics.lost_categories(real.data, fake.data, real.widths)}


def measure_copies(real: Side, fake: Side) -> dict[str, Any]:
    """`copied_rows`."""
    assert real.values is not None and fake.values is not None
    return {"copied_rows": metrics.copied_rows(real.values, fake.values)}
