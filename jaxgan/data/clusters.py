"""Clusters as labels, for data that have none: what a conditional GAN is then conditioned on."""

import warnings

import jax.numpy as jnp
import numpy as np
from numpy.typing import ArrayLike

from jaxgan.data.examples import Examples
from jaxgan.types.checks import whole


def clustered(
    examples: Examples,
    clusters: int,
    features: ArrayLike | None = None,
    *,
    before: ArrayLike | None = None,
    seed: int = 0,
) -> Examples:
    """Labels examples by the cluster that k-means puts their features in, in place of the labels that they have.

    A conditional GAN that is trained on them is a self-conditioned one: its generator is told which cluster to make,
    and its discriminator judges whether an example is a real one of that cluster. `gan` gives fakes the labels of the
    real minibatch, so that clusters come as often as in the data, and the `shares` of the result say how often that is
    for `gan.sample(key, state, n, label)`. Which modes are lost is still to be measured against the examples as they
    were: a cluster may hold several modes, or a part of one.

    The paper clusters features of the discriminator, again after every so many steps. Between two trainings, the second
    of which begins at the state of the first,

        shown = discriminator.features(state.discriminator.params, state.discriminator.stats, x, train=False)
        task = clustered(examples, 50, shown, before=task.labels)

    with `label=` for a conditional discriminator, which shows features that do not depend on it where it is made by
    `networks.projection`. The search then starts from the means of the old clusters, and a cluster keeps the number
    with which it shares most examples, so that what both players have learned of a number stays true.

    Use when: modes are lost, there are no labels, and modes are apart in some features.

    Cost: no pass of a network in a step; k-means on all examples before each training.

    Args:
      examples: N of them, on the device, of `data.arrays`, `data.digits` or `data.images`.
      clusters: k, from 2 to N; more than there are modes do no harm.
      features: `[N, ...]`, finite, of the examples in their order; the examples themselves, flattened, if None.
      before: int `[N]` in [0, k), labels of the clustering before; None begins anew.
      seed: of the first means, where the clustering begins anew.

    Raises:
      ValueError: a task that is not a finite set on the device, a number of clusters out of range or larger than that
        of different features, features or labels of another number, or values that are not finite.

    Reference:
      Liu, Wang, Bau, Zhu and Torralba, "Diverse Image Generation via Self-Conditioned GANs", 2020, arXiv:2006.10728,
      section 3.

    Example:
      >>> from jaxgan import data
      >>> task = clustered(data.arrays(np.array([[0.0], [0.1], [5.0], [5.1], [5.2]])), 2)
      >>> sorted(task.shares.tolist())
      [0.4, 0.6]
    """
    if not isinstance(examples, Examples):
        raise ValueError(f"clustered takes examples on the device, such as of data.arrays, not {examples!r}")
    whole("the number of clusters", clusters, 2)
    if clusters > examples.size:
        raise ValueError(f"there are {examples.size} examples for {clusters} clusters: take at most as many")
    x = np.asarray(examples.data if features is None else features)
    x = x.reshape(len(x), -1).astype(float) if x.ndim else x
    if x.shape[:1] != (examples.size,):
        raise ValueError(f"features are one row for each of the {examples.size} examples, not of shape {x.shape}")
    if not np.isfinite(x).all():
        row = int(np.argwhere(~np.isfinite(x))[0, 0])
        raise ValueError(f"features must be finite, and those of example {row} are not")
    if before is not None:
        before = _checked(np.asarray(before), examples.size, clusters)
    labels = _found(x, clusters, before, seed)
    name = f"{examples.name}, {clusters} clusters"
    return examples._replace(name=name, labels=jnp.asarray(labels, jnp.int32), labelled=True, names=())


def _checked(before: np.ndarray, size: int, clusters: int) -> np.ndarray:
    if before.shape != (size,) or not np.issubdtype(before.dtype, np.integer):
        raise ValueError(f"before are whole numbers [{size}], one for each example, not {before.dtype} {before.shape}")
    if before.min() < 0 or before.max() >= clusters:
        raise ValueError(f"before are labels in [0, {clusters}), not from {before.min()} to {before.max()}")
    return before


def _found(x: np.ndarray, clusters: int, before: np.ndarray | None, seed: int) -> np.ndarray:
    """Labels `[N]` by k-means; those of a clustering before give the first means, and the numbers."""
    from scipy.optimize import linear_sum_assignment
    from sklearn.cluster import KMeans
    from sklearn.exceptions import ConvergenceWarning

    search = KMeans(clusters, n_init="auto", random_state=seed)
    if before is not None:
        search.set_params(init=_means(x, before, clusters, seed), n_init=1)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", ConvergenceWarning)  # said below
        labels = search.fit_predict(x)
    if (different := len(np.unique(labels))) < clusters:
        raise ValueError(f"there are only {different} different features for {clusters} clusters: take fewer")
    if before is None:
        return labels
    shared = np.zeros((clusters, clusters), int)
    np.add.at(shared, (labels, before), 1)
    return linear_sum_assignment(shared, maximize=True)[1][labels]


def _means(x: np.ndarray, labels: np.ndarray, clusters: int, seed: int) -> np.ndarray:
    """`[clusters, width]`, the mean of each cluster; of an empty one an example at random."""
    counts = np.bincount(labels, minlength=clusters)
    sums = np.zeros((clusters, x.shape[1]))
    np.add.at(sums, labels, x)
    drawn = x[np.random.default_rng(seed).integers(len(x), size=clusters)]
    return np.where(counts[:, None] > 0, sums / np.maximum(counts, 1)[:, None], drawn)
