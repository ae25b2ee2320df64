"""The step of a run at which a number went wrong, kept so that it can be looked at: `reproduced` takes it again."""

from pathlib import Path
from typing import Any, NamedTuple

import jax
import jax.numpy as jnp
import numpy as np

from jaxgan.runs import folder
from jaxgan.runs.checkpoints import names_in
from jaxgan.runs.loading import modelled
from jaxgan.training.seeds import Programs, Seeds
from jaxgan.training.sources import Source
from jaxgan.types import Batch, Key, Model

DIVERGED = "diverged.npz"
STATE, BATCH, MORE = "state.", "batch.", "more."


class Step(NamedTuple):
    """One step of one seed: `step.model.step(step.key, step.state, step.batch, step.more)` takes it.

    Attributes:
      model: of the run.
      key: of the model.
      state: before the step.
      batch: the minibatch.
      more: further ones, stacked.
      seed: its number.
      quantity: what was not finite after the step, such as "generator_loss" or "generator.params".
    """

    model: Model
    key: Key
    state: Any
    batch: Batch
    more: Batch
    seed: int
    quantity: str


def keep_step(
    directory: Path,
    several: Seeds,
    single: Seeds,
    program: Programs,
    source: Source,
    begun: tuple[Any, int],
    found: tuple[int, int, int, str],
) -> Path:
    """Trains again up to a step that went wrong, and keeps what it began with as `diverged.npz`.

    Nothing is kept of the steps of a run while they are healthy, so that this costs nothing until it is needed.

    Args:
      directory: of the run.
      several: the seeds, many steps at a time.
      single: the same by single steps.
      program: of one seed.
      source: whose streams are where they were at `begun`.
      begun: the states from which it is trained again, and their step.
      found: place and number of the seed, the step that went wrong, counted from 1, and the quantity.

    Returns:
      The path of the file.
    """
    states, at = begun
    place, seed, step, quantity = found
    times, rest = divmod(step - 1 - at, several.length)
    if times:
        states = several.advance(states, source.feeds, times)[0]
    if rest:
        single.compile(states, source.feeds)
        states = single.advance(states, source.feeds, rest)[0]
    state = several.each(states)[place]
    feed = source.feeds[place]()
    key = jax.random.key(seed)
    key, batch, more = jax.jit(program.step_arguments)(key, state.step, feed)
    parts = {STATE: state, BATCH: batch, MORE: more}
    arrays = {
        prefix + name: np.asarray(array)
        for prefix, tree in parts.items()
        for name, array in zip(names_in(tree), jax.tree.leaves(tree), strict=True)
    }
    path = directory / DIVERGED
    folder.write_arrays(path, key=jax.random.key_data(key), seed=seed, quantity=quantity, **arrays)
    return path


def reproduced(workdir: Path) -> Step:
    """Reads the step at which a run went wrong.

    Args:
      workdir: of a run that was stopped by a number that was not finite, and holds `diverged.npz`.

    Raises:
      ValueError: there is no such run, or nothing in it went wrong; one line.
    """
    path = Path(workdir) / DIVERGED
    model, like, described = modelled(Path(workdir))
    if not path.exists():
        raise ValueError(f"there is no {path}: no number of that run was found to be not finite")
    examples = described.example.batch(1)
    trees = {STATE: like, BATCH: examples, MORE: examples}
    names = [prefix + name for prefix, tree in trees.items() for name in names_in(tree)]
    key, seed, quantity, *arrays = folder.read_arrays(path, ["key", "seed", "quantity", *names])
    found = dict(zip(names, map(jnp.asarray, arrays), strict=True))
    state, batch, more = (
        jax.tree.unflatten(jax.tree.structure(tree), [found[prefix + name] for name in names_in(tree)])
        for prefix, tree in trees.items()
    )
    return Step(model, jax.random.wrap_key_data(jnp.asarray(key)), state, batch, more, int(seed), str(quantity))
