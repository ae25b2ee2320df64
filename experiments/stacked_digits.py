"""Stacked digits: three real 8x8 digits as channels, a thousand modes."""

import dataclasses
import sys
from pathlib import Path

from jaxgan import Unroll, data
from jaxgan.config import Architecture, Run, Training
from jaxgan.experiment import Arm, Experiment, main


@dataclasses.dataclass(frozen=True)
class StackedDigits:
    """The data."""

    stack: int = 3
    """Digits in an image; 10^stack modes."""


FULL = Architecture(generator_width=32, discriminator_width=32, latent_dim=64, batch_norm=True)
EIGHTH = dataclasses.replace(FULL, discriminator_width=4)
PLAIN = Training(steps=2000, batch_size=64, discriminator_learning_rate=1e-3, generator_learning_rate=1e-3)
ARMS = {
    "plain": Arm(EIGHTH, PLAIN),
    "packed": Arm(EIGHTH, dataclasses.replace(PLAIN, pack=4)),
    "unrolled": Arm(EIGHTH, dataclasses.replace(PLAIN, unroll=Unroll(steps=5))),
    "full_width": Arm(FULL, PLAIN),
}

if __name__ == "__main__":
    sys.exit(
        main(
            Experiment(
                name="stacked_digits",
                description=__doc__ or "",
                data=StackedDigits(),
                task=lambda options: data.stacked_digits(options.stack),
                run=Run(Path("runs/stacked_digits"), samples=26_000, evaluate_every=1000),
                arms=ARMS,
            )
        )
    )
