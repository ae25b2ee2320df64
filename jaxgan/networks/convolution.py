"""Convolutions of images and sequences that are as fast inside a compiled loop as outside of it, on a CPU too.

XLA computes the derivative of a convolution by its kernel 10 to 300 times more slowly on a CPU when it stands inside a
loop, such as a lookahead or a chunk of training steps (https://github.com/jax-ml/jax/issues/12868). So there these
functions are made of matrix products, and their derivatives of every order too. On other devices they are XLA's own
convolutions.
"""

import jax
import jax.numpy as jnp

from jaxgan.backend import in_force
from jaxgan.networks.layers import upsample_nearest
from jaxgan.types import Array


def convolution(x: Array, kernel: Array, stride: int = 1) -> Array:
    """Convolves images, with zeros around them so that each side becomes `ceil(side / stride)`.

    Args:
      x: `[batch, height, width, inputs]`.
      kernel: `[taps, taps, inputs, outputs]`.
      stride: at least 1.

    Returns:
      `[batch, ceil(height / stride), ceil(width / stride), outputs]`.

    >>> convolution(jnp.ones((1, 4, 4, 1)), jnp.ones((3, 3, 1, 1)))[0, :, :, 0]
    Array([[4., 6., 6., 4.],
           [6., 9., 9., 6.],
           [6., 9., 9., 6.],
           [4., 6., 6., 4.]], dtype=float32)
    """
    if not in_force().convolutions_as_products:
        return jax.lax.conv_general_dilated(
            x, kernel, (stride, stride), "SAME", dimension_numbers=("NHWC", "HWIO", "NHWC")
        )
    taps, _, inputs, outputs = kernel.shape
    batch, (height, width) = x.shape[0], (-(-side // stride) for side in x.shape[1:3])
    down, across = (
        max((side - 1) * stride + taps - before, 0) for side, before in zip((height, width), x.shape[1:3], strict=True)
    )
    around = ((0, 0), (down // 2, down - down // 2), (across // 2, across - across // 2), (0, 0))
    if stride == 1 and 4 * outputs <= inputs:  # products first, of which fewer numbers are then moved
        products = x.reshape(-1, inputs) @ kernel.transpose(2, 0, 1, 3).reshape(inputs, -1)
        products = jnp.pad(products.reshape(*x.shape[:3], -1), around).reshape(
            batch, height + down, width + across, taps, taps, outputs
        )
        shifted = (products[:, i : i + height, j : j + width, i, j] for i in range(taps) for j in range(taps))
        return sum(shifted, jnp.zeros((), x.dtype))
    x = jnp.pad(x, around)
    low, right = (height - 1) * stride + 1, (width - 1) * stride + 1
    patches = [x[:, i : i + low : stride, j : j + right : stride] for i in range(taps) for j in range(taps)]
    product = jnp.concatenate(patches, axis=-1).reshape(-1, taps * taps * inputs) @ kernel.reshape(-1, outputs)
    return product.reshape(batch, height, width, outputs)


def upsampled_convolution(x: Array, kernel: Array, size: tuple[int, int]) -> Array:
    """Enlarges images twofold by repeating pixels, cuts them to `size`, and convolves them.

    On a CPU each tap's product is taken before the image is enlarged: a quarter of the multiplications.

    Args:
      x: `[batch, small, narrow, inputs]`.
      kernel: `[taps, taps, inputs, outputs]`.
      size: height and width of the result, at most `(2 * small, 2 * narrow)`.

    Returns:
      `[batch, *size, outputs]`.
    """
    height, width = size
    if not in_force().convolutions_as_products:
        return convolution(upsample_nearest(x)[:, :height, :width], kernel)
    taps, _, inputs, outputs = kernel.shape
    margin = ((taps - 1) // 2, taps // 2)
    flat = x.reshape(-1, inputs)

    def part(i: int, j: int) -> Array:
        product = (flat @ kernel[i, j]).reshape(*x.shape[:3], outputs)
        enlarged = jnp.pad(upsample_nearest(product)[:, :height, :width], ((0, 0), margin, margin, (0, 0)))
        return enlarged[:, i : i + height, j : j + width]

    return sum((part(i, j) for i in range(taps) for j in range(taps)), jnp.zeros((), x.dtype))


def causal_convolution(x: Array, kernel: Array, dilation: int = 1) -> Array:
    """Convolves sequences so that no result depends on later steps: `y[t] = sum_i x[t - (taps - 1 - i) dilation] k[i]`.

    With zeros before the beginning. Oord et al., "WaveNet: A Generative Model for Raw Audio", 2016, section 2.1.

    Args:
      x: `[batch, time, inputs]`.
      kernel: `[taps, inputs, outputs]`; the last tap is of the present step.
      dilation: steps between taps, at least 1.

    Returns:
      `[batch, time, outputs]`.

    >>> causal_convolution(jnp.arange(1.0, 6.0).reshape(1, 5, 1), jnp.ones((2, 1, 1)), dilation=2)[0, :, 0]
    Array([1., 2., 4., 6., 8.], dtype=float32)
    """
    taps, inputs, outputs = kernel.shape
    batch, time, _ = x.shape
    before = (taps - 1) * dilation
    if not in_force().convolutions_as_products:
        return jax.lax.conv_general_dilated(
            x, kernel, (1,), [(before, 0)], rhs_dilation=(dilation,), dimension_numbers=("NWC", "WIO", "NWC")
        )
    x = jnp.pad(x, ((0, 0), (before, 0), (0, 0)))
    shifted = [x[:, i * dilation : i * dilation + time] for i in range(taps)]
    product = jnp.concatenate(shifted, axis=-1).reshape(-1, taps * inputs) @ kernel.reshape(-1, outputs)
    return product.reshape(batch, time, outputs)
