"""The picture of a watcher: what each check found, the modes of the last one, and examples of what is missing."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure

if TYPE_CHECKING:
    from jaxgan.watch.watcher import Watch

# The colours of Okabe and Ito, which colour-blind readers can tell apart.
COLOURS = {"there": "#0072B2", "starved": "#E69F00", "lost": "#D55E00"}
LINES = {"spread": "#009E73", "twins": "#CC79A7", "unlike the data": "#56B4E9", "modes there": "#0072B2"}
TILES, POINTS = 16, 2000


def draw(watch: Watch) -> Figure:
    """Draws three panels: shares over the steps, the modes of the last check, and reals beside fakes."""
    figure = Figure(figsize=(15, 4.2), layout="constrained")
    axes = figure.subplots(1, 3)
    _over_time(axes[0], watch)
    _modes(axes[1], watch)
    _examples(axes[2], watch)
    return figure


def _over_time(axes: Axes, watch: Watch) -> None:
    checks = watch.history
    steps = [check.step for check in checks]
    lines = {
        "spread": [check.spread for check in checks],
        "twins": [check.twins for check in checks],
        "unlike the data": [check.strange for check in checks],
        "modes there": [float(np.mean(np.array(check.states) == "there")) for check in checks],
    }
    for name, values in lines.items():
        axes.plot(steps, values, ".-", color=LINES[name], label=name)
    for alarm in watch.alarms:
        axes.axvline(alarm.step, color=COLOURS["lost"], alpha=0.3)
    axes.set(title="What each check found (alarms red)", xlabel="step", ylim=(0, None))
    axes.legend(fontsize=8)


def _modes(axes: Axes, watch: Watch) -> None:
    check = watch.history[-1]
    places = np.arange(len(watch.reference.names))
    axes.bar(places, check.seen, color=[COLOURS[state] for state in check.states])
    axes.step(np.append(places - 0.5, places[-1] + 0.5), np.append(check.expected, check.expected[-1:]), where="post")
    for place, state in enumerate(check.states):
        if state != "there":
            axes.plot(place, check.seen[place], "v", color=COLOURS[state], clip_on=False)
    axes.set(title=f"Samples of each mode at step {check.step} (line: expected; marked: missing)")
    axes.set_xticks(places, watch.reference.names, rotation=90, fontsize=7)


def _examples(axes: Axes, watch: Watch) -> None:
    missing = np.flatnonzero(np.array(watch.history[-1].states) != "there")
    reference = watch.reference
    wanted = np.isin(reference.modes, missing) if len(missing) else np.ones(len(reference.modes), bool)
    reals, fakes = reference.examples[wanted], watch.latest
    images = _as_images(reference.examples)
    if images is not None:
        low, high = float(images.min()), float(images.max())
        above, below = (_strip(_as_images(x), low, high) for x in (reals, fakes))
        gap = np.ones((2, *above.shape[1:]))
        axes.imshow(np.concatenate([above, gap, below]), vmin=0, vmax=1)
        axes.set_axis_off()
        axes.set(title=f"Above: reals{' of missing modes' if len(missing) else ''}; below: fakes")
        return
    points = [x.reshape(len(x), -1)[:POINTS] for x in (reference.examples, fakes)]
    for of, name, colour in zip(points, ("reals", "fakes"), ("#BDBDBD", COLOURS["there"]), strict=True):
        axes.plot(of[:, 0], of[:, min(1, of.shape[1] - 1)], ".", markersize=3, color=colour, label=name)
    axes.set(title="The first two coordinates")
    axes.legend(fontsize=8)


def _as_images(examples: np.ndarray) -> np.ndarray | None:
    """Examples as `[n, h, w, 1 or 3]`, channels first or last, or grey without channels; None for anything else."""
    if examples.ndim == 3 and min(examples.shape[1:]) >= 8:
        return examples[..., None]
    if examples.ndim != 4:
        return None
    if examples.shape[-1] in (1, 3):
        return examples
    return np.moveaxis(examples, 1, -1) if examples.shape[1] in (1, 3) else None


def _strip(images: np.ndarray | None, low: float, high: float) -> np.ndarray:
    """Up to 16 evenly chosen images beside each other in two rows, `[2 h, 8 w, 3]` in [0, 1]."""
    assert images is not None
    chosen = images[np.linspace(0, len(images) - 1, TILES).astype(int)].astype(np.float64)
    shown = np.clip((chosen - low) / max(high - low, 1e-12), 0, 1)
    shown = np.broadcast_to(shown, (*shown.shape[:3], 3)).reshape(2, TILES // 2, *shown.shape[1:3], 3)
    return np.concatenate([np.concatenate(list(row), axis=1) for row in shown])
