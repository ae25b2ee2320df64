"""Straight-line threefry against JAX's own: every bit is the same."""

import functools

import jax
import jax.numpy as jnp
import numpy as np
import pytest

from jaxgan.backend.random_bits import straight
from tests.helpers import fetched, jit

SHAPES = [(), (1,), (7,), (3, 5), (2, 3, 4), (0, 3)]


@pytest.fixture(autouse=True)
def on_a_cpu():
    if jax.default_backend() != "cpu":
        pytest.skip("elsewhere the key stays as it is")


@functools.cache
def of_both(draw):
    """What a function gives for every shape, of a straight key and of JAX's own, by one program."""
    return fetched(lambda key: {shape: (draw(straight(key), shape), draw(key, shape)) for shape in SHAPES})(
        jax.random.key(3)
    )


@pytest.mark.parametrize("shape", SHAPES, ids=str)
@pytest.mark.parametrize("draw", [jax.random.bits, jax.random.normal, jax.random.uniform], ids=lambda f: f.__name__)
def test_draws_the_same(draw, shape):
    np.testing.assert_array_equal(*of_both(draw)[shape])


def test_without_jit():
    key = jax.random.key(3)
    np.testing.assert_array_equal(jax.random.bits(straight(key), (7,)), jax.random.bits(key, (7,)))


@pytest.mark.parametrize("dtype", ["uint8", "uint16", "uint32", "uint64"])
def test_draws_bits_of_every_width(dtype):
    with jax.enable_x64():
        draw = jit(lambda key: [jax.random.bits(k, (9,), dtype) for k in (straight(key), key)])
        np.testing.assert_array_equal(*draw(jax.random.key(4)))


def splits(key, shape):
    return jax.random.key_data(jax.random.split(key, shape))


@pytest.mark.parametrize("shape", SHAPES, ids=str)
def test_splits_into_the_same_keys(shape):
    np.testing.assert_array_equal(*of_both(splits)[shape])


@pytest.mark.parametrize("data", [0, 1, 2**31, 2**32 - 1])
def test_folds_in_to_the_same_key(data):
    fold = jit(lambda key: [jax.random.key_data(jax.random.fold_in(k, data)) for k in (straight(key), key)])
    np.testing.assert_array_equal(*fold(jax.random.key(6)))


def test_maps_over_keys():
    keys = jax.random.split(jax.random.key(7), 4)
    ours = jit(jax.vmap(lambda key: jax.random.normal(jax.random.fold_in(straight(key), 2), (3,))))(keys)
    theirs = jit(jax.vmap(lambda key: jax.random.normal(jax.random.fold_in(key, 2), (3,))))(keys)
    np.testing.assert_array_equal(ours, theirs)


def test_compiles_to_no_loop():
    def text(key):
        return jax.jit(lambda key: jax.random.bits(key, (64, 64))).lower(key).compile().as_text()

    key = jax.random.key(8)
    assert " while(" in text(key)  # else JAX has become as fast, and this module can go
    assert " while(" not in text(straight(key))


def test_leaves_other_keys_alone():
    other = jax.random.key(9, impl="rbg")
    assert straight(other) is other
    ours = straight(jax.random.key(9))
    assert straight(ours) is ours


def test_leaves_the_older_way_of_counting_alone():
    key = jax.random.key(10)
    jax.config.update("jax_threefry_partitionable", False)
    try:
        assert straight(key) is key
    finally:
        jax.config.update("jax_threefry_partitionable", True)


def test_knows_a_used_key():
    def twice(key):
        key = straight(key)
        return jax.random.normal(key, (2,)) + jax.random.normal(key, (2,))

    with jax.debug_key_reuse(True), pytest.raises(jax.errors.KeyReuseError):
        jnp.sum(jax.jit(twice)(jax.random.key(11)))


def test_a_chain_of_keys_stays_small():
    def drawn(key):
        key = straight(key)
        for _ in range(6):
            key = jax.random.fold_in(jax.random.split(key)[1], 3)
        return jnp.tanh(jax.random.normal(key, (100, 2)))

    program = jax.jit(drawn).lower(jax.random.key(12)).compile()
    rounds = program.as_text().count(" xor(")
    assert rounds < 1.2 * 13 * 22  # 12 keys and the draw, of 20 rounds and a third word each
