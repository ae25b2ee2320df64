"""`jaxgan diagnose`: has the generator that made these samples collapsed?"""

import dataclasses
from pathlib import Path
from typing import Literal

COLLAPSED = 3  # exit status with --fail-on-collapse
DIAGNOSIS = "diagnosis.json"


@dataclasses.dataclass(frozen=True)
class Diagnose:
    """Tells whether a generator has collapsed, and which modes are gone.

    Real and generated samples are a .npy file, a .npz file (arrays samples and perhaps labels and kind, as jaxgan
    sample writes it), a folder of images (class folders are labels), or tfds:NAME/SPLIT.
    """

    real: str
    """Real samples."""
    fake: str
    """Generated samples, of any generator."""
    out: Path
    """Folder for diagnosis.json, report.html and figures; new or empty, or that of an earlier diagnosis."""
    features: str = "auto"
    """What distances are measured in: pixels, random (a fixed random convolutional network, the default for images),
    or inception:PATH with a file of weights."""
    kind: Literal["points", "images", "sequences"] | None = None
    """What a sample is: none is what the file says, and else an image where it has two or three axes. Sequences are
    [n, time, channels]."""
    data_dir: Path | None = None
    """Folder of TFDS data sets; none is the environment variable TFDS_DATA_DIR."""
    fail_on_collapse: bool = False
    """Exit with status 3 if the verdict is collapse."""
    seed: int = 0
    """Of everything random; the same seed gives the same diagnosis."""

    def __call__(self) -> int:
        from jaxgan import report
        from jaxgan.diagnosis import diagnose, read_samples
        from jaxgan.runs.folder import write_json

        _claim(self.out)
        real, fake = (read_samples(source, data_dir=self.data_dir, kind=self.kind) for source in (self.real, self.fake))
        found = diagnose(real, fake, features=self.features, seed=self.seed)
        self.out.mkdir(parents=True, exist_ok=True)
        write_json(self.out / DIAGNOSIS, found.summary())
        page = report.write_diagnosis(self.out, found)
        print(found.verdict.sentence)
        print(f"report: {page}")
        return COLLAPSED if self.fail_on_collapse and found.verdict.kind == "collapse" else 0


def _claim(folder: Path) -> None:
    """Refuses a folder that holds something else."""
    if folder.is_file():
        raise ValueError(f"{folder} is a file; --out names a folder")
    if folder.is_dir() and any(folder.iterdir()) and not (folder / DIAGNOSIS).exists():
        raise ValueError(f"{folder} is not empty and holds no diagnosis; --out names a new folder")
