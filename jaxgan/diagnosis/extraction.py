"""The features that distances are measured in, and what they are called."""

import hashlib
from collections.abc import Callable
from pathlib import Path

import jax
import numpy as np
from jax.tree_util import Partial

from jaxgan import features as networks
from jaxgan.diagnosis.inputs import Scaled
from jaxgan.evaluation.chunks import in_chunks

CHUNK = 500  # samples whose features are computed at a time
DIGITS = 16  # of a SHA-256 that tell one file of weights from another
Features = Callable[[jax.Array], jax.Array]
# Networks with weights from a file, by the name before the colon.
FROM_FILES: dict[str, tuple[str, Callable[[str], Features]]] = {
    "inception": ("Inception-v3", lambda path: networks.inception_v3(path).features),
    "dinov2": ("DINOv2", networks.dinov2),
    "clip": ("CLIP", networks.clip),
}


def extractor(features: str | Features, samples: Scaled) -> tuple[Features, str]:
    """A function of samples to their features, and what it is, in words.

    Raises:
      ValueError: if there are no such features of such samples, or the file of weights is not readable.
    """
    if not isinstance(features, str):
        return features, f"a function of the user, {getattr(features, '__name__', type(features).__name__)}"
    if samples.kind != "images":
        if features not in ("auto", "pixels"):
            raise ValueError(f"features {features!r} are for images; all else is taken as it is (auto)")
        return lambda x: x, "the values of the sequences" if samples.kind == "sequences" else "the vectors themselves"
    name, _, path = features.partition(":")
    if name == "pixels":
        return networks.pixels(), "pixels"
    if name in ("auto", "random"):
        channels = samples.real.shape[-1]
        return networks.random_convolutions(channels=channels, width=32), "a fixed random convolutional network"
    if name in FROM_FILES and path:
        words, load = FROM_FILES[name]
        extract = load(path)
        with Path(path).open("rb") as file:
            sha256 = hashlib.file_digest(file, "sha256").hexdigest()[:DIGITS]
        return extract, f"{words} with the weights of {path} (SHA-256 {sha256})"
    known = ", ".join(f"{name}:PATH" for name in FROM_FILES)
    raise ValueError(f"no features {features!r}; known are auto, pixels, random, {known}")


def features_of(extract: Features, samples: Scaled) -> tuple[np.ndarray, np.ndarray]:
    """Features `[n, d]` float32 of the reals and of the fakes."""
    # As an argument the weights of a network stay arrays; as part of a compiled function they would be constants in it.
    network = extract if isinstance(extract, Partial) else Partial(extract)
    compiled = jax.jit(lambda network, x: network(x))
    found = (in_chunks(lambda x: compiled(network, x), x, CHUNK) for x in (samples.real, samples.fake))
    real, fake = (x.reshape(len(x), -1).astype(np.float32) for x in found)
    return real, fake


def standardised(real: np.ndarray, fake: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Centres by the reals and divides by one number, their typical scale; directions keep their shares."""
    center = real.mean(axis=0)
    scale = float(np.sqrt(np.mean((real - center) ** 2))) or 1.0
    return (real - center) / scale, (fake - center) / scale
