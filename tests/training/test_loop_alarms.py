"""What a run does when its detector raises an alarm."""

import dataclasses
import json

import jax
import numpy as np
import pytest

from jaxgan import data
from jaxgan.diagnosis import alarms
from jaxgan.evaluation import evaluator, monitored_modes
from jaxgan.runs import folder
from jaxgan.runs.building import build
from jaxgan.runs.checkpoints import Checkpoints
from jaxgan.runs.options import Architecture, Run, Training
from jaxgan.training import loop

TASK = data.ring()
MODES = monitored_modes(TASK)
WATCH = alarms.watch(MODES.assign, len(MODES.names))
GAN = build(Architecture(generator_width=8, discriminator_width=8, layers=1), Training(), (2,), 1.0, (WATCH,))
RUN = Run(seeds=2, samples=64, log_every=8, evaluate_every=16, checkpoint_every=16)
CONFIG = {"experiment": "ring", "arm": None, "options": {"steps": 48}}


@pytest.fixture(autouse=True)
def one_alarm(monkeypatch):
    """Seed 0 loses a mode at step 40, and was healthy at step 16 for the last time."""

    class Detector:
        def __init__(self, names, expected):
            assert names == MODES.names and len(expected) == 8

        def standing(self):
            return []

        def forget(self):
            pass

        def see(self, line):
            found = [alarms.Alarm("mode_loss", 40, 16, ("mode 1",), 1e-6, "one mode is gone")]
            return found if line["step"] == 40 and line["seed"] == 0 else []

    monkeypatch.setattr(alarms, "Detector", Detector)
    monkeypatch.setattr(loop, "_silent", lambda *args: [])


def fit(directory, action, **others):
    run = dataclasses.replace(RUN, on_alarm=action, **others)
    options = {"directory": directory, "config": CONFIG, "steps": 48, "batch_size": 16, "run": run, "watched": MODES}
    return loop.fit(GAN, TASK, evaluator(TASK), **options)


def lines(directory):
    return folder.read_lines(directory)


def saved(directory, step):
    """The states of all seeds in a checkpoint."""
    like = jax.eval_shape(GAN.init, jax.random.key(0), TASK.sample(jax.random.key(0), 16))
    two = jax.tree.map(lambda a: np.zeros((2, *a.shape), a.dtype), like)
    with Checkpoints(directory / "checkpoints") as checkpoints:
        assert step in checkpoints.steps
        stacked = checkpoints.restore(jax.device_put(two), step)[0]
        return [jax.tree.map(lambda a, i=i: a[i], stacked) for i in range(2)]


def equal(a, b):
    return all(np.array_equal(x, y) for x, y in zip(jax.tree.leaves(a), jax.tree.leaves(b), strict=True))


@pytest.mark.slow
def test_a_warning_is_said_and_logged(tmp_path, capsys):
    fit(tmp_path / "run", "warn")
    assert "alarm at step 40, seed 0: one mode is gone" in capsys.readouterr().err
    logged = [json.loads(line) for line in (tmp_path / "run" / "metrics.jsonl").read_text().splitlines()]
    assert [(line["step"], line["seed"]) for line in logged if "alarms" in line] == [(40, 0)]
    assert all(len(line["window"]["counts"]) == 8 for line in logged)


def test_an_alarm_stops_a_run_that_can_be_continued(tmp_path):
    with pytest.raises(loop.Interrupted, match="stopped at step 40 of 48 by an alarm"):
        fit(tmp_path / "run", "stop")
    fit(tmp_path / "run", "stop")
    fit(tmp_path / "whole", "warn")
    assert lines(tmp_path / "run") == lines(tmp_path / "whole")


@pytest.mark.slow
def test_an_alarm_saves_a_checkpoint(tmp_path):
    fit(tmp_path / "run", "checkpoint")
    assert all(int(state.step) == 40 for state in saved(tmp_path / "run", 40))


@pytest.mark.slow
@pytest.mark.parametrize(
    "seed_axis", ["turn", *(pytest.param(name, marks=pytest.mark.slow) for name in ("vmap", "mesh"))]
)
def test_an_alarm_rolls_its_own_seed_back(tmp_path, capsys, seed_axis):
    options = {"checkpoint_every": 8, "seed_axis": seed_axis}
    fit(tmp_path / "run", "roll_back", **options)
    assert "back at step 16" in capsys.readouterr().err
    fit(tmp_path / "whole", "checkpoint", **options)
    assert [line.get("rolled_back_to") for line in lines(tmp_path / "run") if line["step"] == 40] == [16, None]
    rolled, healthy, undisturbed = (
        saved(tmp_path / name, step) for name, step in (("run", 40), ("run", 16), ("whole", 40))
    )
    assert int(rolled[0].step) == 40
    assert equal(rolled[0]._replace(step=healthy[0].step), healthy[0])
    assert not equal(rolled[0].generator, undisturbed[0].generator)
    assert equal(rolled[1], undisturbed[1])


@pytest.mark.slow
def test_a_rolled_back_run_continues_as_if_never_killed(tmp_path, monkeypatch):
    fit(tmp_path / "whole", "roll_back")
    real = folder.log

    def killed(directory, logged):
        real(directory, logged)
        if logged[0]["step"] == 40:
            raise KeyboardInterrupt

    monkeypatch.setattr(folder, "log", killed)
    with pytest.raises(KeyboardInterrupt):
        fit(tmp_path / "torn", "roll_back")
    monkeypatch.setattr(folder, "log", real)
    fit(tmp_path / "torn", "roll_back")
    assert lines(tmp_path / "torn") == lines(tmp_path / "whole")
    samples = [np.load(tmp_path / name / "samples.npz")["samples"] for name in ("torn", "whole")]
    np.testing.assert_array_equal(*samples)


def test_without_a_healthy_checkpoint_the_run_goes_on(tmp_path, capsys):
    summary = fit(tmp_path / "run", "roll_back", checkpoint_every=48)
    assert summary.steps == 48
    assert "no checkpoint from before the alarm is left" in capsys.readouterr().err
