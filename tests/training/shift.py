"""A model that compiles in a moment, for tests of the loop around it."""

from typing import Any, NamedTuple

import jax
import jax.numpy as jnp
import pytest

from jaxgan.training import arranging, beginning

MADE: dict[Any, Any] = {}


def reused(model, source, batch_size, run, seeds, mesh, classes, length):
    """What `arranging.several_of` makes, once for all runs of a test module: most of their time is compiling."""
    key = (model.width, batch_size, tuple(seeds), length)
    if key not in MADE:
        MADE[key] = arranging.several_of(model, source, batch_size, run, seeds, mesh, classes, length)
    return MADE[key]


@pytest.fixture(scope="module", autouse=True)
def programs_are_compiled_once():
    """For the modules that import it: all of their runs share what is compiled."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(beginning, "several_of", reused)
        yield


class Part(NamedTuple):
    """What `Model` calls a player."""

    params: Any


class State(NamedTuple):
    """Of the model."""

    step: Any
    generator: Part


class Info(NamedTuple):
    """Of a step."""

    loss: Any


class Shift:
    """A model that compiles in a moment: its samples are noise around the mean of the examples that it has seen."""

    minibatches, conditional = 1, False
    latent = effects = judge = None

    def __init__(self, width: int = 8):
        self.width = width

    def init(self, key, batch, start_from=None):
        del start_from
        noise = jax.random.normal(key, (self.width,))
        return State(jnp.zeros((), jnp.int32), Part({"mean": batch.data[0], "noise": noise}))

    def step(self, key, state, batch, more=None):
        del key, more
        mean = 0.9 * state.generator.params["mean"] + 0.1 * batch.data.mean(0)
        return State(state.step + 1, Part({**state.generator.params, "mean": mean})), Info(jnp.abs(mean).sum())

    def sample(self, key, state, n, label=None):
        del label
        return state.generator.params["mean"][None] + jax.random.normal(key, (n, 2))
