"""Stacked MNIST: three real 28x28 digits as channels, a thousand modes."""

import dataclasses
import sys
from pathlib import Path

from jaxgan import data
from jaxgan.config import Architecture, Run, Training
from jaxgan.experiment import Arm, Experiment, main


@dataclasses.dataclass(frozen=True)
class StackedMnist:
    """The data."""

    data_dir: Path | None = None
    """Folder of TFDS data sets that holds mnist; none is the environment variable TFDS_DATA_DIR."""
    size: int = 28
    """Pixels; 32 and 64 pad the digits with black."""
    stack: int = 3
    """Digits in an image; 10^stack modes."""


ARCHITECTURE = Architecture(generator_width=32, discriminator_width=32, latent_dim=100, batch_norm=True)
TRAINING = Training(
    steps=4000,
    batch_size=64,
    pack=2,
    generator_learning_rate=1e-3,
    discriminator_learning_rate=1e-3,
    decay_from=0.5,
)

if __name__ == "__main__":
    sys.exit(
        main(
            Experiment(
                name="stacked_mnist",
                description=__doc__ or "",
                data=StackedMnist(),
                task=lambda options: data.stacked_mnist(options.data_dir, size=options.size, stack=options.stack),
                run=Run(Path("runs/stacked_mnist"), seeds=1, samples=26_000, evaluate_every=1000),
                arms={"packed": Arm(ARCHITECTURE, TRAINING)},
            )
        )
    )
