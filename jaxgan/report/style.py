"""The looks that all figures share."""

from matplotlib.axes import Axes

# The colours of Okabe and Ito, which colour-blind readers can tell apart.
COLOURS = ("#0072B2", "#D55E00", "#009E73", "#CC79A7", "#E69F00", "#56B4E9")
DASHED = {"color": "#444444", "linestyle": "--", "linewidth": 1.3}
STATES = {"kept": COLOURS[0], "untested": "#BDBDBD", "starved": COLOURS[4], "lost": COLOURS[1]}  # of modes
SEEDS = 4  # at most so many are drawn


def label_axes(axes: Axes, title: str = "", x: str = "", y: str = "") -> None:
    axes.set_title(title, fontsize=10)
    axes.set_xlabel(x, fontsize=9)
    axes.set_ylabel(y, fontsize=9)
    axes.tick_params(labelsize=8)


def note(axes: Axes, text: str) -> None:
    box = {"facecolor": "white", "edgecolor": "none", "alpha": 0.85, "pad": 1.5}
    axes.text(0.03, 0.03, text, transform=axes.transAxes, fontsize=8, color="black", bbox=box)
