"""Files that are there whole or not at all, wherever the process dies and however many write at once."""

import itertools
import os
import uuid
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any, BinaryIO


class FileProblem(OSError):
    """A file cannot be read or written for a reason that its user can put right: one line, with its name."""


@contextmanager
def naming(path: Path, what: str) -> Iterator[None]:
    """Raises what the system refuses inside as a `FileProblem`: "PATH cannot be written: No space left on device".

    Args:
      path: of the file.
      what: is wrong when the system refuses, such as "cannot be written".
    """
    try:
        yield
    except FileProblem:
        raise
    except OSError as error:
        raise FileProblem(f"{path} {what}: {error.strerror or error}") from error


def write_whole(path: Path, write: Callable[[BinaryIO], Any]) -> Path:
    """Writes a file beside its place and then moves it there, so that nobody ever reads a part of it.

    A process that is killed while it writes leaves `.NAME.*.tmp` behind, and the file as it was.

    Args:
      path: of the file; its folder is made if missing, and a file that is there already is replaced.
      write: `write(file)`, with the file open for bytes; when it raises, the file stays as it was.

    Returns:
      The path.

    Raises:
      FileProblem: the file cannot be written.
    """
    # Not by `tempfile`, whose files only their owner may read: the folder of a run may be shared.
    beside = path.with_name(f".{path.name}.{uuid.uuid4().hex}.tmp")
    with naming(path, "cannot be written"):
        path.parent.mkdir(parents=True, exist_ok=True)
        try:
            with open(beside, "xb") as file:
                write(file)
                file.flush()
                os.fsync(file.fileno())
            os.replace(beside, path)
        except BaseException:
            beside.unlink(missing_ok=True)
            raise
    return path


def left_behind(path: Path, name: str) -> bool:
    """Whether a path is what a process that was killed while it wrote the file `name` left beside it."""
    return path.name.startswith(f".{name}.") and path.name.endswith(".tmp")


def free(path: Path) -> Path:
    """The path, or the first of `NAME.2`, `NAME.3` and so on, where nothing is."""
    numbered = (path.with_name(f"{path.name}.{i}") for i in itertools.count(2))
    return next(found for found in itertools.chain([path], numbered) if not os.path.lexists(found))
