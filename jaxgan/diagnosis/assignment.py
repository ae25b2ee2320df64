"""Gives every sample its mode: by labels, by a classifier trained on the reals, or by clusters of the reals."""

from collections.abc import Callable
from typing import NamedTuple

import jax
import numpy as np
from sklearn.cluster import KMeans
from sklearn.discriminant_analysis import LinearDiscriminantAnalysis
from threadpoolctl import threadpool_limits

from jaxgan import features
from jaxgan.diagnosis.inputs import Scaled
from jaxgan.diagnosis.modes import fewest
from jaxgan.diagnosis.views import View
from jaxgan.evaluation import train_classifier
from jaxgan.evaluation.chunks import in_chunks
from jaxgan.evaluation.classifier import CHUNK
from jaxgan.types import Kind

SURE = 0.9  # probability of a class above which it counts as sure
PARTS, FEW = 3, 5000  # with few reals each third is held out once
REALS_PER_CLUSTER, CLUSTERS = 25, 50
KINK = 0.2  # that the gap statistic rises by, at least, with the last cluster that the data have


class Assignment(NamedTuple):
    """The mode of every sample.

    Attributes:
      names: of the `k` modes.
      real: `[n]` mode of each real sample that was not used to find the modes, -1 for the others.
      fake: `[m]` mode of each generated sample, -1 for none.
      sure: `[m]`, whether that is hardly a mistake of the labelling.
      aligned: `[m]` mode that each fake has once the scales of its coordinates are those of the reals.
      kind: "labels", "classifier" or "clusters".
      confusion: `[k, k]`, how many held-out reals of a mode are surely given each mode; zeros where nothing is
        mistaken.
      convention: how it was done, in words.
    """

    names: tuple[str, ...]
    real: np.ndarray
    fake: np.ndarray
    sure: np.ndarray
    aligned: np.ndarray
    kind: str
    confusion: np.ndarray
    convention: str


def assign(samples: Scaled, view: View, *, level: float, seed: int = 0) -> Assignment:
    """Gives every sample its mode.

    With labels on both sides these are the modes. With labels on the reals only, a classifier is trained on two thirds
    of them; it labels the other third and the fakes alike, so that both counts carry the same errors. Up to 5000 reals
    are held out in turn, third by third, and the fakes get the label of most of the three classifiers. Without labels
    the modes are clusters of one half of the reals, to which the other half and the fakes are assigned: as many as the
    gap statistic finds, and no more than both sides have samples to test. What is compared was never
    used to find the modes.

    Args:
      samples: real and generated.
      view: of them.
      level: at which modes are tested.
      seed: of the split, the classifier and the clusters.
    """
    labels = samples.real_labels
    if labels is None:
        return _clusters(view, level, seed)
    if samples.fake_labels is not None:
        nothing = np.zeros((len(samples.names),) * 2)
        everyone = np.ones(len(samples.fake), bool)
        given = samples.fake_labels
        words = "labels given with both sets"
        return Assignment(samples.names, labels, given, everyone, given, "labels", nothing, words)
    return _classified(samples, labels, view, seed)


def _classified(samples: Scaled, labels: np.ndarray, view: View, seed: int) -> Assignment:
    # The same share of every class in every part, as far as it divides.
    order = np.random.RandomState(seed).permutation(len(labels))
    part = np.empty(len(labels), int)
    part[order[np.argsort(labels[order], kind="stable")]] = np.arange(len(labels)) % PARTS
    held_out = part < (PARTS if len(labels) <= FEW else 1)
    classes = len(samples.names)
    real, certain = np.full(len(labels), -1), np.zeros(len(labels), bool)
    aligned = view.aligned().fake_base
    of_fakes, of_aligned = np.zeros((2, len(samples.fake), classes))
    for i in np.unique(part[held_out]):
        classify = _classifier(view.base[part != i], labels[part != i], classes, samples.kind, seed)
        of_reals = classify(view.base[part == i])
        real[part == i], certain[part == i] = of_reals.argmax(axis=1), of_reals.max(axis=1) > SURE
        of_fakes += classify(view.fake_base) / len(np.unique(part[held_out]))
        of_aligned += classify(aligned)
    counts = np.zeros((classes, classes))
    np.add.at(counts, (labels[certain], real[certain]), 1)
    right = 100 * np.mean(real[held_out] == labels[held_out])
    words = f"a classifier trained on two thirds of the reals, {right:.1f} % right on {held_out.sum()} others"
    return Assignment(
        names=samples.names,
        real=real,
        fake=of_fakes.argmax(axis=1),
        sure=of_fakes.max(axis=1) > SURE,
        aligned=of_aligned.argmax(axis=1),
        kind="classifier",
        confusion=counts,
        convention=f"labels given by {words}",
    )


def _classifier(
    data: np.ndarray, labels: np.ndarray, classes: int, kind: Kind, seed: int
) -> Callable[[np.ndarray], np.ndarray]:
    """Trains what gives `[n, classes]` probabilities."""
    if kind != "images":
        linear = LinearDiscriminantAnalysis(solver="lsqr", shrinkage="auto").fit(data.reshape(len(data), -1), labels)
        return lambda x: np.asarray(linear.predict_proba(x.reshape(len(x), -1)))
    pixels = np.clip(np.round(127.5 * (data + 1)), 0, 255).astype(np.uint8)
    params = train_classifier(pixels, labels, key=jax.random.key(seed), classes=classes).params
    network = features.classifier(classes)

    @jax.jit
    def probabilities(images: jax.Array) -> jax.Array:
        return jax.nn.softmax(network.apply(params, {}, images, train=False)[0])

    return lambda x: in_chunks(probabilities, np.asarray(x, np.float32), CHUNK)


def _clusters(view: View, level: float, seed: int) -> Assignment:
    half = np.zeros(len(view.real), bool)
    half[np.random.RandomState(seed).permutation(len(half))[: len(half) // 2]] = True
    held_out, fakes = int((~half).sum()), len(view.fake)
    # A cluster of half the average size must be testable.
    able = (
        k
        for k in range(CLUSTERS, 2, -1)
        if k * REALS_PER_CLUSTER <= half.sum() and 2 * k * fewest(held_out, fakes, level / k) <= held_out
    )
    # With so few samples several threads only wait for each other where the cores are busy.
    with threadpool_limits(1):
        means = _clustered(view.real[half], next(able, 2), seed)
    k = means.n_clusters
    names = tuple(f"cluster {i}" for i in range(k))
    words = f"{k} clusters (k-means) of {half.sum()} reals; the {held_out} others and the fakes are compared"
    return Assignment(
        names=names,
        real=np.where(half, -1, means.predict(view.real)),
        fake=np.asarray(means.predict(view.fake)),
        sure=np.ones(fakes, bool),
        aligned=np.asarray(means.predict(view.aligned().fake)),
        kind="clusters",
        confusion=np.zeros((k, k)),
        convention=words,
    )


def _clustered(x: np.ndarray, most: int, seed: int) -> KMeans:
    """Clusters by k-means, as many as the gap statistic finds, and no more than `most`.

    It compares the inertia of k clusters with that of points that are spread evenly over the box around the principal
    components of the data: `log inertia of these - log inertia`, largest, by a jump, for the k that the data have.
    Fewer clusters come from the most ones by merging, which costs one run of k-means and not one for each k.

    Reference:
      Tibshirani, Walther and Hastie, "Estimating the number of clusters in a data set via the gap statistic", 2001.
    """
    center = x.mean(axis=0)
    _, _, axes = np.linalg.svd(x - center, full_matrices=False)
    turned = (x - center) @ axes.T
    even = np.random.RandomState(seed).uniform(turned.min(axis=0), turned.max(axis=0), turned.shape)
    paths = [_merged(KMeans(most, n_init="auto", random_state=seed).fit(data), data) for data in (x, even)]
    gaps = np.array([np.log(of_even[0] / of_data[0]) for of_data, of_even in zip(*paths, strict=False)])
    chosen = int(np.argmax(gaps))
    # Data without clusters of their own have no such kink; the most cells then show where samples are missing.
    if chosen + 1 == len(gaps) or gaps[chosen] - gaps[chosen + 1] < KINK:
        chosen = 0
    centers = paths[0][chosen][1].astype(x.dtype)
    return KMeans(len(centers), init=centers, n_init="auto").fit(x)  # pyright: ignore[reportArgumentType]


def _merged(means: KMeans, x: np.ndarray) -> list[tuple[float, np.ndarray]]:
    """Inertia and centers of clusters that are merged in pairs, the cheapest first, from all of them to two.

    Reference:
      Ward, "Hierarchical grouping to optimize an objective function", 1963.
    """
    centers, sizes = means.cluster_centers_.astype(float), np.bincount(means.predict(x), minlength=means.n_clusters)
    centers, sizes = centers[sizes > 0], sizes[sizes > 0].astype(float)
    inertia = max(-float(means.score(x)), 1e-30)
    path = [(inertia, centers)]
    while len(centers) > 2:
        cost = sizes * sizes[:, None] / (sizes + sizes[:, None]) * ((centers - centers[:, None]) ** 2).sum(axis=2)
        np.fill_diagonal(cost, np.inf)
        i, j = np.unravel_index(np.argmin(cost), cost.shape)
        inertia += cost[i, j]
        merged = (sizes[i] * centers[i] + sizes[j] * centers[j]) / (sizes[i] + sizes[j])
        centers = np.concatenate([np.delete(centers, [i, j], axis=0), merged[None]])
        sizes = np.append(np.delete(sizes, [i, j]), sizes[i] + sizes[j])
        path.append((inertia, centers))
    return path
