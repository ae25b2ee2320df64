"""The Inception-v3 network up to its pooled features, in the variant that the Fréchet distance was published with.

Layers bear the names of the published weights, so that these are found by name.
"""

from functools import partial

import flax.linen as nn
import jax
import jax.numpy as jnp

from jaxgan.types import Array

Layer = tuple[str, int, int, int]

_max_pool = partial(nn.max_pool, window_shape=(3, 3))
_average = partial(nn.avg_pool, window_shape=(3, 3), strides=(1, 1), padding="SAME", count_include_pad=False)


class Convolution(nn.Module):
    """Convolution without bias, normalisation by stored statistics, ReLU.

    Attributes:
      width: output channels.
      kernel: height and width of the kernel.
      stride: along both sides.
      padding: "SAME" or "VALID".
    """

    width: int
    kernel: tuple[int, int]
    stride: int = 1
    padding: str = "SAME"

    @nn.compact
    def __call__(self, x: Array) -> Array:
        x = nn.Conv(
            self.width,
            self.kernel,
            (self.stride, self.stride),
            self.padding,
            use_bias=False,
            kernel_init=nn.initializers.zeros,  # `inception.init_inception` draws them
            precision=jax.lax.Precision.HIGHEST,
            name="conv",
        )(x)
        return nn.relu(nn.BatchNorm(use_running_average=True, epsilon=1e-3, name="bn")(x))


def _branch(x: Array, *layers: Layer) -> Array:
    """Convolutions in a row, each given by name, width, and height and width of the kernel."""
    for name, width, height, breadth in layers:
        x = Convolution(width, (height, breadth), name=name)(x)
    return x


def _halving(x: Array, name: str, width: int) -> Array:
    """The last convolution of a branch that halves the resolution."""
    return Convolution(width, (3, 3), 2, "VALID", name=name)(x)


def _joined(*branches: Array) -> Array:
    return jnp.concatenate(branches, axis=-1)


class BlockA(nn.Module):
    """Branches of 1x1, 5x5 and two 3x3 kernels, and an average pool, at 35x35.

    Attributes:
      pooled: channels of the pool's branch.
    """

    pooled: int

    @nn.compact
    def __call__(self, x: Array) -> Array:
        return _joined(
            _branch(x, ("branch1x1", 64, 1, 1)),
            _branch(x, ("branch5x5_1", 48, 1, 1), ("branch5x5_2", 64, 5, 5)),
            _branch(x, ("branch3x3dbl_1", 64, 1, 1), ("branch3x3dbl_2", 96, 3, 3), ("branch3x3dbl_3", 96, 3, 3)),
            _branch(_average(x), ("branch_pool", self.pooled, 1, 1)),
        )


class BlockB(nn.Module):
    """Halves the resolution from 35x35 to 17x17."""

    @nn.compact
    def __call__(self, x: Array) -> Array:
        double = _branch(x, ("branch3x3dbl_1", 64, 1, 1), ("branch3x3dbl_2", 96, 3, 3))
        return _joined(
            _halving(x, "branch3x3", 384), _halving(double, "branch3x3dbl_3", 96), _max_pool(x, strides=(2, 2))
        )


class BlockC(nn.Module):
    """Branches of 7x7 kernels, each split into a row and a column, and an average pool, at 17x17.

    Attributes:
      inner: channels between the halves of a split kernel.
    """

    inner: int

    @nn.compact
    def __call__(self, x: Array) -> Array:
        inner = self.inner
        return _joined(
            _branch(x, ("branch1x1", 192, 1, 1)),
            _branch(x, ("branch7x7_1", inner, 1, 1), ("branch7x7_2", inner, 1, 7), ("branch7x7_3", 192, 7, 1)),
            _branch(
                x,
                ("branch7x7dbl_1", inner, 1, 1),
                ("branch7x7dbl_2", inner, 7, 1),
                ("branch7x7dbl_3", inner, 1, 7),
                ("branch7x7dbl_4", inner, 7, 1),
                ("branch7x7dbl_5", 192, 1, 7),
            ),
            _branch(_average(x), ("branch_pool", 192, 1, 1)),
        )


class BlockD(nn.Module):
    """Halves the resolution from 17x17 to 8x8."""

    @nn.compact
    def __call__(self, x: Array) -> Array:
        single = _branch(x, ("branch3x3_1", 192, 1, 1))
        split = _branch(x, ("branch7x7x3_1", 192, 1, 1), ("branch7x7x3_2", 192, 1, 7), ("branch7x7x3_3", 192, 7, 1))
        return _joined(
            _halving(single, "branch3x3_2", 320), _halving(split, "branch7x7x3_4", 192), _max_pool(x, strides=(2, 2))
        )


class BlockE(nn.Module):
    """Branches that end in a row and a column kernel side by side, and a pool, at 8x8.

    Attributes:
      maximum: whether the pool takes the maximum, as the last block of the published weights does, or the average.
    """

    maximum: bool

    @nn.compact
    def __call__(self, x: Array) -> Array:
        single = _branch(x, ("branch3x3_1", 384, 1, 1))
        double = _branch(x, ("branch3x3dbl_1", 448, 1, 1), ("branch3x3dbl_2", 384, 3, 3))
        pooled = _max_pool(x, strides=(1, 1), padding="SAME") if self.maximum else _average(x)
        return _joined(
            _branch(x, ("branch1x1", 320, 1, 1)),
            _branch(single, ("branch3x3_2a", 384, 1, 3)),
            _branch(single, ("branch3x3_2b", 384, 3, 1)),
            _branch(double, ("branch3x3dbl_3a", 384, 1, 3)),
            _branch(double, ("branch3x3dbl_3b", 384, 3, 1)),
            _branch(pooled, ("branch_pool", 192, 1, 1)),
        )


class InceptionTrunk(nn.Module):
    """From images `[n, height, width, 3]`, at least 75x75 and meant to be 299x299, to features `[n, 2048]`.

    Szegedy, Vanhoucke, Ioffe, Shlens, Wojna, "Rethinking the Inception Architecture for Computer Vision", 2016. Average
    pools do not count the padding, and the pool of the last block is a maximum.
    """

    @nn.compact
    def __call__(self, x: Array) -> Array:
        x = Convolution(32, (3, 3), 2, "VALID", name="Conv2d_1a_3x3")(x)
        x = Convolution(32, (3, 3), 1, "VALID", name="Conv2d_2a_3x3")(x)
        x = Convolution(64, (3, 3), name="Conv2d_2b_3x3")(x)
        x = _max_pool(x, strides=(2, 2))
        x = Convolution(80, (1, 1), name="Conv2d_3b_1x1")(x)
        x = Convolution(192, (3, 3), 1, "VALID", name="Conv2d_4a_3x3")(x)
        x = _max_pool(x, strides=(2, 2))
        x = BlockA(32, name="Mixed_5b")(x)
        x = BlockA(64, name="Mixed_5c")(x)
        x = BlockA(64, name="Mixed_5d")(x)
        x = BlockB(name="Mixed_6a")(x)
        x = BlockC(128, name="Mixed_6b")(x)
        x = BlockC(160, name="Mixed_6c")(x)
        x = BlockC(160, name="Mixed_6d")(x)
        x = BlockC(192, name="Mixed_6e")(x)
        x = BlockD(name="Mixed_7a")(x)
        x = BlockE(maximum=False, name="Mixed_7b")(x)
        x = BlockE(maximum=True, name="Mixed_7c")(x)
        return x.mean(axis=(1, 2))
