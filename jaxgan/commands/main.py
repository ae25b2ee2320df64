"""The command `jaxgan`, assembled of its commands, each of which has a file of its own."""

import sys
from collections.abc import Sequence
from typing import Annotated

import tyro

from jaxgan.commands.diagnose import Diagnose
from jaxgan.commands.experiment import exit_status, parse
from jaxgan.commands.report import Report
from jaxgan.commands.sample import Sample
from jaxgan.commands.techniques import Techniques

Command = (
    Annotated[Diagnose, tyro.conf.subcommand("diagnose")]
    | Annotated[Report, tyro.conf.subcommand("report")]
    | Annotated[Sample, tyro.conf.subcommand("sample")]
    | Annotated[Techniques, tyro.conf.subcommand("techniques")]
)


def main(arguments: Sequence[str] | None = None) -> int:
    """Runs the command; bad input ends in one line on the error stream and status 2.

    The environment variable JAXGAN_DEBUG shows where it was raised.
    """
    arguments = sys.argv[1:] if arguments is None else arguments
    return exit_status(lambda: parse(Command, arguments)(), "stopped; nothing was kept")
