"""Numbers that go wrong are noticed at their step, and nothing that has diverged is kept or summed up."""

import dataclasses

import jax
import jax.numpy as jnp
import numpy as np
import pytest

from jaxgan import data, load
from jaxgan.commands.experiment import main
from jaxgan.evaluation import evaluator
from jaxgan.runs import folder
from jaxgan.runs.building import build
from jaxgan.runs.checkpoints import Checkpoints
from jaxgan.runs.options import Architecture, Run, Training
from jaxgan.training import loop
from jaxgan.training.divergence import reproduced
from jaxgan.training.health import checked, finite, healthy, not_finite, quantities, sums
from jaxgan.training.stopping import Interrupted
from tests.commands.fixtures import RING

TASK = data.ring()
GAN = build(Architecture(generator_width=8, discriminator_width=8, layers=1, latent_dim=2), Training(), (2,))
RUN = Run(seeds=2, samples=64, log_every=8, evaluate_every=24, checkpoint_every=8)
CONFIG = {"experiment": "ring", "arm": None, "options": {"steps": 24}}


@pytest.fixture(autouse=True)
def no_search_for_silent_techniques(monkeypatch):
    monkeypatch.setattr(loop, "_silent", lambda *args: [])


def breaks(quantity, at, key_sum=None):
    """The model, with a quantity that is not finite after step `at`; of one seed, if the sum of its key is told."""

    def step(key, state, batch, more=None):
        after, info = GAN.step(key, state, batch, more)
        wrong = (after.step == at) & (True if key_sum is None else jax.random.key_data(key).sum() == key_sum)
        if quantity in info._fields:
            return after, info._replace(**{quantity: jnp.where(wrong, jnp.inf, getattr(info, quantity))})
        player = getattr(after, quantity.split(".")[0])
        params = jax.tree.map(lambda a: jnp.where(wrong, a.at[(0,) * a.ndim].set(jnp.nan), a), player.params)
        return after._replace(**{quantity.split(".")[0]: player._replace(params=params)}), info

    return GAN._replace(step=step)


def fit(directory, gan, **others):
    run = dataclasses.replace(RUN, **others)
    return loop.fit(gan, TASK, evaluator(TASK), directory=directory, config=CONFIG, steps=24, batch_size=16, run=run)


def steps_of(directory):
    with Checkpoints(directory / "checkpoints") as checkpoints:
        return checkpoints.steps


def test_the_first_quantity_and_the_first_step_are_told():
    state = GAN.init(jax.random.key(0), jnp.zeros((4, 2)))
    _, info = jax.eval_shape(GAN.step, jax.random.key(0), state, jnp.zeros((4, 2)))
    info = jax.tree.map(lambda a: jnp.zeros(a.shape, a.dtype), info)
    names = quantities(state, info)
    assert names == [
        *("generator_loss", "discriminator_loss", "generator_gradient_norm", "discriminator_gradient_norm"),
        *("generator.params", "discriminator.params"),
    ]
    fine, loss = info, info._replace(discriminator_loss=jnp.inf, generator_gradient_norm=jnp.nan)
    later = info._replace(generator_loss=jnp.nan)

    @jax.jit
    def look(health, last, *infos):
        return checked(health, last, jnp.stack([finite(sums(state), each) for each in infos]))

    health = look(healthy(), 2, fine, fine)
    assert not_finite(jax.device_get(health), names) is None
    together = look(health, 5, fine, loss, later)
    apart = look(look(look(health, 3, fine), 4, loss), 5, later)
    told = {"step": 4, "quantity": "discriminator_loss", "steps": 2}
    assert not_finite(jax.device_get(together), names) == not_finite(jax.device_get(apart), names) == told


@pytest.mark.parametrize(
    ("quantity", "named"),
    [
        (
            "discriminator.params",
            "the params of the discriminator are not finite since step 13, in 4 steps; likely the",
        ),
        pytest.param(
            "generator_loss", "the generator loss is not finite since step 13; likely", marks=pytest.mark.slow
        ),
    ],
)
def test_a_run_stops_and_keeps_what_was_healthy_however_often_it_is_started(quantity, named, tmp_path, capsys):
    gan = breaks(quantity, 13)
    for _ in range(2):
        with pytest.raises(Interrupted, match="ring stopped at step 13 of 24, seed 0") as raised:
            fit(tmp_path / "run", gan)
        assert raised.value.status == 1 and named in str(raised.value)
        assert "the checkpoint of step 8 is healthy" in str(raised.value)
        assert steps_of(tmp_path / "run") == [8]
        lines = [line for line in folder.read_lines(tmp_path / "run") if "not_finite" in line]
        assert [(line["step"], line["not_finite"]["step"]) for line in lines] == [(16, 13), (16, 13)]
        assert [line["alarms"][0]["kind"] for line in lines] == ["not_finite"] * 2
    assert not (tmp_path / "run" / "summary.json").exists()
    with np.load(tmp_path / "run" / "diverged.npz") as file:
        assert int(file["state.step"]) == 12 and str(file["quantity"]) == quantity


def test_a_step_that_is_skipped_changes_nothing_and_is_counted(tmp_path):
    summary = fit(tmp_path / "run", breaks("generator.params", 13), on_not_finite="skip")
    assert summary.steps == 24 and all(np.isfinite(of_seed.values["high_quality"]) for of_seed in summary.seeds)
    found = {line["step"]: line.get("not_finite") for line in folder.read_lines(tmp_path / "run")}
    assert found == {8: None, 16: {"step": 13, "quantity": "generator.params", "steps": 1}, 24: None}
    with pytest.raises(Interrupted, match=r"not finite since step 1, in 8 steps.*there is no checkpoint before it"):
        fit(tmp_path / "never", GAN._replace(step=always_nan), on_not_finite="skip")


def always_nan(key, state, batch, more=None):
    after, info = GAN.step(key, state, batch, more)
    return after, info._replace(generator_loss=jnp.nan)


@pytest.mark.slow
def test_a_seed_is_taken_back_and_the_other_one_is_not(tmp_path, capsys):
    first = int(jax.random.key_data(jax.random.fold_in(jax.random.key(0), 0)).sum())
    fit(tmp_path / "run", breaks("generator.params", 13, first), on_not_finite="roll_back", seed_axis="turn")
    lines = folder.read_lines(tmp_path / "run")
    assert [line.get("rolled_back_to") for line in lines] == [None, None, 8, None, None, None]
    assert "the players of that seed are back at step 8" in capsys.readouterr().err
    fit(tmp_path / "whole", GAN)
    samples = [np.load(tmp_path / name / "samples.npz")["samples"] for name in ("run", "whole")]
    np.testing.assert_array_equal(samples[0][1], samples[1][1])
    assert np.isfinite(samples[0]).all() and not np.array_equal(samples[0][0], samples[1][0])


def test_a_checkpoint_that_is_not_finite_is_passed_over(tmp_path, capsys):
    fit(tmp_path / "run", GAN, checkpoint_every=8)
    with Checkpoints(tmp_path / "run" / "checkpoints") as checkpoints:
        state = jax.eval_shape(lambda: GAN.init(jax.random.key(0), TASK.sample(jax.random.key(0), 16)))
        like = jax.tree.map(lambda a: jnp.zeros((2, *a.shape), a.dtype), state)
        states, progress = checkpoints.restore(like, 24)
    params = jax.tree.map(lambda a: a * jnp.nan, states.generator.params)
    with Checkpoints(tmp_path / "run" / "checkpoints", keep=9) as checkpoints:
        checkpoints.save(32, states._replace(generator=states.generator._replace(params=params)), progress)
    (tmp_path / "run" / "summary.json").unlink()
    assert fit(tmp_path / "run", GAN).steps == 24
    assert "the parameters in the checkpoint of step 32 are not finite; it is left" in capsys.readouterr().err


@pytest.mark.slow
def test_the_step_that_went_wrong_can_be_taken_again(tmp_path, capsys):
    directory = tmp_path / "run"
    diverging = ["--generator-learning-rate", "1e38", "--technique", "replay:32", "--clip", "0"]
    assert main(RING, ["--workdir", str(directory), "--batch-size", "16", *diverging]) == 1
    said = capsys.readouterr().err.splitlines()[-1]
    assert said.startswith("ring stopped at step ") and "not finite since" in said and "diverged.npz" in said
    found = reproduced(directory)
    after, info = jax.jit(found.model.step)(found.key, found.state, found.batch, found.more)
    health = checked(healthy(), after.step, finite(sums(after), info)[None])
    assert not_finite(jax.device_get(health), quantities(after, info)) == {
        "step": int(found.state.step) + 1,
        "quantity": found.quantity,
        "steps": 1,
    }
    (directory / "diverged.npz").unlink()
    with pytest.raises(ValueError, match="no number of that run was found to be not finite"):
        reproduced(directory)
    with pytest.raises(ValueError, match="has no checkpoint yet"):
        load(directory)
