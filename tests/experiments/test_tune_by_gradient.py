"""The experiment that tunes by gradient: its derivatives equal finite differences, and it leads to where it should."""

import sys
from pathlib import Path

import jax
import jax.numpy as jnp
import numpy as np
import pytest

from jaxgan import data, networks
from tests.helpers import in_double, jit

EXPERIMENTS = Path(__file__).resolve().parents[2] / "experiments"


@pytest.fixture
def tune(monkeypatch):
    monkeypatch.syspath_prepend(str(EXPERIMENTS))
    import tune_by_gradient

    yield tune_by_gradient
    for name in ("tune_by_gradient", "driving"):
        sys.modules.pop(name, None)


@pytest.mark.parametrize("horizon", [1, 5, pytest.param(20, marks=pytest.mark.slow)])
def test_the_gradient_equals_finite_differences(tune, monkeypatch, x64, horizon):
    """By the logarithms of the discriminator's rate and of the weight of R1, through all steps of both players."""
    mlp = networks.mlp
    monkeypatch.setattr(tune, "TASK", data.ring())  # in double precision too
    monkeypatch.setattr(networks, "mlp", lambda *arguments, **options: in_double(mlp(*arguments, **options)))
    key = jax.random.key(3)
    at = jnp.log(jnp.array([1e-3, 0.1]))
    state = tune.begun(key)
    value = jit(lambda at: tune.objective(at, key, state, horizon)[0])
    assert value(at).dtype == jnp.float64
    found, after = jit(lambda at: tune.gradient(at, key, state, horizon))(at)
    assert int(after.step) == horizon
    # With larger ones units of the networks cross their kinks between both sides: at 1e-6 a derivative of the 20 steps
    # has the other sign.
    epsilon = 1e-8
    for i in range(2):
        shift = epsilon * jnp.eye(2)[i]
        expected = (value(at + shift) - value(at - shift)) / (2 * epsilon)
        np.testing.assert_allclose(found[i], expected, rtol=1e-4)
        assert abs(expected) > 1e-5


def test_evolution_strategies_estimate_the_same_direction(tune, monkeypatch):
    """On a parabola, of which the gradient is known."""
    monkeypatch.setattr(tune, "PAIRS", 4000)
    monkeypatch.setattr(tune, "objective", lambda at, key, state, horizon: (jnp.sum((at - 1.0) ** 2), state))
    monkeypatch.setattr(tune, "trained", lambda key, at, state, horizon: state)

    class State:
        step = 7

    found, _ = tune.evolution(jnp.array([3.0, -2.0]), jax.random.key(0), State(), 20)
    np.testing.assert_allclose(found, [4.0, -6.0], rtol=0.1)
