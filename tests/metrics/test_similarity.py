"""PSNR and MS-SSIM against an explicit loop, closed forms and constant images."""

import functools

import jax
import jax.numpy as jnp
import numpy as np
import pytest
from scipy import ndimage

from jaxgan import metrics
from tests.helpers import fetched, jit

ms_ssim = fetched(metrics.ms_ssim, static_argnames=("range", "low", "weights"))
psnr = fetched(metrics.psnr, static_argnames="range")


def noise(seed: int, n: int = 3, side: int = 32, channels: int = 2) -> np.ndarray:
    return np.random.default_rng(seed).uniform(-1, 1, (n, side, side, channels))


def reference(a, b, scales: int, window: int = 11) -> float:
    """MS-SSIM of two images [h, w, c] in [-1, 1], one channel and one scale at a time."""
    weights = np.array([0.0448, 0.2856, 0.3001, 0.2363, 0.1333])[:scales]
    weights /= weights.sum()
    taps = np.exp(-(np.arange(-(window // 2), window // 2 + 1) ** 2) / (2 * 1.5**2))
    kernel = np.outer(taps, taps) / taps.sum() ** 2
    edge = window // 2
    values = []
    for channel in range(a.shape[2]):
        x, y = a[..., channel] + 1, b[..., channel] + 1
        product = 1.0
        for scale in range(scales):
            blurred = [
                ndimage.correlate(z, kernel, mode="constant")[edge : len(z) - edge, edge : z.shape[1] - edge]
                for z in (x, y, x * x, y * y, x * y)
            ]
            mx, my, xx, yy, xy = blurred
            structure = (2 * (xy - mx * my) + 0.06**2) / (xx - mx**2 + yy - my**2 + 0.06**2)
            luminance = (2 * mx * my + 0.02**2) / (mx**2 + my**2 + 0.02**2)
            term = structure * luminance if scale == scales - 1 else structure
            product *= max(term.mean(), 0) ** weights[scale]
            if scale < scales - 1:
                x, y = ((z[::2, ::2] + z[1::2, ::2] + z[::2, 1::2] + z[1::2, 1::2]) / 4 for z in (x, y))
        values.append(product)
    return float(np.mean(values))


@pytest.mark.parametrize(("side", "scales", "window"), [(176, 5, 11), (88, 4, 11), (32, 2, 11), (11, 1, 11), (8, 1, 7)])
def test_equals_the_explicit_loop(x64, side, scales, window):
    a = ndimage.gaussian_filter(noise(0, 1, side), (0, 1, 1, 0)) * 2
    b = 0.8 * a + 0.1 + 0.2 * noise(1, 1, side)
    expected = reference(a[0], b[0], scales, window)
    assert 0.1 < expected < 0.99
    np.testing.assert_allclose(ms_ssim(a, b), [expected], rtol=1e-9)


def test_error_in_float32():
    a, b = noise(0), 0.9 * noise(0) + 0.1 * noise(1)
    expected = [reference(x, y, 2) for x, y in zip(a, b, strict=True)]
    np.testing.assert_allclose(ms_ssim(a, b), expected, rtol=1e-5)
    np.testing.assert_allclose(metrics.ms_ssim(a, b), expected, rtol=1e-5)


def test_range_and_lowest_value_are_units_only():
    a, b = noise(0), 0.9 * noise(0) + 0.1 * noise(1)
    bytes_a, bytes_b = (127.5 * (x + 1) for x in (a, b))
    np.testing.assert_allclose(ms_ssim(bytes_a, bytes_b, range=255.0, low=0.0), ms_ssim(a, b), rtol=1e-4)
    np.testing.assert_allclose(psnr(bytes_a, bytes_b, range=255.0), psnr(a, b), rtol=1e-4)


def test_equal_images_are_one_and_symmetric():
    a, b = noise(0), noise(1)
    np.testing.assert_allclose(ms_ssim(a, a), np.ones(3), rtol=1e-6)
    np.testing.assert_allclose(ms_ssim(a, b), ms_ssim(b, a), rtol=1e-5)
    assert (ms_ssim(a, b) < 0.2).all()
    values = [float(ms_ssim(a, a + strength * noise(2))[0]) for strength in (0.0, 0.1, 0.3, 1.0)]
    assert values == sorted(values, reverse=True)


@pytest.mark.parametrize(("first", "second"), [(0.0, 0.0), (-1.0, -1.0), (1.0, 1.0), (-1.0, 1.0), (0.2, 0.4)])
def test_constant_images(first, second):
    a, b = np.full((2, 32, 32, 2), first), np.full((2, 32, 32, 2), second)
    x, y = first + 1, second + 1
    luminance = (2 * x * y + 0.02**2) / (x**2 + y**2 + 0.02**2)
    weight = 0.2856 / (0.0448 + 0.2856)
    np.testing.assert_allclose(ms_ssim(a, b), np.full(2, luminance**weight), rtol=1e-4)


def test_opposite_images_are_zero_and_no_nan():
    a = noise(0)
    np.testing.assert_array_equal(ms_ssim(a, -a), np.zeros(3))


def test_psnr_closed_forms():
    a = noise(0)
    np.testing.assert_allclose(psnr(a, a + 0.2), np.full(3, 20), rtol=1e-4)
    np.testing.assert_allclose(metrics.psnr(a, a + 0.2), np.full(3, 20), rtol=1e-4)  # also without jit
    np.testing.assert_allclose(psnr(a, a + 0.2, range=1.0), np.full(3, 10 * np.log10(25)), rtol=1e-4)
    b = noise(1)
    expected = [10 * np.log10(4 / ((x - y) ** 2).mean()) for x, y in zip(a, b, strict=True)]
    np.testing.assert_allclose(psnr(a, b), expected, rtol=1e-5)
    np.testing.assert_array_equal(psnr(np.zeros((2, 5)), np.zeros((2, 5))), [np.inf, np.inf])


@pytest.mark.parametrize("n", [6, 7])
def test_pairs_are_all_different(key, n):
    # Image i is 2^i, and a pair is told by the sum of its two.
    images = 2.0 ** np.arange(n)[:, None]

    @functools.partial(fetched, static_argnums=2)
    def run(key, images, pairs):
        seen = []

        def metric(a, b):
            seen.append(a[:, 0] + b[:, 0])
            return seen[-1]

        key = jax.random.fold_in(key, pairs)
        return metrics.pairwise_similarity(key, images, pairs=pairs, metric=metric), jnp.concatenate(seen)

    for pairs in (1, n, n * (n - 1) // 2):
        value, found = run(key, images, pairs)
        seen = found.tolist()
        np.testing.assert_allclose(value, np.mean(seen), rtol=1e-6)
        assert len(set(seen)) == len(seen) == pairs
        assert all(bin(int(pair)).count("1") == 2 for pair in seen)


def test_pairs_depend_on_the_key(key):
    images = np.random.default_rng(0).standard_normal((50, 4))
    similarity = jit(lambda key, images: metrics.pairwise_similarity(key, images, pairs=5, metric=metrics.psnr))
    assert len({float(similarity(k, images)) for k in jax.random.split(key)}) == 2


def test_similarity_rises_as_modes_are_lost(key):
    modes = noise(0, 6)

    @jit
    def similarity(key, images):
        return metrics.pairwise_similarity(key, images, pairs=60)

    values = []
    for left in (6, 2, 1):
        images = modes[np.arange(12) % left] + 0.02 * noise(1, 12)
        values.append(float(similarity(jax.random.clone(key), images)))
    assert values[0] < values[1] < values[2] and values[2] > 0.9


@pytest.mark.parametrize(
    ("call", "message"),
    [
        (lambda: metrics.psnr(np.ones((2, 3)), np.ones((2, 4))), r"\(2, 3\) and \(2, 4\)"),
        (lambda: metrics.psnr(np.ones((2, 3)), np.ones((2, 3)), range=0.0), "range must be positive, got 0.0"),
        (lambda: metrics.psnr(np.ones(3), np.ones(3)), r"\(3,\) and \(3,\)"),
        (lambda: metrics.ms_ssim(np.ones((2, 3, 3)), np.ones((2, 3, 3))), r"\(2, 3, 3\)"),
        (lambda: metrics.ms_ssim(*[jnp.ones((2, 8, 8, 1))] * 2, weights=()), "at least one scale"),
        (lambda: metrics.ms_ssim(*[jnp.ones((2, 8, 8, 1))] * 2, weights=(1.0, -1.0)), "weights must be positive"),
        (lambda: metrics.pairwise_similarity(jax.random.key(0), np.ones((3, 2)), pairs=4), r"\[1, 3\].* got 4"),
        (lambda: metrics.pairwise_similarity(jax.random.key(0), np.ones((1, 2)), pairs=1), r"\(1, 2\)"),
    ],
)
def test_wrong_arguments_are_named(call, message):
    with pytest.raises(ValueError, match=message):
        call()
