"""Networks that are given labels, made of networks that are not."""

import jax
import jax.numpy as jnp

from jaxgan.networks.labels import check_classes, class_weights
from jaxgan.types import Array, Key, Network, Params, PyTree, Stats


def projection(network: Network, classes: int) -> Network:
    """Adds the inner product of the label's embedding and the features to the logit: `f(x, y) = <e_y, φ(x)> + ψ(x)`.

    With φ the network's `features` and ψ the network itself. Where the log-ratio of p(y | x) to q(y | x) is linear in
    φ, this is the form of the optimal discriminator. Several logits each get the same product.

    The embedding starts normal with variance 1 / width, so that the product has the size of the features, as the logit
    of a linear layer has that starts likewise: labels count from the first step, but not more than the example. The
    paper normalises the embedding spectrally too; here it is left as it is.

    Use when: labels are known, and every class has to be there and be its own.

    Cost: nothing to speak of.

    Args:
      network: a discriminator `[n, ...]` that has `features`; where it is conditional itself, it is given the labels.
      classes: at least 2.

    Returns:
      A conditional network; labels are int `[n]` in [0, classes), or float `[n, classes]`, whose embeddings are mixed.
      Packed, each of the m examples has an embedding of its own: `<e¹_{y₁} + ... + eᵐ_{yₘ}, φ(x₁ ... xₘ)>`, so that a
      label counts for its own example; `packed(projection(network, k), m)` equals `projection(packed(network, m), k)`.
      Its parameters are `{"network": ..., "embedding": [m * classes, width]}`.

    Raises:
      ValueError: a network without features, `classes` below 2, or labels of another form or range.

    Reference:
      Miyato and Koyama, "cGANs with Projection Discriminator", 2018, equation 3, arXiv:1802.05637.
    """
    check_classes(classes)
    if network.features is None:
        raise ValueError("projection needs a network that shows its features, got features=None")
    inner_features = network.features

    def weights_of(label: PyTree, x: PyTree, shown: Array | jax.ShapeDtypeStruct) -> Array:
        weights = class_weights("projection", label, classes, _batch(x), shown.dtype)
        return jnp.reshape(weights, (shown.shape[0], -1))

    def inside(label: PyTree) -> dict[str, PyTree]:
        return {"label": label} if network.conditional else {}

    def init(key: Key, x: PyTree, label: PyTree = None) -> tuple[Params, Stats]:
        network_key, embedding_key = jax.random.split(key)
        params, stats = network.init(network_key, x, **inside(label))
        shown = jax.eval_shape(lambda p, s: inner_features(p, s, x, train=False, **inside(label)), params, stats)
        shape = (weights_of(label, x, shown).shape[1], shown.shape[1])
        embedding = jax.random.normal(embedding_key, shape, shown.dtype) * shape[1] ** -0.5
        return {"network": params, "embedding": embedding}, stats

    def apply(
        params: Params, stats: Stats, x: PyTree, *, train: bool, key: Key | None = None, label: PyTree = None
    ) -> tuple[Array, Stats]:
        # Two passes that a compiler makes one of: the features are on the way to the logits.
        shown = features(params, stats, x, train=train, key=key, label=label)
        logits, stats = network.apply(params["network"], stats, x, train=train, key=key, **inside(label))
        embedded = weights_of(label, x, shown) @ params["embedding"].astype(shown.dtype)
        product = jnp.sum(embedded * shown, axis=1).astype(logits.dtype)
        return logits + jnp.reshape(product, (-1, *(1,) * (logits.ndim - 1))), stats

    def features(
        params: Params, stats: Stats, x: PyTree, *, train: bool, key: Key | None = None, label: PyTree = None
    ) -> Array:
        return inner_features(params["network"], stats, x, train=train, key=key, **inside(label))

    return Network(init, apply, features, network.group, conditional=True)


def labelled(network: Network, classes: int) -> Network:
    """Joins each example and its label along the channels: `[n, ..., channels]` becomes `[n, ..., channels + classes]`.

    The label is written as `classes` numbers, 1 for the class and else 0. A flat input gets them at its end; an image
    as maps that are constant, and a sequence at every time step. So a generator of `[latent, label]`, or a
    discriminator that sees the label beside the example.

    Use when: labels are known, and the network has no features for a projection and no batch normalisation.

    Cost: as many more input channels as there are classes.

    Args:
      network: it must read the number of channels from the example; not conditional itself.
      classes: at least 2.

    Returns:
      A conditional network; labels are int `[n]` in [0, classes), or float `[n, classes]`. Packed, `[n, m]` or
      `[n, m, classes]`, m times as many numbers are joined, in the order of the examples.

    Raises:
      ValueError: a conditional network, `classes` below 2, labels of another form or range, or an example that is not
        one array with channels.

    Reference:
      Mirza and Osindero, "Conditional Generative Adversarial Nets", 2014, section 3.2, arXiv:1411.1784.
    """
    check_classes(classes)
    if network.conditional:
        raise ValueError("labelled takes a network that is not conditional: this one is given the label already")

    def join(x: PyTree, label: PyTree) -> Array:
        if not hasattr(x, "shape") or x.ndim < 2:
            raise ValueError(f"labelled joins labels to one array [n, ..., channels], got {jax.tree.map(jnp.shape, x)}")
        weights = class_weights("labelled", label, classes, x.shape[0], x.dtype)
        weights = jnp.reshape(weights, (x.shape[0], *(1,) * (x.ndim - 2), -1))
        return jnp.concatenate([x, jnp.broadcast_to(weights, (*x.shape[:-1], weights.shape[-1]))], axis=-1)

    def init(key: Key, x: PyTree, label: PyTree = None) -> tuple[Params, Stats]:
        return network.init(key, join(x, label))

    def apply(
        params: Params, stats: Stats, x: PyTree, *, train: bool, key: Key | None = None, label: PyTree = None
    ) -> tuple[Array, Stats]:
        return network.apply(params, stats, join(x, label), train=train, key=key)

    def features(
        params: Params, stats: Stats, x: PyTree, *, train: bool, key: Key | None = None, label: PyTree = None
    ) -> Array:
        assert network.features is not None
        return network.features(params, stats, join(x, label), train=train, key=key)

    return Network(init, apply, network.features and features, network.group, conditional=True)


def _batch(x: PyTree) -> int:
    """How many examples, or packs of them, a tree holds."""
    return jax.tree.leaves(x)[0].shape[0]
