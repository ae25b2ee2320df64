"""Generated samples from what a user names: files of any framework, or the folder of a run with each of its seeds."""

import os
from pathlib import Path
from typing import Any

import numpy as np

from jaxgan.backend.arrays import read_npz, readable
from jaxgan.data.encodings import FILE, Encoding, encoding_from_json
from jaxgan.data.files import KINDS, Samples, read_samples
from jaxgan.data.preparation import Scaling
from jaxgan.data.rows import encoded
from jaxgan.data.tables import TableEncoding
from jaxgan.runs import folder
from jaxgan.types import Kind


def read_generated(
    source: str | os.PathLike[str], *, like: Samples, run_seed: int | None = None, **options: Any
) -> dict[str, Samples]:
    """Reads generated samples, in the units of the data that they shall be like.

    Args:
      source: what `read_samples` reads; or the folder of a finished run, whose samples are brought back to the units of
        its data: pixels of 8 bits where the data are integers, numbers as they were before they were scaled, rows of a
        table by the columns of `like`.
      like: the real samples.
      run_seed: of a run, the number of the one seed that is read; None for all.
      options: further ones of `read_samples`.

    Returns:
      The samples of each seed by its name, such as "seed 0"; of what is no run a single one, by an empty name. Of a
      conditional model so many of each class that they have the shares of the data.

    Raises:
      ValueError: it cannot be read, the run is not finished, has no such seed, or one whose samples are not finite.
    """
    directory = _folder_of_run(Path(os.fspath(source)))
    if directory is None:
        if run_seed is not None:
            raise ValueError(f"{source} is not the folder of a run, so it has no seed {run_seed}")
        return {"": read_samples(source, like=like, **options)}
    config = folder.read_json(directory / folder.CONFIG)
    path = directory / folder.SAMPLES
    if not path.exists():
        raise ValueError(_unfinished(directory, config))
    arrays = read_npz(path, ("samples", "labels", "kind"))
    samples = arrays.get("samples")
    if samples is None or samples.ndim < 3 or samples.dtype.kind not in "fiu" or not samples.size:
        raise ValueError(f"{path} holds no samples of a run, [seeds, n, ...]")
    kind, encoding = _kind(arrays, config, path), _encoding(directory)
    first = _number(config, "first_seed")
    seeds = {first + i: i for i in range(len(samples))}
    if run_seed is not None and run_seed not in seeds:
        raise ValueError(f"there is no seed {run_seed} in {directory}; its seeds are {', '.join(map(str, seeds))}")
    found = {}
    for seed, i in seeds.items():
        if run_seed in (None, seed):
            if broken := int((~np.isfinite(samples[i]).reshape(len(samples[i]), -1).all(axis=1)).sum()):
                what = f"{broken} of its {len(samples[i])} samples are not finite"
                raise ValueError(f"seed {seed} of {directory} has diverged: {what}; --run-seed names another one")
            labels = _labels(arrays.get("labels"), i, samples.shape[:2])
            of_seed, shares = samples[i], _shares(config)
            if labels is not None and len(shares):
                # They were asked for, which says nothing of what they are.
                of_seed, labels = of_seed[in_shares(labels, shares)], None
            found[f"seed {seed}"] = _as_data(of_seed, labels, kind, encoding, like, f"seed {seed} of {directory}")
    return found


def in_shares(labels: np.ndarray, shares: np.ndarray) -> np.ndarray:
    """Positions of as many samples as there are with these shares of their classes, in order; of all if none are."""
    shares = shares / shares.sum()
    there = np.bincount(labels, minlength=len(shares))[: len(shares)]
    total = min((n / share for n, share in zip(there, shares, strict=True) if share > 0), default=0.0)
    if total < 1:  # of some class there are none, so these shares cannot be had
        return np.arange(len(labels))
    wanted = np.rint(total * shares)
    rank = np.empty(len(labels), int)
    for number in range(len(shares)):
        rank[labels == number] = np.arange(there[number])
    inside = labels < len(shares)
    return np.flatnonzero(inside & (rank < wanted[np.where(inside, labels, 0)]))


def _shares(config: Any) -> np.ndarray:
    """Shares of the classes in the data of a run; empty where they are not recorded."""
    for part in ("example", "label", "in_data"):
        config = config.get(part) if isinstance(config, dict) else None
    try:
        shares = np.asarray(config if isinstance(config, list) else [], float)
    except (ValueError, TypeError):
        return np.zeros(0)
    sound = shares.ndim == 1 and np.isfinite(shares).all() and (shares >= 0).all() and shares.sum() > 0
    return shares if sound else np.zeros(0)


def _folder_of_run(path: Path) -> Path | None:
    """The folder of the run that a path names, itself or by its samples."""
    directory = path.parent if path.name == folder.SAMPLES else path
    return directory if os.path.isfile(directory / folder.CONFIG) else None


def _unfinished(directory: Path, config: Any) -> str:
    options = config.get("options") if isinstance(config, dict) else None
    arms = [name for name in options or {} if os.path.isfile(directory / name / folder.CONFIG)]
    if arms:
        return f"{directory} holds a comparison of {', '.join(arms)}: name the folder of one, {directory / arms[0]}"
    return (
        f"the run in {directory} is not finished, so it has no {folder.SAMPLES}: jaxgan sample {directory} --out "
        "FILE.npz draws from its newest checkpoint"
    )


def _kind(arrays: dict[str, np.ndarray], config: Any, path: Path) -> Kind:
    """What a sample is: as the samples say, or as `config.json` does for those of an older version."""
    example = config.get("example") if isinstance(config, dict) else None
    said = str(arrays["kind"])[:50] if "kind" in arrays else example.get("kind") if isinstance(example, dict) else None
    for known in (*KINDS, "tables"):
        if said == known:
            return known
    raise ValueError(f"{path} holds samples of kind {readable(str(said))}; known are {', '.join(KINDS)}, tables")


def _encoding(directory: Path) -> Encoding | None:
    found = folder.read_json(directory / FILE)
    return None if found is None else encoding_from_json(found, str(directory / FILE))


def _number(config: Any, name: str) -> int:
    """An option of the run that is a number; 0 where it is not recorded."""
    for part in ("options", "run", name):
        config = config.get(part, {}) if isinstance(config, dict) else {}
    return config if isinstance(config, int) else 0


def _labels(labels: np.ndarray | None, seed: int, shape: tuple[int, ...]) -> np.ndarray | None:
    known = labels is not None and labels.shape == shape and labels.dtype.kind in "iu"
    return labels[seed] if known and labels is not None else None


def _as_data(
    samples: np.ndarray,
    labels: np.ndarray | None,
    kind: Kind,
    encoding: Encoding | None,
    like: Samples,
    source: str,
) -> Samples:
    """Samples of one seed in the units of the data that the run was trained on."""
    names: tuple[str, ...] = ()
    if labels is not None:
        values, labels = np.unique(labels, return_inverse=True)
        names = tuple(map(str, values.tolist()))
    source, notes = readable(source), ()
    if isinstance(encoding, TableEncoding):
        rows = _rows(samples, encoding, like)
        return Samples(rows[0], labels, names, source, "points", rows[1], like.table)
    if isinstance(encoding, Scaling):
        samples, notes = encoding.inverse(samples), ("samples were brought back to the units of the data",)
    elif kind == "images" and like.data.dtype.kind in "iu":
        samples = np.rint(127.5 * (samples + 1.0)).clip(0, 255).astype(np.uint8)
        notes = ("images of the run, in [-1, 1], became pixels of 8 bits",)
    return Samples(samples, labels, names, source, kind, notes)


def _rows(samples: np.ndarray, encoding: TableEncoding, like: Samples) -> tuple[np.ndarray, tuple[str, ...]]:
    if like.table is None:
        raise ValueError("the run made rows of a table: the reals have to be that table, a .csv, .tsv or .parquet file")
    if encoding.label != like.table.label:
        label = encoding.label
        how = f"--label {label}" if label is not None else "no --label"
        raise ValueError(f"the run was trained with {how}: read the reals with {how} too")
    both = [each._replace(columns=each.encoded, label=None) for each in (encoding, like.table)]
    rows = encoded(both[0].decode(samples), both[1])
    return rows.points, ("vectors of the run became rows of the table", *rows.notes)
