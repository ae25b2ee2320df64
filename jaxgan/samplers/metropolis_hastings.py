"""Metropolis-Hastings sampling: chains of samples that the discriminator's judgement accepts or refuses."""

from collections.abc import Callable

import jax
import jax.numpy as jnp

from jaxgan.samplers._judged import Calibration, chosen, proposed
from jaxgan.types import GAN, Array, Key, PyTree, State
from jaxgan.types.checks import whole


def metropolis_hastings(
    gan: GAN, *, proposals: int = 640, calibration: Calibration | None = None
) -> Callable[..., PyTree]:
    """Runs one chain a sample; a proposal of the generator is accepted with the probability `min(1, exp(D' - D))`.

    D is the logit of the chain's present sample and D' that of the proposal; with `D = log p/(1 - p)` this is the ratio
    `(1/p - 1) / (1/p' - 1)` of the paper. With an ideal discriminator of a sigmoid loss a long chain ends in a sample
    of the data. The chain begins at a sample of the generator; the authors' program begins at the score of a real
    example, which saves the first part of the chain.

    This shifts weight between the modes that the generator has, and drops bad samples; it cannot make a lost mode. The
    logit must be the logarithm of a density ratio: that of a sigmoid loss, better calibrated on data that the
    discriminator was not trained on. Logits of the hinge, the Wasserstein and relativistic losses are not, without a
    `calibration`.

    Use when: a generator has its modes, but with wrong weights, and samples may be slow.

    Cost: nothing in training; in sampling, as many passes of both networks as there are proposals.

    Args:
      gan: whose samples; its discriminator judges single examples.
      proposals: length of a chain, at least 1; 640 in the authors' program. A sample costs as many passes of both
        players.
      calibration: from logits `[n]` to calibrated ones; None leaves them.

    Returns:
      `sample(key, state, n, label=None) -> [n, ...]`, a pure function like `gan.sample`, in whose place it can stand:
      `gan._replace(sample=...)`.

    Raises:
      ValueError: an argument out of range; in use, a packed discriminator.

    Reference:
      Turner, Hung, Frank, Saatci and Yosinski, "Metropolis-Hastings Generative Adversarial Networks", 2019.
    """
    whole("the proposals of metropolis_hastings", proposals, 1)

    def sample(key: Key, state: State, n: int, label: PyTree = None) -> PyTree:
        key_first, key = jax.random.split(key)

        def propose(key: Key) -> tuple[PyTree, Array]:
            return proposed(gan, key, state, n, label, calibration)

        def move(present: tuple[PyTree, Array], key: Key) -> tuple[tuple[PyTree, Array], None]:
            key_draw, key_accept = jax.random.split(key)
            x, logits = propose(key_draw)
            accepted = jnp.log(jax.random.uniform(key_accept, (n,), logits.dtype)) < logits - present[1]
            return (chosen(accepted, x, present[0]), jnp.where(accepted, logits, present[1])), None

        (x, _), _ = jax.lax.scan(move, propose(key_first), jax.random.split(key, proposals))
        return x

    return sample
