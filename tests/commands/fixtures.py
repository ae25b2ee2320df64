"""Experiments that are trained in a moment, through the command line that all experiments share."""

import dataclasses
from pathlib import Path
from unittest import mock

from jaxgan import data, report
from jaxgan.commands.experiment import Arm, Experiment, main
from jaxgan.runs.options import Architecture, Run, Training
from jaxgan.training import loop


@dataclasses.dataclass(frozen=True)
class NoOptions:
    """The data."""


RING = Experiment(
    name="ring",
    description="A ring.",
    data=NoOptions(),
    task=lambda options: data.ring(),
    run=Run(seeds=2, first_seed=3, samples=50, log_every=10, checkpoint_every=10),
    arms={
        "plain": Arm(
            Architecture(generator_width=8, discriminator_width=8, layers=1, latent_dim=2),
            Training(steps=20, batch_size=16, technique=("replay:32",), clip=0.1),
        ),
    },
)
DIGITS = RING._replace(
    name="digits",
    task=lambda options: data.stacked_digits(),
    run=Run(seeds=1, samples=20, log_every=2, on_alarm="off"),
    arms={
        "plain": Arm(
            Architecture(generator_width=1, discriminator_width=1, latent_dim=2, batch_norm=True),
            Training(steps=2, batch_size=8, average=0.9),
        )
    },
)


def train(experiment: Experiment, directory: Path, *arguments: str) -> Path:
    """Trains the first arm, and returns the folder; without a report, or a search for silent techniques."""
    batch_size = next(iter(experiment.arms.values())).training.batch_size  # an option of training leaves one arm
    given = ["--workdir", str(directory), "--batch-size", str(batch_size), *arguments]
    with mock.patch.object(report, "write_run"), mock.patch.object(loop, "_silent", lambda *_: []):
        assert main(experiment, given) == 0
    return directory
