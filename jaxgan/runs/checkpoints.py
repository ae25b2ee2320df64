"""Checkpoints of a run: the only file that knows orbax."""

import logging
import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import jax
import numpy as np

from jaxgan.types import PyTree

os.environ.setdefault("GRPC_VERBOSITY", "ERROR")  # tensorstore's network layer writes through the progress bar


class Checkpoints:
    """The checkpoints in a folder: a tree of arrays and a small dictionary for each saved step.

    Saving copies the arrays and returns; writing goes on in the background. A checkpoint appears only when it is
    whole, so a process may be killed at any moment. Use it as a context manager, which waits for the last one.

    Args:
      directory: made if missing.
      keep: how many of the latest checkpoints stay, at least 1.
    """

    def __init__(self, directory: Path, *, keep: int = 2):
        from orbax.checkpoint import v1 as ocp  # here: importing it takes seconds

        self._directory = directory
        self._checkpointer = ocp.training.Checkpointer(
            directory.absolute(),  # pyright: ignore[reportArgumentType] (orbax's own protocols are narrower than its use)
            preservation_policy=ocp.training.preservation_policies.LatestN(keep),  # pyright: ignore[reportArgumentType]
        )

    def __enter__(self) -> "Checkpoints":
        return self

    def __exit__(self, *error) -> None:
        self._checkpointer.close()

    @property
    def latest(self) -> int | None:
        """The last step that was saved whole, or None."""
        latest = self._checkpointer.latest
        return None if latest is None else latest.step

    def last(self, until: int) -> int | None:
        """The last step up to `until` whose checkpoint is kept, or None; waits for one that is being written."""
        self._checkpointer.wait()
        return max((c.step for c in self._checkpointer.checkpoints if c.step <= until), default=None)

    def save(self, step: int, arrays: PyTree, progress: dict[str, Any]) -> None:
        """Saves a tree of arrays and a dictionary of numbers and strings; a step that is there already stays."""
        if self.latest != step:
            self._checkpointer.save_checkpointables_async(step, {"arrays": arrays, "progress": progress}, force=True)

    def restore(self, like: PyTree, step: int | None = None) -> tuple[PyTree, dict[str, Any]]:
        """Reads the checkpoint of a step, or the latest.

        Args:
          like: arrays of the same structure, shapes and dtypes; the result is placed on devices as they are.
          step: one that was saved and is kept; None for the latest.

        Raises:
          ValueError: there is no checkpoint, it cannot be read, or it is not like `like`; one line, which names the
            first array that differs.
        """
        step = self._step(step)
        saved, wanted = _by_name(self._structure(step)), _by_name(like)
        for name in sorted({*saved, *wanted}):
            here, there = (_described(of.get(name)) for of in (saved, wanted))
            if here != there:
                raise ValueError(f"the checkpoint of step {step} in {self._directory} has {name} {here}, not {there}")
        placed = jax.tree.map(lambda a: jax.ShapeDtypeStruct(a.shape, a.dtype, sharding=a.sharding), like)
        return self._load(step, placed)

    def read(self, step: int | None = None) -> tuple[dict[str, np.ndarray], dict[str, Any]]:
        """Reads the checkpoint of a step, or the latest, without knowing what is in it and on which devices it was.

        Args:
          step: one that was saved and is kept; None for the latest.

        Returns:
          The arrays on the host, by their place in the tree, such as "generator.params.Dense_0.bias"; `names_in` tells
          the places in a tree. And the dictionary.

        Raises:
          ValueError: there is no checkpoint, or it cannot be read; one line.
        """
        step = self._step(step)
        like = jax.tree.map(lambda a: np.empty(a.shape, a.dtype), self._structure(step))
        arrays, progress = self._load(step, like)
        return _by_name(arrays), progress

    def _step(self, step: int | None) -> int:
        step = self.latest if step is None else step
        if step is None:
            raise ValueError(f"there is no checkpoint in {self._directory}")
        return step

    def _structure(self, step: int) -> PyTree:
        """A tree of what has the shape and dtype of each array that was saved; named tuples are dictionaries in it."""
        try:
            with _without_warnings():
                structure = self._checkpointer.checkpointables_metadata(step).metadata.get("arrays")
        except Exception as error:  # a damaged checkpoint fails in many ways
            raise self._damaged(step, error) from error
        if structure is None:
            raise self._damaged(step, ValueError("its arrays are not whole"))
        return structure

    def _load(self, step: int, like: PyTree) -> tuple[PyTree, dict[str, Any]]:
        try:
            read = self._checkpointer.load_checkpointables(step, {"arrays": like, "progress": None})
            return read["arrays"], dict(read["progress"])
        except Exception as error:
            raise self._damaged(step, error) from error

    def _damaged(self, step: int, error: Exception) -> ValueError:
        first_line = str(error).strip().split("\n")[0] or type(error).__name__
        return ValueError(f"the checkpoint of step {step} in {self._directory} cannot be read: {first_line[:200]}")


@contextmanager
def _without_warnings() -> Iterator[None]:
    """Keeps orbax from saying in many lines what is raised in one."""
    logger = logging.getLogger("absl")
    before = logger.level
    logger.setLevel(logging.ERROR)
    try:
        yield
    finally:
        logger.setLevel(before)


def names_in(tree: PyTree) -> list[str]:
    """The places of a tree's arrays by name, such as "generator.params.Dense_0.bias", in the order of its leaves."""
    places = (place for place, _ in jax.tree_util.tree_leaves_with_path(tree))
    return [jax.tree_util.keystr(place, simple=True, separator=".") for place in places]


def _by_name(tree: PyTree) -> dict[str, Any]:
    return dict(zip(names_in(tree), jax.tree.leaves(tree), strict=True))


def _described(array: Any) -> str:
    return "missing" if array is None else f"{array.dtype} {list(array.shape)}"
