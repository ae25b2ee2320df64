"""Convolutions made of matrix products equal XLA's, with derivatives of the second order, and are loops' equals."""

import jax
import jax.numpy as jnp
import numpy as np
import pytest

from jaxgan.networks.convolution import causal_convolution, convolution, upsampled_convolution
from jaxgan.networks.layers import upsample_nearest
from tests.helpers import jit


def of_xla(x, kernel, stride=1):
    return jax.lax.conv_general_dilated(
        x, kernel, (stride, stride), "SAME", dimension_numbers=("NHWC", "HWIO", "NHWC"), precision="highest"
    )


def drawn(*shape):
    return np.random.default_rng(sum(shape)).standard_normal(shape)


def second_order(function, x, kernel):
    """A gradient of what a gradient changes, as a lookahead and R1 take it."""

    def objective(x, kernel):
        slope = jax.grad(lambda x, kernel: jnp.sum(jnp.tanh(function(x, kernel))), argnums=(0, 1))(x, kernel)
        return jnp.sum(slope[0] ** 3) + jnp.sum(slope[1] ** 3)

    return jax.grad(objective, argnums=(0, 1))(x, kernel)


def values_and_second_order(*functions):
    """A program of the value of each function and of its derivatives."""
    return jit(lambda x, kernel: [(function(x, kernel), second_order(function, x, kernel)) for function in functions])


@pytest.mark.parametrize(
    ("side", "inputs", "outputs", "taps", "stride"),
    [
        (8, 3, 4, 3, 2),
        (7, 2, 5, 3, 2),
        (7, 8, 2, 3, 1),
        pytest.param(5, 9, 1, 3, 1, marks=pytest.mark.slow),
        (6, 2, 3, 4, 2),
        pytest.param(5, 8, 2, 4, 1, marks=pytest.mark.slow),
        (5, 2, 2, 1, 1),
    ],
)
def test_convolution_is_that_of_xla(x64, side, inputs, outputs, taps, stride):
    x, kernel = drawn(2, side, side + 3, inputs), drawn(taps, taps, inputs, outputs)
    ours, xla = (lambda x, k, f=f: f(x, k, stride) for f in (convolution, of_xla))
    (y, slopes), (expected, expected_slopes) = values_and_second_order(ours, xla)(x, kernel)
    np.testing.assert_allclose(y, expected, rtol=1e-12, atol=1e-12)
    for a, b in zip(slopes, expected_slopes, strict=True):
        np.testing.assert_allclose(a, b, rtol=1e-9, atol=1e-9)


@pytest.mark.parametrize(
    ("small", "side", "taps"),
    [
        (4, 7, 3),
        (3, 6, 4),
        pytest.param(3, 6, 3, marks=pytest.mark.slow),
        pytest.param(3, 6, 5, marks=pytest.mark.slow),
    ],
)
def test_upsampled_convolution_enlarges_cuts_and_convolves(x64, small, side, taps):
    x, kernel = drawn(2, small, small + 1, 3), drawn(taps, taps, 3, 2)
    ours, xla = (
        lambda x, k: upsampled_convolution(x, k, (side, side + 2)),
        lambda x, k: of_xla(upsample_nearest(x)[:, :side, : side + 2], k),
    )
    (y, slopes), (expected, expected_slopes) = values_and_second_order(ours, xla)(x, kernel)
    np.testing.assert_allclose(y, expected, rtol=1e-12, atol=1e-12)
    for a, b in zip(slopes, expected_slopes, strict=True):
        np.testing.assert_allclose(a, b, rtol=1e-9, atol=1e-9)


@pytest.mark.skipif(jax.default_backend() != "cpu", reason="elsewhere XLA's own convolution is fast in a loop")
@pytest.mark.parametrize("stride", [1, 2])
def test_no_convolution_is_left_to_xla_on_a_cpu(stride):
    x, kernel = drawn(2, 8, 8, 3), drawn(3, 3, 3, 4)
    program = jax.jit(lambda x, k: second_order(lambda x, k: convolution(x, k, stride), x, k)).lower(x, kernel)
    assert " convolution(" not in program.as_text("hlo")
    assert " convolution(" in jax.jit(lambda x, k: of_xla(x, k, stride)).lower(x, kernel).as_text("hlo")


@pytest.mark.parametrize(
    ("time", "taps", "dilation"),
    [
        (7, 3, 2),
        (2, 3, 4),
        pytest.param(7, 3, 1, marks=pytest.mark.slow),
        pytest.param(5, 2, 4, marks=pytest.mark.slow),
        (3, 1, 1),
    ],
)
def test_causal_convolution_is_that_of_xla_and_of_a_loop(x64, time, taps, dilation):
    x, kernel = drawn(2, time, 3), drawn(taps, 3, 4)

    def xla(x, kernel):
        before = [((taps - 1) * dilation, 0)]
        return jax.lax.conv_general_dilated(
            x, kernel, (1,), before, rhs_dilation=(dilation,), dimension_numbers=("NWC", "WIO", "NWC")
        )

    def ours(x, kernel):
        return causal_convolution(x, kernel, dilation)

    (y, slopes), (y_of_xla, xla_slopes) = values_and_second_order(ours, xla)(x, kernel)
    expected = np.zeros((2, time, 4))
    for t in range(time):
        for i in range(taps):
            if (past := t - (taps - 1 - i) * dilation) >= 0:
                expected[:, t] += x[:, past] @ kernel[i]
    np.testing.assert_allclose(y, expected, rtol=1e-12, atol=1e-12)
    np.testing.assert_allclose(y_of_xla, expected, rtol=1e-12, atol=1e-12)
    for a, b in zip(slopes, xla_slopes, strict=True):
        np.testing.assert_allclose(a, b, rtol=1e-9, atol=1e-9)
