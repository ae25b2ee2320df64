"""The adapter from a Flax NNX module to a `Network`."""

from collections.abc import Callable, Mapping
from typing import Any

import jax
import jax.numpy as jnp
from flax import nnx

from jaxgan.networks.adapters import as_network, read_signature
from jaxgan.types import Array, Key, Network, Params, PyTree, Stats


def from_nnx(make: Callable[..., nnx.Module], *, group: int | None = None, conditional: bool | None = None) -> Network:
    """Makes a `Network` of what builds a Flax NNX module.

    The module's variables become plain dictionaries by dotted path, such as `"layers.0.kernel"`: each `nnx.Param` is in
    `params`, every other variable (`nnx.BatchStat` and the like) in `stats`, so that they pass through scans, gradients
    and checkpoints as any tree does. Its random streams are not kept: each call feeds them from its own `key`. Training
    and inference mode are those of `module.train()` and `module.eval()`; training returns the new stats in the dtype of
    the old ones, inference those that it was given.

    NNX's own `BatchNorm` stops the gradient of its running averages and its `SpectralNorm` that of the singular
    vectors, unlike the layers that `from_linen` uses: a derivative that goes through them lacks that part.

    An NNX module knows the size of its input from the start, unlike one of linen: under `packed`, build it for m times
    as many channels.

    Args:
      make: `make(rngs=rngs) -> module`, a function or the class itself, such as `lambda rngs: Net(3, rngs=rngs)`. It
        is the key of `init` that decides the parameters; a trained module is `lambda rngs: module`. `__call__` takes
        `(x)` and, optionally and by name, `train`, `features` and `label`, as in `from_linen`, and `rngs`.
      group: how many neighbours in the batch the module looks at together, as in `Network`.
      conditional: False for a module that could take a label and shall not.

    Raises:
      ValueError: `make` is a module or does not make one, or its `__call__` needs other arguments. The network raises
        it when the module draws noise and gets no key, and when a conditional one gets no label.
    """
    if isinstance(make, nnx.Module) or not callable(make):
        raise ValueError(f"from_nnx takes what makes a module, such as lambda rngs: Net(rngs=rngs), got {make!r}")
    # Built without arithmetic, so that `apply` knows the module also where `init` was never called.
    abstract = nnx.eval_shape(lambda: make(rngs=nnx.Rngs(jax.random.key(0))))
    if not isinstance(abstract, nnx.Module):
        raise ValueError(f"from_nnx takes what makes a module, and this made {abstract!r}")
    signature = read_signature("from_nnx", abstract, conditional, ("rngs",))
    graph, params_form, streams_form, stats_form = nnx.split(abstract, nnx.Param, nnx.RngState, ...)

    def run(
        params: Params, stats: Stats, x: PyTree, key: Key | None, train: bool, arguments: dict[str, Any]
    ) -> tuple[Array, Stats]:
        streams_key, call_key = jax.random.split(jax.random.key(0) if key is None else key)
        streams = _streams(streams_form, streams_key)
        module = nnx.merge(graph, _state(params_form, params), streams, _state(stats_form, stats))
        if train:
            module.train()
        else:
            module.eval()
        given = {"rngs": nnx.Rngs(call_key)} if "rngs" in signature.accepted else {}
        drawers = [module, *given.values()]
        before = _counts(drawers)
        y = module(x, **arguments, **given)
        if key is None and any(new is not old for new, old in zip(_counts(drawers), before, strict=True)):
            raise signature.needs_key(train)
        changed = _tree(nnx.state(module, nnx.Not(nnx.Any(nnx.Param, nnx.RngState))))
        return y, {path: changed[path] for path in stats}  # without what the module left on the way

    def init(key: Key, x: PyTree, label: PyTree = None) -> tuple[Params, Stats]:
        del x
        signature.arguments(label)
        _, params, _, stats = nnx.split(make(rngs=nnx.Rngs(key)), nnx.Param, nnx.RngState, ...)
        return _tree(params), _tree(stats)

    return as_network(signature, init, run, group)


def _dotted(path: tuple[Any, ...]) -> str:
    return ".".join(map(str, path))


def _tree(state: nnx.State) -> dict[str, Array]:
    """The values of a state by dotted path; NNX's own containers remember the trace that they were made in."""
    return {_dotted(path): jnp.asarray(variable.get_value()) for path, variable in nnx.to_flat_state(state)}


def _state(form: nnx.State, values: Mapping[str, Array]) -> nnx.State:
    """The inverse of `_tree`: variables of this trace, of the types and paths in `form`."""
    flat = [(path, variable.replace(values[_dotted(path)])) for path, variable in nnx.to_flat_state(form)]
    return nnx.from_flat_state(flat)


def _streams(form: nnx.State, key: Key) -> nnx.State:
    """Random streams that start anew, each from a key of its own."""
    flat = list(nnx.to_flat_state(form))

    def value(variable: Any, key: Key) -> Array:
        shape = variable.get_value().shape
        if isinstance(variable, nnx.RngCount):
            return jnp.zeros(shape, jnp.uint32)
        return jax.random.split(key, shape) if shape else key

    keys = jax.random.split(key, max(len(flat), 1))
    return nnx.from_flat_state([(path, v.replace(value(v, k))) for (path, v), k in zip(flat, keys, strict=False)])


def _counts(drawers: list[Any]) -> list[Any]:
    """How often each stream has been drawn from: the same objects for as long as nobody draws."""
    states = (nnx.to_flat_state(nnx.state(drawer, nnx.RngCount)) for drawer in drawers)
    return [variable.get_value() for flat in states for _, variable in flat]
