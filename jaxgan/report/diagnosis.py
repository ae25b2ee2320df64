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

_ROWS, _COLUMNS, _GROUPS = 24, 10, 10  # of a gallery, and of repeats in it
_NAMED = 60  # modes; more have no name at their bar


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
            "missing": (
                "What is missing: real samples of lost and starved modes, and where fakes are few",
                _missing(diagnosis),
            ),
            "modes": ("Fakes in each mode", mode_bars(diagnosis.modes)),
            "map": ("Where real and generated samples lie", _map(diagnosis)),
            "repeats": ("Fakes that repeat each other", _repeats(diagnosis)),
            "copies": ("Fakes, and the samples that they are nearest to", _copies(diagnosis)),
            "samples": ("Random samples", _samples(diagnosis.samples)),
        }
    both = [("modes", diagnosis.modes), ("categories, symbols and pairs of them", diagnosis.traits)]
    gone = {
        f"{state.capitalize()} {what}": sorted((x for x in found if x.state == state), key=lambda x: x.p_value)[:_NAMED]
        for what, found in both
        for state in ("lost", "starved")
    }
    gone["Parts of the data that are hardly made, around"] = list(_holes(diagnosis))
    return write_page(
        Path(directory),
        figures,
        "diagnosis.html.jinja",
        title="Has it collapsed?",
        verdict=diagnosis.verdict,
        measures=diagnosis.measures,
        conditions=sorted((c for c in diagnosis.found.conditions if c.samples), key=lambda c: c.ratio)[:20]
        if diagnosis.found
        else (),
        conventions=diagnosis.conventions,
        gone=gone,
    )


def mode_bars(modes: Sequence[Any]) -> Figure:
    """Bars: few modes below each other with their names beside them, many side by side without names."""
    named = len(modes) <= _NAMED
    size = (8.0, 0.22 * len(modes) + 1.3) if named else (min(11.0, 0.05 * len(modes) + 4.0), 3.2)
    figure = Figure(size, dpi=110, layout="constrained")
    axes = figure.subplots()
    place = np.arange(len(modes))
    for state, colour in STATES.items():
        chosen = np.array([i for i, mode in enumerate(modes) if mode.state == state], int)
        if len(chosen):
            (axes.barh if named else axes.bar)(
                place[chosen], [modes[i].seen for i in chosen], 0.7, color=colour, label=state
            )
    lost = [i for i, mode in enumerate(modes) if mode.state == "lost"]
    where = np.array([np.zeros(len(lost)), lost])
    axes.scatter(*(where if named else where[::-1]), marker="x", color=COLOURS[1], s=45, zorder=3, clip_on=False)
    expected, edges = [mode.expected for mode in modes], np.arange(len(modes) + 1) - 0.5
    orientation = "horizontal" if named else "vertical"
    axes.stairs(expected, edges, baseline=None, orientation=orientation, label="expected", **DASHED)
    label_axes(axes, "", *(("generated samples", "") if named else ("mode", "generated samples")))
    if named:
        axes.set_yticks(place, [plain_text(mode.name) for mode in modes])
        axes.set_ylim(len(modes) - 0.4, -0.6)
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
    for hole in _holes(diagnosis):
        rows.append(
            (f"around {hole.name}\n{hole.seen} of {hole.expected:.0f}", diagnosis.samples.real[hole.members[:_COLUMNS]])
        )
    return _gallery(diagnosis.samples, rows[:_ROWS]) if rows else None


def _holes(diagnosis: Any) -> Sequence[Any]:
    found = diagnosis.found
    return found.holes.empty if found is not None and found.holes.found else ()


def _repeats(diagnosis: Any) -> Figure | None:
    groups = diagnosis.found.repeats.groups[:_GROUPS]
    if diagnosis.samples.kind not in TILED or not groups:
        return None
    samples = diagnosis.samples
    return _gallery(samples, [(f"{len(group)} alike", samples.fake[group[:_COLUMNS]]) for group in groups])


def _copies(diagnosis: Any) -> Figure | None:
    copies, samples = diagnosis.found.copies, diagnosis.samples
    if samples.kind not in TILED or not copies.found:
        return None
    fakes, reals = copies.pairs[: 3 * _COLUMNS].T
    rows = []
    for i in range(0, len(fakes), _COLUMNS):
        rows += [("generated", samples.fake[fakes[i : i + _COLUMNS]]), ("real", samples.real[reals[i : i + _COLUMNS]])]
    return _gallery(samples, rows)


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
    for hole in _holes(diagnosis):
        gone[hole.members] = True
    return draw_map(diagnosis.real_features, {"generated": diagnosis.fake_features}, gone)
