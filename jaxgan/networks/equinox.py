"""The adapter from an Equinox module to a `Network`."""

from collections.abc import Callable
from typing import Any

import jax
import jax.numpy as jnp

from jaxgan.networks.adapters import as_network, read_signature
from jaxgan.types import Array, Key, Network, Params, PyTree, Stats


def from_equinox(
    make: Callable[[Key], Any],
    *,
    axis_name: str = "batch",
    group: int | None = None,
    conditional: bool | None = None,
) -> Network:
    """Makes a `Network` of what builds an Equinox module, which sees one example at a time, as Equinox does it.

    The module's floating arrays become `params`, a plain dictionary by path, such as `"layers.0.weight"`; what its
    stateful layers keep (`eqx.nn.BatchNorm`, `eqx.nn.SpectralNorm`) becomes `stats`, with any other array. The module
    is mapped over the batch under `axis_name`, the name that batch normalisation asks for. Training and inference mode
    are those of `eqx.nn.inference_mode`. Equinox's `SpectralNorm` stops the gradient of the singular vectors, unlike
    that of `jaxgan.networks`. An Equinox module knows the size of its input from the start: under `packed`, build it
    for m times as many channels.

    Args:
      make: `make(key) -> module`, such as `lambda key: Net(3, key=key)`. `__call__` takes `(x)`, one example, and
        optionally and by name `train`, `features` and `label`, as in `from_linen`, `key` (one for each example, or
        None where none is given), and `state`, for stateful layers: it then returns `(y, state)`.
      axis_name: of the batch.
      group: how many neighbours in the batch influence each other, as in `Network`: 1 without batch normalisation.
      conditional: False for a module that could take a label and shall not.

    Raises:
      ImportError: Equinox is not installed.
      ValueError: `make` is a module or does not make one, its `__call__` needs other arguments, or it has stateful
        layers and takes no `state`. The network raises it when a layer draws noise and gets no key, and when a
        conditional one gets no label.
    """
    import equinox as eqx

    if isinstance(make, eqx.Module) or not callable(make):
        raise ValueError(f"from_equinox takes what makes a module, such as lambda key: Net(key=key), got {make!r}")
    # Built without arithmetic, so that `apply` knows the module also where `init` was never called.
    form, state_form = eqx.filter_eval_shape(eqx.nn.make_with_state(make), jax.random.key(0))
    if not isinstance(form, eqx.Module) or not callable(form):
        raise ValueError(f"from_equinox takes what makes a module with a __call__, and this made {form!r}")
    signature = read_signature("from_equinox", form, conditional, ("key", "state"))
    _, markers = state_form.tree_flatten()
    if markers and "state" not in signature.accepted:
        raise ValueError(f"{signature.name} has stateful layers: its __call__ must take state and return (y, state)")

    def init(key: Key, x: PyTree, label: PyTree = None) -> tuple[Params, Stats]:
        del x
        signature.arguments(label)
        module, state = eqx.nn.make_with_state(make)(key)
        values, _ = state.tree_flatten()
        params, constants = _arrays(module)
        return params, {**constants, **dict(zip(markers, values, strict=True))}

    def run(
        params: Params, stats: Stats, x: PyTree, key: Key | None, train: bool, arguments: dict[str, Any]
    ) -> tuple[Array, Stats]:
        label = arguments.pop("label", None)
        module = eqx.nn.inference_mode(_filled(form, {**params, **stats}), value=not train)
        state = type(state_form).tree_unflatten(markers, tuple(stats[marker] for marker in markers))
        draws = "key" in signature.accepted
        keys = jax.random.split(key, jax.tree.leaves(x)[0].shape[0]) if draws and key is not None else None

        def one(x: PyTree, label: PyTree, key: Key | None) -> tuple[Array, Any]:
            given = {**arguments, **({"key": key} if draws else {})}
            if signature.conditional:
                given["label"] = label
            if markers or "state" in signature.needed:
                return module(x, state=state, **given)
            return module(x, **given), state

        try:
            y, changed = jax.vmap(one, out_axes=(0, None), axis_name=axis_name)(x, label, keys)
        except RuntimeError as error:
            if key is not None or "requires a key" not in str(error):
                raise
            raise signature.needs_key(train) from error
        values, _ = changed.tree_flatten()
        return y, {**stats, **dict(zip(markers, values, strict=True))}

    return as_network(signature, init, run, group)


def _path(path: Any) -> str:
    return jax.tree_util.keystr(path, simple=True, separator=".")


def _arrays(module: PyTree) -> tuple[dict[str, Array], dict[str, Array]]:
    """The floating arrays of a module, which are trained, and the others, by path."""
    leaves = {_path(path): leaf for path, leaf in jax.tree_util.tree_leaves_with_path(module)}
    arrays = {path: leaf for path, leaf in leaves.items() if isinstance(leaf, jax.Array)}
    params = {path: array for path, array in arrays.items() if jnp.issubdtype(array.dtype, jnp.inexact)}
    return params, {path: array for path, array in arrays.items() if path not in params}


def _filled(form: PyTree, arrays: dict[str, Array]) -> Any:
    """The module with `arrays` in the places that their paths name, and all else as it was built."""
    return jax.tree_util.tree_map_with_path(lambda path, leaf: arrays.get(_path(path), leaf), form)
