"""A last layer that only projects: the discriminator's logit is along a direction of length one."""

import jax
import jax.numpy as jnp

from jaxgan.networks.labels import passed_on
from jaxgan.types import Array, Key, Network, Params, PyTree, Stats


def normalised_linear(network: Network) -> Network:
    """Makes of a network h a discriminator with the logit `⟨ω / ‖ω‖, s h(x)⟩`: a direction ω, and a scale s of h.

    Without ω's length and a bias all that the discriminator knows beside one direction is in h, which is what
    `techniques.san` needs to train the two for different ends. Alone it is a change of parameters and no more.

    Use when: with `techniques.san`.

    Cost: nothing to speak of.

    Args:
      network: h, which gives `[batch, width]`, or what is flattened to it: a discriminator made with `out=width`; where
        it is conditional, it is given the labels.

    Returns:
      A `Network` that gives `[batch]`, whose `features` are `s h(x)`; its parameters are `{"network": ..., "scale":
      scalar, "direction": [width]}`. The direction begins uniform, the scale at `√width`, so that logits are of the
      size of h.

    Reference:
      Takida, Imaizumi, Shibuya, Lai, Uesaka, Murata and Mitsufuji, "SAN: Inducing Metrizability of GAN with
      Discriminative Normalized Linear Layer", 2024, arXiv:2301.12811.
    """

    def init(key: Key, x: PyTree, label: PyTree = None) -> tuple[Params, Stats]:
        key_network, key_direction = jax.random.split(key)
        given = passed_on(network, label)
        params, stats = network.init(key_network, x, **given)
        shown = jax.eval_shape(lambda p, s: network.apply(p, s, x, train=False, **given)[0], params, stats)
        width = shown.size // shown.shape[0]
        direction = jax.random.normal(key_direction, (width,), shown.dtype)
        return {"network": params, "scale": jnp.asarray(width**0.5, shown.dtype), "direction": direction}, stats

    def scaled(params: Params, stats: Stats, x: PyTree, train: bool, key: Key | None, label: PyTree):
        h, stats = network.apply(params["network"], stats, x, train=train, key=key, **passed_on(network, label))
        h = jnp.reshape(h, (h.shape[0], -1))
        return h * params["scale"].astype(h.dtype), stats

    def features(
        params: Params, stats: Stats, x: PyTree, *, train: bool, key: Key | None = None, label: PyTree = None
    ) -> Array:
        return scaled(params, stats, x, train, key, label)[0]

    def apply(
        params: Params, stats: Stats, x: PyTree, *, train: bool, key: Key | None = None, label: PyTree = None
    ) -> tuple[Array, Stats]:
        h, stats = scaled(params, stats, x, train, key, label)
        direction = params["direction"]
        wide = direction.astype(jnp.promote_types(direction.dtype, jnp.float32))
        unit = wide * jax.lax.rsqrt(jnp.sum(jnp.square(wide)) + 1e-12)
        return h @ unit.astype(h.dtype), stats

    return Network(init, apply, features, network.group, network.conditional)
