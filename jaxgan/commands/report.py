"""`jaxgan report`: the report of a run or of a sweep, again."""

import dataclasses
from pathlib import Path

import tyro


@dataclasses.dataclass(frozen=True)
class Report:
    """Makes the report of a run or of a sweep again, from the files in its folder."""

    workdir: tyro.conf.Positional[Path]
    """Folder of the run or of the sweep."""

    def __call__(self) -> int:
        from jaxgan.report import is_sweep, write_run, write_sweep

        write = write_sweep if is_sweep(self.workdir) else write_run
        print(f"report: {write(self.workdir)}")
        return 0
