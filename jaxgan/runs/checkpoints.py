"""Checkpoints of a run: the only file that knows orbax."""

import copy
import hashlib
import logging
import os
import shutil
from collections.abc import Callable
from concurrent.futures import Future, ThreadPoolExecutor
from pathlib import Path
from typing import Any, TypeVar

import jax
import numpy as np

from jaxgan.backend import processes
from jaxgan.backend.files import FileProblem, free, write_whole
from jaxgan.types import PyTree

os.environ.setdefault("GRPC_VERBOSITY", "ERROR")  # tensorstore's network layer writes through the progress bar

SUMS = "SHA256SUMS"  # in each checkpoint; `sha256sum --check` reads it
T = TypeVar("T")


class Damaged(ValueError):
    """A checkpoint cannot be read: one line, with its step and what is wrong."""


class Checkpoints:
    """The checkpoints in a folder: a tree of arrays and a small dictionary for each saved step.

    Saving copies the arrays and returns; writing goes on in the background. A checkpoint appears only when it is
    whole, so a process may be killed at any moment, and with the SHA-256 of each of its files, which are verified when
    it is read. One that is damaged is never removed. Use it as a context manager, which waits for the last one.

    Args:
      directory: made when the first one is saved.
      keep: how many stay of those at multiples of `every`, and how many of the others; at least 1. The others, saved
        for a signal or an alarm, push none of the first out.
      every: steps between two that are saved in any case, at least 1.

    Raises:
      ValueError: the directory is a file.
    """

    def __init__(self, directory: Path, *, keep: int = 2, every: int = 1):
        if os.path.lexists(directory) and not directory.is_dir():
            raise ValueError(f"{directory} is no folder, where the folder of the checkpoints should be: move it away")
        self._directory, self._keep, self._every = directory, keep, every
        self._unusable: set[int] = set()
        self._worker = ThreadPoolExecutor(1)
        self._saving: tuple[int, Future] | None = None

    def __enter__(self) -> "Checkpoints":
        return self

    def __exit__(self, kind: Any, *error) -> None:
        try:
            if kind is None:
                self.wait()
        finally:
            self._worker.shutdown()

    @property
    def steps(self) -> list[int]:
        """The steps that were saved, in order, but for those that `newest` found damaged."""
        if not self._directory.is_dir():
            return []
        found = {int(path.name) for path in self._directory.iterdir() if path.name.isdecimal()}
        return sorted(found - self._unusable)

    def last(self, until: int) -> int | None:
        """The last step up to `until` that is a multiple of `every` and kept, or None; waits for what is written."""
        self.wait()
        return max((step for step in self.steps if step <= until and step % self._every == 0), default=None)

    def wait(self) -> None:
        """Waits for the checkpoint that is being written.

        Raises:
          FileProblem: it could not be written; one line.
        """
        if self._saving is None:
            return
        (step, saving), self._saving = self._saving, None
        try:
            saving.result()
        except Exception as error:  # of orbax and tensorstore, which wrap what the system says in many ways
            raise self._not_written(step, error) from error
        processes.meet(f"saved {step}")

    def check(self) -> None:
        """Raises FileProblem if it is known already that the checkpoint that is being written could not be."""
        if self._saving is not None and self._saving[1].done() and self._saving[1].exception() is not None:
            self.wait()

    def save(self, step: int, arrays: PyTree, progress: dict[str, Any]) -> None:
        """Saves a tree of arrays and a dictionary of numbers and strings; a step that is there already stays.

        Raises:
          FileProblem: it, or the one before, could not be written; one line.
        """
        self.wait()
        if step in self.steps:
            return
        ocp = _orbax()
        checkpointables = {"arrays": arrays, "progress": copy.deepcopy(progress)}
        begun = self._directory / f".{step}.writing"
        try:
            if processes.is_first():
                self._directory.mkdir(exist_ok=True)
                for left_behind in self._directory.glob(".*.writing*"):
                    shutil.rmtree(left_behind)
            # Folders that are made in the background are waited for, for minutes, where they cannot be made.
            with ocp.Context(async_options=ocp.options.AsyncOptions(create_directories_asynchronously=False)):
                response = ocp.save_checkpointables_async(begun.absolute(), checkpointables)
        except OSError as error:
            raise self._not_written(step, error) from error
        self._saving = step, self._worker.submit(self._finish, step, begun, response)

    def _finish(self, step: int, begun: Path, response: Any) -> None:
        response.result()
        if not processes.is_first():
            return
        sums = "".join(f"{digest}  {name}\n" for name, digest in _digests(begun).items())
        write_whole(begun / SUMS, lambda file: file.write(sums.encode()))
        place = self._directory / str(step)
        if place.is_symlink() or place.exists():  # one that was found damaged
            place.rename(free(place.with_name(f"{step}.damaged")))
        begun.rename(place)
        self._unusable.discard(step)
        for periodic in (True, False):
            for old in [s for s in self.steps if (s % self._every == 0) is periodic][: -self._keep]:
                gone = self._directory / f".{old}.writing"
                (self._directory / str(old)).rename(gone)
                shutil.rmtree(gone)

    def _not_written(self, step: int, error: Exception) -> FileProblem:
        last = self.steps[-1:]
        kept = f"the checkpoint of step {last[0]} is whole" if last else "there is none before it"
        return FileProblem(
            f"the checkpoint of step {step} cannot be written to {self._directory} ({_first_line(error)}); {kept}"
        )

    def newest(self, read: Callable[[int], T], say: Callable[[str], Any]) -> T | None:
        """Reads the newest checkpoint that can be read; None where there is none.

        Args:
          read: `restore` or `read`, of a step.
          say: is told of each one that is damaged, or does not fit, and is passed over.

        Raises:
          ValueError: there are checkpoints, and none can be read; one line, with what is wrong with the newest.
        """
        problems: list[ValueError] = []
        for step in reversed(self.steps):
            try:
                found = read(step)
            except ValueError as error:
                problems.append(error)
                continue
            for problem in problems:
                say(f"{problem}; it is left as it is, and that of step {step} is used")
            self._unusable.update(other for other in self.steps if other > step)
            return found
        if problems:
            others = f"; nor can the {len(problems) - 1} before it be used" if len(problems) > 1 else ""
            damaged = all(isinstance(problem, Damaged) for problem in problems)
            advice = "; put a whole one back, or choose another --workdir" if damaged else ""
            raise ValueError(f"{problems[0]}{others}{advice}")
        return None

    def restore(self, like: PyTree, step: int) -> tuple[PyTree, dict[str, Any]]:
        """Reads the checkpoint of a step.

        Args:
          like: arrays of the same structure, shapes and dtypes; the result is placed on devices as they are.
          step: one that was saved and is kept.

        Raises:
          ValueError: it cannot be read, is damaged, or is not like `like`; one line, which names the first file or
            array that differs.
        """
        saved, wanted = _by_name(self._structure(step)), _by_name(like)
        for name in sorted({*saved, *wanted}):
            here, there = (_described(of.get(name)) for of in (saved, wanted))
            if here != there:
                raise ValueError(f"the checkpoint of step {step} in {self._directory} has {name} {here}, not {there}")
        placed = jax.tree.map(lambda a: jax.ShapeDtypeStruct(a.shape, a.dtype, sharding=a.sharding), like)
        return self._load(step, placed)

    def read(self, step: int) -> tuple[dict[str, np.ndarray], dict[str, Any]]:
        """Reads the checkpoint of a step without knowing what is in it and on which devices it was.

        Returns:
          The arrays on the host, by their place in the tree, such as "generator.params.Dense_0.bias"; `names_in` tells
          the places in a tree. And the dictionary.

        Raises:
          ValueError: it cannot be read, or is damaged; one line.
        """
        like = jax.tree.map(lambda a: np.empty(a.shape, a.dtype), self._structure(step))
        arrays, progress = self._load(step, like)
        return _by_name(arrays), progress

    def _structure(self, step: int) -> PyTree:
        """A tree of what has the shape and dtype of each array that was saved; named tuples are dictionaries in it."""
        self._verify(step)
        try:
            structure = _orbax().checkpointables_metadata(self._at(step)).metadata.get("arrays")
        except Exception as error:  # one without checksums may be damaged, and fails in many ways
            raise self._damaged(step, _first_line(error)) from error
        if structure is None:
            raise self._damaged(step, "its arrays are not whole")
        return structure

    def _verify(self, step: int) -> None:
        """Compares each file with its checksum; checkpoints of older versions have none."""
        at = self._at(step)
        if at.is_dir() and not os.path.lexists(at / SUMS):
            return
        try:
            lines = (at / SUMS).read_text(errors="replace").splitlines()
            found = _digests(at)
        except OSError as error:
            raise self._damaged(step, _first_line(error)) from error
        recorded = {name: digest for digest, _, name in (line.partition("  ") for line in lines)}
        if not recorded:
            raise self._damaged(step, f"{SUMS} is empty")
        if "" in recorded:
            raise self._damaged(step, f"{SUMS} is garbled")
        for name, digest in recorded.items():
            if found.get(name) != digest:
                raise self._damaged(step, f"{name} {'is not as it was written' if name in found else 'is missing'}")

    def _load(self, step: int, like: PyTree) -> tuple[PyTree, dict[str, Any]]:
        try:
            read = _orbax().load_checkpointables(self._at(step), {"arrays": like, "progress": None})
            return read["arrays"], dict(read["progress"])
        except Exception as error:
            raise self._damaged(step, _first_line(error)) from error

    def _at(self, step: int) -> Path:
        return self._directory.absolute() / str(step)

    def _damaged(self, step: int, why: str) -> Damaged:
        return Damaged(f"the checkpoint of step {step} in {self._directory} cannot be read: {why}")


def _orbax() -> Any:
    """Orbax, which takes seconds to import, and would say in hundreds of lines what is raised here in one."""
    from orbax.checkpoint import v1

    logger = logging.getLogger("absl")
    if _not_of_orbax not in logger.filters:
        logger.addFilter(_not_of_orbax)
    return v1


def _not_of_orbax(record: logging.LogRecord) -> bool:
    return "orbax" not in Path(record.pathname).parts


def _digests(directory: Path) -> dict[str, str]:
    """The SHA-256 of each file below a folder, by its path there, but for the file that holds them."""
    found = {}
    for path in sorted(directory.rglob("*")):
        if path.is_file() and (name := path.relative_to(directory).as_posix()) != SUMS:
            with open(path, "rb") as file:
                found[name] = hashlib.file_digest(file, "sha256").hexdigest()
    return found


def _first_line(error: Exception) -> str:
    if isinstance(error, OSError) and error.strerror:
        return error.strerror
    line = str(error).strip().split("\n")[0] or type(error).__name__
    return line[:200]


def names_in(tree: PyTree) -> list[str]:
    """The places of a tree's arrays by name, such as "generator.params.Dense_0.bias", in the order of its leaves."""
    places = (place for place, _ in jax.tree_util.tree_leaves_with_path(tree))
    return [jax.tree_util.keystr(place, simple=True, separator=".") for place in places]


def _by_name(tree: PyTree) -> dict[str, Any]:
    return dict(zip(names_in(tree), jax.tree.leaves(tree), strict=True))


def _described(array: Any) -> str:
    return "missing" if array is None else f"{array.dtype} {list(array.shape)}"
