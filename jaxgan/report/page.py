"""The page: figures and tables in one self-contained file."""

import base64
import json
import math
import os
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any, NamedTuple

import jinja2
from matplotlib.figure import Figure

from jaxgan.backend.files import naming, write_whole
from jaxgan.report.animation import Animation, interpolations, samples_evolving
from jaxgan.report.curves import coverage, reached, training
from jaxgan.report.files import read_run
from jaxgan.report.modes import mode_counts, modes_through_training
from jaxgan.report.samples import final_samples, map_of_samples, samples_through_training
from jaxgan.report.style import png
from jaxgan.report.tables import columns_and_pairs
from jaxgan.report.words import (
    alarms,
    between,
    column,
    comparison_verdict,
    credit,
    damaged_modes,
    metric_names,
    number,
    real_value,
    spread,
    verdict,
)
from jaxgan.runs import folder
from jaxgan.runs.folder import flat

_FILES = {
    folder.SAMPLES: "the final samples of each seed, and real ones",
    folder.SNAPSHOTS: "samples through training",
    folder.METRICS: "what was logged, a line for each seed and logging point",
    folder.SUMMARY: "the numbers of this page",
    folder.CONFIG: "the whole configuration",
}


class _Picture(NamedTuple):
    """A heading with one picture below it, or several that are shown one after the other.

    Attributes:
      heading: above it.
      width: inches.
      frames: of each its title and its `data:` address.
    """

    heading: str
    width: float
    frames: list[tuple[str, str]]


def _address(kind: str, data: bytes) -> str:
    return f"data:image/{kind};base64,{base64.b64encode(data).decode()}"


def write_page(
    directory: Path, figures: Mapping[str, tuple[str, Figure | Animation | None]], template: str, **content: Any
) -> Path:
    """Writes the figures, `{file: (heading, figure)}`, and the page; `content` is what else its template reads."""
    with naming(directory / "figures", "cannot be made"):
        (directory / "figures").mkdir(exist_ok=True)
    pictures = []
    for name, (heading, figure) in figures.items():
        if isinstance(figure, Animation):
            frames = [(title, _address("webp", data)) for title, data in figure.frames]
            pictures.append(_Picture(heading, figure.width, frames))
        elif figure is not None:
            data = png(figure)
            write_whole(directory / "figures" / f"{name}.png", lambda file, data=data: file.write(data))
            frames = [(heading, _address("png", data))]
            pictures.append(_Picture(heading, figure.get_figwidth(), frames))
    absent = [heading for heading, figure in figures.values() if figure is None]
    loader = jinja2.FileSystemLoader(Path(__file__).parent / "templates")
    environment = jinja2.Environment(loader=loader, autoescape=True, trim_blocks=True, lstrip_blocks=True)
    functions = {"number": number, "spread": spread, "real": real_value, "column": column, "between": between}
    environment.filters.update(functions | {"flat": _flat})
    page = environment.get_template(template).render(pictures=pictures, absent=absent, **content)
    return write_whole(directory / "report.html", lambda file: file.write(page.encode(errors="backslashreplace")))


def _flat(options: Mapping[str, Any]) -> dict[str, str]:
    """Nested options as `{"a.b": text}`."""
    return {name: x if isinstance(x, str) else json.dumps(x, ensure_ascii=False) for name, x in flat(options).items()}


def write_run(directory: str | os.PathLike[str]) -> Path:
    """Writes `figures/` and `report.html` of one run from its files; where a file is missing, its part is left out.

    Args:
      directory: holds `config.json`, `metrics.jsonl`, `summary.json`, `samples.npz` and `snapshots/`.

    Returns:
      The path of the page.

    Raises:
      ValueError: when the directory holds none of the three text files.
    """
    directory = Path(directory)
    run = read_run(directory)
    # What a table shows, two views of the samples, the curves, and only then the other views of the same facts.
    figures = {
        "columns": ("Columns and pairs of columns", columns_and_pairs(run)),
        "samples": ("Samples through training", samples_through_training(run)),
        "evolution": ("Sample evolution", samples_evolving(run)),
        "interpolations": ("Between latents", interpolations(run)),
        "coverage": ("Coverage through training", coverage(run)),
        "losses": ("Losses through training", training(run)),
        "history": ("Modes through training", modes_through_training(run)),
        "modes": ("Samples in each mode", mode_counts(run)),
        "map": ("Where real and generated samples lie", map_of_samples(run)),
    }
    if not run.interpolations.size:
        del figures["interpolations"]
    if not run.parts:
        del figures["columns"]
    if run.kind == "points" and run.samples.size and math.prod(run.samples.shape[2:]) <= 2:
        del figures["map"]  # the samples themselves show it
    title = str(run.summary.task or run.config.get("experiment") or directory.resolve().name)
    return write_page(
        directory,
        figures,
        "report.html.jinja",
        title=f"{title}, {arm}" if (arm := run.config.get("arm")) else title,
        verdict=verdict(run.summary),
        steps=number(run.summary.steps),
        alarms=alarms(run.rows),
        watched=any("window" in row for row in run.rows),
        damaged=damaged_modes(run.summary),
        config=run.config,
        summary=run.summary,
        metrics=metric_names(run.summary),
        arms=None,
        files=_files(directory),
    )


def _files(directory: Path) -> dict[str, str]:
    """Which of the files beside the page there are, and what they hold."""
    return {name: held for name, held in _FILES.items() if (directory / name).exists()}


def write_comparison(directory: str | os.PathLike[str], arms: Sequence[str]) -> Path:
    """Writes `figures/` and `report.html` above runs from the same seeds; an arm without a page gets one.

    Args:
      directory: holds one run's directory for each arm.
      arms: their names.

    Returns:
      The path of the page.

    Raises:
      ValueError: when there are no arms, or one of them is no run.
    """
    if not arms:
        raise ValueError("arms is empty; expected the name of at least one subfolder")
    directory = Path(directory)
    runs = [read_run(directory / arm) for arm in arms]
    for arm in arms:
        if not (directory / arm / "report.html").exists():
            write_run(directory / arm)
    summaries = [run.summary for run in runs]
    verdicts = [verdict(summary) for summary in summaries]
    steps = [number(summary.steps) for summary in summaries]
    options = [_flat(run.config.get("options") or {}) for run in runs]
    differing = {name: [x.get(name, "n/a") for x in options] for name in dict.fromkeys(k for x in options for k in x)}
    differing = {name: x for name, x in differing.items() if len(set(x)) > 1}
    said = comparison_verdict(arms, summaries, verdicts)
    return write_page(
        directory,
        {
            "comparison": ("Final samples", final_samples(arms, runs)),
            "comparison_modes": ("Modes reached", reached(arms, runs)),
        },
        "report.html.jinja",
        title=f"{summaries[0].task or directory.resolve().name}: {len(arms)} arms",
        verdict=said._replace(evidence=(*said.evidence, *credit(arms, differing))),
        steps=steps[0] if len(set(steps)) == 1 else ", ".join(map(" ".join, zip(steps, arms, strict=True))),
        config=runs[0].config,
        summary=summaries[0],
        metrics=metric_names(*summaries),
        arms=list(zip(arms, summaries, verdicts, strict=True)),
        differing=differing,
        files=_files(directory),
    )
