"""`jaxgan sample`: samples from a run, as a picture or as arrays."""

import dataclasses
from pathlib import Path
from typing import Any

import jax
import numpy as np
import tyro

from jaxgan import report
from jaxgan.backend.files import write_whole
from jaxgan.runs import folder
from jaxgan.runs.loading import draw, load


@dataclasses.dataclass(frozen=True)
class Sample:
    """Draws samples from a run, finished or not, from its newest checkpoint."""

    workdir: tyro.conf.Positional[Path]
    """Folder of the run; of a comparison, that of one arm."""
    out: Path
    """A new file: .png for a picture, or .npz for an array `samples` [n, ...], its `kind`, and `labels` [n] with
    --label."""
    n: int = 64
    """How many."""
    seed: int | None = None
    """Which of the trained seeds is sampled; none is the first."""
    label: int | None = None
    """Class of all samples, for a conditional model."""
    key: int = 0
    """Another number draws other samples; the same one draws the same."""

    def __call__(self) -> int:
        if self.out.suffix not in (".png", ".npz"):
            raise ValueError(f"--out is a file that ends in .png or .npz, not {self.out}")
        if self.out.exists():
            raise ValueError(f"{self.out} is there already; --out names a new file")
        run = load(self.workdir)
        samples = draw(run, jax.random.key(self.key), self.n, seed=self.seed, label=self.label)
        if self.out.suffix == ".png":
            (real,) = folder.read_arrays(self.workdir / folder.SAMPLES, ("real",))
            picture = report.picture_of_samples(run.example.kind, samples, real)
            write_whole(self.out, lambda file: file.write(picture))
        else:
            arrays: dict[str, Any] = {"samples": samples, "kind": run.example.kind}
            if self.label is not None:
                arrays["labels"] = np.full(len(samples), self.label)
            write_whole(self.out, lambda file: np.savez(file, **arrays))
        seed = run.seeds[0] if self.seed is None else self.seed
        print(f"{len(samples)} samples of seed {seed} at step {run.step}: {self.out}")
        return 0
