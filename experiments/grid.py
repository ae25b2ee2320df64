"""Twenty-five Gaussians on a grid."""

import dataclasses
import sys
from pathlib import Path

from jaxgan import data
from jaxgan.config import Architecture, Run, Training
from jaxgan.experiment import Arm, Experiment, main


@dataclasses.dataclass(frozen=True)
class Grid:
    """The data."""

    side: int = 5
    """Gaussians on each side of the grid."""
    spacing: float = 2.0
    """Distance between neighbours."""
    std: float = 0.05
    """Standard deviation of each Gaussian."""


ARCHITECTURE = Architecture(generator_width=128, discriminator_width=128, layers=3)
PLAIN = Training(steps=20_000, batch_size=256, decay_from=0.0)
REGULARISED = dataclasses.replace(PLAIN, loss="relativistic", technique=("r1:0.01", "r2:0.01"), average=0.999)
ARMS = {"plain": Arm(ARCHITECTURE, PLAIN), "regularised": Arm(ARCHITECTURE, REGULARISED)}

if __name__ == "__main__":
    sys.exit(
        main(
            Experiment(
                name="grid",
                description=__doc__ or "",
                data=Grid(),
                task=lambda options: data.grid(options.side, options.spacing, options.std),
                run=Run(Path("runs/grid")),
                arms=ARMS,
            )
        )
    )
