"""What a caller may do at each logging point of a run: a function of your own, or TensorBoard."""

import contextlib
from collections.abc import Callable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np

PICTURES = 36  # of each seed that TensorBoard shows
FLUSHED = 5  # seconds between two times at which events are written


class Point(NamedTuple):
    """A logging point of a run.

    Attributes:
      step: of the model, from 1.
      steps: of the whole run.
      lines: what `metrics.jsonl` got, one for each seed: `step`, `seed`, the fields of Info, and what was measured.
      samples: `[seeds, n, ...]` where the run was evaluated at this step; None elsewhere.
      kind: what a sample is, such as "images".
    """

    step: int
    steps: int
    lines: Sequence[Mapping[str, Any]]
    samples: np.ndarray | None
    kind: str


Callback = Callable[[Point], None]
"""Is called after each logging point, in the first process only.

A run that is continued begins again at its last checkpoint, so a callback can meet the steps after that a second time.
What it raises ends the run as any error does, with the last checkpoint whole.
"""


@contextlib.contextmanager
def tensorboard(directory: Path) -> Iterator[Callback]:
    """Makes a callback that writes events for TensorBoard, of each seed into a folder of its own.

    Numbers become scalars, and images of an evaluation pictures. Steps that a continued run repeats replace those that
    were written before. A thread writes; what it has not written is written when the context ends:
    `with tensorboard(directory) as write: fit(..., callbacks=[write])`.

    Args:
      directory: in which folders `seed_0`, `seed_1`, ... are made.

    Raises:
      ValueError: if tensorboardX is not installed.
    """
    try:
        from tensorboardX import SummaryWriter
    except ImportError as error:
        raise ValueError("TensorBoard's events need tensorboardX: pip install 'jaxgan[tensorboard]'") from error
    writers: dict[int, Any] = {}

    def write(point: Point) -> None:
        for i, line in enumerate(point.lines):
            seed = line["seed"]
            if seed not in writers:
                folder = str(directory / f"seed_{seed}")
                # Names are of seconds, and a run that goes on within one must not write over what was there.
                suffix = f".{point.step:012d}"
                writers[seed] = SummaryWriter(folder, purge_step=point.step, flush_secs=FLUSHED, filename_suffix=suffix)
            for name, value in scalars(line):
                writers[seed].add_scalar(name, value, point.step)
            if point.samples is not None and point.kind == "images":
                shown = np.asarray(point.samples[i][:PICTURES], np.float32)
                shown = shown[..., :3] if shown.shape[3] >= 3 else shown[..., :1]
                pictures = np.clip((shown + 1) / 2, 0, 1)
                writers[seed].add_images("samples", pictures, point.step, dataformats="NHWC")

    try:
        yield write
    finally:
        for writer in writers.values():
            writer.close()


def scalars(line: Mapping[str, Any], prefix: str = "") -> Iterator[tuple[str, float]]:
    """The numbers of a line of `metrics.jsonl`, those of inner mappings by `outer/inner`; lists and texts are none."""
    for name, value in line.items():
        if isinstance(value, Mapping):
            yield from scalars(value, f"{prefix}{name}/")
        elif isinstance(value, int | float) and name not in ("step", "seed"):
            yield f"{prefix}{name}", float(value)
