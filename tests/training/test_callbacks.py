"""Callbacks of the loop: they see what the log holds, and one that fails leaves a run that goes on as it would have."""

import dataclasses
import json
import struct
import sys

import numpy as np
import pytest
from tensorboardX.proto.event_pb2 import Event, SessionLog

from jaxgan import data
from jaxgan.evaluation import evaluator
from jaxgan.runs.options import Run
from jaxgan.training import Point, loop, tensorboard
from jaxgan.training.callbacks import scalars
from tests.training.shift import Shift
from tests.training.shift import programs_are_compiled_once as programs_are_compiled_once

TASK = data.ring()
EVALUATION = evaluator(TASK)
RUN = Run(seeds=2, samples=50, log_every=5, checkpoint_every=10, evaluate_every=10, watch_modes=False)
CONFIG = {"experiment": "ring", "options": {"steps": 20, "run": {"seeds": 2}}}


def fit(directory, *callbacks, **others):
    run = dataclasses.replace(RUN, **others)
    return loop.fit(
        Shift(),
        TASK,
        EVALUATION,
        directory=directory,
        config=CONFIG,
        steps=20,
        batch_size=16,
        run=run,
        callbacks=callbacks,
    )


def lines(directory):
    return [json.loads(line) for line in (directory / "metrics.jsonl").read_text().splitlines()]


def read(folder):
    """The events in a folder, in the order in which TensorBoard reads them."""
    found = []
    for path in sorted(folder.glob("events.*")):
        content, at = path.read_bytes(), 0
        while at < len(content):
            (size,) = struct.unpack("<Q", content[at : at + 8])
            found.append(Event())
            found[-1].ParseFromString(content[at + 12 : at + 12 + size])
            at += 16 + size
    return found


def events(folder):
    """Their tags, values and steps."""
    return [(value.tag, value, event.step) for event in read(folder) for value in event.summary.value]


def test_a_callback_sees_each_point_of_the_log(tmp_path):
    points: list[Point] = []
    order = []
    fit(tmp_path / "run", points.append, lambda point: order.append(point.step))
    assert [point.step for point in points] == order == [5, 10, 15, 20]
    assert [line for point in points for line in point.lines] == lines(tmp_path / "run")
    assert [point.samples is None for point in points] == [True, False, True, False]
    last = points[-1].samples
    assert last is not None and last.shape == (2, 50, 2) and points[0].kind == "points"
    with np.load(tmp_path / "run" / "samples.npz") as file:
        np.testing.assert_array_equal(file["samples"], last)
    assert fit(tmp_path / "run", points.append).steps == 20 and len(points) == 4  # a finished run is only read


def test_one_that_fails_ends_the_run_and_loses_nothing(tmp_path):
    def fail(point):
        if point.step == 15:
            raise RuntimeError("no more")

    fit(tmp_path / "whole")
    with pytest.raises(RuntimeError, match="no more"):
        fit(tmp_path / "run", fail)
    steps: list[int] = []
    fit(tmp_path / "run", lambda point: steps.append(point.step))
    assert steps == [15, 20]  # from the checkpoint of step 10
    assert lines(tmp_path / "run") == lines(tmp_path / "whole")


def test_events_for_tensorboard_hold_the_numbers_of_the_log(tmp_path):
    fit(tmp_path / "run", tensorboard=True)
    for seed in (0, 1):
        found = events(tmp_path / "run" / "tensorboard" / f"seed_{seed}")
        of_seed = [line for line in lines(tmp_path / "run") if line["seed"] == seed]
        expected = {(name, line["step"]): value for line in of_seed for name, value in scalars(line)}
        assert len(expected) > 8 and ("loss", 5) in expected
        assert {(tag, step): value.simple_value for tag, value, step in found} == pytest.approx(expected, nan_ok=True)


def test_steps_that_are_repeated_replace_those_before(tmp_path):
    def fail(point):
        if point.step == 15:
            raise RuntimeError("no more")

    with pytest.raises(RuntimeError):
        fit(tmp_path / "run", fail, tensorboard=True)
    fit(tmp_path / "run", tensorboard=True)
    folder = tmp_path / "run" / "tensorboard" / "seed_0"
    steps = [step for tag, _, step in events(folder) if tag == "loss"]
    assert sorted(set(steps)) == [5, 10, 15, 20]
    # TensorBoard drops what it read of these steps when it meets the mark of a new start.
    starts = [event.step for event in read(folder) if event.session_log.status == SessionLog.START]
    assert starts[-1] == 15


def test_images_become_pictures(tmp_path):
    with tensorboard(tmp_path) as write:
        write(Point(3, 3, [{"seed": 4, "step": 3, "loss": 1.0}], np.zeros((1, 5, 8, 8, 1), np.float32), "images"))
    found = {tag: value for tag, value, _ in events(tmp_path / "seed_4")}
    assert found["samples"].image.height >= 8 and found["loss"].simple_value == 1.0


def test_numbers_of_inner_mappings_have_their_path():
    line = {"step": 3, "seed": 1, "a": 2, "b": {"c": 0.5, "d": [1, 2]}, "e": "text", "f": None}
    assert dict(scalars(line)) == {"a": 2.0, "b/c": 0.5}


def test_what_is_missing_is_said_before_anything_is_written(tmp_path, monkeypatch):
    monkeypatch.setitem(sys.modules, "tensorboardX", None)
    with pytest.raises(ValueError, match=r"pip install 'jaxgan\[tensorboard\]'"):
        fit(tmp_path / "run", tensorboard=True)
    assert not (tmp_path / "run").exists()
