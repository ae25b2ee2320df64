"""The map of real and generated samples: for images and vectors, not for points in a plane."""

import numpy as np
import pytest

from jaxgan import report
from jaxgan.report.files import read_run
from jaxgan.report.maps import SHOWN, draw_map
from jaxgan.report.samples import map_of_samples
from tests.report.fixtures import Page, run


def test_sets_share_the_points():
    random = np.random.default_rng(0)
    real = random.normal(size=(700, 5))
    figure = draw_map(real, {"one": real[:600] + 3, "two": real[:90]}, gone=real[:, 0] > 0)
    assert [axes.get_title() for axes in figure.axes] == ["Principal components of the reals", "t-SNE of all together"]
    sizes = {c.get_label(): len(c.get_offsets()) for c in figure.axes[1].collections}
    assert sizes["real"] + sizes["real, of what is missing"] == SHOWN
    assert (sizes["one"], sizes["two"]) == (SHOWN // 2, 90)
    # What is shifted along all coordinates lies apart, in the reals' own components.
    where = {c.get_label(): np.asarray(c.get_offsets()).mean(axis=0) for c in figure.axes[0].collections}
    assert np.linalg.norm(where["one"] - where["two"]) > 2


@pytest.mark.parametrize("scale", [1e-40, 1e-25, 1e25, 1e300])
def test_units_do_not_matter(scale):
    """Squares of such numbers are zero or infinite in float32, of which t-SNE dies with the process."""
    random = np.random.default_rng(0)
    real, fake = random.normal(size=(2, 30, 5))
    figure = draw_map(scale * real, {"one": scale * fake, "far": fake * 1e300, "same": 0 * fake})
    for axes in figure.axes:
        points = [np.asarray(c.get_offsets()) for c in axes.collections]
        assert all(np.isfinite(x).all() for x in points) and np.ptp(points[0], axis=0).min() > 0


@pytest.mark.slow
def test_a_run_is_mapped_where_that_tells_something(tmp_path):
    for examples, mapped in (("points", False), ("vectors", True), ("3", True)):
        directory = run(tmp_path / examples, examples)
        text = Page(report.write_run(directory)).text
        assert (directory / "figures" / "map.png").exists() == mapped
        assert ("Where real and generated samples lie" in text) == mapped
        assert "where real and generated" not in text, "it is not missing either"


def test_broken_samples_are_left_out(tmp_path):
    held = read_run(run(tmp_path / "run", "vectors"))
    broken = held.samples.copy()
    broken[0, 5:] = np.nan
    figure = map_of_samples(held._replace(samples=broken))
    assert figure is not None
    sizes = {c.get_label(): len(c.get_offsets()) for c in figure.axes[0].collections}
    assert sizes == {"real": 300, "seed 0": 5, "seed 1": 250}
    assert map_of_samples(held._replace(samples=np.full_like(broken, np.nan))) is None
    assert map_of_samples(held._replace(real=np.zeros((0, 16)))) is None
    assert map_of_samples(held._replace(samples=np.zeros(0))) is None
