"""The table and the picture of `mixtures.py`, from the cells that are measured."""

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import jax
import numpy as np
from matplotlib.figure import Figure
from matplotlib.patches import Circle
from mixtures import TASKS, TITLES

from jaxgan.backend.files import write_whole
from jaxgan.runs import folder
from jaxgan.training.results import interval


def reached(task: Any, cell: Mapping[str, Any]) -> bool:
    """Whether a cell is within the targets: all modes, a high quality of 0.98, a KL of 0.02, five CPU minutes."""
    good = cell["high_quality"] >= 0.98 and cell["reverse_kl"] <= 0.02 and cell["cpu_seconds"] <= 300
    return cell["modes"] == task.modes and good


def table(cells: Mapping[str, list[Mapping[str, Any]]]) -> str:
    """What is measured so far, as Markdown."""
    head = ["data", "seeds", "all modes", "high quality", "least", "reverse KL", "largest", "width", "CPU s", "targets"]
    lines = ["| " + " | ".join(head) + " |", "|" + " --- |" * len(head)]
    for name, found in cells.items():
        task, columns = TASKS[name](), {key: [cell[key] for cell in found] for key in found[0]}
        n = len(found)

        def spread(key: str, digits: int, columns: Mapping[str, Any] = columns) -> str:
            if len(columns[key]) == 1:
                return f"{columns[key][0]:.{digits}f}"
            mean, half = interval(columns[key])
            return f"{mean:.{digits}f} ± {half:.{digits}f}"

        row = [TITLES[name], str(n), f"{sum(m == task.modes for m in columns['modes'])} of {n}"]
        row += [spread("high_quality", 4), f"{min(columns['high_quality']):.4f}"]
        row += [spread("reverse_kl", 4), f"{max(columns['reverse_kl']):.4f}"]
        row += [spread("width", 3), spread("cpu_seconds", 0), f"{sum(reached(task, cell) for cell in found)} of {n}"]
        lines.append("| " + " | ".join(row) + " |")
    return "\n".join(lines) + "\n"


def picture(samples: Mapping[str, np.ndarray]) -> Figure:
    """Samples of each data set, and the grid of 100 around its modes over real data, in a circle of three std."""
    figure = Figure(figsize=(11, 7.6), layout="constrained")
    panels = figure.subplots(2, 3).ravel()
    for axes, (name, x) in zip(panels, samples.items(), strict=False):
        axes.scatter(*x.T, s=2, color="#0072B2", linewidths=0)
        axes.set_title(TITLES[name], fontsize=22)
        axes.set_aspect("equal")
        axes.set(xticks=[], yticks=[])
    axes, task, x = panels[-1], TASKS["grid_100"](), samples.get("grid_100")
    if x is not None:
        real, means, std = np.asarray(task.sample(jax.random.key(0), len(x))), np.asarray(task.means), float(task.std)
        for points, colour, label in ((real, "#999999", "real"), (x, "#0072B2", "generated")):
            mode = np.argmin(np.sum((points[:, None] - means[None]) ** 2, axis=2), axis=1)
            axes.scatter(*((points - means[mode])[:1500] / std).T, s=6, color=colour, linewidths=0, label=label)
        axes.add_patch(Circle((0, 0), 3, fill=False, color="#D55E00", linewidth=2))
        axes.set_title("100 modes in one", fontsize=22)
        axes.set(xticks=[], yticks=[], xlim=(-6, 6), ylim=(-4.5, 7.5), aspect="equal")
        axes.legend(fontsize=16, loc="upper left", borderpad=0.2, handletextpad=0.1, markerscale=3)
    return figure


def write(workdir: Path) -> None:
    """Writes `results.json`, `table.md` and `mixtures.png` from the cells that are there."""
    cells = {
        name: [folder.read_json(path) for path in sorted((workdir / "cells" / name).glob("*.json"))] for name in TASKS
    }
    cells = {name: found for name, found in cells.items() if found}
    paths = {name: workdir / "samples" / f"{name}.npz" for name in TASKS}
    samples = {name: folder.read_arrays(path, ["x"])[0] for name, path in paths.items() if path.exists()}
    folder.write_json(workdir / "results.json", cells)
    write_whole(workdir / "table.md", lambda file: file.write(table(cells).encode()))
    write_whole(workdir / "mixtures.png", lambda file: picture(samples).savefig(file, format="png", dpi=100))
    print(table(cells), end="", flush=True)
