"""Gives every sample its mode: by labels, by a classifier trained on the reals, or by clusters of the reals."""

from collections.abc import Callable
from typing import NamedTuple

import jax
import numpy as np
from sklearn.cluster import KMeans
from sklearn.discriminant_analysis import LinearDiscriminantAnalysis

from jaxgan import features
from jaxgan.diagnosis.inputs import Scaled
from jaxgan.evaluation import train_classifier
from jaxgan.evaluation.chunks import in_chunks
from jaxgan.evaluation.classifier import CHUNK
from jaxgan.types import Kind

CLASSIFIER_SIDE = 32  # larger images are averaged down before they are classified
SURE = 0.9  # probability of a class above which it counts as sure
PARTS, FEW = 3, 5000  # with few reals each third is held out once
REALS_PER_CLUSTER, CLUSTERS = 25, 50


class Assignment(NamedTuple):
    """The mode of every sample.

    Attributes:
      names: of the `k` modes.
      real: `[n]` mode of each real sample that was not used to find the modes, -1 for the others.
      fake: `[m]` mode of each generated sample, -1 for none.
      sure: `[m]`, whether that is hardly a mistake of the labelling.
      kind: "labels", "classifier" or "clusters".
      confusion: `[k, k]`, how many held-out reals of a mode are surely given each mode; zeros where nothing is
        mistaken.
      convention: how it was done, in words.
    """

    names: tuple[str, ...]
    real: np.ndarray
    fake: np.ndarray
    sure: np.ndarray
    kind: str
    confusion: np.ndarray
    convention: str


def assign(samples: Scaled, real_features: np.ndarray, fake_features: np.ndarray, *, seed: int = 0) -> Assignment:
    """Gives every sample its mode.

    With labels on both sides these are the modes. With labels on the reals only, a classifier is trained on two thirds
    of them; it labels the other third and the fakes alike, so that both counts carry the same errors. Up to 5000 reals
    are held out in turn, third by third, and the fakes get the label of most of the three classifiers. Without labels
    the modes are clusters of one half of the reals, to which the other half and the fakes are assigned. What is
    compared was never used to find the modes.

    Args:
      samples: real and generated.
      real_features: `[n, d]`, in which clusters are found.
      fake_features: `[m, d]`.
      seed: of the split, the classifier and the clusters.
    """
    labels = samples.real_labels
    if labels is None:
        return _clusters(real_features, fake_features, seed)
    if samples.fake_labels is not None:
        nothing = np.zeros((len(samples.names),) * 2)
        everyone = np.ones(len(samples.fake), bool)
        return Assignment(
            samples.names, labels, samples.fake_labels, everyone, "labels", nothing, "labels given with both sets"
        )
    return _classified(samples, labels, seed)


def _classified(samples: Scaled, labels: np.ndarray, seed: int) -> Assignment:
    # The same share of every class in every part, as far as it divides.
    order = np.random.RandomState(seed).permutation(len(labels))
    part = np.empty(len(labels), int)
    part[order[np.argsort(labels[order], kind="stable")]] = np.arange(len(labels)) % PARTS
    held_out = part < (PARTS if len(labels) <= FEW else 1)
    classes = len(samples.names)
    real, certain = np.full(len(labels), -1), np.zeros(len(labels), bool)
    of_fakes = np.zeros((len(samples.fake), classes))
    for i in np.unique(part[held_out]):
        classify = _classifier(samples.real[part != i], labels[part != i], classes, samples.kind, seed)
        of_reals = classify(samples.real[part == i])
        real[part == i], certain[part == i] = of_reals.argmax(axis=1), of_reals.max(axis=1) > SURE
        of_fakes += classify(samples.fake) / len(np.unique(part[held_out]))
    counts = np.zeros((classes, classes))
    np.add.at(counts, (labels[certain], real[certain]), 1)
    right = 100 * np.mean(real[held_out] == labels[held_out])
    words = f"a classifier trained on two thirds of the reals, {right:.1f} % right on {held_out.sum()} others"
    return Assignment(
        names=samples.names,
        real=real,
        fake=of_fakes.argmax(axis=1),
        sure=of_fakes.max(axis=1) > SURE,
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
    params = train_classifier(_bytes(data), labels, key=jax.random.key(seed), classes=classes).params
    network = features.classifier(classes)

    @jax.jit
    def probabilities(images: jax.Array) -> jax.Array:
        return jax.nn.softmax(network.apply(params, {}, images, train=False)[0])

    return lambda x: in_chunks(probabilities, np.asarray(_small(x), np.float32), CHUNK)


def _clusters(real: np.ndarray, fake: np.ndarray, seed: int) -> Assignment:
    half = np.zeros(len(real), bool)
    half[np.random.RandomState(seed).permutation(len(real))[: len(real) // 2]] = True
    k = int(np.clip(half.sum() // REALS_PER_CLUSTER, 2, CLUSTERS))
    means = KMeans(k, n_init="auto", random_state=seed).fit(real[half])
    others = np.where(half, -1, means.predict(real))
    names = tuple(f"cluster {i}" for i in range(k))
    words = f"{k} clusters (k-means) of {half.sum()} reals; the {(~half).sum()} others and the fakes are compared"
    return Assignment(
        names, others, np.asarray(means.predict(fake)), np.ones(len(fake), bool), "clusters", np.zeros((k, k)), words
    )


def _small(images: np.ndarray) -> np.ndarray:
    """Averages whole blocks of pixels until the larger side is at most `CLASSIFIER_SIDE`."""
    factor = -(-max(images.shape[1:3]) // CLASSIFIER_SIDE)
    if factor == 1:
        return images
    height, width = (side // factor * factor for side in images.shape[1:3])
    blocks = images[:, :height, :width].reshape(len(images), height // factor, factor, width // factor, factor, -1)
    return blocks.mean(axis=(2, 4))


def _bytes(images: np.ndarray) -> np.ndarray:
    return np.clip(np.round(127.5 * (_small(images) + 1)), 0, 255).astype(np.uint8)
