"""Reports that are written by processes of their own."""

import contextlib
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

from jaxgan.backend.files import FileProblem

BAD_INPUT = 2  # exit status of what ends in one line


@contextlib.contextmanager
def reporting() -> Iterator[Callable[[Path], None]]:
    """A function that has the report of a run written by a process of its own, while the next arm is compiled.

    Leaving waits for all of them; one that failed is an error then.
    """
    writing: dict[Path, subprocess.Popen] = {}

    def write(directory: Path) -> None:
        command = [sys.executable, "-m", "jaxgan", "report", str(directory)]
        # In a session of its own, where control-C at the terminal does not reach it.
        pipes: dict[str, Any] = {"stdout": subprocess.DEVNULL, "stderr": subprocess.PIPE}
        writing[directory] = subprocess.Popen(command, **pipes, text=True, start_new_session=True)

    try:
        yield write
    finally:
        complaints = {directory: process.communicate()[1] for directory, process in writing.items()}
    for directory, complaint in complaints.items():
        if writing[directory].returncode == BAD_INPUT:
            raise FileProblem(f"jaxgan report {directory} failed: {complaint.strip().removeprefix('error: ')}")
        if writing[directory].returncode:
            raise RuntimeError(f"jaxgan report {directory} failed: {complaint.strip()}")
