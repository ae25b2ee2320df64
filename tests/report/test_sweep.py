"""The page of a sweep, from the folders of its runs: along one axis, two or three, and while it is not finished."""

import json
import math

import numpy as np
import pytest

from jaxgan import report
from jaxgan.report import sweep
from jaxgan.report.files import read_run
from jaxgan.runs.sweeping import Axis, setting_names
from tests.report.fixtures import Page, write

AXES = (Axis("unroll.steps", ("0", "5")), Axis("technique.r1.weight", ("0.1", "1", "10")))


def folder_of(directory, axes, ended=lambda i: (8, 8), some=math.inf, examples="points"):
    directory.mkdir()
    options = {"sweep": {axis.name: axis.values for axis in axes}, "training": {}}
    (directory / "config.json").write_text(json.dumps({"experiment": "ring", "options": options}))
    for i, name in enumerate(setting_names(axes)):
        if i < some:
            write(directory / name, modes=ended(i), snapshots=1, arm=name, examples=examples)
    return directory


def swept(directory, axes):
    names = setting_names(axes)
    return sweep.Swept(axes, names, [read_run(directory / name) for name in names])


def response(found, metric):
    figure = sweep.response(found, metric)
    assert figure is not None
    return figure.axes


def shown(axes):
    return [text.get_text() for text in axes.texts]


def test_two_axes_are_a_map_with_the_mean_and_the_range_of_seeds_in_each_cell(tmp_path):
    directory = folder_of(tmp_path / "run", AXES, lambda i: (i, i + 2))
    (axes,) = response(swept(directory, AXES), "modes")
    assert shown(axes) == [f"{i + 1}\n({i} to {i + 2})" for i in range(6)]
    np.testing.assert_array_equal(axes.images[0].get_array(), np.arange(1.0, 7).reshape(2, 3))
    assert (axes.get_xlabel(), axes.get_ylabel()) == ("r1.weight", "unroll.steps")
    assert axes.images[0].get_clim() == (0, 8)


def test_what_is_better_is_brighter(tmp_path):
    found = swept(folder_of(tmp_path / "run", AXES), AXES)
    names = [response(found, name)[0].images[0].get_cmap().name for name in ("modes", "reverse_kl")]
    assert names == ["cividis", "cividis_r"]


def test_one_axis_is_a_curve_and_three_are_several_maps(tmp_path):
    found = swept(folder_of(tmp_path / "one", AXES[1:], lambda i: (i, i + 2)), AXES[1:])
    (axes,) = response(found, "modes")
    np.testing.assert_array_equal(axes.lines[0].get_ydata(), [1, 2, 3])
    three = (Axis("beta1", ("0", "0.5")), *AXES)
    found = swept(folder_of(tmp_path / "three", three, lambda i: (i % 8,) * 2), three)
    maps = response(found, "modes")
    assert [axes.get_title() for axes in maps] == ["beta1 0", "beta1 0.5"]
    assert [shown(axes)[0] for axes in maps] == ["0", "6"]


@pytest.mark.parametrize("examples", ["points", "3"])
def test_the_page_says_how_the_settings_ended_and_links_to_each(tmp_path, examples):
    directory = folder_of(tmp_path / "run", AXES, lambda i: [(8, 8), (1, 2), (8, 7)][i % 3], examples=examples)
    page = Page(report.write_sweep(directory))
    assert "Of 6 settings: 2 with all modes, 2 with modes lost, 2 collapsed." in page.text
    assert "unroll.steps=0,technique.r1.weight=0.1: In short: healthy." in page.text
    assert "confirm it from seeds not used here" in page.text
    assert all(any(name.split(",")[0].split("=")[0] in link for link in page.links) for name in setting_names(AXES))
    assert {path.name for path in (directory / "figures").iterdir()} == {
        "modes.png",
        "high_quality.png",
        "reverse_kl.png",
        "samples.png",
    }


def test_settings_that_are_not_trained_yet_are_said_to_be_unfinished(tmp_path):
    directory = folder_of(tmp_path / "run", AXES, some=4)
    page = Page(report.write_sweep(directory))
    assert "Of 6 settings: 4 with all modes, 2 unfinished." in page.text
    assert page.text.count("n/a") >= 2


def test_without_any_setting_there_is_no_page(tmp_path):
    with pytest.raises(ValueError, match="none of its 6 settings has been trained yet"):
        report.write_sweep(folder_of(tmp_path / "run", AXES, some=0))
    with pytest.raises(ValueError, match="names no axes"):
        report.write_sweep(tmp_path)
