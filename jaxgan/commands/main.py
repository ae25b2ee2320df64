"""The command `jaxgan`, assembled of its commands, each of which has a file of its own."""

import sys
from collections.abc import Sequence
from typing import Annotated

import tyro

from jaxgan.commands.diagnose import Diagnose
from jaxgan.commands.experiment import exit_status, parse
from jaxgan.commands.export import Export
from jaxgan.commands.report import Report
from jaxgan.commands.sample import Sample
from jaxgan.commands.techniques import Techniques
from jaxgan.commands.train import Source
from jaxgan.commands.train import main as train

Command = (
    Annotated[Diagnose, tyro.conf.subcommand("diagnose")]
    | Annotated[Export, tyro.conf.subcommand("export")]
    | Annotated[Report, tyro.conf.subcommand("report")]
    | Annotated[Sample, tyro.conf.subcommand("sample")]
    | Annotated[Techniques, tyro.conf.subcommand("techniques")]
    | Annotated[Source, tyro.conf.subcommand("train", description="Trains a GAN on your own data.")]
)


def main(arguments: Sequence[str] | None = None) -> int:
    """Runs the command; bad input ends in one line on the error stream and status 2.

    The environment variable JAXGAN_DEBUG shows where it was raised.
    """
    arguments = sys.argv[1:] if arguments is None else arguments
    if arguments and arguments[0] == "train":  # whose defaults depend on the data that it names
        return train(arguments[1:])
    return exit_status(lambda: parse(Command, arguments)(), "stopped; nothing was kept")
