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
# Algorithms of the authors' programs, in float64. ("moved": the fakes with 0.7 added.)
CLIPPED = {  # of Salvy, Talbot and Thirion, by data and k, the second of the first 500 and 300 rows
    ("moved", 5): (0.5919837874352624, 0.3808095952023988),
    ("moved", 3): (0.5511182108626198, 0.42524916943521596),
    ("collapsed", 5): (0.900698040981761, 0.0024987506246876563),
    ("ten points", 5): (1.0, 0.017991004497751123),
}
PROBABILISTIC = {  # of Park and Kim
    "moved": (0.7978951846902164, 0.3563176288375733),
    "ten points": (0.9999176419520112, 0.005),
}
RENYI_200 = 160.5494425433977  # rke-score 0.0.7, the first 200 reals, bandwidth 5
RELATIVE_RENYI_200 = 2.778399325203408  # the same with 200 fakes
CLIP = {"data": 0.07762003693101427, "collapsed": 9.923747552364137}  # of Jayasumana et al.
DATA_COPYING = -4.478742321712795  # of Meehan et al.: reals 0 to 399 as training data, 1000 to 1399, and 400 fakes
DATA_COPYING_COPIES = -11.515465405941718  # the same of 200 training examples with noise of 0.1
LIKELIHOOD = (-4.829149162432267, -1.4556487057854284)  # of Jiralerspong et al.: the same data, 300 fakes
LIKELIHOOD_COPIES = (8.654551117743624e16, -6.403475626484824e16)  # the same of 300 training examples


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
