"""The adapter from a Flax linen module to a `Network`."""

from typing import Any

import flax.errors
import flax.linen as nn
import jax

from jaxgan.networks.adapters import as_network, read_signature
from jaxgan.types import Array, Key, Network, Params, PyTree, Stats


def from_linen(module: nn.Module, *, group: int | None = None, conditional: bool | None = None) -> Network:
    """Makes a `Network` of a Flax linen module.

    The module's variables are split in two: the collection `params`, and all other collections (`batch_stats` and the
    like), which become `stats`. Training mode returns the new stats in the dtype of the old ones, inference mode
    returns the stats that it was given, whatever the module does to them.

    Args:
      module: an instance whose `__call__` takes `(x)`, and three optional arguments by name. `train` (bool) chooses
        between training and inference mode. `features` (bool) asks for the activations below the last layer in place
        of the output; where it exists, the network gets `features`, which flattens them to `[batch, width]`. `label`
        are the labels of the batch; where it exists, the network is conditional.
      group: how many neighbours in the batch the module looks at together, as in `Network`; 1 for a module without
        batch normalisation or the like, which saves a discriminator time.
      conditional: False for a module that could take a label and shall not.

    Returns:
      A `Network`. `key` feeds the random stream "dropout" of the module, and `train` is a Python bool.

    Raises:
      ValueError: if `module` is not an instance of a linen module, or if its `__call__` needs other arguments. The
        network raises it when the module draws noise and gets no key, and when a conditional one gets no label.
    """
    if not isinstance(module, nn.Module):
        raise ValueError(f"from_linen takes an instance of a linen module, such as Net(), got {module!r}")
    signature = read_signature("from_linen", module, conditional)

    def run(
        params: Params, stats: Stats, x: PyTree, key: Key | None, train: bool, arguments: dict[str, Any]
    ) -> tuple[Array, Stats]:
        rngs = {} if key is None else {"dropout": key}
        try:
            # Every collection is mutable in both modes, so that a module which always updates its statistics can be
            # used for inference too: the caller drops the change.
            return module.apply({"params": params, **stats}, x, **arguments, rngs=rngs, mutable=list(stats))
        except flax.errors.InvalidRngError as error:
            if key is not None:
                raise
            raise signature.needs_key(train) from error

    def init(key: Key, x: PyTree, label: PyTree = None) -> tuple[Params, Stats]:
        params_key, noise_key = jax.random.split(key)
        rngs = {"params": params_key, "dropout": noise_key}
        variables = dict(module.init(rngs, x, **signature.arguments(label, train=False, features=False)))
        params = variables.pop("params", {})
        return params, variables

    return as_network(signature, init, run, group)
