"""A function in chunks is the function of all at once."""

import jax
import jax.numpy as jnp
import numpy as np
import pytest

from jaxgan.evaluation.chunks import in_chunks


@pytest.mark.parametrize("n", [0, 1, 4, 5, 8, 11])
def test_equals_the_function_of_all_and_compiles_once(n):
    shapes = []

    @jax.jit
    def double(x):
        shapes.append(x.shape)
        return (2 * x).astype(jnp.int32)

    x = np.arange(3.0 * n, dtype=np.float32).reshape(n, 3)
    found = in_chunks(double, x, 4)
    np.testing.assert_array_equal(found, (2 * x).astype(np.int32))
    assert found.dtype == np.int32 and found.shape == (n, 3)
    assert shapes == [(4, 3)]
