"""The bars of a diagnosis can be read: names lie flat beside them, or there are none."""

import itertools

import pytest
from matplotlib.backends.backend_agg import FigureCanvasAgg

from jaxgan.diagnosis.modes import Mode
from jaxgan.report.diagnosis import mode_bars


def modes(count):
    """Of which the second is lost."""
    return [
        Mode(f"a class of length {i}", 100.0, 90 * (i != 1), 0.9 * (i != 1), 0.5, "lost" if i == 1 else "kept")
        for i in range(count)
    ]


@pytest.mark.parametrize("count", [3, 60])
def test_names_lie_flat_beside_the_bars_and_do_not_meet(count):
    figure = mode_bars(modes(count))
    FigureCanvasAgg(figure).draw()
    labels = figure.axes[0].get_yticklabels()
    assert [label.get_text() for label in labels] == [mode.name for mode in modes(count)]
    assert {label.get_rotation() for label in labels} == {0.0} and labels[0].get_fontsize() >= 8
    boxes = [label.get_window_extent() for label in labels]
    assert all(above.y0 > below.y1 for above, below in itertools.pairwise(boxes))
    lengths = sorted(bar.get_width() for bar in figure.axes[0].patches if hasattr(bar, "get_width"))
    assert lengths == [0] + [90] * (count - 1)


def test_many_modes_have_no_names():
    figure = mode_bars(modes(61))
    FigureCanvasAgg(figure).draw()
    texts = [
        label.get_text() for axis in (figure.axes[0].xaxis, figure.axes[0].yaxis) for label in axis.get_ticklabels()
    ]
    assert not any("class" in text for text in texts)
