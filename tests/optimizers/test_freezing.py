"""Frozen parameters stay, the others move as if nothing were frozen."""

import jax
import numpy as np
import pytest

from jaxgan import Unroll, optimizers
from tests.helpers import jit, relative_error, small_gan

ONE, TWO = np.ones(1, np.float32), np.ones(2, np.float32)
PARAMS = {"Dense_0": {"w": TWO, "b": ONE}, "Dense_01": {"w": TWO}, "last": [ONE] * 2}


def moved(*paths):
    """Which parameters move, by their paths."""
    optimizer = optimizers.frozen(optimizers.adam(0.1), *paths)
    updates, _ = jit(lambda params: optimizer.update(params, optimizer.init(params), params))(PARAMS)
    leaves = jax.tree_util.tree_leaves_with_path(updates)
    return {jax.tree_util.keystr(path, simple=True, separator="/") for path, leaf in leaves if np.any(leaf)}


ALL = {"Dense_0/w", "Dense_0/b", "Dense_01/w", "last/0", "last/1"}


@pytest.mark.parametrize(
    ("paths", "still"),
    [
        ((), set()),
        (("Dense_0",), {"Dense_0/w", "Dense_0/b"}),
        (("Dense_0/b", "last"), {"Dense_0/b", "last/0", "last/1"}),
        (("last/1",), {"last/1"}),
    ],
)
def test_what_begins_with_a_path_stays(paths, still):
    assert moved(*paths) == ALL - still


@pytest.mark.slow
def test_a_gan_trains_the_upper_layer_of_its_discriminator_through_the_lookahead():
    data, key = np.ones((4, 2), np.float32), jax.random.key(0)
    after = []
    for optimizer in (optimizers.frozen(optimizers.adam(0.01), "0"), optimizers.adam(0.01)):
        gan = small_gan(discriminator_optimizer=optimizer, unroll=Unroll(2))
        start = jit(gan.init)(key, data)
        after.append(jit(gan.step)(key, start, data)[0].discriminator.params)
    np.testing.assert_array_equal(after[0][0]["w"], start.discriminator.params[0]["w"])
    assert relative_error(after[0][1], after[1][1]) < 1e-6 < relative_error(after[0][0], after[1][0])


def test_a_path_that_no_parameter_has_is_an_error():
    optimizer = optimizers.frozen(optimizers.adam(0.1), "Dense")
    with pytest.raises(ValueError, match=r"no parameters 'Dense'; there are Dense_0/b, Dense_0/w, Dense_01/w, last/0"):
        optimizer.init(PARAMS)
