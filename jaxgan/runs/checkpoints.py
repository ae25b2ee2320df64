"""Checkpoints of a run: the only file that knows orbax."""

import os
from pathlib import Path
from typing import Any

import jax

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
          ValueError: there is no checkpoint, or it is not like `like`.
        """
        step = self.latest if step is None else step
        if step is None:
            raise ValueError("there is no checkpoint to continue from")
        wanted = jax.tree.map(lambda a: jax.ShapeDtypeStruct(a.shape, a.dtype, sharding=a.sharding), like)
        read = self._checkpointer.load_checkpointables(step, {"arrays": wanted, "progress": None})
        return read["arrays"], dict(read["progress"])
