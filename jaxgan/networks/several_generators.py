"""Several generators that play as one."""

from collections.abc import Callable
from typing import Any

import jax
import jax.numpy as jnp

from jaxgan.networks.labels import passed_on
from jaxgan.types import Array, Key, Network, Params, PyTree, Stats
from jaxgan.types.checks import at_least


def blocks(n: int, count: int, dtype: Any = jnp.float32) -> Array:
    """The choice that `several_generators` trains with: example i is made by generator `i // (n / count)`.

    Returns:
      `[n, count]`, one-hot: what a technique writes into the last columns of the latent.

    Raises:
      ValueError: `count` does not divide `n`.

    >>> blocks(4, 2)
    Array([[1., 0.],
           [1., 0.],
           [0., 1.],
           [0., 1.]], dtype=float32)
    """
    return jnp.repeat(jnp.eye(count, dtype=dtype), _share(n, count), axis=0, total_repeat_length=n)


def several_generators(network: Network, count: int, *, shared: Network | None = None) -> Network:
    """Makes one generator of `count` ones with parameters of their own.

    Its input is `[n, width + count]`: a latent, and in the last `count` columns the choice of who makes the example.

    - In training each generator makes an equal block of neighbours, in order: `blocks(n, count)`, *whatever the columns
      say*, so that a batch costs what it would cost one generator. A technique that needs to know the maker, as MGAN's
      classifier does, writes `blocks(n, count)` there.
    - In inference the columns decide: the largest of each row. Every generator makes every example and one is kept,
      which is right for any n and any choice, and costs `count` times as much. Columns that hold independent normal
      numbers, as where no technique wrote into them, choose each generator with the same probability.

    Batch normalisation of the generators is over the examples that they make, that of `shared` over the whole batch.

    Args:
      network: one generator, from `[n, width]`; where it is conditional, labels go with their examples.
      count: how many, at least 1.
      shared: what all outputs go through, as in MGAN, where the generators differ in the first layer only; `network` is
        then that layer. It is not given labels.

    Returns:
      A `Network`, with parameters `{"generators": [count, ...], "shared": ...}`.

    Raises:
      ValueError: `count < 1`, or a conditional `shared`; in use, a batch that `count` does not divide in training, or
        an input that is not one array of more than `count` columns.

    Reference:
      Hoang, Nguyen, Le and Phung, "MGAN: Training Generative Adversarial Nets with Multiple Generators", 2018,
      arXiv:1708.02556. Ghosh et al., "Multi-Agent Diverse Generative Adversarial Networks", 2018.
    """
    at_least("count", count, 1)
    if shared is None:
        return _alone(network, count)
    if shared.conditional:
        raise ValueError("several_generators gives labels to the generators only: shared cannot be conditional")
    return _sharing(_alone(network, count), shared)


def _alone(network: Network, count: int) -> Network:
    """Generators that share nothing."""

    def each(
        function: Callable[..., Any],
        params: Params,
        stats: Stats,
        x: Array,
        train: bool,
        key: Key | None,
        label: PyTree,
    ) -> Any:
        """What a function of one generator gives for each example and, first, for each generator."""
        z, keys = _latent(x, count), None if key is None else jax.random.split(key, count)

        def one(params: Params, stats: Stats, z: Array, label: PyTree, key: Key | None) -> Any:
            return function(params, stats, z, train=train, key=key, **passed_on(network, label))

        given = (params["generators"], stats["generators"])
        if not train:
            chosen, rows = jnp.argmax(x[:, -count:], axis=1), jnp.arange(z.shape[0])
            changed, made = jax.vmap(one, in_axes=(0, 0, None, None, 0))(*given, z, label, keys)
            return changed, jax.tree.map(lambda a: a[chosen, rows], made)
        share = _share(z.shape[0], count)
        z, label = jax.tree.map(lambda a: a.reshape(count, share, *a.shape[1:]), (z, label))
        changed, made = jax.vmap(one)(*given, z, label, keys)
        return changed, jax.tree.map(lambda a: a.reshape(-1, *a.shape[2:]), made)

    def init(key: Key, x: Array, label: PyTree = None) -> tuple[Params, Stats]:
        z, keys = _latent(x, count), jax.random.split(key, count)
        params, stats = jax.vmap(lambda key: network.init(key, z, **passed_on(network, label)))(keys)
        return {"generators": params}, {"generators": stats}

    def apply(
        params: Params, stats: Stats, x: Array, *, train: bool, key: Key | None = None, label: PyTree = None
    ) -> tuple[PyTree, Stats]:
        changed, y = each(lambda *a, **o: network.apply(*a, **o)[::-1], params, stats, x, train, key, label)
        return y, {"generators": changed}

    def features(
        params: Params, stats: Stats, x: Array, *, train: bool, key: Key | None = None, label: PyTree = None
    ) -> Array:
        assert network.features is not None
        inner = network.features
        return each(lambda *a, **o: ((), inner(*a, **o)), params, stats, x, train, key, label)[1]

    # The place in the batch decides who makes an example, so no examples may be put between or beside them.
    return Network(init, apply, network.features and features, None, network.conditional)


def _sharing(generators: Network, shared: Network) -> Network:
    """Generators whose outputs all go through one more network."""

    def first(
        params: Params, stats: Stats, x: Array, train: bool, key: Key | None, label: PyTree
    ) -> tuple[PyTree, Stats, Key | None]:
        key, shared_key = (None, None) if key is None else jax.random.split(key)
        labels = passed_on(generators, label)
        return *generators.apply(params, stats, x, train=train, key=key, **labels), shared_key

    def init(key: Key, x: Array, label: PyTree = None) -> tuple[Params, Stats]:
        key, apply_key, shared_key = jax.random.split(key, 3)
        params, stats = generators.init(key, x, **passed_on(generators, label))
        hidden, *_ = first(params, stats, x, False, apply_key, label)
        shared_params, shared_stats = shared.init(shared_key, hidden)
        return {**params, "shared": shared_params}, {**stats, "shared": shared_stats}

    def apply(
        params: Params, stats: Stats, x: Array, *, train: bool, key: Key | None = None, label: PyTree = None
    ) -> tuple[PyTree, Stats]:
        hidden, changed, key = first(params, stats, x, train, key, label)
        y, shared_stats = shared.apply(params["shared"], stats["shared"], hidden, train=train, key=key)
        return y, {**changed, "shared": shared_stats}

    def features(
        params: Params, stats: Stats, x: Array, *, train: bool, key: Key | None = None, label: PyTree = None
    ) -> Array:
        assert shared.features is not None
        hidden, _, key = first(params, stats, x, train, key, label)
        return shared.features(params["shared"], stats["shared"], hidden, train=train, key=key)

    return Network(init, apply, shared.features and features, None, generators.conditional)


def _latent(x: Array, count: int) -> Array:
    """The input without the choice in its last columns."""
    if not hasattr(x, "shape") or x.ndim != 2 or x.shape[1] <= count:
        got = jax.tree.map(jnp.shape, x)
        raise ValueError(f"several_generators needs [n, width + {count}], the choice in the last columns, got {got}")
    return x[:, :-count]


def _share(n: int, count: int) -> int:
    if n % count:
        raise ValueError(f"a batch of {n} cannot be shared by {count} generators: take a multiple of {count}")
    return n // count
