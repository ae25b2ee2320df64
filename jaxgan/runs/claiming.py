"""Whose folder it is: the configuration that a run keeps there, and a lock against a second run at the same time."""

import fcntl
import os
import socket
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any, NamedTuple

from jaxgan.backend import files, processes
from jaxgan.backend.files import FileProblem
from jaxgan.runs import folder
from jaxgan.runs.folder import CONFIG, plain

LOCK = ".lock"
SURROUNDINGS = ("versions", "device_kind", "device_count")  # what may differ when a run is continued, and is recorded
KEPT = ("started_from", "continued")  # what a later configuration does not know
NAMED = 3  # options that are named where more have changed
LONG = 60  # characters of a value


class Claim(NamedTuple):
    """What a folder holds, seen by a run that wants it.

    Attributes:
      directory: the folder.
      config: what its `config.json` shall be.
      old: what it is; None in a new folder, or where it is damaged.
      changed: whether options differ, which were accepted, or the configuration cannot be read.
      surroundings: in what versions and devices differ from those that were recorded last, in words; "" if in nothing.
    """

    directory: Path
    config: dict[str, Any]
    old: dict[str, Any] | None
    changed: bool
    surroundings: str


def claim(directory: Path, config: Mapping[str, Any], *, accept_changes: bool = False) -> Claim:
    """Makes sure that a folder is this run's own; writes nothing.

    Args:
      directory: new, empty, or of the same experiment with the same options.
      config: with `experiment`, `options` and perhaps `arm`; whatever else it holds may differ.
      accept_changes: continue although options differ, or `config.json` is damaged.

    Raises:
      ValueError: the configuration lacks something, or the folder holds something else; one line.
    """
    if absent := [name for name in ("experiment", "options") if name not in config]:
        raise ValueError(f"config has no {absent[0]!r}; it names the experiment and its options")
    wanted: dict[str, Any] = plain({"arm": None, **config})
    if directory.exists() and not directory.is_dir():
        raise ValueError(f"{directory} is a file: choose a folder as --workdir")
    try:
        old = _read(directory)
        if old is None and any((directory / name).exists() for name in ("checkpoints", folder.METRICS)):
            raise ValueError(f"{directory} holds a run without its {CONFIG}")
    except ValueError as error:
        if not accept_changes:
            raise ValueError(
                f"{error}: put it back, or write it again from this command with --accept-changes"
            ) from error
        return Claim(directory, wanted, None, True, "")
    if old is None:
        if directory.exists() and not all(_unimportant(path) for path in directory.iterdir()):
            raise ValueError(f"{directory} holds files, but no run: choose another --workdir")
        return Claim(directory, wanted, None, False, "")
    if (old.get("experiment"), old.get("arm")) != (wanted["experiment"], wanted["arm"]):
        holds = " / ".join(str(x) for x in (old.get("experiment"), old.get("arm")) if x)
        raise ValueError(f"{directory} holds a run of {holds}, not of {config['experiment']}: choose another --workdir")
    changed = folder.differences(old["options"], wanted["options"])
    if changed:
        _refuse(directory, changed, accept_changes)
    last = (old.get("continued") or [old])[-1]
    differing = folder.differences(
        {name: last[name] for name in SURROUNDINGS if name in last},
        {name: wanted[name] for name in SURROUNDINGS if name in wanted and name in last},
    )
    return Claim(directory, wanted, old, bool(changed), _few(differing))


def _refuse(directory: Path, changed: list[str], accept_changes: bool) -> None:
    seeds = [change for change in changed if change.startswith(("run.seeds:", "run.first_seed:"))]
    if seeds:
        raise ValueError(
            f"{directory} holds a run of other seeds ({seeds[0]}), and each is as if trained alone: train further ones "
            "in a folder of their own, with --first-seed"
        )
    if not accept_changes:
        raise ValueError(
            f"{directory} holds a run with other options ({_few(changed)}): "
            "choose another --workdir, or continue with --accept-changes"
        )


def _few(changes: list[str]) -> str:
    named = "; ".join(change if len(change) <= 2 * LONG else f"{change[: 2 * LONG]}..." for change in changes[:NAMED])
    return f"{named}; and {len(changes) - NAMED} more" if len(changes) > NAMED else named


def _read(directory: Path) -> dict[str, Any] | None:
    path = directory / CONFIG
    old = folder.read_json(path)
    if old is None:
        return None
    if not isinstance(old, dict) or not isinstance(old.get("options"), dict):
        raise ValueError(f"{path} is no configuration of a run: it holds no options")
    continued = old.get("continued") or []
    if not isinstance(continued, list) or not all(isinstance(entry, dict) for entry in continued):
        raise ValueError(f"{path} is no configuration of a run: what it says of having been continued is no list")
    return old


def _unimportant(path: Path) -> bool:
    return path.name == LOCK or files.left_behind(path, CONFIG)


def record(claimed: Claim, step: int) -> None:
    """Writes `config.json` if it is new or has changed; one that is damaged is kept beside it.

    Args:
      claimed: from `claim`, once it is known that what the folder holds fits the configuration.
      step: from which the run goes on; where versions or devices are others, they are recorded with it.
    """
    path = claimed.directory / CONFIG
    old = claimed.old or {}
    if claimed.changed and claimed.old is None:
        folder.move_aside(path)
    config = {**claimed.config, **{name: old[name] for name in KEPT if name in old}} if claimed.changed else old
    if claimed.surroundings:
        now = {name: claimed.config[name] for name in SURROUNDINGS if name in claimed.config}
        config = {**config, "continued": [*old.get("continued", []), {"step": step, **now}]}
    if config != claimed.old:
        folder.write_json(path, config or claimed.config)


class Lock(NamedTuple):
    """A folder that this process holds.

    Attributes:
      directory: the folder.
      file: number of the open file, or None in those of many processes that do not write.
    """

    directory: Path
    file: int | None

    def check(self) -> None:
        """Raises FileProblem if the folder is no longer the one that was locked: removed, moved, or made anew."""
        if self.file is None:
            return
        try:
            same = os.path.samestat(os.stat(self.directory / LOCK), os.fstat(self.file))
        except OSError:
            same = False
        if not same:
            raise FileProblem(f"{self.directory} was removed or moved while it was in use; nothing more is written")


@contextmanager
def locked(directory: Path) -> Iterator[Lock]:
    """Holds a folder for this process alone, for the duration of a block; the folder is made if missing.

    The lock is the operating system's (`flock`), so it is gone with the process, however that ends. It holds across
    hosts where the file system of the folder passes it on, as NFS does on Linux.

    Raises:
      ValueError: another process holds the folder.
      FileProblem: nothing can be written there.
    """
    if not processes.is_first():
        yield Lock(directory, None)
        return
    path = directory / LOCK
    with files.naming(path, "cannot be written"):
        directory.mkdir(parents=True, exist_ok=True)
        file = os.open(path, os.O_RDWR | os.O_CREAT, 0o666)
    try:
        try:
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            holder = os.pread(file, 200, 0).decode(errors="replace").strip() or "another process"
            raise ValueError(
                f"{directory} is in use by {holder}: wait for its end, or choose another --workdir"
            ) from None
        except OSError as error:  # some file systems know no locks
            processes.say(f"{path} cannot be locked ({error.strerror}): see to it that no other run uses the folder")
        else:
            with files.naming(path, "cannot be written"):
                os.ftruncate(file, 0)
                os.pwrite(file, f"process {os.getpid()} on {socket.gethostname()}\n".encode(), 0)
        yield Lock(directory, file)
    finally:
        os.close(file)
