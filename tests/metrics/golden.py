"""The data that the golden values were computed from, and the values, made once with published implementations."""

import functools
from typing import NamedTuple

import numpy as np

# Python 3.11, numpy 2.4.6, scipy 1.17.1, torch 2.13.0, float64.
FRECHET = 2.573055670505  # torch-fidelity 0.4.0, pytorch-fid 0.3.0, clean-fid 0.1.35, torchmetrics 1.9.0
FRECHET_COLLAPSED = 227.3557807426  # torch-fidelity, pytorch-fid
KERNEL = 0.192965673557  # torch-fidelity `mmd2`, torchmetrics `poly_mmd`
KERNEL_100_SUBSETS_OF_1000 = (0.190786, 0.023907)  # torch-fidelity: mean and standard deviation over subsets
GAUSSIAN_10_100_SUBSETS_OF_1000 = (0.00634017, 0.00054562)  # torch-fidelity, the Gaussian kernel with bandwidth 10
INCEPTION_10 = (2.6295768747840, 0.0709992448258)  # torch-fidelity without shuffling, Barratt and Sharma's code
INCEPTION_1 = 2.6328402752353  # torch-fidelity
VENDI = {1.0: 19.809106723482, 2.0: 16.418404837269, np.inf: 8.792275040446}  # vendi-score 0.0.3 `score_K`
SLICED = 0.26977695232  # POT 0.9.7, 200 projections
EMD2_500 = 90.50521849424919  # POT `emd2`, the first 500 rows
# prdc 0.2 and torch-fidelity 0.4.0, by data and k: precision, recall, recall with `strict=True`, density, coverage.
NEIGHBOURS = {
    ("data", 3): (0.906, 0.572, 0.572, 1.7256666667, 0.9345),
    ("data", 5): (0.956, 0.6935, 0.6935, 1.7282, 0.9905),
    ("collapsed", 5): (1.0, 0.0005, 0.0, 0.8, 0.002),
    ("ten points", 5): (1.0, 0.005, 0.005, 0.6514, 0.0175),
}


class Data(NamedTuple):
    """Features and logits.

    Attributes:
      real: `[2000, 32]`.
      fake: `[2000, 32]`, of nearly the same distribution.
      logits: `[5000, 10]`.
      collapsed: `[2000, 32]`, the first real again and again.
      ten_points: `[2000, 32]`, ten of the reals again and again, with noise of 1e-3.
    """

    real: np.ndarray
    fake: np.ndarray
    logits: np.ndarray
    collapsed: np.ndarray
    ten_points: np.ndarray


@functools.cache
def data() -> Data:
    """Draws the data in the order in which the golden values need it."""
    random = np.random.RandomState(1234)
    mixing = random.randn(32, 32) * 0.3 + np.eye(32)
    real = random.randn(2000, 32) @ mixing
    fake = random.randn(2000, 32) @ mixing * 0.9 + 0.15
    logits = random.randn(5000, 10) * 2
    collapsed = np.repeat(real[:1], 2000, 0)
    ten_points = real[random.randint(0, 10, 2000)] + 1e-3 * random.randn(2000, 32)
    return Data(real, fake, logits, collapsed, ten_points)
