"""Similarity of images: PSNR and MS-SSIM of pairs, and the mean over random pairs of a set, high if it collapsed."""

import builtins
import math
from collections.abc import Callable, Sequence

import jax
import jax.numpy as jnp
import numpy as np
from jax.typing import ArrayLike

from jaxgan.metrics._features import statistics
from jaxgan.metrics._tiles import map_rows
from jaxgan.metrics.modes import check_positive
from jaxgan.types import Array, Key

# Of the five scales, the finest first: Wang et al. 2003.
WEIGHTS = (0.0448, 0.2856, 0.3001, 0.2363, 0.1333)
WINDOW, SIGMA = 11, 1.5
K1, K2 = 0.01, 0.03


def psnr(a: ArrayLike, b: ArrayLike, *, range: float = 2.0) -> Array:
    """Computes the peak signal-to-noise ratio `10 log10(range^2 / mean (a - b)^2)` of pairs of images, in decibels.

    Args:
      a: `[n, ...]`.
      b: the same shape.
      range: difference of the largest and the smallest value that a pixel can have, positive: 2 for [-1, 1].

    Returns:
      `[n]`; infinity for equal images.

    Raises:
      ValueError: if the shapes differ or have nothing but a batch axis, or the range is not positive.
    """
    a, b = _images(a, b)
    check_positive("range", range)
    error = jnp.square(a - b).reshape(a.shape[0], math.prod(a.shape[1:])).mean(axis=1)
    return 20 * math.log10(range) - 10 * jnp.log10(error)


def ms_ssim(
    a: ArrayLike, b: ArrayLike, *, range: float = 2.0, low: float = -1.0, weights: Sequence[float] = WEIGHTS
) -> Array:
    """Computes the multi-scale structural similarity of pairs of images.

    `l_M^(w_M) prod_j cs_j^(w_j)`: contrast and structure `cs = (2 s_ab + c2) / (s_a^2 + s_b^2 + c2)` at every scale,
    and with them the luminance `l = (2 m_a m_b + c1) / (m_a^2 + m_b^2 + c1)` at the last one, from means m and
    covariances s under a Gaussian window of 11 pixels and standard deviation 1.5, `c1 = (0.01 range)^2` and
    `c2 = (0.03 range)^2`. A scale halves the one before by the mean of 2 x 2 pixels. Each is averaged over the image,
    a negative one is set to 0, and channels are averaged last.

    An image needs 11 pixels at every scale, 176 for five. Smaller ones use as many scales as fit, with the first
    weights made to sum to 1 (two scales for 28 and for 32 pixels), and one below 11 pixels uses one scale and the
    largest odd window that fits: such numbers compare only at the same size.

    Wang et al., "Multi-scale Structural Similarity for Image Quality Assessment", 2003; used on generated
    pairs by Odena et al., "Conditional Image Synthesis with Auxiliary Classifier GANs", 2017. The details agree with
    TensorFlow's `ssim_multiscale` where the sides can be halved without rest.

    Args:
      a: `[n, height, width, channels]`.
      b: the same shape.
      range: difference of the largest and the smallest value that a pixel can have, positive.
      low: the smallest value that a pixel can have. Luminance is counted from there.
      weights: positive weights of the scales, the finest first, normalised here.

    Returns:
      `[n]` in [0, 1]; 1 for equal images.

    Raises:
      ValueError: if the shapes differ or are not of images, or an option is outside its range.
    """
    a, b = _images(a, b)
    if a.ndim != 4 or 0 in a.shape:
        raise ValueError(f"images must be [n, height, width, channels], got shape {a.shape}")
    check_positive("range", range)
    check_positive("weights", np.asarray(weights))
    if not len(weights):
        raise ValueError("weights must have at least one scale, got none")
    side = min(a.shape[1:3])
    window = min(WINDOW, side - 1 + side % 2)
    scales = min(len(weights), max(1, 1 + int(math.log2(side // window))))
    powers = [weight / sum(weights[:scales]) for weight in weights[:scales]]
    a, b = a - low, b - low
    similarity = jnp.ones((a.shape[0], a.shape[3]), a.dtype)
    for scale, power in enumerate(powers):
        if scale:
            a, b = _halved(a), _halved(b)
        luminance, structure = _ssim_terms(a, b, window, range)
        term = luminance * structure if scale == scales - 1 else structure
        similarity = similarity * jnp.maximum(term.mean(axis=(1, 2)), 0) ** power
    return similarity.mean(axis=1)


def pairwise_similarity(
    key: Key, images: ArrayLike, *, pairs: int, metric: Callable[[Array, Array], Array] = ms_ssim
) -> Array:
    """Computes the mean similarity of random pairs of images from one set: high where their diversity is low.

    The pairs are all different and no image is paired with itself; up to n of them use each image about equally often,
    and `n (n - 1) / 2` of them are all there are. Compare with the value of as many pairs of real images, of one class
    if the generator is conditional.

    Odena et al., "Conditional Image Synthesis with Auxiliary Classifier GANs", 2017, section 4.2, which takes the mean
    MS-SSIM of random pairs within a class.

    Args:
      key: typed random key, for the pairs.
      images: `[n, ...]`, n at least 2.
      pairs: in [1, n (n - 1) / 2].
      metric: `metric(a, b) -> [pairs]` of two arrays `[pairs, ...]`.

    Returns:
      A scalar.

    Raises:
      ValueError: if there are fewer than 2 images, or pairs is outside its range.
    """
    images = statistics(images)
    if images.ndim < 2 or images.shape[0] < 2:
        raise ValueError(f"images must be [n, ...] with n at least 2, got shape {images.shape}")
    n = images.shape[0]
    if not 1 <= pairs <= n * (n - 1) // 2:
        raise ValueError(f"pairs must be in [1, {n * (n - 1) // 2}] for {n} images, got {pairs}")
    # On a random circle, everyone with the next, then with the next but one, and so on: no pair comes twice.
    first, distance = np.arange(pairs) % n, np.arange(pairs) // n + 1
    circle = jax.random.permutation(key, n)
    left, right = circle[first.astype(np.int32)], circle[((first + distance) % n).astype(np.int32)]
    width = math.prod(images.shape[1:]) * 8
    return map_rows(lambda i, j: metric(images[i], images[j]), left, right, width=width).mean()


def _images(a: ArrayLike, b: ArrayLike) -> tuple[Array, Array]:
    a, b = statistics(a), statistics(b)
    if a.shape != b.shape or a.ndim < 2:
        raise ValueError(f"both images must have one shape [n, ...], got {a.shape} and {b.shape}")
    dtype = jnp.promote_types(a.dtype, b.dtype)
    return a.astype(dtype), b.astype(dtype)


def _ssim_terms(a: Array, b: Array, window: int, range: float) -> tuple[Array, Array]:
    """Computes the luminance and the contrast-structure term at every place where the window fits."""
    rows, columns = (jnp.asarray(_window_matrix(side, window), a.dtype) for side in a.shape[1:3])

    def blur(x: Array) -> Array:
        highest = jax.lax.Precision.HIGHEST
        return jnp.einsum("ph,nhwc,qw->npqc", rows, x, columns, precision=highest)

    mean_a, mean_b = blur(a), blur(b)
    # About the centre of the range, where the square of a mean takes the fewest digits from that of a value.
    centre = range / 2
    u, v, mean_u, mean_v = a - centre, b - centre, mean_a - centre, mean_b - centre
    covariance = blur(u * v) - mean_u * mean_v
    variances = blur(u * u + v * v) - mean_u * mean_u - mean_v * mean_v
    c1, c2 = (K1 * range) ** 2, (K2 * range) ** 2
    luminance = (2 * mean_a * mean_b + c1) / (mean_a * mean_a + mean_b * mean_b + c1)
    return luminance, (2 * covariance + c2) / (variances + c2)


def _window_matrix(side: int, window: int) -> np.ndarray:
    """Makes the matrix `[side - window + 1, side]` that applies a Gaussian window at every place where it fits."""
    taps = np.exp(-0.5 * np.square((np.arange(window) - (window - 1) / 2) / SIGMA))
    matrix = np.zeros((side - window + 1, side))
    for place in builtins.range(len(matrix)):
        matrix[place, place : place + window] = taps / taps.sum()
    return matrix


def _halved(x: Array) -> Array:
    """Averages blocks of 2 x 2 pixels; an odd last row or column is left out."""
    n, height, width, channels = x.shape
    x = x[:, : height // 2 * 2, : width // 2 * 2]
    return x.reshape(n, height // 2, 2, width // 2, 2, channels).mean(axis=(2, 4))
