"""The loop: a run is a pure function of its configuration and seed, however often it is interrupted."""

import dataclasses
import json
import os
import signal
import subprocess
import sys
import threading
import time
from pathlib import Path

import jax
import jax.numpy as jnp
import numpy as np
import pytest
from flax import linen as nn

import jaxgan
from jaxgan import data, losses, networks, optimizers
from jaxgan.adversarial.lookahead import Unroll
from jaxgan.backend import compiling_for
from jaxgan.diagnosis import judge_run
from jaxgan.evaluation import evaluator
from jaxgan.runs import folder
from jaxgan.runs.building import build
from jaxgan.runs.options import Architecture, Run, Training
from jaxgan.runs.summary import read_summary
from jaxgan.training import arranging, loop
from jaxgan.training.health import healthy
from jaxgan.training.seeds import in_turn, programs, vmapped
from jaxgan.training.sources import source_of
from jaxgan.types import Batch, State

ROOT = Path(__file__).resolve().parents[2]
TASK = data.ring()
TRAINING = Training(steps=48, batch_size=16, technique=("replay:64",), unroll=Unroll(steps=1))
GAN = build(Architecture(generator_width=8, discriminator_width=8, layers=1, latent_dim=2), TRAINING, (2,))
RUN = Run(seeds=2, samples=64, log_every=8, evaluate_every=16, checkpoint_every=16)
CONFIG = {"experiment": "ring", "arm": None, "options": {"steps": 48}}


def fit(directory, run=RUN, gan=GAN, task=TASK, steps=48, config=CONFIG):
    return loop.fit(gan, task, evaluator(task), directory=directory, config=config, steps=steps, batch_size=16, run=run)


def contents(directory):
    lines = (directory / "metrics.jsonl").read_text().splitlines()
    with np.load(directory / "samples.npz") as file:
        samples = file["samples"]
    return lines, samples, folder.read_snapshots(directory)


@pytest.fixture(autouse=True)
def no_search_for_silent_techniques(monkeypatch, request):
    """It compiles a step for each technique; one test is enough."""
    if "silent" not in request.node.name:
        monkeypatch.setattr(loop, "_silent", lambda *args: [])


@pytest.fixture(scope="module")
def undisturbed(tmp_path_factory):
    directory = tmp_path_factory.mktemp("undisturbed") / "run"
    fit(directory)
    return directory


def test_leaves_the_files_of_a_run(undisturbed):
    names = {path.name for path in undisturbed.iterdir()}
    assert names >= {"config.json", "metrics.jsonl", "summary.json", "samples.npz", "snapshots", "checkpoints"}
    lines = [json.loads(line) for line in (undisturbed / "metrics.jsonl").read_text().splitlines()]
    assert [(line["step"], line["seed"]) for line in lines] == [
        (s, seed) for s in (8, 16, 24, 32, 40, 48) for seed in (0, 1)
    ]
    assert all(("modes" in line) == (line["step"] in (16, 32, 48)) for line in lines)
    summary = folder.read_json(undisturbed / "summary.json")
    assert [seed["seed"] for seed in summary["seeds"]] == [0, 1]
    assert summary["mean"]["high_quality"] == pytest.approx(np.mean([s["high_quality"] for s in summary["seeds"]]))
    assert summary["metrics"]["high_quality"]["real"] == pytest.approx(1 - np.exp(-4.5))
    assert summary["train_seconds"] > 0
    evaluation = evaluator(TASK)
    assert summary["modes_expected"] == pytest.approx(dict(zip(TASK.names, 64 * evaluation.shares, strict=True)))
    samples = np.load(undisturbed / "samples.npz")["samples"]
    verdict, of_seeds = judge_run(evaluation, [0, 1], [evaluation.measure(x) for x in samples], samples)
    assert summary["verdict"] == folder.plain(verdict._asdict())
    assert [seed["verdict"] for seed in summary["seeds"]] == [folder.plain(of._asdict()) for of in of_seeds]
    samples = np.load(undisturbed / "samples.npz")
    assert samples["samples"].shape == (2, 64, 2)
    assert samples["real"].shape[1:] == (2,)


@pytest.mark.slow
def test_a_remainder_is_trained_by_single_steps(tmp_path):
    fit(tmp_path / "run", dataclasses.replace(RUN, seeds=1), steps=19)
    steps = [json.loads(line)["step"] for line in (tmp_path / "run" / "metrics.jsonl").read_text().splitlines()]
    assert steps == [8, 16, 19]


def test_a_finished_run_is_only_read(undisturbed):
    before = {path.name: path.stat().st_mtime_ns for path in undisturbed.iterdir()}
    assert fit(undisturbed) == read_summary(undisturbed)
    assert {path.name: path.stat().st_mtime_ns for path in undisturbed.iterdir()} == before


@pytest.mark.slow
def test_a_finished_run_of_fewer_steps_goes_on_and_ends_as_if_asked_for_all(undisturbed, tmp_path, capsys):
    run = tmp_path / "run"
    assert fit(run, steps=32).steps == 32
    capsys.readouterr()
    assert fit(run).steps == 48
    assert f"{run} holds a finished run of 32 steps, which goes on to 48; what falls" in capsys.readouterr().err
    for found, expected in zip(contents(run), contents(undisturbed), strict=True):
        np.testing.assert_equal(found, expected)
    before = (run / "summary.json").read_bytes()
    with pytest.raises(ValueError, match="holds a finished run of 48 steps, more than the 32 asked for"):
        fit(run, steps=32)
    assert (run / "summary.json").read_bytes() == before


@pytest.mark.parametrize(
    "place",
    ["log", *(pytest.param(name, marks=pytest.mark.slow) for name in ("add_snapshot", "write_arrays", "write_json"))],
)
def test_continues_bit_for_bit_wherever_it_died(place, undisturbed, tmp_path, monkeypatch):
    class Killed(BaseException):
        pass

    calls = {"left": {"log": 4, "add_snapshot": 2, "write_arrays": 4, "write_json": 2}[place]}
    real = getattr(folder, place)

    def die(*args, **kwargs):
        calls["left"] -= 1
        if not calls["left"]:
            raise Killed
        return real(*args, **kwargs)

    monkeypatch.setattr(folder, place, die)
    with pytest.raises(Killed):
        fit(tmp_path / "run")
    monkeypatch.undo()
    assert not (tmp_path / "run" / "summary.json").exists()
    fit(tmp_path / "run")
    lines, samples, (steps, snapshots) = contents(tmp_path / "run")
    expected_lines, expected_samples, (expected_steps, expected_snapshots) = contents(undisturbed)
    assert lines == expected_lines
    np.testing.assert_array_equal(samples, expected_samples)
    np.testing.assert_array_equal(steps, expected_steps)
    np.testing.assert_array_equal(snapshots, expected_snapshots)


def test_each_seed_is_as_if_alone(undisturbed, tmp_path):
    fit(tmp_path / "alone", dataclasses.replace(RUN, seeds=1, first_seed=1))
    _, alone, _ = contents(tmp_path / "alone")
    _, together, _ = contents(undisturbed)
    np.testing.assert_array_equal(alone[0], together[1])
    assert not np.array_equal(together[0], together[1])


@pytest.mark.slow
def test_seeds_in_turn_and_vmapped_agree():
    program = programs(GAN, TASK.draw, 16, 5, 32)
    feeds = [lambda: TASK.arrays] * 3
    results = []
    for seeds in (in_turn(program, [3, 4, 5]), vmapped(program, [3, 4, 5], shared_feed=True)):
        states = seeds.begin(feeds)
        seeds.compile(states, feeds)
        states, infos, _ = seeds.advance(states, feeds, 2)
        assert int(seeds.each(states)[0].step) == 10
        packed = seeds.stacked(states)
        assert packed.step.tolist() == [10, 10, 10]
        changed = seeds.unstacked(packed._replace(step=packed.step.at[1].set(7)))
        assert [int(state.step) for state in seeds.each(changed)] == [10, 7, 10]
        results.append((seeds.sample(states, 40), np.array([float(info.generator_loss) for info in infos])))
    assert results[0][0].shape == (3, 40, 2)
    for turn, vmap in zip(*results, strict=True):
        np.testing.assert_allclose(turn, vmap, rtol=1e-3, atol=1e-4)


class Convolution(nn.Module):
    @nn.compact
    def __call__(self, x):
        return nn.Dense(1)(nn.Conv(2, (3, 3))(x).reshape(len(x), -1))


@pytest.mark.slow
def test_images_are_trained_in_loops_unless_a_network_would_be_slow_there():
    """Bit for bit as by single steps."""
    digits = data.stacked_digits()
    made = build(
        Architecture(generator_width=1, discriminator_width=1, latent_dim=2), Training(batch_size=8), digits.shape
    )
    optimizer = optimizers.adam(1e-3)
    slow = jaxgan.gan(
        generator=networks.dcgan_generator(8, 3, width=1),
        discriminator=networks.from_linen(Convolution()),
        loss=losses.minimax(),
        generator_optimizer=optimizer,
        discriminator_optimizer=optimizer,
        latent_dim=2,
    )
    source = source_of(digits, [0], 8, None)
    assert arranging.loops(made, source, 8)
    for platform in ("cpu", "tpu"):
        with compiling_for(platform):
            assert arranging.loops(slow, source, 8) is (platform != "cpu")
    samples = []
    for length in (1, 4):
        seeds = in_turn(programs(made, digits.draw, 8, length, 16), [0])
        states = seeds.begin(source.feeds)
        seeds.compile(states, source.feeds)
        states, _, _ = seeds.advance(states, source.feeds, 8 // length)
        samples.append(seeds.sample(states, 16))
    np.testing.assert_array_equal(*samples)


@pytest.mark.parametrize(("platform", "devices", "in_one_program"), [("cpu", 1, False), ("tpu", 8, True)])
def test_the_backend_decides_on_the_mesh_and_on_how_seeds_are_trained(platform, devices, in_one_program):
    run = Run(seeds=2)
    source = source_of(TASK, range(2), 16, None)
    gan = build(Architecture(generator_width=4, discriminator_width=4, latent_dim=2), Training(batch_size=16), (2,))
    with compiling_for(platform):
        mesh = arranging.mesh_of(run, 16, 1)
        assert (1 if mesh is None else mesh.size) == min(devices, jax.device_count())
        seeds, _ = arranging.several_of(gan, source, 16, run, range(2), None, None, 1)
        states = seeds.begin(source.feeds)
    assert isinstance(states, State) is in_one_program


def test_sigterm_saves_and_continues(undisturbed, tmp_path, monkeypatch):
    real = folder.log

    def preempted(directory, lines):
        real(directory, lines)
        if lines[0]["step"] == 24:
            os.kill(os.getpid(), signal.SIGTERM)
            time.sleep(0.05)

    if threading.current_thread() is not threading.main_thread():
        pytest.skip("signals reach the main thread only, and this worker runs tests in another one")
    monkeypatch.setattr(folder, "log", preempted)
    with pytest.raises(loop.Interrupted, match="step 24 of 48"):
        fit(tmp_path / "run")
    monkeypatch.undo()
    fit(tmp_path / "run")
    assert contents(tmp_path / "run")[0] == contents(undisturbed)[0]
    np.testing.assert_array_equal(contents(tmp_path / "run")[1], contents(undisturbed)[1])


class Stream:
    """A task that hands out batches from the host, as a set that is too large for the device does."""

    name, kind, shape = "stream", "points", (2,)

    class Iterator:
        def __init__(self, seed, place):
            self.seed, self.place, self.position = seed, place or (lambda batch: batch), 0

        def __next__(self):
            self.position += 1
            return self.place(np.random.default_rng((self.seed, self.position)).normal(size=(16, 2)).astype(np.float32))

        def get_state(self):
            return {"next_index": self.position}

        def set_state(self, state):
            self.position = state["next_index"]

    def stream(self, batch_size, *, seed, process_index=0, process_count=1, place=None):
        del batch_size, process_index, process_count
        return self.Iterator(seed, place)


@pytest.mark.slow
def test_a_stream_continues_where_it_was(tmp_path, monkeypatch):
    gan = build(Architecture(generator_width=8, discriminator_width=8, layers=1, latent_dim=2), Training(), (2,))
    fit(tmp_path / "whole", gan=gan, task=Stream())
    real = folder.log
    monkeypatch.setattr(folder, "log", lambda d, lines: 1 / 0 if lines[0]["step"] == 40 else real(d, lines))
    with pytest.raises(ZeroDivisionError):
        fit(tmp_path / "torn", gan=gan, task=Stream())
    monkeypatch.undo()
    fit(tmp_path / "torn", gan=gan, task=Stream())
    assert contents(tmp_path / "torn")[0] == contents(tmp_path / "whole")[0]


@pytest.mark.slow
def test_the_share_of_time_that_waits_for_a_stream_is_kept(tmp_path):
    class Slow(Stream):
        class Iterator(Stream.Iterator):
            def __next__(self):
                time.sleep(0.02)
                return super().__next__()

    gan = build(Architecture(generator_width=8, discriminator_width=8, layers=1, latent_dim=2), Training(), (2,))
    slow, fast = (fit(tmp_path / name, gan=gan, task=task) for name, task in (("slow", Slow()), ("fast", Stream())))
    assert slow.waited_share * slow.train_seconds >= 48 * 0.02
    assert fast.waited_share < slow.waited_share < 1
    assert fit(tmp_path / "none").waited_share == 0


@pytest.mark.slow
def test_warns_of_a_silent_technique(tmp_path, capsys):
    gan = build(
        Architecture(generator_width=8, discriminator_width=8, layers=1, latent_dim=2),
        Training(technique=("r1:0", "mode_seeking:0.5")),
        (2,),
    )
    summary = fit(tmp_path / "run", gan=gan, run=dataclasses.replace(RUN, seeds=1))
    assert summary.silent_techniques == ("r1",)
    assert "the technique r1 changes nothing" in capsys.readouterr().err


def test_refuses_nan_and_unfitting_intervals(tmp_path):
    broken = TASK._replace(means=TASK.means.at[3, 0].set(jnp.nan))
    with pytest.raises(ValueError, match="NaN"):
        fit(tmp_path / "run", task=broken)
    with pytest.raises(ValueError, match="multiple of --log-every, 8, not 12"):
        dataclasses.replace(RUN, evaluate_every=12)
    assert not (tmp_path / "run").exists()


def test_labels_reach_the_step():
    seen = []

    def step(key, state, batch, more):
        seen.append((batch, more))
        return state, None

    draw = lambda arrays, key, n: Batch(jnp.zeros((n, 2)), jnp.arange(n))  # noqa: E731
    gan = GAN._replace(step=step, minibatches=3)
    state = GAN.init(jax.random.key(0), jnp.zeros((4, 2)))
    programs(gan, draw, 4, 1, 8).advance(jax.random.key(0), state, (), healthy())
    batch, more = seen[0]
    assert batch.label.tolist() == [0, 1, 2, 3]
    assert more.label.tolist() == [[4, 5, 6, 7], [8, 9, 10, 11]]


@pytest.mark.slow
def test_killed_at_random_moments(tmp_path):
    command = [sys.executable, "experiments/ring.py", "--steps", "3000", "--seeds", "2", "--log-every", "30"]
    command += ["--checkpoint-every", "60", "--evaluate-every", "60", "--batch-size", "32"]
    environment = {**os.environ, "XLA_FLAGS": "", "PYTHONPATH": str(ROOT)}

    def start(name):
        return subprocess.Popen(
            [*command, "--workdir", str(tmp_path / name)], cwd=ROOT, env=environment, stderr=subprocess.DEVNULL
        )

    assert start("whole").wait() == 0
    random = np.random.default_rng(0)
    for _ in range(8):
        process = start("torn")
        metrics = tmp_path / "torn" / "metrics.jsonl"
        size = metrics.stat().st_size if metrics.exists() else 0
        while process.poll() is None and not (metrics.exists() and metrics.stat().st_size != size):
            time.sleep(0.01)  # until it trains
        time.sleep(random.uniform(0, 1.0))
        process.kill()
        process.wait()
    assert start("torn").wait() == 0
    assert contents(tmp_path / "torn")[0] == contents(tmp_path / "whole")[0]
    np.testing.assert_array_equal(contents(tmp_path / "torn")[1], contents(tmp_path / "whole")[1])
