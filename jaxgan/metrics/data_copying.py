"""The data-copying test: do generated samples lie nearer to the training data than unseen data do?"""

import numpy as np
from jax.typing import ArrayLike
from scipy import stats
from sklearn.cluster import KMeans
from sklearn.decomposition import PCA
from sklearn.neighbors import NearestNeighbors
from threadpoolctl import threadpool_limits

COMPONENTS = 64  # directions of largest variance in which distances are taken
STARTS = 10  # of k-means


def data_copying(
    train: ArrayLike, test: ArrayLike, fake: ArrayLike, *, cells: int = 3, least: int = 20, seed: int = 0
) -> float:
    """Computes C_T, by how many standard deviations fakes lie nearer to the training data than unseen data do.

    In more than 64 dimensions everything is projected on the first 64 principal components of the training data. These
    are cut into cells by k-means. In each cell, with the distances L of n unseen and m generated samples to the nearest
    training example of the cell, `Z = (U - n m / 2 + 1 / 2) / sqrt(n m (n + m + 1) / 12)`, where U counts the pairs of
    which the generated one lies farther (Mann and Whitney), ties as one half. C_T is the mean of Z over cells with more
    than `least` fakes, weighted by how many unseen samples each holds.

    Far below 0: copies of training data. Around 0: as unseen data. Far above 0: samples unlike the data. It is computed
    on the host in float64.

    Meehan, Chaudhuri and Dasgupta, "A Non-Parametric Test to Detect Data-Copying in Generative Models", 2020,
    arXiv 2004.05675. Agrees with the authors' program, cells and seed the same, which refuses a cell that holds no
    unseen sample; here such a cell has no weight.

    Args:
      train: what the generator was trained on, finite `[l, d]`.
      test: data that it has not seen, finite `[n, d]`.
      fake: finite `[m, d]`.
      cells: at least 1; at most as many as the training data have different rows are made.
      least: a cell with as many fakes or fewer is left out, at least 0.
      seed: of k-means.

    Returns:
      A Python number.

    Raises:
      ValueError: if the sets are no such matrices, d differs, an option is outside its range, or no cell holds more
        than `least` fakes and any unseen sample.
    """
    sets = {"train": train, "test": test, "fake": fake}
    rows = {name: np.asarray(x, np.float64) for name, x in sets.items()}
    for name, x in rows.items():
        if x.ndim != 2 or not x.size or x.shape[1] != rows["train"].shape[-1]:
            raise ValueError(f"{name} must be [rows, d] with the d of the training data, got shape {x.shape}")
    if cells < 1 or least < 0:
        raise ValueError(f"cells must be at least 1 and least at least 0, got {cells} and {least}")
    if rows["train"].shape[1] > COMPONENTS:
        projection = PCA(min(COMPONENTS, len(rows["train"])), random_state=seed).fit(rows["train"])
        rows = {name: projection.transform(x) for name, x in rows.items()}
    clusters = min(cells, len(np.unique(rows["train"], axis=0)))
    with threadpool_limits(1):  # threads that wait for each other cost a hundred times the work where cores are busy
        means = KMeans(clusters, n_init=STARTS, random_state=seed).fit(rows["train"])  # pyright: ignore
        cell = {name: means.predict(x) for name, x in rows.items()}
    scores, weights = [], []
    for i in range(clusters):
        seen, unseen, made = (rows[name][cell[name] == i] for name in ("train", "test", "fake"))
        if len(unseen) and len(made) > least:
            scores.append(_score(*(NearestNeighbors(n_neighbors=1).fit(seen).kneighbors(x)[0] for x in (made, unseen))))
            weights.append(len(unseen))
    if not weights:
        raise ValueError(f"no cell holds a test sample and more than {least} of the {len(rows['fake'])} fakes")
    return float(np.average(scores, weights=weights))


def _score(made: np.ndarray, unseen: np.ndarray) -> float:
    """The z-score of Mann and Whitney's U of two sets of distances, below 0 where the first are smaller."""
    m, n = len(made), len(unseen)
    u = stats.mannwhitneyu(made[:, 0], unseen[:, 0], alternative="less", method="asymptotic").statistic
    return (u - n * m / 2 + 0.5) / np.sqrt(n * m * (n + m + 1) / 12)
