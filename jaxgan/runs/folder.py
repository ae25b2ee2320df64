"""The folder of a run: what may be written there, and how it survives being killed at any moment.

Whole files are written beside their place and moved into it. `metrics.jsonl` grows; a run that continues from an older
checkpoint first cuts it back to that step, and then writes the same lines again. Of the processes of a run on many
hosts only the first one writes; all of them read, so the folder lies where all of them see it.
"""

import json
import math
import os
import sys
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any, BinaryIO

import numpy as np

from jaxgan.backend import files, processes

CONFIG, METRICS, SUMMARY, SAMPLES, SNAPSHOTS = (
    "config.json",
    "metrics.jsonl",
    "summary.json",
    "samples.npz",
    "snapshots.npz",
)


def plain(value: Any) -> Any:
    """Makes a value fit for JSON: lists of arrays, dictionaries of named tuples, None of what is not finite."""
    if isinstance(value, Mapping):
        return {str(name): plain(item) for name, item in value.items()}
    if isinstance(value, tuple) and hasattr(value, "_asdict"):
        return plain(value._asdict())  # pyright: ignore[reportAttributeAccessIssue]
    if isinstance(value, list | tuple):
        return [plain(item) for item in value]
    if hasattr(value, "tolist"):
        return plain(value.tolist())
    if isinstance(value, float) and not math.isfinite(value):
        return None
    return value if isinstance(value, str | int | float | bool | None) else str(value)


def _replace(path: Path, write: Callable[[BinaryIO], Any]) -> None:
    if processes.is_first():
        files.write_whole(path, write)


def _remove(path: Path) -> None:
    if processes.is_first():
        path.unlink(missing_ok=True)


def write_json(path: Path, value: Any) -> None:
    """Writes a JSON file, whole or not at all."""
    _replace(path, lambda file: file.write((json.dumps(plain(value), indent=2) + "\n").encode()))


def write_arrays(path: Path, **arrays: Any) -> None:
    """Writes an `.npz` file, whole or not at all."""
    _replace(path, lambda file: np.savez(file, **arrays))


def read_json(path: Path) -> Any:
    """Reads a JSON file, or None if there is none.

    Raises:
      ValueError: it cannot be read as JSON; one line.
    """
    if not path.exists():
        return None
    try:
        return json.loads(path.read_text())
    except (OSError, ValueError) as error:
        raise ValueError(f"{path} cannot be read as JSON: {error}") from error


def read_arrays(path: Path, names: Sequence[str]) -> tuple[np.ndarray, ...]:
    """Reads the named arrays of an `.npz` file; each is empty, `[0]`, if there is no such file.

    Raises:
      ValueError: it is no such file, or lacks an array; one line.
    """
    if not path.exists():
        return tuple(np.zeros(0) for _ in names)
    try:
        with open(path, "rb") as raw, np.load(raw, allow_pickle=False) as file:
            return tuple(file[name] for name in names)
    except Exception as error:  # a damaged archive fails in many ways
        raise ValueError(f"{path} cannot be read: {error}") from error


def flat(options: Mapping[str, Any], prefix: str = "") -> dict[str, Any]:
    """Nested options as `{"a.b": value}`."""
    found: dict[str, Any] = {}
    for name, value in options.items():
        found |= flat(value, f"{prefix}{name}.") if isinstance(value, Mapping) else {prefix + name: value}
    return found


def differences(old: Mapping[str, Any], new: Mapping[str, Any]) -> list[str]:
    """The options that differ, as `name: old -> new`."""
    before, after = flat(old), flat(new)
    return [
        f"{name}: {before.get(name, '(none)')} -> {after.get(name, '(none)')}"
        for name in sorted({*before, *after})
        if before.get(name, "(none)") != after.get(name, "(none)")
    ]


def claim(directory: Path, config: Mapping[str, Any], *, accept_changes: bool = False) -> None:
    """Makes sure that a folder is this run's own, and writes `config.json` into it.

    Args:
      directory: new, empty, or of the same experiment with the same options.
      config: with `experiment`, `arm` and `options`; whatever else it holds may differ.
      accept_changes: continue although options differ.

    Raises:
      ValueError: the folder holds something else; nothing is written then.
    """
    config = plain(config)
    if directory.exists() and not directory.is_dir():
        raise ValueError(f"{directory} is a file: choose a folder as --workdir")
    old = read_json(directory / CONFIG)
    if old is None:
        if directory.exists() and not all(files.left_behind(path, CONFIG) for path in directory.iterdir()):
            raise ValueError(f"{directory} holds files, but no run: choose another --workdir")
    elif (old.get("experiment"), old.get("arm")) != (config["experiment"], config["arm"]):
        holds = " / ".join(filter(None, (old.get("experiment"), old.get("arm"))))
        raise ValueError(f"{directory} holds a run of {holds}, not of {config['experiment']}: choose another --workdir")
    elif changed := differences(old["options"], config["options"]):
        if not accept_changes:
            raise ValueError(
                f"{directory} holds a run with other options ({'; '.join(changed)}): "
                "choose another --workdir, or continue with --accept-changes"
            )
        forget_end(directory)
    else:
        return
    write_json(directory / CONFIG, config)


def forget_end(directory: Path) -> None:
    """Removes what a finished run says of its end, so that it can go on."""
    for stale in (SUMMARY, SAMPLES):
        _remove(directory / stale)


def _lines(path: Path, last_step: int) -> list[str]:
    kept = []
    for line in path.read_text().splitlines() if path.exists() else []:
        try:
            if json.loads(line)["step"] <= last_step:
                kept.append(line)
        except (json.JSONDecodeError, KeyError, TypeError):
            pass  # the line that was being written when the process was killed
    return kept


def read_lines(directory: Path) -> list[dict[str, Any]]:
    """What `metrics.jsonl` holds."""
    return [json.loads(line) for line in _lines(directory / METRICS, sys.maxsize)]


def rewind(directory: Path, step: int) -> None:
    """Forgets all that was logged after a step."""
    text = "".join(line + "\n" for line in _lines(directory / METRICS, step))
    _replace(directory / METRICS, lambda file: file.write(text.encode()))
    steps, samples = read_snapshots(directory)
    if any(kept := [s <= step for s in steps]):
        write_arrays(directory / SNAPSHOTS, step=steps[kept], samples=samples[kept])
    else:
        _remove(directory / SNAPSHOTS)


def log(directory: Path, lines: Sequence[Mapping[str, Any]]) -> None:
    """Appends lines to `metrics.jsonl`."""
    if not processes.is_first():
        return
    with open(directory / METRICS, "a") as file:
        file.write("".join(json.dumps(plain(line)) + "\n" for line in lines))
        file.flush()
        os.fsync(file.fileno())


def read_snapshots(directory: Path) -> tuple[np.ndarray, np.ndarray]:
    """The samples kept through training: steps `[t]` and samples `[t, seeds, n, ...]`."""
    steps, samples = read_arrays(directory / SNAPSHOTS, ("step", "samples"))
    return steps.astype(int), samples


def add_snapshot(directory: Path, step: int, samples: np.ndarray) -> None:
    """Adds samples `[seeds, n, ...]` to those kept through training."""
    steps, kept = read_snapshots(directory)
    kept = np.concatenate([kept, samples[None]]) if len(steps) else samples[None]
    write_arrays(directory / SNAPSHOTS, step=np.append(steps, step), samples=kept)
