"""What a run's directory holds."""

import math
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np

from jaxgan.data.encodings import FILE, encoding_from_json
from jaxgan.data.tables import TableEncoding
from jaxgan.runs import folder, interpolating
from jaxgan.runs.summary import Summary, read_summary
from jaxgan.types import Kind


class Run(NamedTuple):
    """What a directory holds; a missing file leaves its field empty."""

    config: dict[str, Any]
    summary: Summary
    rows: list[dict[str, Any]]
    samples: np.ndarray  # [seeds, n, ...]
    real: np.ndarray  # [n, ...]
    steps: np.ndarray  # [t]
    snapshots: np.ndarray  # [t, seeds, m, ...]
    kind: Kind = "points"  # what an example is
    interpolations: np.ndarray = np.zeros(0)  # [frames, seeds, walks, ...]
    parts: tuple[str, ...] = ()  # of the rows of a table, what each part is called


def read_run(directory: Path) -> Run:
    if not any((directory / name).exists() for name in ("config.json", "metrics.jsonl", "summary.json")):
        raise ValueError(f"no run in {directory}: expected config.json, metrics.jsonl or summary.json in it")
    config = folder.read_json(directory / folder.CONFIG) or {}
    if not isinstance(config, dict):
        raise ValueError(f"{directory / folder.CONFIG} is no configuration of a run: it holds no object with names")
    rows = [row | _terms(row.get("terms") or {}) for row in folder.read_lines(directory)]
    samples, real = folder.read_arrays(directory / folder.SAMPLES, ("samples", "real"))
    steps, snapshots = folder.read_snapshots(directory)
    arrays = (np.asarray(x, np.float64) for x in (samples, real, steps, snapshots))
    summary = read_summary(directory) or Summary()
    return Run(
        config,
        summary,
        rows,
        *arrays,
        interpolations=folder.read_arrays(directory / interpolating.FILE, ("samples",))[0].astype(np.float64),
        kind=_kind(config, summary, real.ndim == 4 or samples.ndim == 5 or snapshots.ndim == 6),
        parts=_parts(directory),
    )


def _parts(directory: Path) -> tuple[str, ...]:
    if (found := folder.read_json(directory / FILE)) is None:
        return ()
    encoding = encoding_from_json(found, str(directory / FILE))
    return encoding.part_names if isinstance(encoding, TableEncoding) else ()


def _kind(config: dict[str, Any], summary: Summary, images: bool) -> Kind:
    """What is recorded; a run of an older version recorded nothing, and had images or points."""
    described = config.get("example")
    if isinstance(described, dict) and described.get("kind"):
        return described["kind"]
    return summary.kind or ("images" if images else "points")


def _terms(terms: dict[str, Any]) -> dict[str, float]:
    """What techniques added to the losses, as columns: by player, or, in a run of before, the sum of both."""
    columns = {}
    for name, value in terms.items():
        if isinstance(value, dict):
            columns |= {f"term {technique} ({name})": x for technique, x in value.items()}
        else:
            columns[f"term {name}"] = value
    return columns


def finite_examples(x: np.ndarray) -> np.ndarray:
    """`[n, ...] -> [n]`: whether the example holds neither NaN nor infinity."""
    return np.asarray(np.isfinite(x).reshape(len(x), math.prod(x.shape[1:])).all(1))
