"""Feature likelihood divergence: fidelity, diversity and novelty in one number, from three sets of samples."""

import math
from typing import Any, NamedTuple

import jax
import jax.numpy as jnp
import numpy as np
import optax
from jax.typing import ArrayLike

from jaxgan.metrics._distances import points, squared_distances
from jaxgan.metrics._features import as_features
from jaxgan.types import Array

CENTRES = 10_000  # fakes at most
STEPS, RATE = 50, 0.5  # of Adam
FLOOR = 1e-3  # added to the squared distance that a variance starts from
LOWEST, HIGHEST = -40.0, 20.0  # logarithms of a variance
BACKGROUND = 0.9  # factor of distances to the one broad Gaussian that keeps every likelihood above zero


class FeatureLikelihoodDivergence(NamedTuple):
    """How likely data are under a mixture of Gaussians around the fakes, in percent of a nat for each dimension.

    Attributes:
      divergence: scalar, of unseen data, less the same of a mixture around training data; 0 is as good as these, and
        very high where the fakes copy the training data.
      gap: scalar, the negative log-likelihood of the training data less that of unseen data; far below 0 where the
        fakes copy the training data.
    """

    divergence: Array
    gap: Array


def feature_likelihood_divergence(train: ArrayLike, test: ArrayLike, fake: ArrayLike) -> FeatureLikelihoodDivergence:
    """Computes by how much less likely unseen data are under Gaussians around the fakes than around training data.

    All features are standardised by the test set. A Gaussian stands on each fake, all with equal weights, and their
    variances v maximise the likelihood of the training data: 50 steps of Adam with the rate 0.5 on `log v`, from
    `(min |x - y|^2 + 0.001) / d` over training examples x, together with one Gaussian around the mean of the training
    data that is left out afterwards. A fake that copies training data gets a variance of nearly 0 and explains no
    unseen data. `divergence = 100 (NLL(test) - NLL_half(test)) / d`, where NLL_half is of Gaussians that stand on every
    other training example and are fitted to those between, and `gap = 100 (NLL(train) - NLL(test)) / d`.

    Jiralerspong, Bose, Gemp, Qin, Bachrach and Gidel, "Feature Likelihood Divergence: Evaluating the Generalization of
    Generative Models Using Samples", 2023, arXiv 2302.04440. Follows the authors' program; that draws the 10 000 fakes
    and the half of the training data at random, and here they are evenly spaced rows, and takes the training data in
    batches of 10 000, where here every step takes all.

    Args:
      train: what the generator was trained on, finite `[l, d]`, l at least 4.
      test: data that it has not seen, finite `[n, d]`, n at least 2.
      fake: finite `[m, d]`, of which at most 10 000 are used. The memory holds the distances `[l, m]`.

    Returns:
      A `FeatureLikelihoodDivergence`.

    Raises:
      ValueError: if the sets are no such matrices, or d differs.
    """
    train, test, fake = as_features("train", train, 4), as_features("test", test, 2), as_features("fake", fake)
    if not train.shape[1] == test.shape[1] == fake.shape[1]:
        raise ValueError(f"train, test and fake must share d, got {train.shape}, {test.shape} and {fake.shape}")
    mean, std = test.mean(axis=0, keepdims=True), test.std(axis=0, ddof=1, keepdims=True)
    train, test, fake = ((x - mean) / jnp.where(std > 0, std, 1) for x in (train, test, fake))
    centres = fake[_spaced(len(fake), min(len(fake), CENTRES))]
    chosen = _spaced(len(train), min(len(centres), len(train) // 2))
    others = np.setdiff1d(np.arange(len(train)), chosen)

    variances = _fit(centres, train)
    of_test = _negative_log_likelihood(test, centres, variances)
    of_train = _negative_log_likelihood(train, centres, variances)
    halves = train[chosen], train[others]
    baseline = _negative_log_likelihood(test, halves[0], _fit(*halves))
    return FeatureLikelihoodDivergence(100 * (of_test - baseline), 100 * (of_train - of_test))


def _spaced(n: int, size: int) -> np.ndarray:
    """The indices of `size` evenly spaced rows of n."""
    return np.arange(size) * n // size


def _fit(centres: Array, x: Array) -> Array:
    """The logarithms `[m]` of the variances of Gaussians on `centres` `[m, d]` that make `x` `[l, d]` likely."""
    d = x.shape[1]
    squared = squared_distances(x, points(centres))
    to_mean = BACKGROUND**2 * jnp.square(x - x.mean(axis=0, keepdims=True)).sum(axis=1, keepdims=True)
    optimizer = optax.adam(RATE)

    def loss(logs: tuple[Array, Array]) -> Array:
        of_centres = _log_densities(squared, logs[0], d) - math.log(len(centres))
        every = jnp.concatenate([of_centres, _log_densities(to_mean, logs[1], d)], axis=1)
        return -jax.nn.logsumexp(every, axis=1).mean() / d

    def step(carry: tuple[Any, Any], _: None) -> tuple[tuple[Any, Any], None]:
        logs, state = carry
        updates, state = optimizer.update(jax.grad(loss)(logs), state)
        of_centres, of_background = jax.tree.map(jnp.add, logs, updates)
        return ((jnp.clip(of_centres, LOWEST, HIGHEST), of_background), state), None

    start = jnp.log((squared.min(axis=0) + FLOOR) / d), jnp.zeros((1,), x.dtype)
    (logs, _), _ = jax.lax.scan(step, (start, optimizer.init(start)), length=STEPS)
    return logs[0]


def _log_densities(squared: Array, logs: Array, d: int) -> Array:
    """Log-densities `[l, m]` of Gaussians with the log-variances `[m]` at the squared distances `[l, m]`."""
    return -0.5 * (squared * jnp.exp(-logs)[None, :] + d * logs[None, :] + d * math.log(2 * math.pi))


def _negative_log_likelihood(x: Array, centres: Array, logs: Array) -> Array:
    """Mean negative log-likelihood of `x` `[n, d]` for each dimension."""
    densities = _log_densities(squared_distances(x, points(centres)), logs, x.shape[1]) - math.log(len(centres))
    return -jax.nn.logsumexp(densities, axis=1).mean() / x.shape[1]
