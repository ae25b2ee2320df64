"""What a run needs at least, so that options out of any range are refused in one line before anything is written."""

import dataclasses
import math
import re
import warnings
from typing import Any

import jax
import jax.numpy as jnp

from jaxgan.backend.arrays import reason
from jaxgan.backend.memory import must_fit
from jaxgan.runs.examples import example_of
from jaxgan.runs.options import Architecture, Run, Training
from jaxgan.types import Stream, Task

LARGE = 4096  # of an option; smaller ones are not worth the half second that looking takes


def check_memory(architecture: Architecture, training: Training, run: Run, task: Task | Stream) -> None:
    """Refuses a run whose state, batch or samples, held twice, are larger than the memory of all its devices.

    Nothing is compiled or allocated: JAX says what shapes the state has. What the loop needs besides is not counted.

    Args:
      architecture: the networks.
      training: everything else of the model.
      run: how many seeds and samples.
      task: the data.

    Raises:
      ValueError: it cannot fit; the message names what is too large, and how large.
    """
    if max(run.seeds, run.samples, _largest(architecture), _largest(training)) < LARGE:
        return
    example = example_of(task)
    one = math.prod(example.shape) * 4
    try:
        model = example.model(architecture, training)
        key = jax.eval_shape(lambda: jax.random.key(0))
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # of sizes beyond 32 bits, which are refused here
            state = jax.eval_shape(model.init, key, example.batch(training.batch_size))
    except (OverflowError, MemoryError) as error:
        raise ValueError(f"a number among the options is too large: {reason(error)}") from error
    of_state = sum(math.prod(x.shape) * x.dtype.itemsize for x in _arrays(state))
    needs = {
        "networks, optimizers and techniques": run.seeds * of_state,
        f"a batch of {training.batch_size:,} examples": training.batch_size * (one + 4 * architecture.latent_dim),
        f"{run.samples:,} samples of each seed": run.seeds * run.samples * one,
    }
    what, most = max(needs.items(), key=lambda need: need[1])
    seeds = f" of {run.seeds:,} seeds" if run.seeds > 1 and not what.startswith("a batch") else ""
    must_fit(f"{what}{seeds}", most)


def _arrays(state: Any) -> list[jax.ShapeDtypeStruct]:
    return [x for x in jax.tree.leaves(state) if not jnp.issubdtype(x.dtype, jax.dtypes.prng_key)]


def _largest(options: Architecture | Training) -> float:
    """The largest number that options name, also in their texts; steps take time, and no memory."""
    text = " ".join(str(value) for name, value in dataclasses.asdict(options).items() if name != "steps")
    return max(float(number) for number in re.findall(r"\d+(?:\.\d+)?(?:[eE]\+?\d+)?", text))
