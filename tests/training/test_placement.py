"""Many devices and processes: what `initialize` reads, how the mesh is cut, and runs that equal one on one device."""

import dataclasses
import os
import re
import signal
import socket
import subprocess
import sys
import time
from pathlib import Path

import jax
import numpy as np
import pytest

from jaxgan import data
from jaxgan.backend import compiling_for, processes
from jaxgan.evaluation import evaluator
from jaxgan.runs import folder
from jaxgan.runs.building import build
from jaxgan.runs.options import Architecture, Run, Training
from jaxgan.training import loop, placement
from jaxgan.training.health import healthy
from jaxgan.training.seeds import over_seeds, programs, vmapped

ROOT = Path(__file__).resolve().parents[2]
TASK = data.ring()
TRAINING = Training(steps=24, batch_size=16, pack=2, technique=("r1:0.1",))
GAN = build(Architecture(generator_width=8, discriminator_width=8, layers=1, latent_dim=2), TRAINING, (2,))
RUN = Run(seeds=2, samples=64, log_every=4, evaluate_every=12, checkpoint_every=12, seed_axis="mesh")


def fit(directory, run=RUN, steps=24):
    config = {"experiment": "ring", "arm": None, "options": {}}
    options = {"directory": directory, "config": config, "steps": steps, "batch_size": 16, "run": run, "pack": 2}
    loop.fit(GAN, TASK, evaluator(TASK), **options)
    with np.load(directory / "samples.npz") as file:
        return file["samples"]


@pytest.fixture(autouse=True)
def no_search_for_silent_techniques(monkeypatch):
    monkeypatch.setattr(loop, "_silent", lambda *args: [])


def test_a_process_alone_starts_nothing(monkeypatch):
    monkeypatch.setattr(jax.distributed, "initialize", lambda *args, **options: pytest.fail("must not be called"))
    monkeypatch.setenv("SLURM_NTASKS", "1")
    processes.initialize()


@pytest.mark.parametrize(
    ("environment", "expected"),
    [
        ({"JAXGAN_COORDINATOR": "a:1", "JAXGAN_PROCESSES": "4", "JAXGAN_PROCESS": "3"}, ("a:1", 4, 3)),
        ({"SLURM_NTASKS": "2"}, ()),
    ],
)
def test_processes_are_found_by_the_environment(monkeypatch, environment, expected):
    called = []
    monkeypatch.setattr(jax.distributed, "initialize", lambda *args, **options: called.append(args))
    for name, value in environment.items():
        monkeypatch.setenv(name, value)
    processes.initialize()
    assert called == [expected]


def test_a_tpu_vm_is_one_of_a_slice(monkeypatch):
    called = []
    monkeypatch.setattr(jax.distributed, "initialize", lambda *args, **options: called.append(args))
    monkeypatch.setattr(processes, "find_spec", lambda name: name)
    monkeypatch.setattr(Path, "glob", lambda self, pattern: [self / "accel0"] if str(self) == "/dev" else [])
    monkeypatch.setenv("JAX_PLATFORMS", "cpu")
    processes.initialize()
    assert not called
    monkeypatch.delenv("JAX_PLATFORMS")
    processes.initialize()
    assert called == [()]


@pytest.mark.parametrize(
    ("values", "message"),
    [
        (("a:1", None, 0), "JAXGAN_PROCESSES is not set"),
        ((None, 2, 0), "JAXGAN_COORDINATOR is not set"),
        (("a:1", 2, 2), r"in \[0, JAXGAN_PROCESSES\), not 2 of 2"),
        (("a:1", "two", 0), "numbers, not 'two' and '0'"),
    ],
)
def test_incomplete_or_impossible_values_are_refused(values, message):
    with pytest.raises(ValueError, match=message):
        processes.initialize(*values)


@pytest.mark.parametrize(("seeds", "shape"), [(1, (1, 8)), (2, (2, 4)), (8, (8, 1)), (12, (4, 2)), (3, (1, 8))])
def test_devices_are_shared_by_seeds_first(seeds, shape):
    assert placement.mesh(seeds, 64).devices.shape == shape


def test_a_batch_that_cannot_be_cut_is_refused():
    with pytest.raises(ValueError, match="batch of 12 cannot be cut into 8 equal parts, one for each device"):
        placement.mesh(1, 12)
    with pytest.raises(ValueError, match="of packs of 4, one for each device: take a multiple of 32"):
        placement.mesh(1, 16, pack=4)


@pytest.mark.slow
@pytest.mark.parametrize("seeds", [1, 2, 8])
def test_a_run_on_a_mesh_equals_one_on_a_device(tmp_path, seeds):
    run = dataclasses.replace(RUN, seeds=seeds)
    spread = fit(tmp_path / "mesh", run)
    alone = fit(tmp_path / "turn", dataclasses.replace(run, seed_axis="turn"))
    np.testing.assert_allclose(spread, alone, rtol=1e-3, atol=1e-4)


@pytest.mark.slow
def test_moments_are_divided_and_nothing_else():
    mesh = placement.mesh(2, 16)
    program = programs(GAN, TASK.draw, 16, 1, 8, mesh)
    several = vmapped(program, range(2), shared_feed=True, mesh=mesh, divide_optimizer=True)
    feeds = [lambda: placement.replicated(mesh, TASK.arrays)] * 2
    states = several.begin(feeds)
    several.compile(states, feeds)
    for _ in range(2):
        states, _, _ = several.advance(states, feeds, 1)
        moments = jax.tree.leaves(states.generator.opt_state[0].mu)
        sizes = {a.shape[1:]: a.addressable_shards[0].data.shape[1:] for a in moments}
        assert sizes == {(2, 8): (2, 2), (8,): (2,), (8, 2): (2, 2), (2,): (2,)}
        for leaf in jax.tree.leaves((states.generator.params, states.discriminator.params, states.step)):
            assert leaf.addressable_shards[0].data.shape == (1, *leaf.shape[1:])


@pytest.mark.slow
def test_a_run_with_divided_moments_equals_one_on_a_device(tmp_path):
    divided = fit(tmp_path / "mesh", dataclasses.replace(RUN, divide_optimizer=True))
    alone = fit(tmp_path / "turn", dataclasses.replace(RUN, seed_axis="turn"))
    np.testing.assert_allclose(divided, alone, rtol=1e-3, atol=1e-4)


@pytest.mark.slow
def test_eight_devices_are_continued_by_four_and_by_one(tmp_path, monkeypatch):
    whole = fit(tmp_path / "whole")
    devices = jax.devices()
    real, counts = folder.log, iter([8, 4])
    for count, stop_at in ((8, 12), (4, 16), (1, None)):
        assert next(counts, 1) == count
        make_mesh = jax.sharding.Mesh(np.array(devices[:count]).reshape(1, count), ("seed", "data"))
        monkeypatch.setattr(placement, "mesh", lambda *args, on=make_mesh: on)

        def log(directory, lines, stop_at=stop_at):
            real(directory, lines)
            if lines[0]["step"] == stop_at:
                os.kill(os.getpid(), signal.SIGTERM)
                time.sleep(0.05)

        monkeypatch.setattr(folder, "log", log)
        if stop_at:
            with pytest.raises(loop.Interrupted):
                fit(tmp_path / "torn")
        else:
            torn = fit(tmp_path / "torn")
    np.testing.assert_allclose(torn, whole, rtol=1e-3, atol=1e-4)


def start(folder, steps, process=None, port=None, devices=2):
    """Starts a process of a run of two, or one that is alone; what it says goes to a file beside the folder."""
    environment = {**os.environ, "PYTHONPATH": str(ROOT), "JAX_PLATFORMS": "cpu"}
    environment["XLA_FLAGS"] = f"--xla_force_host_platform_device_count={devices}"
    if process is not None:
        environment |= {"JAXGAN_COORDINATOR": f"localhost:{port}", "JAXGAN_PROCESSES": "2"}
        environment["JAXGAN_PROCESS"] = str(process)
    command = [sys.executable, "tests/training/two_processes.py", str(folder), str(steps)]
    with open(folder.with_suffix(f".{process}"), "w") as said:
        return subprocess.Popen(command, cwd=ROOT, env=environment, stderr=said)


def free_port():
    with socket.socket() as found:
        found.bind(("localhost", 0))
        return found.getsockname()[1]


def steps(directory):
    return [line["step"] for line in folder.read_lines(directory)]


@pytest.mark.slow
def test_two_processes_equal_one_and_survive_a_death(tmp_path):
    one = start(tmp_path / "one", 1000, devices=4)
    assert one.wait() == 0
    for dying in (1, 0):
        port = free_port()
        pair = [start(tmp_path / "two", 1000, process, port=port) for process in (0, 1)]
        metrics = tmp_path / "two" / "metrics.jsonl"
        size = metrics.stat().st_size if metrics.exists() else 0
        while not (metrics.exists() and metrics.stat().st_size > size + 3000):
            time.sleep(0.1)
            assert all(process.poll() is None for process in pair)
        pair[dying].kill()
        pair[dying].wait()
        assert pair[1 - dying].wait(timeout=60) != 0
        said = (tmp_path / f"two.{1 - dying}").read_text()
        assert "lost another process of this run" in said or "another task died" in said
    port = free_port()
    pair = [start(tmp_path / "two", 1000, process, port=port) for process in (0, 1)]
    assert [process.wait(timeout=300) for process in pair] == [0, 0]
    with np.load(tmp_path / "one" / "samples.npz") as a, np.load(tmp_path / "two" / "samples.npz") as b:
        np.testing.assert_allclose(b["samples"], a["samples"], rtol=1e-3, atol=1e-3)
    assert steps(tmp_path / "two") == steps(tmp_path / "one")


@pytest.mark.slow
@pytest.mark.parametrize("apart", [True, False])
def test_seeds_of_convolutions_exchange_nothing_where_they_are_apart(apart):
    """Else XLA's own convolutions of vmapped seeds gather the images of all of them, and the numbers are the same."""
    digits = data.digits()
    with compiling_for("tpu"):
        gan = build(
            Architecture(generator_width=8, discriminator_width=8, latent_dim=4), Training(batch_size=16), digits.shape
        )
        mesh = placement.mesh(4, 16)
        program = programs(gan, digits.draw, 16, 1, 8, mesh)
        several = vmapped(program, range(4), shared_feed=True, mesh=mesh, apart=apart)
        feeds = [lambda: placement.replicated(mesh, digits.arrays)] * 4
        states = several.begin(feeds)
        keys = jax.jit(lambda: jax.vmap(jax.random.key)(np.arange(4)))()
        advance = over_seeds(program.advance, (0, 0, None, 0), mesh, apart=apart)
        health = jax.tree.map(lambda a: np.stack([a] * 4), healthy())
        text = jax.jit(advance).lower(keys, states, feeds[0](), health).compile().as_text()
        losses = jax.jit(advance)(keys, states, feeds[0](), health)[1].generator_loss
    # Rows of four devices, of which each has two neighbours for its minibatch.
    across = [line for line in text.splitlines() if re.search(r"= f32\[\d+,\d+,\d+,\d+\]\S* all-gather\(", line)]
    assert bool(across) is not apart
    alone = jax.jit(programs(gan, digits.draw, 16, 1, 8).advance)(
        keys[2], several.each(states)[2], digits.arrays, healthy()
    )
    np.testing.assert_allclose(losses[2], alone[1].generator_loss, rtol=1e-3)
