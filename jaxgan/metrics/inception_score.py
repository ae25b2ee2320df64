"""Inception score: are samples classified with confidence, and do they spread over the classes?"""

import itertools
from typing import NamedTuple

import jax
import jax.numpy as jnp
from jax.typing import ArrayLike

from jaxgan.metrics._features import as_features
from jaxgan.types import Array


class InceptionScore(NamedTuple):
    """The inception score over splits of the samples.

    Attributes:
      mean: scalar in [1, classes].
      std: scalar, standard deviation over splits (divided by their number); 0 for one split.
    """

    mean: Array
    std: Array


def inception_score(logits: ArrayLike, *, splits: int = 10) -> InceptionScore:
    """Computes the inception score `exp(mean_x KL(p(y | x) || p(y)))` of each split, and its mean over splits.

    The marginal `p(y)` is the mean of `p(y | x)` over the split. Split i holds the samples from `i n // splits` up to
    `(i + 1) n // splits`, in the order given: nothing is shuffled here.

    Salimans et al., "Improved Techniques for Training GANs", 2016, section 4. Agrees with torch-fidelity where its
    shuffling is switched off, and with the implementation of Barratt and Sharma. The score depends on the classifier
    and on the number of samples, and it does not see the real data: one perfect image of each class scores the most.

    Args:
      logits: `[n, classes]` of a classifier, n at least `splits`.
      splits: at least 1.

    Returns:
      An `InceptionScore`.

    Raises:
      ValueError: if the logits are no such matrix, or splits is below 1.
    """
    if splits < 1:
        raise ValueError(f"splits must be at least 1, got {splits}")
    log_conditional = jax.nn.log_softmax(as_features("logits", logits, splits), axis=1)
    n = log_conditional.shape[0]
    edges = [i * n // splits for i in range(splits + 1)]
    scores = jnp.stack([_score(log_conditional[a:b]) for a, b in itertools.pairwise(edges)])
    return InceptionScore(scores.mean(), scores.std())


def _score(log_conditional: Array) -> Array:
    conditional = jnp.exp(log_conditional)
    log_marginal = jax.nn.logsumexp(log_conditional, axis=0) - jnp.log(log_conditional.shape[0])
    # A class of probability 0 contributes 0, also where its logit is minus infinity.
    terms = jnp.where(conditional > 0, conditional * (log_conditional - log_marginal[None, :]), 0)
    return jnp.exp(terms.sum(axis=1).mean())
