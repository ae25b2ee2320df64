"""The classifier that tells the modes of labelled points, sequences and rows of tables: a forest of random trees."""

import jax
import numpy as np
from numpy.typing import ArrayLike
from sklearn.ensemble import ExtraTreesClassifier

from jaxgan.evaluation.classifier import Classifier
from jaxgan.types import Key

TREES, LARGEST = 100, 20_000  # more examples make it slower and hardly better
LEAST = 1e-6  # of a probability, so that its logarithm is finite


def train_forest(
    examples: ArrayLike, labels: ArrayLike, *, key: Key, classes: int, hold_out: float = 1 / 6
) -> Classifier:
    """Trains extremely randomised trees on labelled examples, read as vectors; their scale does not matter.

    Args:
      examples: floating point `[N, ...]`, N at least 2.
      labels: integers `[N]` in [0, classes).
      key: for the split and the trees.
      classes: how many there are.
      hold_out: share of the examples that are kept out of training to measure the accuracy, in (0, 1).

    Returns:
      A `Classifier` without parameters, whose logits are logarithms of probabilities.

    Raises:
      ValueError: too few examples to keep any out.

    Reference:
      Geurts, Ernst, Wehenkel, "Extremely randomized trees", 2006.
    """
    x, y = _flat(examples), np.asarray(labels)
    held_out = max(1, round(len(x) * hold_out))
    if held_out >= len(x):
        raise ValueError(f"at least 2 labelled examples are needed to tell the classes, got {len(x)}")
    order = np.asarray(jax.random.permutation(key, len(x)))
    test, rest = order[:held_out], order[held_out:][:LARGEST]
    seed = int(jax.random.randint(key, (), 0, 2**31 - 1))
    forest = ExtraTreesClassifier(TREES, random_state=seed).fit(x[rest], y[rest])

    def logits(examples: ArrayLike) -> np.ndarray:
        x = _flat(examples)
        probabilities = np.full((len(x), classes), LEAST)
        probabilities[:, forest.classes_] += np.asarray(forest.predict_proba(np.nan_to_num(x)))
        return np.log(probabilities).astype(np.float32)

    def classify(examples: ArrayLike) -> np.ndarray:
        finite = np.isfinite(_flat(examples)).all(axis=1)
        return np.where(finite, logits(examples).argmax(axis=1), -1).astype(np.int32)

    accuracy = float(np.mean(classify(x[test]) == y[test]))
    return Classifier({}, accuracy, held_out, classify, logits, test)


def _flat(examples: ArrayLike) -> np.ndarray:
    x = np.asarray(examples, np.float32)
    return x.reshape(len(x), -1)
