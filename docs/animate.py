"""The animation of the README: one seed of each arm of the ring, snapshot by snapshot.

    python experiments/ring.py --workdir runs/ring
    python docs/animate.py --runs runs/ring/plain runs/ring/unrolled runs/ring/packed runs/ring/mgan --seed 2

The arms train for about as long, so that each has steps of its own.
"""

import dataclasses
import sys
from pathlib import Path

import numpy as np
from matplotlib.backends.backend_agg import FigureCanvasAgg
from PIL import Image

from jaxgan.commands.experiment import exit_status
from jaxgan.commands.parsing import parse
from jaxgan.report.files import read_run
from jaxgan.report.samples import draw_examples, grid_of_cells, view_of
from jaxgan.report.style import label_axes

SIDE = 2.0  # inches of one arm
MILLISECONDS, PAUSE = 500, 3000  # of a frame, and of the last one


@dataclasses.dataclass(frozen=True)
class Options:
    """What is shown, and where it goes."""

    runs: tuple[Path, ...]
    """Folders of runs of the same data and with equally many snapshots, at parts of their training."""
    seed: int = 0
    """Which seed of each, counted from 0."""
    out: Path = Path("docs/ring.gif")
    """The animation."""


def animate(options: Options) -> int:
    runs = [read_run(folder) for folder in options.runs]
    counts = {len(run.steps) for run in runs}
    if len(counts) != 1 or not max(counts):
        raise ValueError(f"--runs names folders of runs with equally many snapshots, not {sorted(counts)}")
    if not 0 <= options.seed < (seeds := min(run.snapshots.shape[1] for run in runs)):
        raise ValueError(f"--seed is 0 to {seeds - 1} here, not {options.seed}")
    view = view_of(runs[0].kind, runs[0].real)
    figure, cells = grid_of_cells((1, len(runs)), SIDE, (0.1, 0.1), (0.1, 0.3))
    frames = []
    for t in range(max(counts)):
        for axes, run, folder in zip(cells.flat, runs, options.runs, strict=True):
            axes.clear()
            draw_examples(axes, view, run.real, run.snapshots[t, options.seed])
            label_axes(axes, f"{folder.name}, step {run.steps[t]:.0f}")
            axes.set(xticks=[], yticks=[])
        canvas = FigureCanvasAgg(figure)
        canvas.draw()
        frames.append(Image.fromarray(np.ascontiguousarray(np.asarray(canvas.buffer_rgba())[..., :3])).quantize(64))
    durations = [MILLISECONDS] * (len(frames) - 1) + [PAUSE]
    frames[0].save(options.out, save_all=True, append_images=frames[1:], duration=durations, loop=0)
    print(f"{options.out}: {len(frames)} frames, {options.out.stat().st_size / 1000:.0f} kB")
    return 0


if __name__ == "__main__":
    sys.exit(exit_status(lambda: animate(parse(Options, sys.argv[1:], description=__doc__)), "stopped"))
