"""`jaxgan diagnose`: has the generator that made these samples collapsed?"""

import dataclasses
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal

if TYPE_CHECKING:
    from jaxgan.diagnosis import Conditions, Samples
    from jaxgan.metrics import Moments

COLLAPSED = 3  # exit status with --fail-on-collapse
UNKNOWN = 4  # exit status where the samples do not tell
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
    or inception:PATH, dinov2:PATH or clip:PATH with a file of weights."""
    distance: Literal["euclidean", "cosine"] = "euclidean"
    """Of embeddings: cosine brings each to unit length first."""
    against: Path | None = None
    """An .npz file of mean and covariance of these features (arrays mu and sigma, as pytorch-fid saves them), to which
    the Fréchet distance is measured too."""
    kind: Literal["points", "images", "sequences"] | None = None
    """What a sample is: none is what the file says, and else an image where it has two or three axes. Sequences are
    [n, time, channels]."""
    train: str | None = None
    """Samples that the generator was trained on, if these are not the real ones: asks for copies of them."""
    holdout: str | None = None
    """Samples of the same source that the generator has not seen; the real ones are then what it was trained on."""
    group: Path | None = None
    """The prompt, class or other condition of each generated sample, a line of text or an entry of a .npy file each:
    asks for collapse within a condition. "labels" takes the labels."""
    real_group: Path | None = None
    """The same of the real samples; without it conditions are compared with each other."""
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
    """Exit with status 3 if the verdict is collapse. Whenever the samples do not tell, the status is 4."""
    seed: int = 0
    """Of everything random; the same seed gives the same diagnosis."""

    def __call__(self) -> int:
        from jaxgan import report
        from jaxgan.backend.files import naming
        from jaxgan.diagnosis import diagnose
        from jaxgan.runs.folder import write_json

        _claim(self.out)
        against = None if self.against is None else _statistics(self.against)
        real, fakes, others = self._read()
        found = {}
        for name, fake in fakes.items():
            out = self.out / name.replace(" ", "_") if len(fakes) > 1 else self.out
            asked: dict[str, Any] = {**others, "conditions": self._conditions(real, fake), "against": against}
            diagnosis = diagnose(real, fake, features=self.features, **asked, seed=self.seed)
            if notes := {side: list(x.notes) for side, x in (("real", real), ("fake", fake)) if x.notes}:
                diagnosis = diagnosis._replace(conventions={**diagnosis.conventions, "read": notes})
            with naming(out, "cannot be made"):
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
        kinds = {verdict.kind for verdict in found.values()}
        if self.fail_on_collapse and "collapse" in kinds:
            return COLLAPSED
        return UNKNOWN if "unknown" in kinds else 0

    def _conditions(self, real: "Samples", fake: "Samples") -> "Conditions | None":
        from jaxgan.diagnosis import Conditions

        if self.group is None:
            if self.real_group is not None:
                raise ValueError("--real-group needs --group, the conditions of the generated samples")
            return None
        of_fakes = _names(self.group, fake, "generated")
        return Conditions(of_fakes, None if self.real_group is None else _names(self.real_group, real, "real"))

    def _read(self) -> tuple["Samples", dict[str, "Samples"], dict[str, "Samples"]]:
        """The real samples; in their form the generated ones of each seed, and those of --train and --holdout."""
        from jaxgan.data.pictures import size_from_text
        from jaxgan.diagnosis import read_generated, read_samples
        from jaxgan.diagnosis.inputs import of_unit_length

        size: Any = self.size if self.size in (None, "auto") else size_from_text(self.size)
        columns: dict[str, Any] = {"label": self.label, "drop": self.drop}
        both: dict[str, Any] = {"kind": self.kind, "data_dir": self.data_dir}
        real = read_samples(self.real, size=size, **columns, **both)
        like: dict[str, Any] = {} if real.table is None else columns
        if size is not None and real.kind == "images":
            like["size"] = real.data.shape[1:3]
        fakes = read_generated(self.fake, like=real, run_seed=self.run_seed, **like, **both)
        sources = {"train": self.train, "holdout": self.holdout}
        others = {name: read_samples(x, like=real, **like, **both) for name, x in sources.items() if x is not None}
        if self.distance == "cosine":
            real = of_unit_length(real)
            fakes, others = ({k: of_unit_length(x) for k, x in each.items()} for each in (fakes, others))
        return real, fakes, others


def _statistics(path: Path) -> "Moments":
    """Mean and covariance, as pytorch-fid saves them."""
    import numpy as np

    from jaxgan.backend.arrays import read_npz
    from jaxgan.metrics import Moments

    arrays = read_npz(path, ("mu", "sigma"))
    if missing := {"mu", "sigma"} - set(arrays):
        raise ValueError(
            f"{path} holds no {' and no '.join(sorted(missing))}; statistics are arrays mu [d] and sigma [d, d]"
        )
    mean, covariance = arrays["mu"], arrays["sigma"]
    if covariance.shape != 2 * mean.shape or not all(
        x.dtype.kind == "f" and np.isfinite(x).all() for x in (mean, covariance)
    ):
        raise ValueError(f"{path} holds mu {mean.shape} and sigma {covariance.shape}; these are [d] and [d, d], finite")
    return Moments(mean, covariance)  # pyright: ignore[reportArgumentType]


def _names(path: Path, samples: "Samples", what: str) -> list[str]:
    """The condition of each sample, from a file or from the labels."""
    from jaxgan.backend.arrays import read_npy

    if str(path) == "labels":
        if samples.labels is None:
            raise ValueError(f"the {what} samples have no labels to group by")
        return [samples.names[label] for label in samples.labels]
    if not path.is_file():
        raise ValueError(f"no file {path} with the conditions of the {what} samples")
    if path.suffix == ".npy":
        array = read_npy(path)
        if array.ndim != 1:
            raise ValueError(f"{path} holds an array {array.shape}; conditions are one name or number a sample, [n]")
        names = array.astype(str).tolist()
    else:
        names = path.read_text().splitlines()
    if len(names) != len(samples.data):
        raise ValueError(f"{path} names {len(names)} conditions, but there are {len(samples.data)} {what} samples")
    return names


def _claim(folder: Path) -> None:
    """Refuses a folder that holds something else, and one inside a file."""
    nearest = next(path for path in (folder, *folder.parents) if path.exists())
    if not nearest.is_dir():
        raise ValueError(f"{nearest} is a file; --out names a folder")
    if folder.is_dir() and any(folder.iterdir()) and not (folder / DIAGNOSIS).exists():
        raise ValueError(f"{folder} is not empty and holds no diagnosis; --out names a new folder")
