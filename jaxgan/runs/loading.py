"""A run, loaded: its model, made again from `config.json`, and the states of its seeds from the newest checkpoint."""

import inspect
import math
import os
from pathlib import Path
from typing import Any, NamedTuple

import jax
import jax.numpy as jnp
import numpy as np

from jaxgan.backend import processes
from jaxgan.backend.memory import must_fit
from jaxgan.runs import folder
from jaxgan.runs.checkpoints import Checkpoints, names_in
from jaxgan.runs.decoding import decoded
from jaxgan.runs.examples import EXAMPLE, Example, Label, turns
from jaxgan.runs.options import Architecture, Training
from jaxgan.runs.sweeping import recorded_axes, setting_names
from jaxgan.types import (
    Array,
    Key,
    Model,
    PyTree,
)

CHUNK = 500  # samples that are drawn at a time


class Described(NamedTuple):
    """What the folder of a run says of its model.

    Attributes:
      architecture: the networks.
      training: everything else.
      example: what the data are.
      config: what `config.json` holds.
    """

    architecture: Architecture
    training: Training
    example: Example
    config: dict[str, Any]


class Loaded(NamedTuple):
    """A run, loaded.

    Attributes:
      model: as it was trained, but for the monitor, which changes nothing.
      states: of each seed, in the order of `seeds`.
      seeds: their numbers.
      step: at which the checkpoint was saved.
      example: what the data are; `example.kind`, `example.shape`.
      config: what `config.json` holds.
    """

    model: Model
    states: list[Any]
    seeds: tuple[int, ...]
    step: int
    example: Example
    config: dict[str, Any]

    def state(self, seed: int | None = None) -> Any:
        """The state of the seed of this number, or of the first.

        Raises:
          ValueError: the run has no such seed.
        """
        seed = self.seeds[0] if seed is None else seed
        if seed not in self.seeds:
            raise ValueError(f"there is no seed {seed} in this run; its seeds are {', '.join(map(str, self.seeds))}")
        return self.states[self.seeds.index(seed)]


def load(workdir: str | os.PathLike[str]) -> Loaded:
    """Loads a run from the folder that it left behind, finished or not; its data are not needed.

    It does not matter on how many devices the run was trained, nor how its seeds were. A damaged checkpoint is named on
    the error stream, and the one before it is loaded.

    Args:
      workdir: what `--workdir` named, or of a comparison the folder of one arm in it.

    Returns:
      A `Loaded`: `run.model.sample(key, run.states[0], 100)`.

    Raises:
      ValueError: there is no run, no checkpoint that is whole, or files that do not fit each other; one line.
    """
    directory = Path(workdir)
    model, like, (_, _, example, config) = modelled(directory)
    run, where = config["options"].get("run") or {}, directory / folder.CONFIG
    first, count = (decoded(int, run.get(name), f"{where}: options.run.{name}") for name in ("first_seed", "seeds"))
    seeds = tuple(range(first, first + count))
    with Checkpoints(directory / "checkpoints") as checkpoints:
        found = checkpoints.newest(checkpoints.read, processes.say)
    if found is None:
        raise ValueError(f"{directory} has no checkpoint yet: the run was stopped before its first one")
    arrays, progress = found
    states = [_state(like, arrays, i, len(seeds), str(directory / "checkpoints")) for i in range(len(seeds))]
    return Loaded(model, states, seeds, progress["step"], example, config)


def modelled(directory: Path) -> tuple[Model, PyTree, Described]:
    """Makes the model of a run again, but for the monitor, which changes nothing.

    Returns:
      The model, shapes and dtypes of the state of one seed, and what the folder says of them.

    Raises:
      ValueError: there is no run, or its `config.json` is not one; one line.
    """
    found = described(directory)
    architecture, training, example, _ = found
    model = example.model(architecture, training)
    key = jax.random.key(0)
    like = jax.eval_shape(lambda batch: model.init(key, batch), example.batch(training.batch_size))
    return model, like, found


def described(directory: Path) -> Described:
    """Reads what the folder of a run says of its model.

    Raises:
      ValueError: there is no run, or its `config.json` is not one; one line.
    """
    config = _config(directory)
    where, options = directory / folder.CONFIG, config["options"]
    return Described(
        decoded(Architecture, options["architecture"], f"{where}: options.architecture"),
        decoded(Training, options["training"], f"{where}: options.training"),
        decoded(Example, config[EXAMPLE], f"{where}: {EXAMPLE}"),
        config,
    )


def _config(directory: Path) -> dict[str, Any]:
    """Reads `config.json` of a single run."""
    if not directory.is_dir():
        a_file = directory.exists()
        raise ValueError(
            f"{directory} is a file, not the folder of a run" if a_file else f"there is no folder {directory}"
        )
    path = directory / folder.CONFIG
    config = folder.read_json(path)
    if config is None:
        raise ValueError(f"{directory} holds no run: there is no {folder.CONFIG} in it")
    options = config.get("options") if isinstance(config, dict) else None
    if not isinstance(config, dict) or not isinstance(options, dict):
        raise ValueError(f"{path} is no configuration of a run: it holds no options")
    if (axes := recorded_axes(options)) is not None:
        names = setting_names(axes)
        raise ValueError(
            f"{directory} holds a sweep of {len(names)} settings: name the folder of one, such as "
            f"{directory / names[0]}"
        )
    if arms := [name for name in options if (directory / name / folder.CONFIG).exists()]:
        raise ValueError(
            f"{directory} holds a comparison of {', '.join(arms)}: name the folder of one arm, {directory / arms[0]}"
        )
    if absent := [name for name in ("architecture", "training") if name not in options]:
        raise ValueError(f"{path} does not say how the model was made: there is no {absent[0]} in its options")
    if EXAMPLE not in config:
        raise ValueError(f"{path} does not say what an example is, as runs of older versions do not: train it again")
    return config


def _state(like: PyTree, arrays: dict[str, np.ndarray], i: int, seeds: int, where: str) -> PyTree:
    """The state of seed i: what the model has, by name, from arrays `[seeds, ...]` that may be more, as a monitor's."""

    def taken(name: str, wanted: jax.ShapeDtypeStruct) -> Array:
        shape = (seeds, *wanted.shape)
        found = arrays.get(name)
        if found is None or found.shape != shape or found.dtype != wanted.dtype:
            has = "nothing" if found is None else f"{found.dtype} {list(found.shape)}"
            raise ValueError(
                f"the checkpoint in {where} holds {has} as {name}, but the model of {folder.CONFIG} has "
                f"{wanted.dtype} {list(shape)}"
            )
        return jnp.asarray(found[i])

    leaves = [taken(*pair) for pair in zip(names_in(like), jax.tree.leaves(like), strict=True)]
    return jax.tree.unflatten(jax.tree.structure(like), leaves)


def draw(
    run: Loaded, key: Key, n: int, *, seed: int | None = None, label: int | np.ndarray | None = None
) -> np.ndarray:
    """Draws samples from a loaded run, a few hundred at a time.

    Args:
      run: from `load`.
      key: typed.
      n: how many, at least 1.
      seed: number of the trained seed that is sampled; None for the first.
      label: of all of them, a class, or `[n]` of them; None for a model that is not conditional, and otherwise for
        those of `asked`.

    Returns:
      `[n, ...]`, on the host.

    Raises:
      ValueError: n is below 1 or more than fits into memory, there is no such seed or class, or the model knows no
        classes.
    """
    _check_number(run, n)
    state, chunk = run.state(seed), min(n, CHUNK)
    count = -(-n // chunk)
    label = asked(run, n) if label is None else label
    if label is None:
        sample = jax.jit(lambda key, state: run.model.sample(key, state, chunk))
        chunks = [np.asarray(sample(key_of_chunk(key, i), state)) for i in range(count)]
        return np.concatenate(chunks)[:n]
    labels = np.resize(_labels(run, label, n), (count, chunk))
    sample = jax.jit(lambda key, state, label: run.model.sample(key, state, chunk, label=label))
    chunks = [np.asarray(sample(key_of_chunk(key, i), state, labels[i])) for i in range(count)]
    return np.concatenate(chunks)[:n]


def asked(run: Loaded, n: int) -> np.ndarray | None:
    """`[n]` classes that a conditional model is asked for, as often as in the data; None for another model.

    Raises:
      ValueError: n is below 1 or more than fits into memory.
    """
    _check_number(run, n)
    label = run.example.label
    if not run.model.conditional or label is None or label.classes is None:
        return None
    return turns(np.asarray(label.in_data or np.ones(label.classes)), n)


def _check_number(run: Loaded, n: int) -> None:
    if n < 1:
        raise ValueError(f"at least 1 sample can be drawn, not {n}")
    must_fit(f"{n:,} samples", 4.0 * n * math.prod(run.example.shape))


def key_of_chunk(key: Key, i: int) -> Key:
    """The key of the i-th chunk of what `draw` draws by a key."""
    return jax.random.fold_in(key, i)


def class_number(run: Loaded, text: str) -> int:
    """The class that a text names: one of the names of the classes, or its number.

    Raises:
      ValueError: there is no such class.
    """
    names = () if run.example.label is None else run.example.label.names
    if text in names:
        return names.index(text)
    if text.isdecimal():
        return int(text)
    known = f"they are {', '.join(names)}" if names else "they have no names: give a number"
    raise ValueError(f"there is no class {text!r} in this run; {known}")


def _labels(run: Loaded, label: int | np.ndarray, n: int) -> np.ndarray:
    """`[n]` labels, which are checked first."""
    known = run.example.label
    if known is None or "label" not in inspect.signature(run.model.sample).parameters:
        raise ValueError(f"the model of this run is unconditional: it cannot be asked for label {label}")
    if known.shape or not jnp.issubdtype(jnp.dtype(known.dtype), jnp.integer):
        raise ValueError(f"labels of this run are {known.dtype} {list(known.shape)}, not classes such as {label}")
    wrong = label if isinstance(label, int) else next((int(x) for x in label if not _is_class(int(x), known)), 0)
    if not _is_class(wrong, known):
        raise ValueError(f"labels of this run are in [0, {known.classes or 'classes'}), not {wrong}")
    return np.broadcast_to(np.asarray(label, known.dtype), (n,))


def _is_class(label: int, known: Label) -> bool:
    return label >= 0 and (known.classes is None or label < known.classes)
