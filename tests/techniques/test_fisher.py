"""The Fisher information: a closed form, the mean of squared gradients, and its errors."""

import jax
import numpy as np
import pytest

from jaxgan import techniques
from tests.helpers import jit

fisher = jit(techniques.fisher_information, static_argnums=0, static_argnames="chunk")


def normal(params, x):
    """log p of N(mean, σ²) for a single number, up to a constant."""
    return -0.5 * ((x - params["mean"]) / params["std"]) ** 2 - jax.numpy.log(params["std"])


def test_it_is_that_of_a_normal_distribution():
    x = 3.0 + 2.0 * np.random.default_rng(0).normal(size=20_000).astype(np.float32)
    found = fisher(normal, {"mean": np.float32(3.0), "std": np.float32(2.0)}, x, chunk=1000)
    np.testing.assert_allclose(found["mean"], 1 / 4, rtol=0.03)  # 1/σ²
    np.testing.assert_allclose(found["std"], 2 / 4, rtol=0.06)  # 2/σ²


def test_it_is_the_mean_square_of_single_gradients_however_they_are_cut():
    rng = np.random.default_rng(1)
    w, examples = rng.normal(size=3).astype(np.float32), {"x": rng.normal(size=(12, 3)).astype(np.float32)}

    def log_likelihood(w, example):
        return jax.nn.log_sigmoid(w @ example["x"])

    odds = 1 / (1 + np.exp(examples["x"] @ w))
    expected = np.mean((odds[:, None] * examples["x"]) ** 2, axis=0)
    for chunk in (4, 64):
        found = fisher(log_likelihood, w, examples, chunk=chunk)
        np.testing.assert_allclose(found, expected, rtol=1e-5)


@pytest.mark.parametrize(
    ("x", "chunk", "message"),
    [
        (np.ones(6), 4, r"n a multiple of chunk=4, got shapes \[\(6,\)\]"),
        (np.ones(0), 4, "got shapes"),
        ({}, 4, "got shapes"),
        (np.ones(4), 0, "the chunk of fisher_information must be a whole number of at least 1, got 0"),
    ],
)
def test_arguments_are_checked(x, chunk, message):
    with pytest.raises(ValueError, match=message):
        techniques.fisher_information(normal, {"mean": 0.0, "std": 1.0}, x, chunk=chunk)
