"""Packing after the network: it reads examples one by one, and a head judges the features of several at once."""

import jax
import jax.numpy as jnp

from jaxgan.networks.labels import passed_on
from jaxgan.networks.packing import packs
from jaxgan.types import Array, Key, Network, Params, PyTree, Stats
from jaxgan.types.checks import whole


def packed_features(network: Network, m: int, *, width: int = 128) -> Network:
    """Judges `m` neighbours together, by their features: `mean_i ψ(xᵢ) + v · relu(W [φ(x₁) ... φ(xₘ)] + b)`.

    With ψ the network and φ its `features`. Each example goes through the network by itself, with its own label, so
    that the network need not take more channels and may be one that is given or hard to widen; `packed` joins the
    examples before it instead, and then every layer sees them together. There is one logit for each pack. As with
    `packed`, the batch must be drawn independently.

    Use when: modes are missing, and the discriminator cannot take joined examples: it is given, sees sequences of other
    lengths, or needs a label for each.

    Cost: a hidden layer for each pack; the network runs as often as without.

    Args:
      network: a discriminator that has `features`; where it is conditional, it is given the labels.
      m: how many examples in a pack, at least 1; 1 returns the network as it is.
      width: of the hidden layer, at least 1.

    Returns:
      A `Network` from `[batch, ...]` to `[batch / m, parts]`. Its `features` are the mean of the network's over the
      pack, and the hidden layer; its parameters are `{"network": ..., "hidden": ..., "readout": ...}`.

    Raises:
      ValueError: a network without features, or a number below 1; in use, a batch that `m` does not divide.

    Reference:
      After Lin, Khetan, Fanti and Oh, "PacGAN: The power of two samples in generative adversarial networks", 2018,
      which packs before the network.
    """
    whole("the pack m of packed_features", m, 1)
    whole("the width of packed_features", width, 1)
    if network.features is None:
        raise ValueError("packed_features needs a network that shows its features, got features=None")
    if m == 1:
        return network
    inner = network.features

    def init(key: Key, x: PyTree, label: PyTree = None) -> tuple[Params, Stats]:
        network_key, hidden_key, readout_key = jax.random.split(key, 3)
        given = passed_on(network, label)
        params, stats = network.init(network_key, x, **given)
        shown = jax.eval_shape(lambda p, s: packs(inner(p, s, x, train=False, **given), m), params, stats)
        logits = jax.eval_shape(lambda p, s: network.apply(p, s, x, train=False, **given)[0], params, stats)
        joined, parts = m * shown.shape[2], logits.size // logits.shape[0]
        weights = jax.random.normal(hidden_key, (joined, width), shown.dtype) * (2.0 / joined) ** 0.5
        hidden = {"kernel": weights, "bias": jnp.zeros((width,), shown.dtype)}
        readout = jax.random.normal(readout_key, (width, parts), shown.dtype) * width**-0.5
        return {"network": params, "hidden": hidden, "readout": readout}, stats

    def hidden_layer(params: Params, shown: Array) -> Array:
        joined = jnp.reshape(packs(shown, m), (shown.shape[0] // m, -1))
        kernel, bias = (params["hidden"][name].astype(shown.dtype) for name in ("kernel", "bias"))
        return jax.nn.relu(joined @ kernel + bias[None])

    def features(
        params: Params, stats: Stats, x: PyTree, *, train: bool, key: Key | None = None, label: PyTree = None
    ) -> Array:
        shown = inner(params["network"], stats, x, train=train, key=key, **passed_on(network, label))
        return jnp.concatenate([jnp.mean(packs(shown, m), axis=1), hidden_layer(params, shown)], axis=1)

    def apply(
        params: Params, stats: Stats, x: PyTree, *, train: bool, key: Key | None = None, label: PyTree = None
    ) -> tuple[Array, Stats]:
        # Two passes that a compiler makes one of: the features are on the way to the logits.
        given = passed_on(network, label)
        shown = inner(params["network"], stats, x, train=train, key=key, **given)
        logits, stats = network.apply(params["network"], stats, x, train=train, key=key, **given)
        alone = jnp.mean(packs(logits, m), axis=1)
        together = hidden_layer(params, shown) @ params["readout"].astype(shown.dtype)
        return alone + jnp.reshape(together, alone.shape).astype(alone.dtype), stats

    group = None if network.group is None else m * network.group
    return Network(init, apply, features, group, network.conditional)
