"""What a run's directory holds."""

import json
import math
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np


class Run(NamedTuple):
    """What a directory holds; a missing file leaves its field empty."""

    config: dict[str, Any]
    summary: dict[str, Any]
    rows: list[dict[str, Any]]
    samples: np.ndarray  # [seeds, n, ...]
    real: np.ndarray  # [n, ...]
    steps: np.ndarray  # [t]
    snapshots: np.ndarray  # [t, seeds, m, ...]


def read_run(directory: Path) -> Run:
    if not any((directory / name).exists() for name in ("config.json", "metrics.jsonl", "summary.json")):
        raise ValueError(f"no run in {directory}: expected config.json, metrics.jsonl or summary.json in it")
    files = {path.name: path for path in directory.iterdir()}
    config, summary = (
        json.loads(files[name].read_text()) if name in files else {} for name in ("config.json", "summary.json")
    )
    rows = []
    for line in files["metrics.jsonl"].read_text().splitlines() if "metrics.jsonl" in files else []:
        try:
            row = json.loads(line)
        except json.JSONDecodeError:  # an interrupted run can leave half a line
            continue
        rows.append(row | {f"term {name}": x for name, x in (row.get("terms") or {}).items()})
    arrays = [np.zeros(0)] * 4
    for i, (file, name) in enumerate(
        [("samples", "samples"), ("samples", "real"), ("snapshots", "step"), ("snapshots", "samples")]
    ):
        if f"{file}.npz" in files:
            with np.load(files[f"{file}.npz"]) as found:
                arrays[i] = np.asarray(found[name], np.float64)
    return Run(config, summary, rows, *arrays)


def finite_examples(x: np.ndarray) -> np.ndarray:
    """`[n, ...] -> [n]`: whether the example holds neither NaN nor infinity."""
    return np.asarray(np.isfinite(x).reshape(len(x), math.prod(x.shape[1:])).all(1))
