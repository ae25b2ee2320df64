"""Mutual information: a network has to tell which latent a fake was made from, and the generator helps it."""

import math
from collections.abc import Sequence

import jax
import jax.numpy as jnp
import optax

from jaxgan.techniques._trees import flat
from jaxgan.techniques.codes import _perceptron
from jaxgan.types import Array, Own, Technique
from jaxgan.types.checks import at_least, whole


def information(
    weight: float | Array = 1.0,
    *,
    widths: Sequence[int] = (128, 128, 128),
    optimizer: optax.GradientTransformation | None = None,
) -> Technique:
    """Adds `weight · E [log(1 + exp(-H(G(z), z))) + log(1 + exp(H(G(z), z')))] / 2`, for z' of another fake.

    H, a perceptron, tells pairs of a fake and its latent from pairs with the latent of the next fake in the batch, by
    this binary cross-entropy; generator and H minimise it together, so a generator that ignores its latents is pulled
    away from that. It is log 2 where H knows nothing, and at the best H `log 2 - JS`, with the Jensen-Shannon
    divergence of the pairs from independent ones. Latents are shifted by one place, where the authors' program permutes
    them: a latent that a permutation leaves at its place would be called wrong beside its own fake.

    H sees the fake as one vector, beside the whole latent with the columns of other techniques: data should be of the
    latents' scale. A generator without noise of its own has no bound on its information, so that the size of H sets
    how far it is pushed: a large weight spreads fakes beyond sharp modes.

    `Info.reports` shows `information`, `log 2` minus the cross-entropy in nats: a lower bound of that divergence, up to
    chance, from 0 where latents cannot be told to at most log 2.

    Use when: the generator ignores its latents, or there are many modes to cover, up to thousands.

    Cost: three passes of a small perceptron over the fakes; no pass of either player.

    Args:
      weight: 0 or more; 1 in the authors' program.
      widths: units of the hidden layers of H (leaky ReLU with slope 0.2), at least one layer.
      optimizer: of H; None is the generator's.

    Raises:
      ValueError: an argument out of range; in use, a batch of one.

    Reference:
      Kumar, Ozair, Goyal, Courville and Bengio, "Maximum Entropy Generators for Energy-Based Models", 2019, with the
      estimate of Hjelm et al., "Learning Deep Representations by Mutual Information Estimation and Maximization", 2019.
    """
    at_least("the weight of information", weight, 0)
    if not widths:
        raise ValueError(f"the widths of information must name at least one hidden layer, got {widths!r}")
    for width in widths:
        whole("each of the widths of information", width, 1)

    def init(key, batch, latent_width):
        x = jax.eval_shape(flat, batch.data)
        layers = _perceptron.begin(key, (x.shape[1] + latent_width, *widths, 1), x.dtype)
        return Own(generator=layers, state=jnp.zeros((), x.dtype))

    def cost(own, play):
        x, z = flat(play.generated.data), flat(play.latent)
        if x.shape[0] < 2:
            raise ValueError("information compares fakes with the latents of others: take a batch of at least 2")

        def pairs(z):
            seen = jnp.concatenate([x, z], axis=1).astype(own.generator[0]["kernel"].dtype)
            return _perceptron.apply(own.generator, seen, 0.2)

        right, wrong = pairs(z), pairs(jnp.roll(z, 1, axis=0))
        return 0.5 * jnp.mean(jax.nn.softplus(-right) + jax.nn.softplus(wrong))

    return Technique(
        "information",
        init=init,
        generator_loss=lambda own, key, play: weight * cost(own, play),
        update=lambda own, key, play, info: math.log(2.0) - cost(own, play),
        report=lambda own: {"information": own.state},
        optimizer=optimizer,
    )
