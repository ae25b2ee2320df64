"""The page of a diagnosis: what is missing, what is repeated, and where real and generated samples lie."""

import os
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
from matplotlib.figure import Figure

from jaxgan.report.maps import draw_map
from jaxgan.report.page import write_page
from jaxgan.report.samples import TILED, as_images, view_of
from jaxgan.report.style import COLOURS, DASHED, STATES, in_colour, label_axes, plain_text

_ROWS, _COLUMNS = 8, 10  # of a gallery


def write_diagnosis(directory: str | os.PathLike[str], diagnosis: Any) -> Path:
    """Writes `figures/` and `report.html` of a diagnosis.

    Args:
      directory: is there already.
      diagnosis: what `diagnosis.diagnose` returned.

    Returns:
      The path of the page.
    """
    figures: dict[str, tuple[str, Figure | None]] = {}
    if diagnosis.modes:
        figures = {
            "missing": ("What is missing: real samples of lost and starved modes", _missing(diagnosis)),
            "modes": ("Fakes in each mode", _modes(diagnosis.modes)),
            "map": ("Where real and generated samples lie", _map(diagnosis)),
            "twins": ("Fakes that repeat each other", _twins(diagnosis)),
            "samples": ("Random samples", _samples(diagnosis.samples)),
        }
    groups = {state: [mode for mode in diagnosis.modes if mode.state == state] for state in ("lost", "starved")}
    return write_page(
        Path(directory),
        figures,
        "diagnosis.html.jinja",
        title="Has it collapsed?",
        verdict=diagnosis.verdict,
        measures=diagnosis.measures,
        conventions=diagnosis.conventions,
        **groups,
    )


def _modes(modes: Sequence[Any]) -> Figure:
    figure = Figure((min(11.0, 0.22 * len(modes) + 4.0), 3.2), dpi=110, layout="constrained")
    axes = figure.subplots()
    place = np.arange(len(modes))
    for state, colour in STATES.items():
        chosen = [i for i, mode in enumerate(modes) if mode.state == state]
        if chosen:
            axes.bar(place[chosen], [modes[i].seen for i in chosen], color=colour, width=0.7, label=state)
    lost = [i for i, mode in enumerate(modes) if mode.state == "lost"]
    axes.scatter(lost, [0.0] * len(lost), marker="x", color=COLOURS[1], s=45, zorder=3, clip_on=False)
    expected = [mode.expected for mode in modes]
    axes.step([*(place - 0.5), len(modes) - 0.5], [*expected, expected[-1]], where="post", label="expected", **DASHED)
    names = [plain_text(mode.name) for mode in modes]
    step = -(-len(modes) // 50)
    long = max(map(len, names)) > 3
    axes.set_xticks(place[::step], names[::step], rotation=90 if long else 0)
    label_axes(axes, "", "mode", "generated samples")
    axes.tick_params(axis="x", labelsize=7)
    figure.legend(loc="outside upper center", ncols=5, fontsize=8, frameon=False)
    return figure


def _gallery(samples: Any, rows: Sequence[tuple[str, np.ndarray]]) -> Figure:
    """Rows of images or sequences `[k, ...]`, each with its name; what is black and what white the reals decide."""
    limits = view_of(samples.kind, samples.real).limits
    rows = [(name, as_images(samples.kind, examples, limits)) for name, examples in rows]
    longest = max(len(images) for _, images in rows)
    figure = Figure((1.6 + 0.75 * longest, 0.85 * len(rows) + 0.2), dpi=110, layout="constrained")
    grid = figure.subplots(len(rows), longest, squeeze=False)
    for line, (name, images) in zip(grid, rows, strict=True):
        for axes in line:
            axes.set(xticks=[], yticks=[])
            axes.set_frame_on(False)
        for axes, image in zip(line, images, strict=False):
            axes.imshow(in_colour(image[None])[0], interpolation="nearest" if len(image) < 65 else "auto")
        line[0].set_ylabel(name, rotation=0, ha="right", va="center", fontsize=8)
    return figure


def _missing(diagnosis: Any) -> Figure | None:
    if diagnosis.samples.kind not in TILED:
        return None
    rows = []
    labels = diagnosis.assignment.real
    if diagnosis.assignment.kind == "classifier":
        labels = diagnosis.samples.real_labels
    for i, mode in enumerate(diagnosis.modes):
        examples = diagnosis.samples.real[labels == i][:_COLUMNS]
        if mode.state in ("lost", "starved") and len(examples):
            rows.append((f"{plain_text(mode.name)}, {mode.state}\n{mode.seen} of {mode.expected:.0f}", examples))
    return _gallery(diagnosis.samples, rows[:_ROWS]) if rows else None


def _twins(diagnosis: Any) -> Figure | None:
    if diagnosis.samples.kind not in TILED or not diagnosis.diversity.groups:
        return None
    samples, groups = diagnosis.samples, diagnosis.diversity.groups[:_ROWS]
    return _gallery(samples, [(f"{len(group)} alike", samples.fake[group[:_COLUMNS]]) for group in groups])


def _samples(samples: Any) -> Figure | None:
    if samples.kind not in TILED:
        return None
    random = np.random.RandomState(0)
    rows = []
    for name, images in (("real", samples.real), ("generated", samples.fake)):
        chosen = random.permutation(len(images))[: 3 * _COLUMNS]
        rows += [(name, images[chosen[i : i + _COLUMNS]]) for i in range(0, len(chosen), _COLUMNS)]
    return _gallery(samples, rows)


def _map(diagnosis: Any) -> Figure:
    lost = [i for i, mode in enumerate(diagnosis.modes) if mode.state == "lost"]
    gone = np.isin(diagnosis.assignment.real, lost)
    return draw_map(diagnosis.real_features, {"generated": diagnosis.fake_features}, gone)
