"""Where neighbours, clusters and repeats are looked for: few coordinates, in which noise matters little."""

from typing import NamedTuple

import numpy as np
from sklearn.utils.extmath import randomized_svd

from jaxgan.diagnosis.inputs import Scaled

SIDE = 32  # larger images are averaged down
COMPONENTS = 64
FITTED = 2500  # samples of each side from which the components come
STRETCH = 3.0  # at most, when scales are made alike


class View(NamedTuple):
    """Samples in their principal components.

    Attributes:
      real: `[n, d]` coordinates.
      fake: `[m, d]` coordinates.
      base: `[n, ...]` reals of which these are coordinates: images averaged to at most 32 pixels, all else as it is.
      fake_base: `[m, ...]`, the same of the fakes.
      axes: `[d, size]`, orthonormal directions of the coordinates; None where they are the numbers themselves.
    """

    real: np.ndarray
    fake: np.ndarray
    base: np.ndarray
    fake_base: np.ndarray
    axes: np.ndarray | None

    def aligned(self) -> "View":
        """The same with fakes that spread along each axis as far as the reals.

        This undoes what blur, noise and contrast do to the scale of each component, and leaves holes where modes are
        missing.
        """
        ratio = self.real.std(axis=0) / np.maximum(self.fake.std(axis=0), 1e-12)
        center = self.fake.mean(axis=0)
        fake = center + (self.fake - center) * np.clip(ratio, 1 / STRETCH, STRETCH)
        change = fake - self.fake if self.axes is None else (fake - self.fake) @ self.axes
        return self._replace(fake=fake, fake_base=self.fake_base + change.reshape(self.fake_base.shape))


def view_of(samples: Scaled, *, seed: int = 0) -> View:
    """Coordinates of all samples, from as many reals as fakes, so that neither side is favoured.

    Args:
      samples: real and generated.
      seed: of which samples the components are computed from.
    """
    base, fake_base = (averaged(x) if samples.kind == "images" else x for x in (samples.real, samples.fake))
    real, fake = (x.reshape(len(x), -1) for x in (base, fake_base))
    if real.shape[1] <= COMPONENTS:
        return View(real, fake, base, fake_base, None)
    random = np.random.RandomState(seed)
    size = min(len(real), len(fake), FITTED)
    both = np.concatenate([x[random.permutation(len(x))[:size]] for x in (real, fake)])
    center = both.mean(axis=0)
    _, _, axes = randomized_svd(both - center, min(COMPONENTS, len(both) - 1), n_iter=2, random_state=seed)  # pyright: ignore[reportArgumentType]
    axes = np.asarray(axes, np.float32)
    return View((real - center) @ axes.T, (fake - center) @ axes.T, base, fake_base, axes)


def averaged(images: np.ndarray) -> np.ndarray:
    """Averages whole blocks of pixels of images `[n, height, width, channels]` until no side is longer than `SIDE`."""
    factor = -(-max(images.shape[1:3]) // SIDE)
    if factor == 1:
        return images
    height, width = (side // factor * factor for side in images.shape[1:3])
    blocks = images[:, :height, :width].reshape(len(images), height // factor, factor, width // factor, factor, -1)
    return blocks.mean(axis=(2, 4))
