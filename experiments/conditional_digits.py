"""Handwritten digits of a wanted class: a conditional GAN.

python experiments/conditional_digits.py --workdir runs/conditional_digits
"""

import dataclasses
import sys
from pathlib import Path

from jaxgan import data
from jaxgan.commands.experiment import Arm, Experiment, main
from jaxgan.runs.options import Architecture, Run, Training


@dataclasses.dataclass(frozen=True)
class Digits:
    """The data: no options."""


CONDITIONAL = Architecture(
    generator="dcgan_generator:width=32,classes=10",
    discriminator="projection:dcgan_discriminator(width=64),classes=10",
    latent_dim=32,
)
CLASSIFYING = dataclasses.replace(CONDITIONAL, discriminator="dcgan_discriminator:width=64")
TRAINING = Training(steps=3_000, batch_size=64, technique=("r1:0.3",), average=0.998, decay_from=0.5)
ARMS = {
    "projection": Arm(CONDITIONAL, TRAINING),
    "ac_gan": Arm(CLASSIFYING, dataclasses.replace(TRAINING, technique=("r1:0.3", "ac_gan:10,weight=3.0,of_fakes=false"))),
}

if __name__ == "__main__":
    sys.exit(
        main(
            Experiment(
                name="conditional_digits",
                description=__doc__ or "",
                data=Digits(),
                task=lambda options: data.digits(),
                run=Run(Path("runs/conditional_digits"), first_seed=4, samples=2000, metric=("class_accuracy",)),
                arms=ARMS,
            )
        )
    )
