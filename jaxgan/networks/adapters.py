"""What the adapters of Flax and Equinox modules share: what a module's `__call__` takes, and a `Network` of it."""

import inspect
from collections.abc import Callable
from typing import Any, NamedTuple

import jax
import jax.numpy as jnp

from jaxgan.types import Array, Key, Network, Params, PyTree, Stats

FLAGS = ("train", "features", "label")


class Signature(NamedTuple):
    """What a module is called with beside the examples.

    Attributes:
      name: of the module's class.
      accepted: optional arguments that it takes, of those that its adapter knows.
      needed: those of them without a default.
      conditional: whether it is given labels.
    """

    name: str
    accepted: tuple[str, ...]
    needed: tuple[str, ...]
    conditional: bool

    def arguments(self, label: PyTree, **values: Any) -> dict[str, Any]:
        """The arguments of one call: those `values` that the module takes, and the label where it is conditional.

        Raises:
          ValueError: no label for a conditional network, or one for another.
        """
        if self.conditional and label is None:
            raise ValueError(f"{self.name} is conditional: give label=, the labels of the batch, not label=None")
        if not self.conditional and label is not None:
            raise ValueError(f"{self.name} is not conditional and takes no label=")
        chosen = {name: value for name, value in values.items() if name in self.accepted}
        return {**chosen, "label": label} if self.conditional else chosen

    def needs_key(self, train: bool) -> ValueError:
        """The error of a module that draws noise without a key."""
        return ValueError(f"{self.name} draws noise when train={train} and needs a key, got key=None")


def read_signature(adapter: str, module: Any, conditional: bool | None, more: tuple[str, ...] = ()) -> Signature:
    """Reads what `module.__call__` takes.

    Args:
      adapter: its name, for the error.
      module: an instance.
      conditional: whether it is to be given labels; None where it is, if it takes them.
      more: names besides `train`, `features` and `label` that the adapter knows how to fill.

    Raises:
      ValueError: it needs an argument that nobody would give, or takes no label and is to be conditional.
    """
    name, known = type(module).__name__, (*FLAGS, *more)
    parameters = inspect.signature(module.__call__).parameters
    variadic = (inspect.Parameter.VAR_POSITIONAL, inspect.Parameter.VAR_KEYWORD)
    needed = [key for key, p in parameters.items() if p.default is p.empty and p.kind not in variadic][1:]
    if not parameters or any(key not in known for key in needed):
        signature = f"{name}.__call__({', '.join(parameters)})"
        raise ValueError(f"{adapter} needs __call__(x), with {', '.join(known)} as optional flags, got {signature}")
    accepted = tuple(key for key in known if key in parameters)
    if conditional and "label" not in accepted:
        raise ValueError(f"{name} takes no label, so it cannot be conditional=True")
    labelled = "label" in accepted if conditional is None else conditional
    return Signature(name, accepted, tuple(needed), labelled)


def as_network(
    signature: Signature, init: Callable[..., tuple[Params, Stats]], run: Callable[..., Any], group: int | None
) -> Network:
    """A `Network` of the two functions that an adapter writes.

    Args:
      signature: of the module.
      init: that of the network.
      run: `run(params, stats, x, key, train, arguments) -> (y, stats)`, the module called with `arguments`; stats may
        change in both modes.
      group: that of the network.
    """

    def apply(
        params: Params, stats: Stats, x: PyTree, *, train: bool, key: Key | None = None, label: PyTree = None
    ) -> tuple[Array, Stats]:
        y, changed = run(params, stats, x, key, train, signature.arguments(label, train=train, features=False))
        return y, _with_dtypes_of(stats, changed) if train else stats

    def features(
        params: Params, stats: Stats, x: PyTree, *, train: bool, key: Key | None = None, label: PyTree = None
    ) -> Array:
        y, _ = run(params, stats, x, key, train, signature.arguments(label, train=train, features=True))
        return jnp.reshape(y, (y.shape[0], -1))

    shows = "features" in signature.accepted
    return Network(init, apply, features if shows else None, group, signature.conditional)


def _with_dtypes_of(stats: Stats, changed: Stats) -> Stats:
    """Casts `changed` to the dtypes of `stats`: under x64 Flax returns float64 for statistics that came in float32,
    which would break the carry of a scan and cause a second trace."""
    return jax.tree.map(lambda old, new: jnp.asarray(new, old.dtype), stats, dict(changed))
