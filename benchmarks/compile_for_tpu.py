"""Compiles the programs of experiments and of `jaxgan train` for TPUs, with the TPU's own compiler, and reads them.

    pip install 'jax[tpu]'
    python benchmarks/compile_for_tpu.py --out benchmarks/results/compile_for_tpu.json --programs ring:unrolled

No TPU is needed, and nothing is trained. A program is what the command would run on such a slice: its networks, data,
seeds on the mesh, chunks of steps and donated buffers; only the devices are a description of them. Recorded are whether
it fits into a chip, the bytes there, and the collectives, loops and kernels of a step. A program is an experiment,
NAME[:ARM][,OPTION=VALUE...], such as `ring:packed`, `ring:plain,unroll.steps=5` or `images,dataset=mnist`;
`train:images` and the other kinds are `jaxgan train` on random data. `--table` prints what a file holds, and
`docs/scaling.md` says what follows from it.

One process at a time: the compiler locks a file in the temporary folder, which a killed process leaves behind.
"""

import contextlib
import dataclasses
import functools
import json
import math
import os
import runpy
import sys
import tempfile
import time
from collections import Counter
from collections.abc import Iterable, Sequence
from importlib.metadata import version
from pathlib import Path
from typing import Any, NamedTuple
from unittest import mock

# Before JAX is imported: there is no TPU to look for.
os.environ.setdefault("JAX_PLATFORMS", "cpu")
os.environ.setdefault("TPU_SKIP_MDS_QUERY", "1")

import jax
import jax.numpy as jnp
import numpy as np
from jax.experimental import topologies
from jax.sharding import Mesh
from reading_hlo import Loop, read

from jaxgan.backend import compiling_for
from jaxgan.backend.files import write_whole
from jaxgan.commands import experiment as commands
from jaxgan.commands import train
from jaxgan.commands.parsing import parse
from jaxgan.training import placement, seeds, sources
from jaxgan.training.arranging import labels_of
from jaxgan.training.health import healthy
from jaxgan.types import Stream

EXPERIMENTS = Path(__file__).resolve().parents[1] / "experiments"
GIB = 2**30
SIDE = 64  # of the images that `train:images` is compiled for


class Slice(NamedTuple):
    """A slice of TPU chips, by Google's documentation of Cloud TPU.

    Attributes:
      topology: as the compiler names it.
      memory: bytes of a chip.
      host: chips of one host, along each axis of the slice.
    """

    topology: str
    memory: int
    host: tuple[int, int, int]


SLICES = {
    "v5e-8": Slice("v5e:2x4", 16 * GIB, (2, 4, 1)),
    "v5e-256": Slice("v5e:16x16", 16 * GIB, (2, 4, 1)),
    "v5p-64": Slice("v5p:4x4x4", 95 * GIB, (2, 2, 1)),
    "v6e-8": Slice("v6e:2x4", 32 * GIB, (2, 4, 1)),
}
USUAL = ("ring:plain", "ring:plain,unroll.steps=1", "ring:unrolled", "ring:packed", "ring:mgan", "stacked_digits:plain")


class Asked(NamedTuple):
    """What a command asks the loop to train: the arguments of `training.loop.fit`."""

    model: Any
    task: Any
    run: Any
    steps: int
    batch_size: int
    pack: int


@dataclasses.dataclass(frozen=True)
class Record:
    """What one program does on each chip; numbers of a step are means over the steps of a program."""

    program: str
    slice: str
    mesh: dict[str, int]
    """Chips for different seeds, and chips that share a minibatch."""
    seeds: int
    batch: int
    """Examples in a minibatch of a seed."""
    batch_asked: int
    """Of the command; larger here where so many chips could not share it."""
    length: int
    """Steps in a program."""
    fits: bool
    refused: str | None
    """What the compiler said where it does not fit."""
    bytes: dict[str, int]
    """Of a chip: arguments, outputs, aliased, temporary, code and together; and parameters without padding."""
    all_reduces: float
    """In a step."""
    reduced_bytes: float
    """In a step."""
    other_collectives: dict[str, float]
    """In a step, by kind."""
    loops: list[Loop]
    fusions: float
    """In a step."""
    other_kernels: float
    """In a step: what was not fused."""
    operations: float
    """Floating-point operations that the compiler counts, with the body of each loop once."""
    compile_seconds: float
    versions: dict[str, str]


class _Asked(Exception):
    """Carries what `fit` was asked, out of the command that asked it."""


def asked(program: str) -> Asked:
    """What the command of a program would train; it is stopped before it trains or writes anything.

    Raises:
      ValueError: there is no such experiment, arm or option.
    """
    name, *options = program.split(",")
    name, _, arm = name.partition(":")

    def fit(model: Any, task: Any, evaluation: Any, *, steps: int, batch_size: int, run: Any, pack: int = 1, **_: Any):
        del evaluation
        raise _Asked(Asked(model, task, run, steps, batch_size, pack))

    instead = mock.patch.multiple(commands, fit=fit, evaluator=lambda *_, **__: None)
    with tempfile.TemporaryDirectory() as folder, instead:
        given = [f"--{option}" for option in options]
        given += ["--workdir", str(Path(folder) / "run")]
        try:
            if name == "train":
                path = _random_data(arm or "images", Path(folder))
                status = train.main(["--data", str(path), *given])
            else:
                status = commands.main(_experiment(name, arm), given)
        except _Asked as found:
            return found.args[0]
    raise ValueError(f"{program} asks for nothing that can be trained: its command ended with status {status}")


def _experiment(name: str, arm: str) -> Any:
    """The experiment of a file, with a single arm."""
    path = EXPERIMENTS / f"{name}.py"
    if not path.exists():
        raise ValueError(
            f"there is no experiment {name}; there are {', '.join(x.stem for x in EXPERIMENTS.glob('*.py'))}"
        )
    if "Experiment(" not in path.read_text(encoding="utf-8"):  # it would train when it is run
        raise ValueError(f"{name} trains by itself, and is no `Experiment` whose program could be asked for")
    caught: list[Any] = []
    with mock.patch.object(commands, "main", caught.append), contextlib.suppress(SystemExit):
        runpy.run_path(str(path), run_name="__main__")
    (found,) = caught
    arm = arm or next(iter(found.arms))
    if arm not in found.arms:
        raise ValueError(f"there is no arm {arm} of {name}; there are {', '.join(found.arms)}")
    return found._replace(arms={arm: found.arms[arm]})


def _random_data(kind: str, folder: Path) -> Path:
    """A file of random data of a kind."""
    random = np.random.default_rng(0)
    shapes = {"images": (256, SIDE, SIDE, 3), "points": (2000, 16), "sequences": (1000, 64, 4)}
    if kind not in shapes:
        raise ValueError(f"train is compiled for {', '.join(shapes)}, not {kind}")
    samples = random.uniform(-1, 1, shapes[kind]).astype(np.float32)
    samples = np.uint8(127 * (samples + 1)) if kind == "images" else samples
    np.savez(folder / "random.npz", samples=samples, kind=kind)
    return folder / "random.npz"


def laid_out(devices: Sequence[Any], count: int, batch: int, pack: int) -> tuple[Mesh, int]:
    """The mesh that `training.placement.mesh` makes of such devices, and the least batch from `batch` on that fits."""
    hosts = len({device.process_index for device in devices})
    rows = math.gcd(count, len(devices)) if hosts == 1 else 1
    columns = len(devices) // rows
    parts = columns * pack
    grid = Mesh(np.array(devices).reshape(rows, columns), (placement.SEED, placement.DATA))
    return grid, -(-batch // parts) * parts


def lowered(wanted: Asked, mesh: Mesh, batch: int) -> tuple[jax.stages.Lowered, int, int]:
    """The program of several steps of all seeds on a mesh; its steps, and bytes of its arguments without padding."""
    task, streamed = wanted.task, isinstance(wanted.task, Stream)
    length = 1 if streamed else wanted.run.intervals(wanted.steps)[0]
    labels = labels_of(wanted.model, task, wanted.run.samples)
    draw = None if streamed else task.draw
    program = seeds.programs(wanted.model, draw, batch, length, sources.SAMPLE_IMAGES, mesh, labels)
    whole, of_seeds = placement.sharding(mesh), placement.sharding(mesh, placement.SEED)
    if streamed:
        one = next(task.stream(2, seed=0))
        several = (wanted.run.seeds, wanted.model.minibatches * batch)
        feed = jax.tree.map(lambda a: jax.ShapeDtypeStruct((*several, *a.shape[1:]), a.dtype), one)
        of_feed, axis = placement.sharding(mesh, placement.SEED, placement.DATA), 0
    else:
        feed = jax.tree.map(lambda a: jax.ShapeDtypeStruct(jnp.shape(a), jnp.asarray(a).dtype), task.arrays)
        of_feed, axis = whole, None
    keys = jax.eval_shape(lambda: jax.vmap(jax.random.key)(np.arange(wanted.run.seeds)))
    over_seeds = functools.partial(seeds.over_seeds, mesh=mesh, apart=task.kind == "images")
    states = jax.eval_shape(over_seeds(program.begin, (0, axis)), keys, feed)
    placed = placement.placement(mesh, states, divide_optimizer=wanted.run.divide_optimizer)
    advance = jax.jit(
        over_seeds(program.advance, (0, 0, axis, 0)),
        in_shardings=(of_seeds, placed, of_feed, of_seeds),
        out_shardings=(placed, whole, of_seeds),
        donate_argnums=1,
    )
    held = sum(
        math.prod(where.shard_shape(leaf.shape)) * leaf.dtype.itemsize
        for leaf, where in zip(jax.tree.leaves(states), jax.tree.leaves(placed), strict=True)
    )
    all_healthy = jax.tree.map(lambda a: jax.ShapeDtypeStruct((wanted.run.seeds, *a.shape), a.dtype), healthy())
    return advance.trace(keys, states, feed, all_healthy).lower(lowering_platforms=("tpu",)), length, held


def compiled(program: str, name: str, wanted: Asked | None = None) -> Record:
    """Compiles one program for a slice, and reads what came out.

    Args:
      program: as in the documentation of this file.
      name: of the slice, one of `SLICES`.
      wanted: what the program trains, where that is known already.
    """
    wanted = asked(program) if wanted is None else wanted
    topology, _, host = SLICES[name]
    devices = topologies.get_topology_desc(topology, "tpu", chips_per_host_bounds=host).devices
    mesh, batch = laid_out(devices, wanted.run.seeds, wanted.batch_size, wanted.pack)
    record = Record(
        program=program,
        slice=name,
        mesh={str(axis): count for axis, count in mesh.shape.items()},
        seeds=wanted.run.seeds,
        batch=batch,
        batch_asked=wanted.batch_size,
        length=0,
        fits=False,
        refused=None,
        bytes={},
        all_reduces=0.0,
        reduced_bytes=0.0,
        other_collectives={},
        loops=[],
        fusions=0.0,
        other_kernels=0.0,
        operations=0.0,
        compile_seconds=0.0,
        versions={name: version(name) for name in ("jax", "libtpu", "jaxgan")},
    )
    with compiling_for("tpu"):
        program_text, length, held = lowered(wanted, mesh, batch)
        started = time.perf_counter()
        try:
            made = program_text.compile()
        except jax.errors.JaxRuntimeError as error:
            if "RESOURCE_EXHAUSTED" not in str(error):
                raise
            return dataclasses.replace(record, length=length, refused=str(error).split("\n")[0])
    seconds = time.perf_counter() - started
    found = read(made.as_text() or "")
    memory: Any = made.memory_analysis()
    counted: Any = made.cost_analysis()
    held_bytes = {
        "arguments": memory.argument_size_in_bytes,
        "outputs": memory.output_size_in_bytes,
        "aliased": memory.alias_size_in_bytes,
        "temporary": memory.temp_size_in_bytes,
        "code": memory.generated_code_size_in_bytes,
    }
    together = sum(held_bytes.values()) - 2 * held_bytes["aliased"]
    count, reduced = found.collectives.get("all-reduce", (0, 0))
    return dataclasses.replace(
        record,
        length=length,
        fits=together <= SLICES[name].memory,
        bytes={**held_bytes, "together": together, "state": held},
        all_reduces=count / length,
        reduced_bytes=reduced / length,
        other_collectives={k: n / length for k, (n, _) in found.collectives.items() if k != "all-reduce"},
        loops=list(found.loops),
        fusions=found.kernels.get("fusion", 0) / length,
        other_kernels=sum(n for kind, n in found.kernels.items() if kind != "fusion") / length,
        operations=counted.get("flops", 0.0) if counted else 0.0,
        compile_seconds=seconds,
    )


def _counted(texts: Iterable[str]) -> str:
    """The texts in their order, each once, with how many there are of it."""
    return ", ".join(text if count == 1 else f"{count} of {text}" for text, count in Counter(texts).items())


def table(records: Sequence[Record]) -> str:
    """The records in Markdown."""
    lines = [
        "| program | slice | seeds x data | batch | fits | MB together | MB state | all-reduces | MB reduced | "
        "other collectives | loops | fusions | other kernels | compiled in |",
        "| --- |" + " --- |" * 13,
    ]
    for r in sorted(records, key=lambda r: (r.slice, r.program)):
        shape = " x ".join(map(str, r.mesh.values()))
        asked_for = "" if r.batch == r.batch_asked else f" ({r.batch_asked})"
        if not r.fits:
            lines.append(f"| {r.program} | {r.slice} | {shape} | {r.batch}{asked_for} | no |" + " |" * 9)
            continue
        others = ", ".join(f"{n:.3g} {kind}" for kind, n in r.other_collectives.items()) or "none"
        loops = _counted(
            " x ".join("?" if n is None else str(n) for n in (*inside, turns)) for turns, inside in r.loops
        )
        lines.append(
            f"| {r.program} | {r.slice} | {shape} | {r.batch}{asked_for} | yes | {r.bytes['together'] / 1e6:.4g} | "
            f"{r.bytes['state'] / 1e6:.3g} | {r.all_reduces:.1f} | {r.reduced_bytes / 1e6:.3g} | {others} | "
            f"{loops or 'none'} | {r.fusions:.0f} | {r.other_kernels:.0f} | {r.compile_seconds:.0f} s |"
        )
    return "\n".join(lines)


@dataclasses.dataclass(frozen=True)
class Options:
    """What is compiled."""

    out: Path
    """File of the records, JSON; what it holds of a program on a slice is replaced, all else stays."""
    programs: tuple[str, ...] = USUAL
    """Which; none only prints the table."""
    slices: tuple[str, ...] = ("v5e-8",)
    """For which slices."""
    table: bool = False
    """Print all that the file holds at the end."""

    def __post_init__(self):
        if unknown := [name for name in self.slices if name not in SLICES]:
            raise ValueError(f"--slices are of {', '.join(SLICES)}, not {unknown[0]}")


def read_records(path: Path) -> list[Record]:
    """The records of a file; none where there is no file."""
    found = json.loads(path.read_text()) if path.exists() else []
    return [
        Record(**{**record, "loops": [Loop(n, tuple(around)) for n, around in record["loops"]]}) for record in found
    ]


def _write(path: Path, records: Sequence[Record]) -> None:
    ordered = sorted(records, key=lambda r: (r.slice, r.program))
    text = "[\n" + ",\n".join(json.dumps(dataclasses.asdict(record)) for record in ordered) + "\n]\n"
    write_whole(path, lambda file: file.write(text.encode()))


def main(arguments: list[str] | None = None) -> int:
    """Compiles, writes and prints; returns the exit status."""

    def command_line() -> int:
        options = parse(Options, sys.argv[1:] if arguments is None else arguments, description=__doc__)
        for program in options.programs:
            wanted = asked(program)
            for name in options.slices:
                record = compiled(program, name, wanted)
                kept = [r for r in read_records(options.out) if (r.program, r.slice) != (program, name)]
                _write(options.out, [*kept, record])
                print(f"{program} on {name}: {'fits' if record.fits else record.refused}", file=sys.stderr, flush=True)
        if options.table:
            print(table(read_records(options.out)))
        return 0

    return commands.exit_status(command_line, "stopped; what was compiled is kept")


if __name__ == "__main__":
    sys.exit(main())
