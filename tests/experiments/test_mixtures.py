"""One recipe on five mixtures: what is measured, which particles are recycled, and that a stopped run goes on."""

import json
import sys
from pathlib import Path

import jax
import jax.numpy as jnp
import numpy as np
import pytest

EXPERIMENTS = Path(__file__).resolve().parents[2] / "experiments"


@pytest.fixture(autouse=True)
def mixtures(monkeypatch):
    monkeypatch.syspath_prepend(str(EXPERIMENTS))
    import mixtures

    yield mixtures
    for name in ("mixtures", "mixtures_report"):
        sys.modules.pop(name, None)


def test_real_data_reach_the_ceiling_and_a_narrow_generator_shows(mixtures):
    task, rng = mixtures.TASKS["grid_25"](), np.random.default_rng(0)
    means, n = np.asarray(task.means), 25_000
    mode, noise = np.arange(n) % 25, rng.standard_normal((n, 2))
    for factor, quality in ((1.0, 1 - np.exp(-4.5)), (0.5, 1.0)):
        found = mixtures.measured(task, (means[mode] + factor * task.std * noise).astype(np.float32))
        assert found["modes"] == 25 and found["reverse_kl"] < 1e-3
        np.testing.assert_allclose([found["high_quality"], found["width"]], [quality, factor], atol=0.005)
    noise[:2500] *= 100
    assert mixtures.measured(task, (means[mode] + task.std * noise).astype(np.float32))["stray"] > 0.09


def test_targets_need_all_four(mixtures):
    from mixtures_report import reached

    task = mixtures.TASKS["ring"]()
    good = {"modes": 8, "high_quality": 0.98, "reverse_kl": 0.02, "cpu_seconds": 300}
    assert reached(task, good)
    for worse in ({"modes": 7}, {"high_quality": 0.979}, {"reverse_kl": 0.021}, {"cpu_seconds": 301}):
        assert not reached(task, {**good, **worse})


def test_no_reported_seed_was_tuned_on(mixtures):
    assert len(mixtures.SEEDS) == 10 and not set(mixtures.SEEDS) & {0, 1}


@pytest.mark.slow
def test_particles_judged_lower_than_real_examples_move_onto_others(mixtures):
    recipe = mixtures.Recipe(steps=50, batch=16, particles=64)
    known = mixtures.Scale(jnp.ones(()), jnp.asarray(2.0))
    real = 0.5 * jax.random.normal(jax.random.key(0), (256, 2))

    @jax.jit
    def once(key, real):
        state = mixtures.players(recipe, known, 0).init(key, real[:16])
        # A discriminator that reads the first coordinate alone, and a generator that puts p at 2.5 sin(0.3 p).
        state = jax.tree.map(jnp.zeros_like, state)._replace(discriminator=state.discriminator)
        params = jax.tree.map(jnp.zeros_like, state.discriminator.params)
        first, second, last = sorted(params)
        params[first]["kernel"] = params[first]["kernel"].at[0, 0].set(1.0)
        params[second]["kernel"] = params[second]["kernel"].at[0, 0].set(1.0)
        params[last]["kernel"] = params[last]["kernel"].at[0, 0].set(1.0)
        own = state.generator.techniques["particle_prior"]
        points = jnp.linspace(-3.0, 3.0, 64)[:, None] * jnp.array([[1.0, 0.0]])
        owned = {**state.generator.techniques, "particle_prior": own._replace(params=points)}
        state = state._replace(
            generator=state.generator._replace(techniques=owned),
            discriminator=state.discriminator._replace(params=params),
        )
        return points, mixtures.recycled(recipe, known, key, state, real)

    before, (state, share) = once(jax.random.key(1), real)
    after = state.generator.techniques["particle_prior"].params
    low = 2.5 * np.sin(0.3 * before[:, 0]) < np.quantile(real[:, 0], 0.001)
    assert 0 < np.sum(low) < 32
    np.testing.assert_allclose(share, np.mean(low), atol=1e-6)
    np.testing.assert_array_equal(after[~low], before[~low])
    kept = np.asarray(before)[~low]
    nearest = np.min(np.linalg.norm(np.asarray(after)[low][:, None] - kept[None], axis=2), axis=1)
    assert np.all(nearest < 0.02)


@pytest.mark.slow
def test_a_stopped_run_goes_on_and_writes_its_report(mixtures, tmp_path, capsys):
    options = ["--only", "ring", "--recipe.steps", "50", "--recipe.batch", "32", "--recipe.particles", "64"]
    options += ["--workdir", str(tmp_path)]
    assert mixtures.main([*options, "--seeds", "3"]) == 0
    first = (tmp_path / "cells/ring/3.json").stat().st_mtime_ns
    assert mixtures.main([*options, "--seeds", "3", "4"]) == 0
    assert (tmp_path / "cells/ring/3.json").stat().st_mtime_ns == first
    assert [cell["seed"] for cell in json.loads((tmp_path / "results.json").read_text())["ring"]] == [3, 4]
    assert "| ring of 8 | 2 |" in (tmp_path / "table.md").read_text()
    assert (tmp_path / "mixtures.png").stat().st_size > 5000
    capsys.readouterr()
    assert mixtures.main([*options, "--only", "square"]) == 2 and "'square'" in capsys.readouterr().err
