"""The animation: a frame for each snapshot, of one size, the same bytes again, and not too many of them."""

import io
import itertools
import re

import numpy as np
import pytest
from PIL import Image

from jaxgan import report
from jaxgan.report import animation
from jaxgan.report.files import read_run
from tests.report.fixtures import run


def pictures(found: animation.Animation | None) -> list[np.ndarray]:
    assert found is not None
    return [np.asarray(Image.open(io.BytesIO(data)).convert("RGB"), float) for _, data in found.frames]


@pytest.mark.parametrize("examples", ["points", "vectors", "1", "3"])
def test_a_frame_for_each_snapshot(tmp_path, examples):
    held = read_run(run(tmp_path / "run", examples, snapshots=4))
    found = animation.samples_evolving(held)
    assert found is not None
    assert [title for title, _ in found.frames] == ["step 0", "step 100", "step 200", "step 300"]
    frames = pictures(found)
    assert len({frame.shape for frame in frames}) == 1
    assert all(np.abs(a - b).max() > 100 for a, b in itertools.pairwise(frames))
    assert animation.samples_evolving(held) == found


def test_axes_stay_where_they_are(tmp_path):
    """Snapshots that are the same give frames that differ in their title only."""
    held = read_run(run(tmp_path / "run", snapshots=2))
    frames = pictures(animation.samples_evolving(held._replace(snapshots=held.snapshots[[0, 0]])))
    rows = np.flatnonzero(np.abs(frames[0] - frames[1]).max(axis=(1, 2)) > 30)
    assert rows.size and rows.max() < 50


def test_many_snapshots_are_thinned_and_the_last_one_stays(tmp_path, monkeypatch):
    held = read_run(run(tmp_path / "run", modes=(8,), snapshots=9))
    monkeypatch.setattr(animation, "FRAMES", 5)
    found = animation.samples_evolving(held)
    assert found is not None and [title for title, _ in found.frames] == [f"step {200 * i}" for i in range(5)]
    monkeypatch.setattr(animation, "LARGE", 20_000)
    found = animation.samples_evolving(held)
    assert found is not None and found.frames[-1][0] == "step 800" and 2 <= len(found.frames) < 5


def test_one_snapshot_is_no_animation(tmp_path):
    assert animation.samples_evolving(read_run(run(tmp_path / "run", snapshots=1))) is None


def test_without_the_script_the_page_shows_the_last_frame(tmp_path):
    text = report.write_run(run(tmp_path / "run", snapshots=3)).read_text()
    frames = re.findall(r'<img alt="Sample evolution, (step \d+)" src="data:image/webp;base64,[^"]+"( hidden)?>', text)
    assert frames == [("step 0", " hidden"), ("step 100", " hidden"), ("step 200", "")]
    assert '<div class="player" hidden>' in text and "prefers-reduced-motion" in text
    assert "http" not in text
