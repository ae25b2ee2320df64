"""Outputs of several parts: which of them are softmaxes."""

import jax
import jax.numpy as jnp
import numpy as np
import pytest
from scipy import special

from jaxgan import networks

Z = np.random.default_rng(0).normal(size=(5, 3)).astype(np.float32)


@pytest.mark.parametrize("widths", [(1, 2, 1, 1, 3), (4, 4), (8,), (1,) * 8, (2, 1, 1, 4)])
def test_choices_are_softmaxes_and_numbers_stay_as_they_are(widths):
    plain = networks.mlp([4], out=8)
    network = networks.by_part(plain, widths)

    @jax.jit
    def run(z):
        params, stats = network.init(jax.random.key(0), z)
        return plain.apply(params, stats, z, train=True)[0], network.apply(params, stats, z, train=True)[0]

    linear, found = map(np.asarray, run(Z))
    ends = np.cumsum(widths)
    for start, end in zip(ends - widths, ends, strict=True):
        part = linear[:, start:end]
        expected = special.softmax(part, axis=1) if end - start > 1 else part
        np.testing.assert_allclose(found[:, start:end], expected, rtol=1e-5)


def test_parts_that_do_not_fit_are_refused():
    with pytest.raises(ValueError, match="at least one part"):
        networks.by_part(networks.mlp([4], out=8), ())
    with pytest.raises(ValueError, match="each of widths must be at least 1, got 0"):
        networks.by_part(networks.mlp([4], out=8), (8, 0))
    network = networks.by_part(networks.mlp([4], out=8), (1, 2))
    with pytest.raises(ValueError, match=r"parts of 3 numbers do not fit an output \[2, 8\]"):
        jax.eval_shape(lambda z: network.apply(*network.init(jax.random.key(0), z), z, train=True), jnp.ones((2, 3)))
