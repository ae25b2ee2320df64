"""Convolutional generators and discriminators of images of any height and width.

They follow Radford, Metz, Chintala, "Unsupervised Representation Learning with Deep Convolutional Generative
Adversarial Networks", 2016, with the 3x3 kernels and the small channel counts of the stacked-digits experiment of Metz,
Poole, Pfau, Sohl-Dickstein, "Unrolled Generative Adversarial Networks", 2017, appendix.
"""

import functools
from collections.abc import Callable, Sequence
from typing import Any, Literal, TypeAlias

import flax.linen as nn
import jax
import jax.numpy as jnp

from jaxgan.networks.convolution import convolution, upsampled_convolution
from jaxgan.networks.labels import check_conditional_norm
from jaxgan.networks.layers import GaussianNoise, apply_layer, minibatch_stddev
from jaxgan.networks.layers import batch_norm as normalised
from jaxgan.networks.linen import from_linen
from jaxgan.networks.virtual_batch_norm import BatchNorm, with_reference
from jaxgan.types import Array, Network, checks

Upsample: TypeAlias = Literal["resize", "transpose"]

_HE_NORMAL = jax.nn.initializers.he_normal()
_LEAKY_RELU = functools.partial(jax.nn.leaky_relu, negative_slope=0.2)

_SMALL = 6  # pixels; sides up to this are not halved any more


def dcgan_generator(
    size: int | tuple[int, int],
    channels: int,
    *,
    width: int = 64,
    kernel_size: int = 3,
    upsample: Upsample = "resize",
    activation: Callable[[Array], Array] = jax.nn.relu,
    output_activation: Callable[[Array], Array] | None = jnp.tanh,
    kernel_init: jax.nn.initializers.Initializer = _HE_NORMAL,
    batch_norm: BatchNorm = True,
    classes: int = 0,
) -> Network:
    """Makes a convolutional generator of images.

    A linear map makes a few pixels; each stage then doubles both sides, halves the channels and convolves; at the full
    size there are `width` channels and one more convolution to `channels`. Seen from the end, both sides are halved,
    rounded up, until the longer one has at most 6 pixels: 4-8-16-32, 4-7-14-28, 6-12-24-48, and 2x4-4x8-8x16-16x32. At
    28 pixels `width=8` has the channels 64-32-16-8 of Metz et al. 2017.

    Args:
      size: side of the images in pixels, or their height and width, written 24+32 in a text; any from 2 on.
      channels: channels of the images.
      width: channels of the last hidden layer, at the full side.
      kernel_size: side of all kernels.
      upsample: "resize" repeats pixels and then convolves, which leaves no checkerboard; "transpose" is a transposed
        convolution of stride 2, as in both papers.
      activation: of the hidden layers.
      output_activation: of the output, linear if None; `jnp.tanh` gives pixels in [-1, 1].
      kernel_init: initialiser of all kernels, as in `jax.nn.initializers`; Radford et al. use `normal(0.02)`.
      batch_norm: whether hidden layers normalise over the batch, in place of a bias. "virtual" is `VirtualBatchNorm`,
        whose reference batch are the latents that the network is initialised on.
      classes: above 0 a conditional generator, whose batch normalisation has a gain and bias for each class, as in
        `ConditionalBatchNorm`; labels are int `[batch]`, or float `[batch, classes]`.

    Returns:
      A `Network` from latents `[batch, latent_dim]` to images `[batch, height, width, channels]`.

    Raises:
      ValueError: if `upsample` is unknown, a side is below 2, a count is below 1, or there is one class, or `classes`
        without `batch_norm=True`.
    """
    height, across = (size, size) if isinstance(size, int) else size
    for side in (height, across):
        checks.at_least("a side of the images", side, 2)
    if upsample not in ("resize", "transpose"):
        raise ValueError(f"upsample must be 'resize' or 'transpose', got {upsample!r}")
    for name, value in (("channels", channels), ("width", width), ("kernel_size", kernel_size)):
        checks.at_least(name, value, 1)
    check_conditional_norm(classes, batch_norm)
    return from_linen(
        _Generator(
            size=(height, across),
            channels=channels,
            width=width,
            kernel_size=kernel_size,
            upsample=upsample,
            activation=activation,
            output_activation=output_activation,
            kernel_init=kernel_init,
            batch_norm=batch_norm,
            classes=classes,
        ),
        conditional=classes > 0,
    )


def dcgan_discriminator(
    *,
    out: int = 1,
    width: int = 64,
    kernel_size: int = 3,
    activation: Callable[[Array], Array] = _LEAKY_RELU,
    kernel_init: jax.nn.initializers.Initializer = _HE_NORMAL,
    batch_norm: bool = False,
    spectral_norm: bool = False,
    minibatch_stddev: int = 0,
    dropout: float = 0.0,
    noise: float = 0.0,
) -> Network:
    """Makes a convolutional discriminator of images, whose size and channels it reads from the example.

    Convolutions of stride 2 halve both sides, rounded up, and double the channels from `width` on, until the longer
    side has at most 6 pixels, and at least two of them: two for 8 pixels, three for 28 and 32, then one more for each
    doubling; then a linear map to one logit, or to `out` numbers. At 28 pixels `width=2` is the discriminator of Metz
    et al. 2017 with a quarter of their generator's channels.

    Args:
      out: units of the output: 1 for a discriminator, `2 * latent_dim` (mean and log-variance) for an encoder.
      width: channels of the first convolution.
      kernel_size: side of all kernels.
      activation: of the hidden layers, leaky ReLU of slope 0.2 if not given.
      kernel_init: initialiser of all kernels, as in `jax.nn.initializers`; Radford et al. use `normal(0.02)`.
      batch_norm: whether all convolutions but the first normalise over the batch, in place of a bias. Off by default,
        unlike in Radford et al.: a gradient penalty needs a logit that depends on its own example only.
      spectral_norm: whether all kernels are divided by their largest singular value.
      minibatch_stddev: group size of a minibatch standard deviation before the last convolution, 0 for none.
      dropout: share of hidden activations set to zero in training mode, in [0, 1); above 0 training needs a key.
      noise: standard deviation of Gaussian noise on hidden activations in training mode; above 0 training needs a key.

    Returns:
      A `Network` from images `[batch, height, width, channels]` to `[batch, out]`.

    Raises:
      ValueError: if a count is below 1, or `dropout` or `noise` out of range. The network raises it for examples that
        are no images.
    """
    for name, value in (("out", out), ("width", width), ("kernel_size", kernel_size)):
        checks.at_least(name, value, 1)
    checks.between("dropout", dropout, 0, 1, ends="[)")
    checks.at_least("noise", noise, 0)
    if minibatch_stddev < 0:
        raise ValueError(f"minibatch_stddev must be a group size, or 0 for none, got {minibatch_stddev}")
    return from_linen(
        _Discriminator(
            out=out,
            width=width,
            kernel_size=kernel_size,
            activation=activation,
            kernel_init=kernel_init,
            batch_norm=batch_norm,
            spectral_norm=spectral_norm,
            group_size=minibatch_stddev,
            dropout=dropout,
            noise=noise,
        ),
        group=None if batch_norm or dropout or noise else max(minibatch_stddev, 1),
    )


class _Generator(nn.Module):
    """The module behind `dcgan_generator`, which documents and checks the attributes."""

    size: tuple[int, int]
    channels: int
    width: int
    kernel_size: int
    upsample: Upsample
    activation: Callable[[Array], Array]
    output_activation: Callable[[Array], Array] | None
    kernel_init: jax.nn.initializers.Initializer
    batch_norm: BatchNorm
    classes: int

    @nn.compact
    def __call__(self, z: Array, train: bool, features: bool = False, label: Array | None = None) -> Array:
        kernel = (self.kernel_size, self.kernel_size)
        layer = functools.partial(nn.Conv, kernel_size=kernel, kernel_init=self.kernel_init)
        transposed = functools.partial(
            nn.ConvTranspose, kernel_size=kernel, strides=(2, 2), kernel_init=self.kernel_init
        )

        def hidden(x: Array) -> Array:
            if self.batch_norm:
                x = normalised(x, label, classes=self.classes, train=train, reference=reference)
            return self.activation(x)

        bias = not self.batch_norm
        *sizes, (height, width) = _halved(self.size)
        depth = self.width * 2 ** len(sizes)
        x, reference = jnp.reshape(z, (z.shape[0], -1)), 0
        if self.batch_norm == "virtual":
            x, reference = with_reference(self, x)
        x = nn.Dense(height * width * depth, use_bias=bias, kernel_init=self.kernel_init)(x)
        x = hidden(jnp.reshape(x, (-1, height, width, depth)))
        for height, width in reversed(sizes):
            depth //= 2
            if self.upsample == "transpose":
                x = transposed(depth, use_bias=bias)(x)[:, :height, :width]
            else:
                enlarge = functools.partial(_upsampled, size=(height, width))
                x = layer(depth, use_bias=bias, conv_general_dilated=enlarge)(x)
            x = hidden(x)
        x = x[reference:]
        if features:
            return x
        x = layer(self.channels, conv_general_dilated=_plain)(x)
        return x if self.output_activation is None else self.output_activation(x)


class _Discriminator(nn.Module):
    """The module behind `dcgan_discriminator`, which documents and checks the attributes."""

    out: int
    width: int
    kernel_size: int
    activation: Callable[[Array], Array]
    kernel_init: jax.nn.initializers.Initializer
    batch_norm: bool
    spectral_norm: bool
    group_size: int
    dropout: float
    noise: float

    @nn.compact
    def __call__(self, x: Array, train: bool, features: bool = False) -> Array:
        if getattr(x, "ndim", None) != 4:
            got = jax.tree.map(jnp.shape, x)
            raise ValueError(f"dcgan_discriminator needs images [batch, height, width, channels], got {got}")
        stages = max(2, len(_halved((x.shape[1], x.shape[2]))) - 1)
        for stage in range(stages):
            normalise = self.batch_norm and stage > 0
            if self.group_size and stage == stages - 1:
                x = minibatch_stddev(x, self.group_size)
            layer = nn.Conv(
                self.width * 2**stage,
                (self.kernel_size, self.kernel_size),
                strides=(2, 2),
                use_bias=not normalise,
                kernel_init=self.kernel_init,
                conv_general_dilated=_plain,
            )
            x = apply_layer(layer, x, spectral_norm=self.spectral_norm, train=train)
            if normalise:
                x = nn.BatchNorm(use_running_average=not train, momentum=0.9)(x)
            x = GaussianNoise(self.noise)(self.activation(x), train=train)
            x = nn.Dropout(self.dropout, deterministic=not train)(x)
        x = jnp.reshape(x, (x.shape[0], -1))
        if features:
            return x
        last = nn.Dense(self.out, kernel_init=self.kernel_init)
        return apply_layer(last, x, spectral_norm=self.spectral_norm, train=train)


def _plain(x: Array, kernel: Array, strides: Sequence[int], *_: Any, **__: Any) -> Array:
    """`convolution` as `nn.Conv` calls it, with all that it does not need: padding, dilation, layout."""
    return convolution(x, kernel, strides[0])


def _upsampled(x: Array, kernel: Array, *_: Any, size: tuple[int, int], **__: Any) -> Array:
    return upsampled_convolution(x, kernel, size)


def _halved(size: tuple[int, int]) -> list[tuple[int, int]]:
    """The sizes on the way from a height and width down to the smallest, each half of the one before, rounded up."""
    sizes = [size]
    while max(sizes[-1]) > _SMALL:
        height, width = sizes[-1]
        sizes.append((-(-height // 2), -(-width // 2)))
    return sizes
