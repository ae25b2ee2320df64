"""The adapter from a Flax linen module to a `Network`."""

import inspect
from typing import Any

import flax.errors
import flax.linen as nn
import jax
import jax.numpy as jnp

from jaxgan.types import Array, Key, Network, Params, Stats

_FLAGS = ("train", "features")


def from_linen(module: nn.Module, *, group: int | None = None) -> Network:
    """Makes a `Network` of a Flax linen module.

    The module's variables are split in two: the collection `params`, and all other collections (`batch_stats` and the
    like), which become `stats`. Training mode returns the new stats in the dtype of the old ones, inference mode
    returns the stats that it was given, whatever the module does to them.

    Args:
      module: an instance whose `__call__` takes `(x)`, and two optional flags by name. `train` (bool) chooses between
        training and inference mode. `features` (bool) asks for the activations below the last layer in place of the
        output; where it exists, the network gets `features`, which flattens them to `[batch, width]`.
      group: how many neighbours in the batch the module looks at together, as in `Network`; 1 for a module without
        batch normalisation or the like, which saves a discriminator time.

    Returns:
      A `Network`. `key` feeds the random stream "dropout" of the module, and `train` is a Python bool.

    Raises:
      ValueError: if `module` is not an instance of a linen module, or if its `__call__` needs other arguments. The
        network raises it when the module draws noise and gets no key.
    """
    if not isinstance(module, nn.Module):
        raise ValueError(f"from_linen takes an instance of a linen module, such as Net(), got {module!r}")
    accepted = _accepted_flags(module)

    def variables_of(params: Params, stats: Stats) -> dict[str, Any]:
        return {"params": params, **stats}

    def flags(**values: bool) -> dict[str, Any]:
        return {name: value for name, value in values.items() if name in accepted}

    def run(
        params: Params, stats: Stats, x: Array, key: Key | None, train: bool, features: bool
    ) -> tuple[Array, Stats]:
        try:
            # Every collection is mutable in both modes, so that a module which always updates its statistics can be
            # used for inference too: the caller drops the change.
            return module.apply(
                variables_of(params, stats),
                x,
                **flags(train=train, features=features),
                rngs={} if key is None else {"dropout": key},
                mutable=list(stats),
            )
        except flax.errors.InvalidRngError as error:
            if key is not None:
                raise
            name = type(module).__name__
            raise ValueError(f"{name} draws noise when train={train} and needs a key, got key=None") from error

    def init(key: Key, x: Array) -> tuple[Params, Stats]:
        params_key, noise_key = jax.random.split(key)
        rngs = {"params": params_key, "dropout": noise_key}
        variables = dict(module.init(rngs, x, **flags(train=False, features=False)))
        params = variables.pop("params", {})
        return params, variables

    def apply(params: Params, stats: Stats, x: Array, *, train: bool, key: Key | None = None) -> tuple[Array, Stats]:
        y, changed = run(params, stats, x, key, train, features=False)
        return y, _with_dtypes_of(stats, changed) if train else stats

    def features(params: Params, stats: Stats, x: Array, *, train: bool, key: Key | None = None) -> Array:
        y, _ = run(params, stats, x, key, train, features=True)
        return jnp.reshape(y, (y.shape[0], -1))

    return Network(init, apply, features if "features" in accepted else None, group)


def _accepted_flags(module: nn.Module) -> tuple[str, ...]:
    """Reads which flags `module.__call__` takes; raises ValueError if it needs an argument that nobody would give."""
    parameters = inspect.signature(module.__call__).parameters
    variadic = (inspect.Parameter.VAR_POSITIONAL, inspect.Parameter.VAR_KEYWORD)
    needed = [name for name, p in parameters.items() if p.default is p.empty and p.kind not in variadic]
    foreign = [name for name in needed[1:] if name not in _FLAGS]
    if not parameters or foreign:
        signature = f"{type(module).__name__}.__call__({', '.join(parameters)})"
        raise ValueError(f"from_linen needs __call__(x), with train and features as optional flags, got {signature}")
    return tuple(name for name in _FLAGS if name in parameters)


def _with_dtypes_of(stats: Stats, changed: Stats) -> Stats:
    """Casts `changed` to the dtypes of `stats`: under x64 linen returns float64 for statistics that came in float32,
    which would break the carry of a scan and cause a second trace."""
    return jax.tree.map(lambda old, new: jnp.asarray(new, old.dtype), stats, dict(changed))
