"""`jaxgan train`: a GAN of anybody's own data."""

import dataclasses
import hashlib
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import Literal

import numpy as np

from jaxgan.backend import processes
from jaxgan.commands.experiment import Arm, Experiment, Options, exit_status, started_from, train_and_report
from jaxgan.commands.listing import listing
from jaxgan.commands.parsing import parse
from jaxgan.commands.usage import HELP, parse_options
from jaxgan.data import Examples, ImageStream, balanced, encoding_as_json
from jaxgan.data.encodings import FILE
from jaxgan.data.own_data import OwnData, accidents, imbalance, own_data
from jaxgan.data.pictures import size_from_text
from jaxgan.runs.options import Architecture, Run, Training
from jaxgan.types import Kind

OF_CLASSES = ("class_accuracy",)  # what is measured of a conditional model where nothing else is asked for
OF_ROWS = ("columns", "associations", "lost_categories", "copied_rows")  # and of tables
OUT = {"tables": "rows.csv", "images": "samples.png"}
FEW = 1000  # examples, below which a discriminator may learn them by heart
DESCRIPTION = """Trains a GAN on your own data.

A folder of images (class folders are labels), a .npy, .npz or .safetensors file (array samples, perhaps labels and
kind), a table (.csv, .tsv, .parquet), or tfds:NAME/SPLIT. Images are cut at the centre to the proportions of --size and
resized; what is transparent is shown on white. Numbers are standardised by the data, and jaxgan sample gives them back
in the units of the data: rows with the columns of the table. Where there are labels, the generator is asked for each
class, and classes are drawn equally often (--no-conditional: neither). Defaults are those for the kind of the data."""


@dataclasses.dataclass(frozen=True)
class Source:
    """The data."""

    data: str
    """Folder of images, .npy, .npz, .safetensors, .csv, .tsv, .parquet, or tfds:NAME/SPLIT."""
    size: str | None = None
    """Of images: one side in pixels, or HEIGHTxWIDTH. Usual are their own, if all have one of at most 64; else a square
    of the median of their shorter sides, at most 64."""
    kind: Literal["points", "images", "sequences"] | None = None
    """Of an array: points [n, d], images [n, height, width(, channels)] or sequences [n, time, channels]."""
    label: str | None = None
    """Column of a table that holds the class."""
    drop: tuple[str, ...] = ()
    """Columns of a table that are left out."""
    categories: tuple[str, ...] = ()
    """Columns of a table that are categories although they are numbers; whole numbers of at most 10 values are."""
    data_dir: Path | None = None
    """Folder of TFDS data sets; none is the environment variable TFDS_DATA_DIR."""


@dataclasses.dataclass(frozen=True)
class Recorded(Source):
    """The data as `config.json` records them, so that a run does not go on with others of the same name."""

    digest: str = ""


PENALISED = Training(batch_size=128, loss="relativistic", average=0.99, decay_from=0.5)
# What each kind of data is trained by where no option says anything else.
ARMS: dict[Kind, Arm] = {
    "points": Arm(
        Architecture(generator_width=128, discriminator_width=128, layers=3, latent_dim=16),
        dataclasses.replace(PENALISED, steps=5000, technique=("r1:0.1", "r2:0.1")),
    ),
    "tables": Arm(
        Architecture(generator_width=128, discriminator_width=128, layers=3, latent_dim=32),
        dataclasses.replace(PENALISED, steps=5000, technique=("r1:1.0", "r2:1.0")),
    ),
    "sequences": Arm(
        Architecture(generator_width=64, discriminator_width=64, latent_dim=32),
        dataclasses.replace(
            PENALISED,
            steps=1500,
            batch_size=64,
            technique=("r1:0.1", "r2:0.1"),
            generator_learning_rate=2e-3,
            discriminator_learning_rate=2e-3,
        ),
    ),
    "images": Arm(
        # Narrow enough for a CPU: of 2000 steps the wider networks would make 400 in the same time, and worse samples.
        Architecture(generator_width=16, discriminator_width=32, latent_dim=64, batch_norm=True),
        dataclasses.replace(PENALISED, steps=2000, batch_size=32, technique=("r1:0.1", "r2:0.1")),
    ),
}


def main(arguments: Sequence[str] | None = None) -> int:
    """Runs `jaxgan train`; returns the exit status. Bad input ends in one line on the error stream and status 2."""
    arguments = sys.argv[2:] if arguments is None else list(arguments)
    return exit_status(lambda: _run(arguments), "stopped; the same command continues from the last checkpoint")


def _run(arguments: Sequence[str]) -> int:
    if not any(argument.split("=")[0] == "--data" for argument in arguments):
        # Help and lists need no data; without either the options say themselves what is missing.
        if not any(argument in HELP or argument.split("=")[0] == "--list" for argument in arguments):
            raise ValueError("--data is missing: a folder of images, a file or tfds:NAME/SPLIT; see --help")
        listed = _options(arguments, Source("PATH"), "points", False).list
    else:
        source, _ = parse(Source, [a for a in arguments if a not in HELP], return_unknown_args=True)
        found = read(source)
        classes = isinstance(found.task, Examples) and found.task.modes > 1
        options = _options(arguments, source, found.task.kind, classes)
        if (listed := options.list) is None:
            return _train(options, source, found)
    assert listed is not None
    print(listing(listed))
    return 0


def _train(options: Options, source: Source, found: OwnData) -> int:
    processes.initialize(options.run.coordinator, options.run.processes, options.run.process)
    task, conditional, run = found.task, options.architecture.conditional, options.run
    processes.say("\n".join(said(task, conditional)), sys.stdout)
    if not conditional and run.metric == asked(task.kind, True):
        run = dataclasses.replace(run, metric=asked(task.kind, False))
    recorded = Recorded(**dataclasses.asdict(source), digest=_digest(task))
    if conditional and isinstance(task, Examples) and imbalance(task):
        task = balanced(task)
    experiment = Experiment("train", DESCRIPTION, recorded, lambda _: task, run, {})
    files = {} if found.encoding is None else {FILE: encoding_as_json(found.encoding)}
    page = train_and_report(experiment, dataclasses.replace(options, data=recorded, run=run), files)
    folder = f"{run.workdir}/SETTING" if options.sweep else run.workdir
    sample = f"jaxgan sample {folder} --out {OUT.get(task.kind, 'samples.npz')}"
    processes.say(f"report: {page}\nsamples: {sample}", sys.stdout)
    return 0


def read(source: Source) -> OwnData:
    """Reads the data that options name."""
    return own_data(
        source.data,
        kind=source.kind,
        size=None if source.size is None else size_from_text(source.size),
        label=source.label,
        drop=source.drop,
        categories=source.categories,
        data_dir=source.data_dir,
    )


def asked(kind: Kind, classes: bool) -> tuple[str, ...]:
    """The metrics that are measured where nothing else is asked for."""
    return (OF_ROWS if kind == "tables" else ()) + (OF_CLASSES if classes else ())


def said(task: Examples | ImageStream, conditional: bool) -> list[str]:
    """What is said of the data before training begins: how many, of what, of which classes, and what is unusual."""
    shape = " x ".join(map(str, task.shape))
    classes = f", {task.modes} classes" if isinstance(task, Examples) and task.modes > 1 else ""
    lines = [f"{task.name}: {task.size:,} {task.kind if task.kind != 'tables' else 'rows'} of {shape}{classes}"]
    if found := imbalance(task):
        how = "drawn equally often" if conditional else "drawn as often as they occur"
        lines.append(f"note: {found}; they are {how}")
    lines += [f"note: {found}; see data.preparation" for found in accidents(task)]
    if task.size < FEW:
        lines.append(
            f"note: {task.size:,} examples are few, and the discriminator may learn them by heart: compare the samples "
            "with the data, and see jaxgan techniques for augmentation"
        )
    return lines


def _options(arguments: Sequence[str], source: Source, kind: Kind, classes: bool) -> Options:
    """All options, with the defaults of this kind of data."""
    arm = ARMS[kind]
    samples = 1000 if kind == "images" else 2500
    run = Run(Path("runs/train"), seeds=1, samples=samples, metric=asked(kind, classes))
    architecture = dataclasses.replace(arm.architecture, conditional=classes)
    first = started_from(arguments, run) or Arm(architecture, arm.training)
    default = Options(run, source, first.architecture, first.training)
    return parse_options(default, arguments, description=DESCRIPTION, kind=Options[Source], prog="jaxgan train")


def _digest(task: Examples | ImageStream) -> str:
    """Tells data apart that are read from the same place."""
    if isinstance(task, ImageStream):
        return ""
    digest = hashlib.sha256(np.ascontiguousarray(task.data).tobytes())
    if task.labels is not None:
        digest.update(np.ascontiguousarray(task.labels).tobytes())
    return digest.hexdigest()[:16]
