"""Eight Gaussians on a ring."""

import dataclasses
import sys
from pathlib import Path

from jaxgan import Unroll, data
from jaxgan.config import Architecture, Run, Training
from jaxgan.experiment import Arm, Experiment, main


@dataclasses.dataclass(frozen=True)
class Ring:
    """The data."""

    modes: int = 8
    """Gaussians on the ring."""
    radius: float = 1.0
    """Radius of the ring."""
    std: float = 0.01
    """Standard deviation of each Gaussian."""


RELU = Architecture(generator_width=128, initialisation="orthogonal:1.4")
PLAIN = Training(steps=8_000, loss="minimax", generator_learning_rate=1e-3, discriminator_learning_rate=1e-4)
UNROLLED = dataclasses.replace(PLAIN, steps=28_000, decay_from=0.75, unroll=Unroll(steps=5))
TANH = Architecture(generator_width=128, discriminator_width=128, activation="tanh", latent_dim=2)
PACKED = Training(steps=16_000, batch_size=256, pack=2, average=0.999, decay_from=0.75)
ARMS = {
    "plain": Arm(RELU, PLAIN),
    "unrolled": Arm(RELU, UNROLLED),
    "packed": Arm(TANH, PACKED),
}

if __name__ == "__main__":
    sys.exit(
        main(
            Experiment(
                name="ring",
                description=__doc__ or "",
                data=Ring(),
                task=lambda options: data.ring(options.modes, options.radius, options.std),
                run=Run(Path("runs/ring")),
                arms=ARMS,
            )
        )
    )
