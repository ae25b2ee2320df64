"""Eight Gaussians on a ring, and generators that make some of them: a term against collapse must tell them apart."""

from typing import Any

import jax.numpy as jnp
import numpy as np

STD = 0.01
MODES = np.stack([np.cos(np.arange(8) * np.pi / 4), np.sin(np.arange(8) * np.pi / 4)], axis=1)
HEALTHY = range(8)
COLLAPSED = {"one mode": [0], "two opposite modes": [0, 4], "every second mode": [0, 2, 4, 6]}
"""The modes that are made. Means and spreads of the last two are nearly those of all eight."""


def drawn(seed: int, n: int, modes=HEALTHY) -> np.ndarray:
    """`[n, 2]`, in which the modes have equal shares."""
    random = np.random.default_rng(seed)
    return MODES[np.resize(list(modes), n)] + STD * random.standard_normal((n, 2))


def snapped(z: Any, modes=HEALTHY) -> Any:
    """A generator, in NumPy or JAX: a latent `[n, 2]` becomes a point of that made mode which is nearest to it."""
    found = MODES[list(modes)].astype(z.dtype)
    nearest = (z @ found.T).argmax(axis=1)
    return (found if isinstance(z, np.ndarray) else jnp.asarray(found))[nearest] + STD * z
