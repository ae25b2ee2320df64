"""The command `jaxgan`, assembled of its commands, each of which has a file of its own.

Nothing slow is imported before it is known that a command is to run, so that help and mistakes are answered at once.
"""

import dataclasses
import os
import sys
from collections.abc import Sequence
from typing import Annotated

import tyro

from jaxgan.commands.diagnose import Diagnose
from jaxgan.commands.export import Export
from jaxgan.commands.parsing import parse
from jaxgan.commands.report import Report
from jaxgan.commands.sample import Sample
from jaxgan.commands.techniques import Techniques


@dataclasses.dataclass(frozen=True)
class Train:
    """Stands for the command whose options depend on the data that it names."""


Command = (
    Annotated[Train, tyro.conf.subcommand("train", description="Trains a GAN on your own data.")]
    | Annotated[Sample, tyro.conf.subcommand("sample", description="Draws samples from a run.")]
    | Annotated[Export, tyro.conf.subcommand("export", description="Exports a run's sampler for use without jaxgan.")]
    | Annotated[Report, tyro.conf.subcommand("report", description="Makes the report of a run again.")]
    | Annotated[
        Diagnose,
        tyro.conf.subcommand("diagnose", description="Tells whether any generator has collapsed, from its samples."),
    ]
    | Annotated[
        Techniques,
        tyro.conf.subcommand("techniques", description="Lists what there is against collapse, and what it costs."),
    ]
)
DESCRIPTION = """Trains generative adversarial networks that do not collapse, and tells whether others have.

jaxgan train --data photos --workdir runs/photos makes a run of your own images, table or array; the other commands read
such a run. jaxgan COMMAND --help explains each; jaxgan --version tells the version."""


def main(arguments: Sequence[str] | None = None) -> int:
    """Runs the command; bad input ends in one line on the error stream and status 2.

    The environment variable JAXGAN_DEBUG shows where it was raised.
    """
    arguments = sys.argv[1:] if arguments is None else arguments
    if list(arguments) == ["--version"]:
        from jaxgan import __version__

        print(f"jaxgan {__version__}")
        return 0
    if arguments and arguments[0] == "train":
        from jaxgan.commands.train import main as train

        return train(arguments[1:])
    try:
        command = parse(Command, arguments or ["--help"], description=DESCRIPTION, prog="jaxgan")
    except ValueError as error:
        if os.environ.get("JAXGAN_DEBUG"):
            raise
        print(f"error: {error}", file=sys.stderr)
        return 2
    from jaxgan.commands.experiment import exit_status

    return exit_status(command, "stopped; nothing was kept")
