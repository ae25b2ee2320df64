"""Real digits, made to collapse in known ways."""

import numpy as np
from scipy.ndimage import gaussian_filter
from sklearn.datasets import load_digits


def digits() -> tuple[np.ndarray, np.ndarray]:
    """Images uint8 `[1797, 8, 8]` and their classes `[1797]`."""
    found = load_digits()
    return np.round(found.images / 16 * 255).astype(np.uint8), found.target


def halves(seed: int) -> tuple[np.ndarray, np.ndarray]:
    """Positions of two random halves of the digits."""
    order = np.random.RandomState(seed).permutation(1797)
    return order[:899], order[899:]


def thinned(images: np.ndarray, labels: np.ndarray, which: int, share: float = 0.1) -> np.ndarray:
    """Keeps a share of one class."""
    chosen = np.flatnonzero(labels == which)
    return np.delete(images, chosen[round(share * len(chosen)) :], axis=0)


def blurred(images: np.ndarray, std: float = 1.0) -> np.ndarray:
    """Blurs every image by itself."""
    return np.stack([gaussian_filter(image.astype(float), std) for image in images]).round().astype(np.uint8)


def noise(images: np.ndarray) -> np.ndarray:
    """Noise of the same shape."""
    return np.random.RandomState(0).randint(0, 256, images.shape).astype(np.uint8)


def repeated(images: np.ndarray, different: int) -> np.ndarray:
    """As many images, of which only so many are different."""
    return images[np.random.RandomState(0).randint(0, different, len(images))]
