"""Orthogonal regularisation: numbers by hand, which parameters are kernels, and whose loss it joins."""

import jax
import jax.numpy as jnp
import numpy as np
import pytest

from jaxgan import Own, networks, techniques
from tests.helpers import jit, played
from tests.techniques.examples import Example

EXAMPLE = Example("orthogonal:1.0")
RANDOM = np.random.default_rng(0)


def round_of(**players):
    return played(lambda x: x[:, 0], jnp.zeros((2, 1)), jnp.zeros((2, 1)), **players)


def term(params, weight):
    return techniques.orthogonal(weight).generator_loss(Own(), jax.random.key(0), round_of(generator=params))


def cost(params, weight=1.0):
    return jit(term)(params, weight)


def by_loops(kernel):
    """The squared scalar products of all pairs of different columns."""
    columns = kernel.reshape(-1, kernel.shape[-1]).T
    return sum(float(a @ b) ** 2 for i, a in enumerate(columns) for j, b in enumerate(columns) if i != j)


def test_numbers_by_hand(x64):
    """The two filters (1, 1) and (0, 1), as columns: products 1 and 1."""
    np.testing.assert_allclose(cost({"kernel": np.array([[1.0, 0.0], [1.0, 1.0]])}, 0.7), 0.7 * 2.0)
    np.testing.assert_allclose(cost({"kernel": np.array([[3.0, 0.0], [0.0, 0.1]])}), 0.0)


@pytest.mark.parametrize("shape", [(5, 3), (3, 5), (3, 3, 2, 4), (2, 2, 1, 6), (4, 1)])
def test_matrices_and_convolutions_equal_a_loop_over_pairs_of_filters(x64, shape):
    kernel = RANDOM.normal(size=shape)
    np.testing.assert_allclose(cost({"kernel": kernel}), by_loops(kernel), rtol=1e-10, atol=1e-10)


def test_gradient_is_that_of_the_whole_square(x64):
    """4 W (WᵀW ∘ (1 - I)), twice what the authors' program adds."""
    kernel = RANDOM.normal(size=(4, 3))
    expected = 4 * kernel @ ((kernel.T @ kernel) * (1 - np.eye(3)))
    gradient = jit(jax.grad(term))({"kernel": kernel}, 1.0)
    np.testing.assert_allclose(gradient["kernel"], expected, rtol=1e-10)


def test_all_kernels_count_and_nothing_else(x64):
    first, second = RANDOM.normal(size=(4, 3)), RANDOM.normal(size=(3, 2))
    others = {
        "bias": np.ones((1, 1, 3)),
        "gain": np.ones((2, 3)),
        "embedding": np.ones((5, 3)),
        "scale": np.ones(3),
    }
    params = {"a": {"kernel": first, **others}, "b": [{"w": second}]}
    np.testing.assert_allclose(cost(params), by_loops(first) + by_loops(second), rtol=1e-10)
    assert cost(others) == 0.0


def test_the_weight_of_an_equinox_layer_has_its_outputs_first(x64):
    kernel = RANDOM.normal(size=(3, 2, 2, 5))
    params = {"layers.0.weight": np.moveaxis(kernel, -1, 0), "layers.0.bias": np.ones((5, 1, 1))}
    np.testing.assert_allclose(cost(params), by_loops(kernel), rtol=1e-10)


def test_kernels_of_the_networks_of_the_library_are_found():
    network = networks.dcgan_discriminator(width=2, spectral_norm=True)
    params, _ = jax.eval_shape(network.init, jax.random.key(0), np.ones((1, 8, 8, 1), np.float32))
    params = jax.tree.map(lambda a: np.ones(a.shape, np.float32), params)  # the product of two filters is their length
    pairs = [(9 * 1, 2), (9 * 2, 4), (2 * 2 * 4, 1)]
    np.testing.assert_allclose(cost(params), sum(n**2 * k * (k - 1) for n, k in pairs))


def test_it_joins_the_loss_of_the_player_that_is_named():
    kernel = {"kernel": np.ones((2, 2), np.float32)}
    of_generator, of_discriminator = techniques.orthogonal(), techniques.orthogonal(player="discriminator")
    assert of_generator.discriminator_loss is None and of_discriminator.generator_loss is None
    run = jit(lambda params: of_discriminator.discriminator_loss(Own(), None, round_of(discriminator=params)))
    np.testing.assert_allclose(run(kernel), 1e-4 * 8.0, rtol=1e-6)


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ({"weight": -1.0}, "weight of orthogonal must be at least 0, got -1.0"),
        ({"player": "critic"}, "'generator' or 'discriminator', got 'critic'"),
    ],
)
def test_arguments_are_checked(arguments, message):
    with pytest.raises(ValueError, match=message):
        techniques.orthogonal(**arguments)
