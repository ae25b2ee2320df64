"""Networks that compute in bfloat16, for the matrix units of TPUs and GPUs."""

import jax
import jax.numpy as jnp

from jaxgan.networks.labels import passed_on
from jaxgan.types import Array, Key, Network, Params, PyTree, Stats


def in_bfloat16(network: Network) -> Network:
    """The same network, whose layers compute in bfloat16; all that it takes and gives stays as it was.

    Parameters, gradients, the optimizer, logits, penalties and their norms, and batch statistics are in float32, and
    batch normalisation and the minibatch standard deviation sum in it; only activations and products are in bfloat16,
    which has the range of float32 and 8 bits of precision. (Float16 has neither: a discriminator's gradients leave its
    range.) It halves the memory of activations. On a CPU it is slower than float32. Labels stay as they are.

    Micikevicius, Narang, Alben et al., "Mixed Precision Training", 2018, keep a float32 copy of the weights likewise.

    Args:
      network: a generator or a discriminator, in float32.

    >>> from jaxgan import networks
    >>> network = in_bfloat16(networks.mlp([16], out=1))
    >>> params, stats = network.init(jax.random.key(0), jnp.ones((4, 2)))
    >>> network.apply(params, stats, jnp.ones((4, 2)), train=True)[0].dtype
    dtype('float32')
    """

    def low(tree: PyTree) -> PyTree:
        return jax.tree.map(lambda a: a.astype(jnp.bfloat16) if a.dtype == jnp.float32 else a, tree)

    def back(y: PyTree, x: PyTree) -> PyTree:
        """`y` in the widest floating dtype of `x`, or in float32 where the input holds integers only."""
        floating = [a.dtype for a in jax.tree.leaves(x) if jnp.issubdtype(a.dtype, jnp.floating)]
        dtype = jnp.result_type(*floating) if floating else jnp.float32
        return jax.tree.map(lambda a: a.astype(dtype) if jnp.issubdtype(a.dtype, jnp.floating) else a, y)

    def apply(
        params: Params, stats: Stats, x: PyTree, *, train: bool, key: Key | None = None, label: PyTree = None
    ) -> tuple[Array, Stats]:
        y, stats = network.apply(low(params), stats, low(x), train=train, key=key, **passed_on(network, label))
        return back(y, x), stats

    def features(
        params: Params, stats: Stats, x: PyTree, *, train: bool, key: Key | None = None, label: PyTree = None
    ) -> Array:
        assert network.features is not None
        shown = network.features(low(params), stats, low(x), train=train, key=key, **passed_on(network, label))
        return back(shown, x)

    return network._replace(apply=apply, features=network.features and features)
