"""A fixed random convolutional network, which needs no weights."""

from collections.abc import Callable

import jax
import jax.numpy as jnp
import numpy as np

from jaxgan.features._images import float_images
from jaxgan.types import Array

SLOPE = 0.2
SMALLEST = 4
# Its root, 0.001, is an eighth of the step between 8-bit values: felt only where positions are as good as equal.
EPS = 1e-6


def random_convolutions(*, channels: int, size: int = 32, seed: int = 0, width: int = 64) -> Callable[[Array], Array]:
    """Makes an extractor from a random convolutional network that is the same for the same arguments, for ever.

    Images are resized to `size` with antialiasing. Then come stages of a 3x3 convolution to `width` channels, a leaky
    ReLU of slope 0.2 and an average over 2x2, as long as the side is at least 4 pixels: the sides are `size`,
    `size // 2`, ... Features are, for each stage and channel, the mean and the standard deviation
    `sqrt(var + 1e-6)` over positions, taken before the average. They do not depend on where something is, except near
    the border, where zeros are padded. Weights are He's: normal with variance `2 / ((1 + slope²) 9 channels)`, no bias.

    A network that was trained on ImageNet sees other images through the classes of ImageNet; a random one has no such
    bias, at the price of features that mean nothing. Naeem, Oh, Uh, Choi, Yoo, "Reliable Fidelity and Diversity Metrics
    for Generative Models", 2020, recommend random embeddings for images unlike those of ImageNet. Theirs is the last
    hidden layer of a VGG16 with random weights; this is a smaller network and all its stages, so compare numbers only
    with numbers of the same extractor.

    Args:
      channels: of the images, at least 1.
      size: side in pixels that images are resized to, at least 4.
      seed: of the weights, non-negative; a metric that holds for several seeds does not hang on one network.
      width: channels of each stage, at least 1.

    Returns:
      `extract(images) -> features` for images `[n, height, width, channels]` in [-1, 1]. Features are float32
      `[n, d]`, `d = 2 * width * stages` with `stages = floor(log2(size / 4)) + 1`: 512 by default. First all means,
      then all standard deviations, each stage by stage.

    Raises:
      ValueError: if an argument is out of its range; from the extractor, if it is not given floating images with
        these channels.
    """
    if min(channels, width) < 1:
        raise ValueError(f"channels and width must be at least 1, got {channels} and {width}")
    if size < SMALLEST:
        raise ValueError(f"size must be at least {SMALLEST} pixels, got {size}")
    if seed < 0:
        raise ValueError(f"seed must not be negative, got {seed}")
    # NumPy promises that the stream of RandomState never changes; JAX makes no such promise for its own.
    random = np.random.RandomState(seed)
    stages = (size // SMALLEST).bit_length()
    kernels = []
    for inputs in (channels, *[width] * (stages - 1)):
        std = np.sqrt(2 / ((1 + SLOPE**2) * 9 * inputs))
        kernels.append((std * random.standard_normal((3, 3, inputs, width))).astype(np.float32))

    def extract(images: Array) -> Array:
        x = float_images(images, channels=(channels,))
        shape = (x.shape[0], size, size, channels)
        x = jax.image.resize(x, shape, "linear", antialias=True, precision=jax.lax.Precision.HIGHEST)
        means, deviations = [], []
        for kernel in kernels:
            if means:
                x = _halved(x)
            x = jax.lax.conv_general_dilated(
                x,
                jnp.asarray(kernel),
                window_strides=(1, 1),
                padding="SAME",
                dimension_numbers=("NHWC", "HWIO", "NHWC"),
                precision=jax.lax.Precision.HIGHEST,
            )
            x = jax.nn.leaky_relu(x, SLOPE)
            means.append(x.mean(axis=(1, 2)))
            deviations.append(jnp.sqrt(x.var(axis=(1, 2)) + EPS))
        return jnp.concatenate([*means, *deviations], axis=1)

    return extract


def _halved(x: Array) -> Array:
    """Averages over 2x2; an odd last row or column is dropped."""
    n, height, width, channels = x.shape
    x = x[:, : height // 2 * 2, : width // 2 * 2]
    return x.reshape(n, height // 2, 2, width // 2, 2, channels).mean(axis=(2, 4))
