"""`jaxgan diagnose`: has the generator that made these samples collapsed?"""

import dataclasses
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal

if TYPE_CHECKING:
    from jaxgan.diagnosis import Samples

COLLAPSED = 3  # exit status with --fail-on-collapse
DIAGNOSIS = "diagnosis.json"


@dataclasses.dataclass(frozen=True)
class Diagnose:
    """Tells whether a generator has collapsed, and which modes are gone.

    Real and generated samples are a .npy file, a .npz or .safetensors file (arrays samples and perhaps labels and kind,
    as jaxgan sample writes it), a folder of images (class folders are labels), a table (.csv, .tsv, .parquet; a column
    of lists is embeddings), or tfds:NAME/SPLIT; generated ones also the folder of a run, each of whose seeds is
    diagnosed.
    """

    real: str
    """Real samples."""
    fake: str
    """Generated samples, of any generator, or the folder of a run."""
    out: Path
    """Folder for diagnosis.json, report.html and figures; new or empty, or that of an earlier diagnosis. Of several
    seeds, each has a folder in it."""
    features: str = "auto"
    """What distances are measured in: pixels, random (a fixed random convolutional network, the default for images),
    or inception:PATH with a file of weights."""
    kind: Literal["points", "images", "sequences"] | None = None
    """What a sample is: none is what the file says, and else an image where it has two or three axes. Sequences are
    [n, time, channels]."""
    size: str | None = None
    """Images of both sides are cut at the centre and resized to this side in pixels, or HEIGHTxWIDTH, or what is usual
    for the reals (auto); none takes them as they are, all of one size."""
    label: str | None = None
    """Column of a table that holds the class."""
    drop: tuple[str, ...] = ()
    """Columns of a table that are left out."""
    run_seed: int | None = None
    """Of the folder of a run, the one seed that is diagnosed; none is all of them, one after another."""
    data_dir: Path | None = None
    """Folder of TFDS data sets; none is the environment variable TFDS_DATA_DIR."""
    fail_on_collapse: bool = False
    """Exit with status 3 if the verdict is collapse."""
    seed: int = 0
    """Of everything random; the same seed gives the same diagnosis."""

    def __call__(self) -> int:
        from jaxgan import report
        from jaxgan.diagnosis import diagnose
        from jaxgan.runs.folder import write_json

        _claim(self.out)
        real, fakes = self._read()
        found = {}
        for name, fake in fakes.items():
            out = self.out / name.replace(" ", "_") if len(fakes) > 1 else self.out
            diagnosis = diagnose(real, fake, features=self.features, seed=self.seed)
            if notes := {side: list(x.notes) for side, x in (("real", real), ("fake", fake)) if x.notes}:
                diagnosis = diagnosis._replace(conventions={**diagnosis.conventions, "read": notes})
            out.mkdir(parents=True, exist_ok=True)
            write_json(out / DIAGNOSIS, diagnosis.summary())
            page = report.write_diagnosis(out, diagnosis)
            verdict = found[name] = diagnosis.verdict
            print(f"{name}: {verdict.sentence}" if name else verdict.sentence)
            for side, said in notes.items():
                print("\n".join(f"note: {side}: {note}" for note in said))
            print(f"report: {page}")
        if len(fakes) > 1:
            seeds = {name: {"verdict": verdict.kind, "sentence": verdict.sentence} for name, verdict in found.items()}
            write_json(self.out / DIAGNOSIS, {"seeds": seeds})
        collapsed = any(verdict.kind == "collapse" for verdict in found.values())
        return COLLAPSED if self.fail_on_collapse and collapsed else 0

    def _read(self) -> tuple["Samples", dict[str, "Samples"]]:
        """The real samples, and the generated ones of each seed, in the form of the real ones."""
        from jaxgan.data.pictures import size_from_text
        from jaxgan.diagnosis import read_generated, read_samples

        size: Any = self.size if self.size in (None, "auto") else size_from_text(self.size)
        columns: dict[str, Any] = {"label": self.label, "drop": self.drop}
        both: dict[str, Any] = {"kind": self.kind, "data_dir": self.data_dir}
        real = read_samples(self.real, size=size, **columns, **both)
        like: dict[str, Any] = {} if real.table is None else columns
        if size is not None and real.kind == "images":
            like["size"] = real.data.shape[1:3]
        return real, read_generated(self.fake, like=real, run_seed=self.run_seed, **like, **both)


def _claim(folder: Path) -> None:
    """Refuses a folder that holds something else."""
    if folder.is_file():
        raise ValueError(f"{folder} is a file; --out names a folder")
    if folder.is_dir() and any(folder.iterdir()) and not (folder / DIAGNOSIS).exists():
        raise ValueError(f"{folder} is not empty and holds no diagnosis; --out names a new folder")
