"""`jaxgan report`: the report of a run, again."""

import dataclasses
from pathlib import Path

import tyro


@dataclasses.dataclass(frozen=True)
class Report:
    """Makes the report of a run again, from the files in its folder."""

    workdir: tyro.conf.Positional[Path]
    """Folder of the run."""

    def __call__(self) -> int:
        from jaxgan.report import write_run

        print(f"report: {write_run(self.workdir)}")
        return 0
