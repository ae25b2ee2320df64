"""Minibatch discrimination: a discriminator that sees how close an example is to the others of its batch."""

import flax.linen as nn
import jax
import jax.numpy as jnp

from jaxgan.networks.labels import passed_on
from jaxgan.types import Array, Key, Network, Params, PyTree, Stats
from jaxgan.types.checks import whole


def closeness(projected: Array, group_size: int) -> Array:
    """Computes `mean_{j ≠ i} exp(-|M_ib - M_jb|₁)` for each example i and kernel b, over the others of its group.

    The paper sums over the batch, so that its numbers grow with the batch and fit no other; the mean does not. Groups
    are contiguous, and bound the memory: a group of n takes n² numbers for each kernel. In float32 or wider.

    Args:
      projected: M, `[batch, kernels, dimensions]`.
      group_size: examples in a group; a batch smaller than that is one group.

    Returns:
      `[batch, kernels]`, in [0, 1]; 0 for an example that is alone in its group.

    Raises:
      ValueError: a `group_size` below 1, or a batch that does not divide into groups.
    """
    whole("the group_size of minibatch discrimination", group_size, 1)
    batch, kernels, dimensions = projected.shape
    group = min(group_size, batch)
    if batch % group:
        raise ValueError(
            f"minibatch discrimination needs a batch that divides into groups of {group}, got a batch of {batch}"
        )
    x = projected.astype(jnp.promote_types(projected.dtype, jnp.float32))
    # Examples last: sums over a short last axis are slow.
    x = jnp.moveaxis(jnp.reshape(x, (-1, group, kernels, dimensions)), 1, -1)
    distances = jnp.sum(jnp.abs(x[..., :, None] - x[..., None, :]), axis=2)
    others = 1.0 - jnp.eye(group, dtype=x.dtype)
    mean = jnp.sum(jnp.exp(-distances) * others[None, None], axis=-1) / max(group - 1, 1)
    return jnp.reshape(jnp.moveaxis(mean, 2, 1), (batch, kernels)).astype(projected.dtype)


class MinibatchDiscrimination(nn.Module):
    """Joins to features `[batch, width]` how close each is to others of its group: `[batch, width + kernels]`.

    `closeness` of a linear map of the features, for networks of one's own; `minibatch_discrimination` adds it to any
    network that shows its features.

    Use when: a small discriminator without penalties lets the generator make one thing, and packing is not wanted.

    Cost: a layer of `width · kernels · dimensions` parameters, and a comparison of all pairs in a group, which takes
    longer than the passes of a small network.

    Attributes:
      kernels: B, how many numbers are joined.
      dimensions: C, of the space in which each kernel compares.
      group_size: examples that are compared with each other.
    """

    kernels: int = 32
    dimensions: int = 5
    group_size: int = 64

    @nn.compact
    def __call__(self, x: Array) -> Array:
        shape = (x.shape[-1], self.kernels * self.dimensions)
        weights = self.param("weights", lambda key: _weights(key, shape, self.dimensions, x.dtype))
        projected = jnp.reshape(x @ weights.astype(x.dtype), (-1, self.kernels, self.dimensions))
        return jnp.concatenate([x, closeness(projected, self.group_size)], axis=-1)


def minibatch_discrimination(
    network: Network, kernels: int = 32, *, dimensions: int = 5, group_size: int = 64
) -> Network:
    """Lets a discriminator see how close an example is to others of its batch: `ψ(x) + Σ_b v_b o_b(x)`.

    With ψ the network, and `o_b`, for each of some kernels, the mean over the other examples j of
    `exp(-|M_ib - M_jb|₁)`, where M is a linear map of the features, `[width, kernels · dimensions]`. A last layer that
    is linear in the features and these numbers joined, as in the paper, is the same sum. The paper sums over the batch,
    where this takes the mean: a sum grows with the batch, and a discriminator that is trained with one would fit no
    other. Real and fake examples are never compared with each other. The linear map begins so that distances are near
    one where features are of size one.

    A logit then depends on its group: a gradient penalty is of the whole group, not of an example, and with packing one
    of both is enough.

    Use when: a small discriminator without penalties lets the generator make one thing, and packing is not wanted.

    Cost: a layer of `width · kernels · dimensions` parameters, and a comparison of all pairs in a group, which takes
    longer than the passes of a small network.

    Args:
      network: a discriminator `[batch, ...]` that has `features`; where it is conditional, it is given the labels.
      kernels: B, at least 1; 100 in the authors' program for CIFAR.
      dimensions: C, of the space in which each kernel compares, at least 1; 5 there.
      group_size: contiguous examples that are compared with each other, at least 1; it has to divide the batch, and a
        smaller batch is one group.

    Returns:
      A `Network` with the features of `network`; its parameters are `{"network": ..., "weights": ..., "readout":
      [kernels, parts]}`.

    Raises:
      ValueError: a network without features, or a number below 1; in use, a batch that `group_size` does not divide.

    Reference:
      Salimans, Goodfellow, Zaremba, Cheung, Radford and Chen, "Improved Techniques for Training GANs", 2016,
      section 3.2.
    """
    numbers = {"kernels": kernels, "dimensions": dimensions, "group_size": group_size}
    for name, value in numbers.items():
        whole(f"the {name} of minibatch_discrimination", value, 1)
    if network.features is None:
        raise ValueError("minibatch_discrimination needs a network that shows its features, got features=None")
    inner = network.features

    def init(key: Key, x: PyTree, label: PyTree = None) -> tuple[Params, Stats]:
        network_key, weights_key, readout_key = jax.random.split(key, 3)
        given = passed_on(network, label)
        params, stats = network.init(network_key, x, **given)
        shown = jax.eval_shape(lambda p, s: inner(p, s, x, train=False, **given), params, stats)
        logits = jax.eval_shape(lambda p, s: network.apply(p, s, x, train=False, **given)[0], params, stats)
        parts = logits.size // logits.shape[0]
        weights = _weights(weights_key, (shown.shape[1], kernels * dimensions), dimensions, shown.dtype)
        readout = jax.random.normal(readout_key, (kernels, parts), shown.dtype) * kernels**-0.5
        return {"network": params, "weights": weights, "readout": readout}, stats

    def apply(
        params: Params, stats: Stats, x: PyTree, *, train: bool, key: Key | None = None, label: PyTree = None
    ) -> tuple[Array, Stats]:
        # Two passes that a compiler makes one of: the features are on the way to the logits.
        shown = features(params, stats, x, train=train, key=key, label=label)
        logits, stats = network.apply(params["network"], stats, x, train=train, key=key, **passed_on(network, label))
        projected = jnp.reshape(shown @ params["weights"].astype(shown.dtype), (-1, kernels, dimensions))
        seen = closeness(projected, group_size) @ params["readout"].astype(shown.dtype)
        return logits + jnp.reshape(seen, logits.shape).astype(logits.dtype), stats

    def features(
        params: Params, stats: Stats, x: PyTree, *, train: bool, key: Key | None = None, label: PyTree = None
    ) -> Array:
        return inner(params["network"], stats, x, train=train, key=key, **passed_on(network, label))

    group = None if network.group is None else network.group * group_size
    return Network(init, apply, features, group, network.conditional)


def _weights(key: Key, shape: tuple[int, int], dimensions: int, dtype: jnp.dtype) -> Array:
    """The linear map at its start: each distance is a sum over `dimensions`."""
    return jax.random.normal(key, shape, dtype) / (shape[0] ** 0.5 * dimensions)
