"""Any set of images that TFDS has prepared, all of one size.

    python experiments/images.py --dataset cifar10 --data-dir DIR --workdir runs/cifar10

A set that fits stays on the device; a larger one is streamed. There is no mode metric here: look at the samples. A
starting point for an accelerator, not a record: no run of it has been recorded. Streaming costs little: with `--dataset
mnist --max-bytes 0 --steps 120 --generator-width 16 --discriminator-width 16` the steps waited for data 0.1 % of their
time, at 12 steps a second on two CPU cores (`waited_share` in `summary.json`).
"""

import dataclasses
import sys
from pathlib import Path

from jaxgan import data
from jaxgan.commands.experiment import Arm, Experiment, main
from jaxgan.runs.options import Architecture, Run, Training


@dataclasses.dataclass(frozen=True)
class Images:
    """The data."""

    dataset: str = "cifar10"
    """Name of the set in TFDS; its images are of one size."""
    split: str = "train"
    """Split of the set, e.g. train or train[:1000]."""
    data_dir: Path | None = None
    """Folder of TFDS data sets; none is the environment variable TFDS_DATA_DIR."""
    max_bytes: int = 2**30
    """Bytes that the set may take on the device; a larger one is streamed from disk."""


ARCHITECTURE = Architecture(latent_dim=100, batch_norm=True)
TRAINING = Training(
    steps=40_000,
    batch_size=64,
    pack=2,
    generator_learning_rate=2e-4,
    discriminator_learning_rate=2e-4,
    average=0.999,
)

if __name__ == "__main__":
    sys.exit(
        main(
            Experiment(
                name="images",
                description=__doc__ or "",
                data=Images(),
                task=lambda o: data.images(o.dataset, o.split, o.data_dir, max_bytes=o.max_bytes),
                run=Run(Path("runs/images"), seeds=1, samples=1000),
                arms={"packed": Arm(ARCHITECTURE, TRAINING)},
            )
        )
    )
