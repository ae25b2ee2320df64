"""Discriminator rejection sampling: keeps what the discriminator takes for real."""

from collections.abc import Callable

import jax
import jax.numpy as jnp

from jaxgan.samplers._judged import Calibration, chosen, proposed
from jaxgan.types import GAN, Array, Key, PyTree, State
from jaxgan.types.checks import between, whole

_EPSILON = 1e-6


def rejection(
    gan: GAN,
    *,
    percentile: float | None = 80.0,
    first: int = 1024,
    rounds: int = 100,
    calibration: Calibration | None = None,
) -> Callable[..., PyTree]:
    """Accepts a sample with the probability σ(F), `F = D - M - log(1 - exp(D - M - ε)) - γ`, by its logit D.

    M is the largest logit met so far, ε = 1e-6, and γ a percentile of F over the first samples. Without a percentile
    γ = 0 and the probability is `exp(D - M)`: with an ideal discriminator of a sigmoid loss the samples are then those
    of the data, and few are accepted. A percentile accepts as many as it leaves and corrects less.

    This shifts weight between the modes that the generator has, and drops bad samples; it cannot make a lost mode. The
    logit must be the logarithm of a density ratio: that of a sigmoid loss, better calibrated on data that the
    discriminator was not trained on. Logits of the hinge, the Wasserstein and relativistic losses are not, without a
    `calibration`.

    Every place of the batch is drawn anew until it is accepted, at most `rounds` times; one that never is holds the
    last that was drawn. Without a percentile many are, unless `rounds` is large.

    Use when: a generator has its modes, but with wrong weights, or fakes lie between them.

    Cost: nothing in training; in sampling, both networks as often as samples are refused.

    Args:
      gan: whose samples; its discriminator judges single examples.
      percentile: in [0, 100]; None is γ = 0.
      first: samples by which M and γ begin, at least 1.
      rounds: most samples that are drawn for one place, at least 1.
      calibration: from logits `[n]` to calibrated ones; None leaves them.

    Returns:
      `sample(key, state, n, label=None) -> [n, ...]`, a pure function like `gan.sample`, in whose place it can stand:
      `gan._replace(sample=...)`.

    Raises:
      ValueError: an argument out of range; in use, a packed discriminator.

    Reference:
      Azadi, Olsson, Darrell, Goodfellow and Odena, "Discriminator Rejection Sampling", 2019.
    """
    if percentile is not None:
        between("the percentile of rejection", percentile, 0, 100)
    whole("the first samples of rejection", first, 1)
    whole("the rounds of rejection", rounds, 1)

    def sample(key: Key, state: State, n: int, label: PyTree = None) -> PyTree:
        key_first, key = jax.random.split(key)

        # With labels as many times as the samples that are asked for, which have labels.
        times = 1 if label is None else -(-first // n)
        many = jax.tree.map(lambda a: jnp.tile(a, (times, *(1,) * (a.ndim - 1))), label)
        logits = proposed(gan, key_first, state, first if label is None else times * n, many, calibration)[1]
        most = jnp.max(logits)
        shift = jnp.zeros(()) if percentile is None else jnp.percentile(_acceptance(logits, most), percentile)

        def search(carry: tuple) -> tuple:
            i, x, done, most = carry
            key_draw, key_accept = jax.random.split(jax.random.fold_in(key, i))
            drawn, logits = proposed(gan, key_draw, state, n, label, calibration)
            most = jnp.maximum(most, jnp.max(logits))
            accepted = jax.random.bernoulli(key_accept, jax.nn.sigmoid(_acceptance(logits, most) - shift))
            return i + 1, chosen(done, x, drawn), done | accepted, most

        shapes = jax.eval_shape(lambda: gan.sample(key, state, n, label))
        nothing = jax.tree.map(lambda a: jnp.zeros(a.shape, a.dtype), shapes)
        begin = (jnp.zeros((), jnp.int32), nothing, jnp.zeros(n, bool), most)
        return jax.lax.while_loop(lambda carry: ~jnp.all(carry[2]) & (carry[0] < rounds), search, begin)[1]

    return sample


def _acceptance(logits: Array, most: Array) -> Array:
    """F without γ: where it is the logit of a probability, that probability is `exp(logits - most)` but for ε."""
    below = logits - most
    return below - jnp.log(-jnp.expm1(below - _EPSILON))
