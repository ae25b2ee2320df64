"""`jaxgan sample`: samples from a run, as a picture, as arrays, or as rows of the table that it was trained on."""

import dataclasses
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Any

import tyro

if TYPE_CHECKING:
    import numpy as np

    from jaxgan.data.encodings import Encoding
    from jaxgan.runs.loading import Loaded
    from jaxgan.types import Model


SAMPLERS = ("rejection", "metropolis_hastings", "latent_descent")
NO_RATIO = ("hinge", "wasserstein", "relativistic", "relativistic_average")  # losses


@dataclasses.dataclass(frozen=True)
class Sample:
    """Draws samples from a run, finished or not, from its newest checkpoint."""

    workdir: tyro.conf.Positional[Path]
    """Folder of the run; of a comparison, that of one arm."""
    out: Path
    """A new file: .png for a picture; .npz for an array `samples` [n, ...] in the units of the data (rows as they were
    encoded), its `kind`, and `labels` [n] where they are known; .csv, .tsv or .parquet for rows of the table that the
    run was trained on."""
    n: int = 64
    """How many."""
    seed: int | None = None
    """Which of the trained seeds is sampled; none is the first."""
    label: str | None = None
    """Class of all samples, by its name or number, for a conditional model; none is all classes, as often as in the
    data."""
    sampler: str = ""
    """Which samples the discriminator lets pass: rejection, metropolis_hastings or latent_descent, with parameters as
    rejection:percentile=95; none is all of them. It shifts weights, and cannot make a lost mode."""
    key: int = 0
    """Another number draws other samples; the same one draws the same."""

    def __call__(self) -> int:
        import jax
        import numpy as np

        from jaxgan.data.table_files import TABLE_FILES
        from jaxgan.data.tables import TableEncoding
        from jaxgan.runs.loading import asked, class_number, draw, load

        if self.out.suffix not in (".png", ".npz", *TABLE_FILES):
            raise ValueError(f"--out is a file that ends in .png, .npz, {', '.join(TABLE_FILES)}, not {self.out}")
        if self.n < 1:
            raise ValueError(f"--n is at least 1, not {self.n}")
        if self.out.exists():
            raise ValueError(f"{self.out} is there already; --out names a new file")
        run = load(self.workdir)
        if self.sampler:
            run = run._replace(model=judged(run.model, self.sampler))
            loss = str((run.config["options"].get("training") or {}).get("loss", "")).partition(":")[0]
            if loss in NO_RATIO:
                print(
                    f"note: logits of the {loss} loss are no density ratio, so weights shift wrongly", file=sys.stderr
                )
        encoding = read_encoding(self.workdir)
        table = encoding if isinstance(encoding, TableEncoding) else None
        if self.out.suffix in TABLE_FILES and table is None:
            raise ValueError(f"{self.workdir} was not trained on a table: --out is a .png or .npz file")
        labels = asked(run, self.n) if self.label is None else class_number(run, self.label)
        samples = draw(run, jax.random.key(self.key), self.n, seed=self.seed, label=labels)
        self._write(run, samples, None if labels is None else np.broadcast_to(labels, self.n), encoding)
        seed = run.seeds[0] if self.seed is None else self.seed
        print(f"{len(samples)} samples of seed {seed} at step {run.step}: {self.out}")
        return 0

    def _write(
        self, run: "Loaded", samples: "np.ndarray", labels: "np.ndarray | None", encoding: "Encoding | None"
    ) -> None:
        import numpy as np

        from jaxgan import report
        from jaxgan.backend.files import write_whole
        from jaxgan.data.preparation import Scaling
        from jaxgan.data.table_files import TABLE_FILES, table_bytes
        from jaxgan.data.tables import TableEncoding
        from jaxgan.runs import folder

        if self.out.suffix == ".png":
            (real,) = folder.read_arrays(self.workdir / folder.SAMPLES, ("real",))
            picture = report.picture_of_samples(run.example.kind, samples, real)
            write_whole(self.out, lambda file: file.write(picture))
        elif isinstance(encoding, TableEncoding) and self.out.suffix in TABLE_FILES:
            rows = table_bytes(encoding.decode(samples, labels), self.out.suffix)
            write_whole(self.out, lambda file: file.write(rows))
        else:
            if isinstance(encoding, Scaling):
                samples = encoding.inverse(samples).astype(samples.dtype)
            arrays: dict[str, Any] = {"samples": samples, "kind": run.example.kind}
            if labels is not None:
                arrays["labels"] = labels
            write_whole(self.out, lambda file: np.savez(file, **arrays))


def judged(model: "Model", text: str) -> "Model":
    """The model with samples that its discriminator has a say in.

    Raises:
      ValueError: there is no such sampler, or it does not fit the model; one line.
    """
    from jaxgan import samplers
    from jaxgan.runs.factories import Catalogue, make, read
    from jaxgan.types import GAN

    known = Catalogue("sampler", {name: getattr(samplers, name) for name in SAMPLERS})
    call = read(known, text, "--sampler", supplied=("gan",))
    if not isinstance(model, GAN):
        raise ValueError(f"--sampler {text} asks a discriminator, and the model of this run has none")
    return model._replace(sample=make(call, {"gan": model}))


def read_encoding(workdir: Path) -> "Encoding | None":
    """How the data of a run were encoded, so that its samples become such data again; None where they were not.

    Raises:
      ValueError: the file cannot be read; one line.
    """
    from jaxgan.data.encodings import FILE, encoding_from_json
    from jaxgan.runs import folder

    path = workdir / FILE
    found = folder.read_json(path)
    return None if found is None else encoding_from_json(found, str(path))
