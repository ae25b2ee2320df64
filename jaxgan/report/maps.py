"""Where real and generated samples lie: principal components and t-SNE, all of them in one picture."""

from collections.abc import Mapping

import numpy as np
from matplotlib.figure import Figure
from sklearn.decomposition import PCA
from sklearn.manifold import TSNE
from threadpoolctl import threadpool_limits

from jaxgan.report.style import COLOURS, label_axes

SHOWN = 500  # real samples, and as many generated ones, shared among their sets
FARTHEST = 1e6  # spreads of the reals at which farther samples are drawn
_REAL = "#9A9A9A"


def draw_map(real: np.ndarray, fakes: Mapping[str, np.ndarray], gone: np.ndarray | None = None) -> Figure:
    """Draws samples in the plane of the reals' first two principal components, and embedded by t-SNE.

    In two dimensions or fewer neither tells more than the samples themselves, which are drawn then.

    Args:
      real: `[n, d]` features, n at least 2, not all equal.
      fakes: sets of features `[m, d]` by name; each gets a colour. At least one.
      gone: `[n]`, whether a real is of what is missing; such reals are highlighted.
    """
    random = np.random.RandomState(0)
    rows = [random.permutation(len(real))[:SHOWN]]
    rows += [random.permutation(len(x))[: max(SHOWN // len(fakes), 1)] for x in fakes.values()]
    shown = [x[some] for x, some in zip([real, *fakes.values()], rows, strict=True)]
    both, reals = np.concatenate(shown), len(rows[0])
    of_lost = np.zeros(reals, bool) if gone is None else gone[rows[0]]
    plane = real.shape[1] <= 2
    panels = [("The samples themselves", both)] if plane else _embedded(both, reals)
    # Lost modes are vermillion, so no set of fakes is.
    colours = [COLOURS[0], *COLOURS[2:]] if of_lost.any() else COLOURS
    place = np.cumsum([reals, *map(len, shown[1:])])
    figure = Figure((4.8 * len(panels), 4.6), dpi=110, layout="constrained")
    for axes, (title, points) in zip(figure.subplots(1, len(panels), squeeze=False)[0], panels, strict=True):
        points = np.pad(points, ((0, 0), (0, max(0, 2 - points.shape[1]))))
        axes.scatter(*points[:reals][~of_lost].T, s=5, color=_REAL, linewidths=0, label="real")
        if of_lost.any():
            axes.scatter(
                *points[:reals][of_lost].T, s=7, color=COLOURS[1], linewidths=0, label="real, of what is missing"
            )
        for i, name in enumerate(fakes):
            of_set = points[place[i] : place[i + 1]]
            axes.scatter(*of_set.T, s=5, color=colours[i % len(colours)], alpha=0.6, linewidths=0, label=name)
        axes.set(xticks=[], yticks=[])
        label_axes(axes, title)
    handles, labels = figure.axes[0].get_legend_handles_labels()
    figure.legend(handles, labels, loc="outside lower center", ncols=5, fontsize=8, frameon=False, markerscale=3)
    return figure


def _embedded(both: np.ndarray, reals: int) -> list[tuple[str, np.ndarray]]:
    """Two views of `[n, d]` samples of which the first `reals` are real, `[n, 2]` each."""
    # In units of the reals: squares of 1e-25 are zero in float32 and those of 1e25 infinite, and t-SNE dies of either.
    with np.errstate(over="ignore"):
        both = both.astype(np.float64) / (float(np.abs(both[:reals]).max()) or 1.0)
        scale = float(np.std(both[:reals])) or 1.0
        both = np.clip((both - both[:reals].mean(axis=0)) / scale, -FARTHEST, FARTHEST)
    width = min(50, both.shape[1], reals - 1)
    # Several threads do not help with so few samples, and wait for each other where the cores are busy.
    with threadpool_limits(1):
        components = PCA(width, svd_solver="full").fit(both[:reals]).transform(both)
        perplexity = min(30.0, (len(both) - 1) / 3)
        nearby = TSNE(2, perplexity=perplexity, init="pca", max_iter=500, random_state=0).fit_transform(components)
    return [("Principal components of the reals", components[:, :2]), ("t-SNE of all together", nearby)]
