"""What a trained generator makes on the way from one latent to another, kept for the report of the run."""

import math
from pathlib import Path

import jax
import jax.numpy as jnp
import numpy as np

from jaxgan.runs import folder
from jaxgan.runs.loading import Loaded, described, load
from jaxgan.types import GAN, Key

FILE = "interpolations.npz"  # in the folder of a run
WALKS, STOPS, BETWEEN = 9, 3, 8  # walks side by side; latents that each passes; frames from one to the next
SEEDS = 4  # at most so many are drawn


def write_interpolations(directory: Path) -> None:
    """Adds the interpolations of a run of images to its folder; nothing for other data, and models without latents.

    Raises:
      ValueError: there is no run, or it has no checkpoint.
    """
    if described(directory).example.kind != "images":
        return
    run = load(directory)
    if isinstance(run.model, GAN):
        folder.write_arrays(directory / FILE, samples=interpolations(run, jax.random.key(0)).astype(np.float16))


def interpolations(run: Loaded, key: Key) -> np.ndarray:
    """Draws closed walks through the latents of each seed, at most `SEEDS` of them.

    Between two latents `z` and `w` lie `cos(t) z + sin(t) w`, t from 0 to π/2: where latents are Gaussian, every point
    of it is distributed as they are, while those of the straight line are shorter. White, "Sampling Generative
    Networks", 2016, arXiv:1609.04468.

    Args:
      run: from `load`; its model is a GAN.
      key: typed.

    Returns:
      `[STOPS * BETWEEN + 1, seeds, WALKS, ...]`, the last frame of which is the first. Each walk of a conditional model
      is of one class, and they take turns.
    """
    gan, label = run.model, run.example.label
    assert isinstance(gan, GAN)
    classes = label.classes if gan.conditional and label is not None else None
    given = None if classes is None else jnp.arange(WALKS, dtype=jnp.int32) % classes
    angles = 0.5 * math.pi * jnp.arange(BETWEEN) / BETWEEN

    def walk(state):
        stops = [gan.latent(jax.random.fold_in(key, i), state, WALKS, given) for i in range(STOPS)]
        on_the_way = [
            jnp.cos(angle) * here + jnp.sin(angle) * there
            for here, there in zip(stops, [*stops[1:], stops[0]], strict=True)
            for angle in angles
        ]
        # In turn, so that a walk takes no more memory than the samples of one frame.
        return jax.lax.map(lambda z: gan.decode(key, state, z, given), jnp.stack([*on_the_way, stops[0]]))

    drawn = jax.jit(walk)
    return np.stack([np.asarray(drawn(state)) for state in run.states[:SEEDS]], axis=1)
