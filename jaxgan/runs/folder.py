"""The folder of a run: what may be written there, and how it survives being killed at any moment.

Whole files are written beside their place and moved into it. `metrics.jsonl` grows; a run that continues from an older
checkpoint first cuts it back to that step, and then writes the same lines again. Of the processes of a run on many
hosts only the first one writes; all of them read, so the folder lies where all of them see it.
"""

import errno
import hashlib
import json
import math
import os
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any, BinaryIO

import jax
import numpy as np

from jaxgan.backend import files, processes
from jaxgan.runs.lines import missing, parsed, shortened

CONFIG, METRICS, SUMMARY, SAMPLES, SNAPSHOTS = (
    "config.json",
    "metrics.jsonl",
    "summary.json",
    "samples.npz",
    "snapshots",
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
        with files.naming(path, "cannot be removed"):
            path.unlink(missing_ok=True)


def move_aside(path: Path) -> Path:
    """Renames a damaged file to `NAME.damaged`, or `NAME.damaged.2` and so on where that is taken; returns the path."""
    aside = files.free(path.with_name(f"{path.name}.damaged"))
    if processes.is_first() and os.path.lexists(path):
        with files.naming(path, "cannot be moved aside"):
            path.rename(aside)
    return aside


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
    if not os.path.lexists(path):
        return None
    try:
        _check_file(path)
        return json.loads(path.read_text())
    except (OSError, ValueError, RecursionError) as error:
        raise ValueError(f"{path} cannot be read as JSON: {reason(error)}") from error


def _check_file(path: Path) -> None:
    """Raises OSError for what is no file: a folder, a link to nowhere, or a pipe, which would be waited for."""
    if not path.is_file():
        raise OSError(errno.EINVAL, "it is no file")


def reason(error: Exception) -> str:
    """What an error says, in one line without the name of the file."""
    return ((isinstance(error, OSError) and error.strerror) or str(error).split("\n")[0] or type(error).__name__)[:200]


def read_arrays(path: Path, names: Sequence[str]) -> tuple[np.ndarray, ...]:
    """Reads the named arrays of an `.npz` file; each is empty, `[0]`, if there is no such file.

    Raises:
      ValueError: it is no such file, or lacks an array; one line.
    """
    if not os.path.lexists(path):
        return tuple(np.zeros(0) for _ in names)
    try:
        _check_file(path)
        with open(path, "rb") as raw, np.load(raw, allow_pickle=False) as file:
            return tuple(file[name] for name in names)
    except Exception as error:  # a damaged archive fails in many ways
        raise ValueError(f"{path} cannot be read: {reason(error)}") from error


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


def forget_end(directory: Path) -> None:
    """Removes what a finished run says of its end, so that it can go on."""
    for stale in (SUMMARY, SAMPLES):
        _remove(directory / stale)


def _content(path: Path) -> bytes:
    if not os.path.lexists(path):
        return b""
    with files.naming(path, "cannot be read"):
        _check_file(path)
        return path.read_bytes()


def read_lines(directory: Path) -> list[dict[str, Any]]:
    """What `metrics.jsonl` holds; lines that are damaged are named on the error stream, and left out.

    Raises:
      FileProblem: it cannot be read.
    """
    found = parsed(_content(directory / METRICS))
    if found.damage:
        processes.say(f"{directory / METRICS}: {shortened(found.damage)}; left out")
    return found.lines


def digest(directory: Path) -> str:
    """The SHA-256 of `metrics.jsonl` as it is now, which `rewind` compares; "" in a run of many processes."""
    return "" if jax.process_count() > 1 else hashlib.sha256(_content(directory / METRICS)).hexdigest()


def rewind(
    directory: Path, step: int, seeds: Sequence[int], every_log: int, expected: str = ""
) -> list[dict[str, Any]]:
    """Forgets all that was logged after a step; says which lines before it are damaged, and keeps the file as it was.

    Args:
      directory: of the run.
      step: from which it goes on.
      seeds: of the run, each of which has a line at each step that is logged.
      every_log: steps between two of these.
      expected: what `digest` was at that step; "" where it is not known.

    Returns:
      The lines that are left.

    Raises:
      FileProblem: a file cannot be read or written.
    """
    path = directory / METRICS
    found = parsed(_content(path), step)
    if found.damage:
        processes.say(f"{path}: {shortened(found.damage)}; left out, and the file as it was is {move_aside(path).name}")
    if gaps := missing(found.lines, step, seeds, every_log):
        processes.say(f"{path}: lines are missing {gaps}; the run goes on without them")
    text = "".join(line + "\n" for line in found.texts).encode()
    if expected and not found.damage and not gaps and hashlib.sha256(text).hexdigest() != expected:
        processes.say(f"{path} is not as it was written, and its lines are used as they are")
    _replace(path, lambda file: file.write(text))
    for at, snapshot in _snapshots(directory):
        if at > step:
            _remove(snapshot)
    return found.lines


def log(directory: Path, lines: Sequence[Mapping[str, Any]]) -> None:
    """Appends lines to `metrics.jsonl`."""
    if not processes.is_first():
        return
    path = directory / METRICS
    with files.naming(path, "cannot be written"), open(path, "a") as file:
        file.write("".join(json.dumps(plain(line)) + "\n" for line in lines))
        file.flush()
        os.fsync(file.fileno())


def _snapshots(directory: Path) -> list[tuple[int, Path]]:
    """The steps of which samples are kept, in order, and their files."""
    kept = (directory / SNAPSHOTS).glob("*.npz")
    return sorted((int(path.stem), path) for path in kept if path.stem.isdecimal())


def read_snapshots(directory: Path) -> tuple[np.ndarray, np.ndarray]:
    """The samples kept through training: steps `[t]` and samples `[t, seeds, n, ...]`.

    A file that is damaged, or of other samples than most, is named on the error stream, and left out.
    """
    found: dict[int, np.ndarray] = {}
    for step, path in _snapshots(directory):
        try:
            (found[step],) = read_arrays(path, ("samples",))
        except ValueError as error:
            processes.say(f"{error}; left out")
    shapes = [samples.shape for samples in found.values()]
    usual = max(shapes, key=shapes.count, default=(0,))
    alike = {step: samples for step, samples in found.items() if samples.shape == usual}
    if others := [str(step) for step in found if step not in alike]:
        processes.say(f"{directory / SNAPSHOTS}: the samples of step {shortened(others)} have another shape; left out")
    return np.array(list(alike), int), np.stack(list(alike.values())) if alike else np.zeros(0)


def add_snapshot(directory: Path, step: int, samples: np.ndarray) -> None:
    """Keeps samples `[seeds, n, ...]` of a step, in a file of their own."""
    write_arrays(directory / SNAPSHOTS / f"{step}.npz", samples=samples)
