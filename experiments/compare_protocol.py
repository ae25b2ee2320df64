"""What `compare_techniques.py` compares: fixed, and committed, before its runs.

Four tasks on which the plain GAN loses modes; for each technique up to three settings, of which the one with the best
mean score over two tuning seeds is kept, so that all have the same tuning effort; then six other seeds. A technique
*helps* on a task if the 95 % interval of its paired difference to the plain GAN, in the task's score at equal steps,
lies above zero, and *harms* if it lies below. At equal time counts the last of ten evaluations that the plain GAN's
time pays for. The score is the number of modes, on the digits with a rare class minus the divergence from the classes'
shares, in nats. Nothing is left out: what a technique refuses is recorded with its reason.
"""

import dataclasses
from collections.abc import Callable
from typing import Any, NamedTuple

import numpy as np

from jaxgan import Unroll, data
from jaxgan.runs.options import Architecture, Training

SEEDS = (200, 201, 202, 203, 204, 205)
TUNING_SEEDS = (0, 1)


class Change(NamedTuple):
    """What a technique changes in a task's setting, as options that JSON can hold; `unroll` is the steps ahead."""

    training: dict[str, Any] = {}
    architecture: dict[str, Any] = {}

    def of(self, setting: "Setting") -> tuple[Architecture, Training]:
        """The options of the technique on a task."""
        options = dict(self.training)
        if "technique" in options:
            options["technique"] = tuple(options["technique"])
        if "unroll" in options:
            options["unroll"] = Unroll(options["unroll"])
        return (
            dataclasses.replace(setting.architecture, **self.architecture),
            dataclasses.replace(setting.training, **options),
        )


PLAIN = Change()


@dataclasses.dataclass(frozen=True)
class Setting:
    """A task and its plain GAN."""

    task: Callable[[], Any]
    architecture: Architecture
    training: Training
    samples: int
    variance: float
    """Of the data; R1 and its like are scaled by it."""
    score: Callable[[dict[str, float]], float]
    """What tuning and the comparison go by; more is better."""
    timed: int = 20
    """Steps in one run of a timing."""
    rare: int | None = None
    """The mode whose share is reported."""


def unbalanced_digits() -> Any:
    """Digits, of which zeros have a tenth of their share."""
    digits = data.digits()
    labels = np.asarray(digits.labels)
    zeros = np.flatnonzero(labels == 0)
    kept = np.sort(np.concatenate([np.flatnonzero(labels != 0), zeros[::10]]))
    some = digits.at(kept)
    assert some.label is not None
    return data.Examples("digits_rare_zero", "images", digits.images[kept], some.label, True, digits.names)


def modes(end: dict[str, float]) -> float:
    return end["modes"]


TASKS = {
    "ring": Setting(
        data.ring,
        Architecture(generator_width=128, initialisation="orthogonal:1.4"),
        Training(steps=4_000, generator_learning_rate=1e-3, discriminator_learning_rate=1e-4),
        samples=2500,
        variance=0.5,
        score=modes,
        timed=100,
    ),
    "grid": Setting(
        data.grid,
        Architecture(generator_width=64, discriminator_width=64, layers=3, activation="tanh", latent_dim=3),
        Training(steps=6_000, batch_size=128, decay_from=0.0),
        samples=2500,
        variance=8.0,
        score=modes,
        timed=100,
    ),
    "stacked": Setting(
        data.stacked_digits,
        Architecture(generator_width=32, discriminator_width=4, latent_dim=64, batch_norm=True),
        Training(steps=2_000, batch_size=64, generator_learning_rate=1e-3, discriminator_learning_rate=5e-4),
        samples=26_000,
        variance=0.5,
        score=modes,
    ),
    "rare": Setting(
        unbalanced_digits,
        Architecture(generator_width=32, discriminator_width=32, latent_dim=32, batch_norm=True),
        Training(steps=1_500, batch_size=64),
        samples=5_000,
        variance=0.5,
        score=lambda end: -end["divergence"],
        rare=0,
    ),
}
