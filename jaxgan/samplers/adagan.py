"""AdaGAN: one generator after another, each trained on what those before it make too seldom."""

from collections.abc import Callable, Sequence
from typing import Any, NamedTuple

import jax
import numpy as np
from jax.typing import ArrayLike

from jaxgan.samplers.mixture import adagan_weights
from jaxgan.types import Key
from jaxgan.types.checks import between, whole


class Boosted(NamedTuple):
    """What `adagan` arrives at.

    Attributes:
      components: what was trained, in order.
      shares: `[rounds]`, of each in the mixture; together 1.
    """

    components: tuple[Any, ...]
    shares: np.ndarray


def adagan(
    key: Key,
    size: int,
    rounds: int,
    train: Callable[[Key, np.ndarray], Any],
    ratios: Callable[[Key, Sequence[Any], np.ndarray], ArrayLike],
    *,
    share: Callable[[int], float] = lambda t: 1.0 / t,
) -> Boosted:
    """Trains a mixture of generators: in round t a new one on data weighted by `adagan_weights`, to the share `β_t`.

    How a generator is trained and how the mixture is compared with the data is the caller's. With states of one GAN as
    components, `mixture([gan.sample] * rounds, boosted.shares)` samples `boosted.components`:

        def train(key, weights):
            rows = numpy.random.default_rng(...).choice(size, size, p=weights)
            return trained(key, data.arrays(x[rows]))  # the state of a GAN after its training

        def ratios(key, components, shares):
            fake = mixture([gan.sample] * len(components), shares)(key, components, size)
            return numpy.exp(-logits(x, fake))  # a classifier's logit at each example, positive for data

    The classifier should see data and mixture in equal parts and be stopped before it knows its examples by heart:
    where it is sure of all of them, all weights are equal, and nothing is won.

    Use when: coverage must be sure and cost is no object.

    Cost: a training of a GAN, and one of a classifier, for each round.

    Args:
      key: from which each round's keys are made.
      size: N, how many examples there are.
      rounds: T, at least 1.
      train: `train(key, weights [N]) -> component`; the weights sum to 1.
      ratios: `ratios(key, components, shares) -> [N]`, as `adagan_weights` takes them: `(1 - D) / D` at each example,
        of a classifier D between data and mixture. It is not asked in the first round, whose weights are equal.
      share: `β_t` of round t from 2 on, in (0, 1); 1/t, the paper's uniform mixture, if not given.

    Returns:
      The components and their shares.

    Raises:
      ValueError: a number of examples or rounds below 1, a share out of range, or not as many ratios as examples.

    Reference:
      Tolstikhin, Gelly, Bousquet, Simon-Gabriel and Schölkopf, "AdaGAN: Boosting Generative Models", 2017,
      arXiv:1701.02386, algorithm 1.
    """
    whole("the number of examples", size)
    whole("the rounds of adagan", rounds)
    components: tuple[Any, ...] = ()
    shares, weights = np.ones(1), np.full(size, 1.0 / size)
    for t in range(1, rounds + 1):
        key_ratios, key_train = jax.random.split(jax.random.fold_in(key, t))
        if t > 1:
            beta = share(t)
            between(f"the share of round {t}", beta, 0, 1, ends="()")
            found = np.asarray(ratios(key_ratios, components, shares))
            if found.shape != (size,):
                raise ValueError(f"adagan takes a ratio for each of {size} examples, not of shape {found.shape}")
            weights = np.asarray(adagan_weights(found, beta), float)
            weights = weights / weights.sum()  # in double precision, as numpy's choice wants it
            shares = np.append((1.0 - beta) * shares, beta)
        components = (*components, train(key_train, weights))
    return Boosted(components, shares)
