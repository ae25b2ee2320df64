"""How fast jaxgan trains on a CPU, against PyTorch and against its own simpler forms.

    pip install -e '.[bench]'
    python benchmarks/benchmark.py --workdir runs/benchmark

Every measurement runs in a fresh process, one after another; what is compared alternates, and a ratio is the median of
the ratios of pairs, with the smallest and the largest. Steps draw their data and latents. PyTorch stands for two
baselines, the loop that its documentation teaches (`baselines/plain_gan.py`) and one that is tuned by hand
(`baselines/tuned_gan.py`). All compute the same numbers: `tests/benchmarks/test_baselines.py` compares the gradients.
The networks: "mlp" is that of Metz et al. (2017)
(generator 256-128-128-2, discriminator 2-128-128-1, tanh, batch 512), "small" has 64 units, latents and examples, and
"dcgan" makes three stacked digits of 28 pixels (32 channels in both networks' widest maps, latent 100, batch 64) from
scikit-learn's digits, enlarged, so that nothing is downloaded. `benchmark.json` holds every single number.

PyTorch's threads wait for each other by spinning, so a machine that does anything else slows PyTorch down several times
and the ratios mean nothing: run this alone. The step tables are medians of 3 pairs of 1.5 seconds on two cores
(`--sections small step --repeats 3 --seconds 1.5`, 25 minutes), with the range of the pairs' ratios. The machine is
shared: in an earlier pass of 5 pairs jaxgan's steps took up to 2.5 times as long as here, and the medians of the MLP
were 1.65, 1.75, 1.14 and 1.38 against the tuned baseline:

| tuned PyTorch / jaxgan | k = 0 | k = 1 | k = 5 | k = 10 | wanted |
| --- | --- | --- | --- | --- | --- |
| mlp | 1.69 (1.59 to 2.21) | 1.57 (1.54 to 1.84) | 2.45 (2.14 to 2.68) | 1.90 (1.68 to 2.10) | 1.3; 3 for k > 0 |
| dcgan | 1.35 (1.12 to 1.48) | 1.40 (1.36 to 1.48) | 1.35 (1.26 to 1.35) | 1.27 (1.18 to 1.41) | 1 |
| small | 3.6 (3.5 to 4.3) | 9.9 (5.6 to 10.0) | 7.8 (6.7 to 8.4) | 4.7 (4.2 to 5.3) | 10 |

| plain PyTorch / jaxgan | k = 0 | k = 1 | k = 5 | k = 10 | wanted |
| --- | --- | --- | --- | --- | --- |
| mlp | 1.56 (1.43 to 1.79) | 2.05 (1.90 to 2.33) | 2.44 (2.44 to 2.83) | 2.20 (1.94 to 2.57) | 1.3; 3 for k > 0 |
| dcgan | 1.58 (1.55 to 1.59) | 1.90 (1.66 to 2.06) | 1.79 (1.79 to 1.84) | 1.63 (1.60 to 1.87) | 1 |
| small | 5.4 (5.0 to 6.8) | 9.7 (7.5 to 15.2) | 14.6 (13.2 to 16.0) | 10.7 (7.4 to 10.8) | 10 |

| milliseconds of a step, jaxgan | k = 0 | k = 1 | k = 5 | k = 10 |
| --- | --- | --- | --- | --- |
| mlp | 4.6 | 6.5 | 21 | 45 |
| dcgan | 155 | 164 | 424 | 810 |
| small | 0.40 | 0.53 | 2.0 | 5.6 |

The DCGAN takes four steps in one program. Every step as a program of its own, minutes before, gave 1.06, 1.28, 1.16 and
1.14 against the tuned baseline: a program takes its temporary memory anew, 21 000 page faults at each start.

Small networks are faster on one core, where no thread hands work to another: 1 to 1.4 times on a quiet machine, 2 to 3
times in a busier hour. Both on one core, medians of 3 pairs, of 2 at k = 10
(`taskset -c 0 python benchmarks/benchmark.py --sections small --repeats 3 --seconds 1.5`):

| small, PyTorch / jaxgan | k = 0 | k = 1 | k = 5 | k = 10 | wanted |
| --- | --- | --- | --- | --- | --- |
| tuned | 7.7 (7.0 to 8.8) | 8.4 (8.1 to 9.1) | 7.1 (7.1 to 7.2) | 6.2 (5.9 to 6.5) | 10 |
| plain | 11.2 (10.2 to 11.8) | 14.0 (13.8 to 16.5) | 15.4 (15.1 to 15.7) | 15.4 (15.2 to 15.5) | 10 |
| milliseconds of a step, jaxgan | 0.31 | 0.47 | 1.7 | 3.3 | |

The MLP for k > 0 falls short of what is wanted against either; the small networks do against the tuned baseline, and
on two cores for k < 5 against the plain one. What the MLP loses at k = 5 is the second core: a step takes 34 ms on one
core and 21 on two (32 in one run of three), though two processes at once, each with half of the batch on its own core,
take 17 for a step. This is measured, with `taskset -c 0` before it for one core and a batch of 256 for half, by

    python benchmarks/measuring.py '{"measurement": "step", "network": "mlp", "width": 128, "latent": 256,
        "batch": 512, "chunk": 20, "lookahead": 5, "seconds": 5}'

Nothing found so far keeps each core to its half: parts of the batch as chains of their own, a loop over them, two
devices and two processes that add their gradients were all no faster.

16 seeds of the small network for 2 000 steps by one command of `ring.py` took 35 s, reports included; commands of one
seed took 24 and 25 s, so 16 of them in turn take about 390 s, 11 times as long (two of the 16 were run). The training
alone took 7.6 s against 16 times 1.9 s, a ratio of 3.9. On another day these were 43 s, 21 and 19 s, 7.6 times and 1.7.
The samples of these seeds are equal bit for bit.

These hardly depend on what else runs:

| | jaxgan | compared with | ratio | wanted |
| --- | --- | --- | --- | --- |
| 10^6 operations, k = 0, 1, 5, 10 | 298, 421, 1682, 3262 | by hand | 1.09, 1.07, 1.04, 1.03 | at most 1.15 |
| memory, mlp, k = 50, 100 with remat | 19, 28 MiB | k = 5 without: 33 MiB | 0.56, 0.85 | at most 2 |
| memory, dcgan, k = 50, 100 with remat | 164, 218 MiB | k = 5 without: 191 MiB | 0.86, 1.14 | at most 2 |
| memory, mlp, k = 50, 100 with remat in two levels | 12, 13 MiB | the same | 0.36, 0.39 | at most 2 |
| memory, dcgan, k = 50, 100 with remat in two levels | 126, 133 MiB | the same | 0.66, 0.70 | at most 2 |
| compiling a loop, k = 50 | 6.1 s | k = 5: 6.3 s | 0.97 | at most 1.5 |

What the lookahead costs as a loop (`--sections memory --repeats 1 --seconds 2`, for k = 20 and more 4 seconds), mlp,
MiB and milliseconds of a step. On these two cores it takes longer to store the activations of many steps than to
compute them again; another pass of the last three rows gave up to twice the time in some cells, so only the order of
the columns is to be read from it:

| k | neither | remat | remat in two levels |
| --- | --- | --- | --- |
| 1 | 5.2, 7.4 | 5.2, 6.8 | 5.2, 8.0 |
| 5 | 33, 44 | 9.8, 30 | 9.7, 35 |
| 10 | 65, 84 | 11, 51 | 10, 73 |
| 20 | 129, 158 | 13, 107 | 11, 127 |
| 50 | 321, 446 | 19, 225 | 12, 303 |
| 100 | 641, 778 | 28, 455 | 13, 593 |
"""

import dataclasses
import json
import os
import platform
import shutil
import subprocess
import sys
import time
from importlib.metadata import PackageNotFoundError, version
from importlib.util import find_spec
from pathlib import Path
from typing import Any, Literal

import numpy as np
from comparing import Row, rows, table
from tqdm import tqdm

from jaxgan.commands.experiment import exit_status
from jaxgan.commands.parsing import parse
from jaxgan.runs import folder
from jaxgan.runs.summary import read_summary

Section = Literal["step", "small", "seeds", "memory", "compile", "devices", "flops"]
SECTIONS: tuple[Section, ...] = ("step", "small", "seeds", "memory", "compile", "devices", "flops")
HERE = Path(__file__).parent
MLP = {"network": "mlp", "width": 128, "latent": 256, "batch": 512, "chunk": 20}
SMALL = {"network": "mlp", "width": 64, "latent": 64, "batch": 64, "chunk": 200}
DCGAN = {"network": "dcgan", "width": 32, "latent": 100, "batch": 64, "chunk": 4}


@dataclasses.dataclass(frozen=True)
class Options:
    """What is measured."""

    workdir: Path = Path("runs/benchmark")
    """Folder for benchmark.json and for compiled programs, which are kept to compile each one once."""
    sections: tuple[Section, ...] = SECTIONS
    """Which parts: step and small compare with PyTorch."""
    repeats: int = 5
    """Pairs of runs that a ratio is the median of."""
    seconds: float = 3.0
    """How long each run is timed for, beside starting and compiling, in seconds."""
    torch: bool = True
    """Compare with PyTorch where it is installed."""
    quick: bool = False
    """Tiny sizes, one repeat: shows that the tool works; the numbers mean nothing."""

    def __post_init__(self):
        if self.repeats < 1:
            raise ValueError(f"--repeats is at least 1, not {self.repeats}")
        if not self.seconds >= 0:
            raise ValueError(f"--seconds is 0 or more, not {self.seconds}")


@dataclasses.dataclass(frozen=True)
class Plan:
    """The sizes."""

    networks: dict[str, dict[str, Any]]
    lookaheads: tuple[int, ...] = (0, 1, 5, 10)
    seeds: int = 16
    seed_steps: int = 2000
    memory: tuple[int, ...] = (1, 5, 10, 20, 50, 100)
    loops: tuple[int, ...] = (5, 50)
    straight: tuple[int, ...] = (1, 5, 10)
    devices: tuple[int, ...] = (1, 2, 4, 8)
    matmul: int = 2048


FULL = Plan({"mlp": MLP, "dcgan": DCGAN, "small": SMALL})
_TINY = {"width": 8, "latent": 4, "batch": 16, "chunk": 4}
QUICK = Plan(
    {"mlp": {**MLP, **_TINY}, "small": {**SMALL, **_TINY}},
    lookaheads=(0, 1),
    seeds=2,
    seed_steps=20,
    memory=(1, 2),
    loops=(2, 3),
    straight=(1,),
    devices=(1, 2),
    matmul=64,
)


def jobs(options: Options, plan: Plan) -> list[dict[str, Any]]:
    """Every process to start, in order: its section and case, what it measures, and of which networks."""
    found: list[dict[str, Any]] = []

    def add(section: Section, case: str, measurement: str, network: str, **others: Any) -> None:
        if section in options.sections:
            spec = {**plan.networks[network], "seconds": options.seconds, "measurement": measurement, **others}
            found.append({"section": section, "case": case, "spec": spec})

    baselines = ("tuned", "plain") if options.torch else ()
    for network in plan.networks:
        for k in plan.lookaheads:
            for _ in range(options.repeats):
                section, case = "small" if network == "small" else "step", f"{network}, k={k}"
                for baseline in baselines:
                    add(section, case, "step", network, lookahead=k, baseline=baseline)
                add(section, case, "step", network, lookahead=k)
    for _ in range(options.repeats):
        for seeds, how in ((1, "alone"), (plan.seeds, "turn"), (plan.seeds, "vmap")):
            add("seeds", "steps", "step", "small", lookahead=0, seeds=seeds, how=how)
    for seeds, first in ((plan.seeds, 0), *((1, i) for i in range(plan.seeds))):
        add("seeds", "runs", "run", "small", seeds=seeds, first_seed=first, steps=plan.seed_steps)
    for network in [name for name in ("mlp", "dcgan") if name in plan.networks]:
        for k in plan.memory:
            for remat in (False, True, "two_level"):
                add("memory", network, "memory", network, lookahead=k, remat=remat, form=1)
    for k, form in (*((k, 1) for k in plan.loops), *((k, True) for k in plan.straight)):
        add(
            "compile",
            "straight" if form is True else "loop",
            "compile",
            "mlp",
            lookahead=k,
            form=form,
        )
    for _ in range(options.repeats):
        for n in plan.devices:
            add("devices", "mlp, k=5", "devices", "mlp", lookahead=5, devices=n)
    for k in plan.lookaheads:
        add("flops", f"mlp, k={k}", "flops", "mlp", lookahead=k)
    for _ in range(options.repeats):
        add("flops", "speed", "matmul", "mlp", size=plan.matmul)
        for k in plan.lookaheads:
            add("flops", "speed", "step", "mlp", lookahead=k)
    return found


def command(job: dict[str, Any], workdir: Path) -> tuple[list[str], dict[str, str]]:
    """The command line of a job, and its environment."""
    spec = {**job["spec"], "digits": str(workdir / "digits.npy")}
    environment = {**os.environ, "JAX_PLATFORMS": "cpu"}
    environment.pop("JAX_COMPILATION_CACHE_DIR", None)
    if spec["measurement"] in ("step", "devices"):  # where compiling is not what is measured
        environment["JAX_COMPILATION_CACHE_DIR"] = str(workdir / "programs")
    if "devices" in spec:
        flag = f"--xla_force_host_platform_device_count={spec['devices']}"
        environment["XLA_FLAGS"] = f"{environment.get('XLA_FLAGS', '')} {flag}".strip()
    if spec["measurement"] == "run":
        folder = workdir / "seeds" / f"{spec['seeds']}_from_{spec['first_seed']}"
        names = {"steps": "steps", "seeds": "seeds", "first_seed": "first-seed", "batch": "batch-size"}
        names |= {"latent": "latent-dim", "width": "generator-width"}
        values = {option: spec[name] for name, option in names.items()} | {"discriminator-width": spec["width"]}
        arguments = [part for option, value in values.items() for part in (f"--{option}", str(value))]
        return [sys.executable, str(HERE / "ring.py"), "--workdir", str(folder), *arguments], environment
    script = "measuring_torch.py" if "baseline" in spec else "measuring.py"
    return [sys.executable, str(HERE / script), json.dumps(spec)], environment


def run(job: dict[str, Any], workdir: Path) -> dict[str, Any]:
    """Runs a job to its end; what it printed, and the seconds that the whole process took.

    Raises:
      ValueError: it failed; the message ends with what it complained of last.
    """
    arguments, environment = command(job, workdir)
    started = time.perf_counter()
    done = subprocess.run(arguments, env=environment, capture_output=True, text=True)
    seconds = time.perf_counter() - started
    if done.returncode:
        complaint = done.stderr.strip().splitlines()[-1:] or ["no message"]
        raise ValueError(f"the measurement {job['section']} ({job['case']}) failed: {complaint[0]}")
    if job["spec"]["measurement"] == "run":
        summary = read_summary(Path(arguments[arguments.index("--workdir") + 1]))
        assert summary is not None
        return {"process_seconds": seconds, "train_seconds": summary.train_seconds}
    return {"process_seconds": seconds, **json.loads(done.stdout.splitlines()[-1])}


def write_digits(path: Path) -> None:
    """Scikit-learn's digits as uint8 `[1797, 28, 28]`: each of the 8 x 8 pixels thrice, and a margin of 2."""
    from sklearn.datasets import load_digits

    pixels = np.reshape(load_digits(return_X_y=True)[0], (-1, 8, 8)) * (255 / 16)
    enlarged = np.kron(pixels, np.ones((1, 3, 3))).round().astype(np.uint8)
    np.save(path, np.pad(enlarged, ((0, 0), (2, 2), (2, 2))))


def machine() -> dict[str, Any]:
    """What the numbers depend on."""
    try:
        lines = Path("/proc/cpuinfo").read_text().splitlines()
        model = next(line.split(":", 1)[1].strip() for line in lines if line.startswith("model name"))
    except (OSError, StopIteration):
        model = platform.processor()
    versions: dict[str, str | None] = {"python": platform.python_version()}
    for name in ("jax", "jaxlib", "torch", "numpy", "jaxgan"):
        try:
            versions[name] = version(name)
        except PackageNotFoundError:
            versions[name] = None
    load = os.getloadavg()[0] if hasattr(os, "getloadavg") else None
    return {"cpu": model, "cores": os.cpu_count(), "system": platform.platform(), "load": load, "versions": versions}


def benchmark(options: Options) -> list[Row]:
    """Measures everything and writes `benchmark.json` after each process; returns the table's rows."""
    plan = QUICK if options.quick else FULL
    if options.quick:
        options = dataclasses.replace(options, repeats=1, seconds=0.0)
    if options.torch and find_spec("torch") is None:
        print("PyTorch is not installed (pip install -e '.[bench]'): jaxgan is timed alone", file=sys.stderr)
        options = dataclasses.replace(options, torch=False)
    options.workdir.mkdir(parents=True, exist_ok=True)
    write_digits(options.workdir / "digits.npy")
    shutil.rmtree(options.workdir / "seeds", ignore_errors=True)  # finished runs would only be read again
    facts = machine()
    results: list[dict[str, Any]] = []
    for job in (bar := tqdm(jobs(options, plan), unit="run", disable=not sys.stderr.isatty())):
        bar.set_description(f"{job['section']}, {job['case']}")
        results.append({**job, "result": run(job, options.workdir)})
        record = {"machine": facts, "options": dataclasses.asdict(options), "results": results}
        folder.write_json(options.workdir / "benchmark.json", record)
    found = rows(results)
    if options.quick:  # what is wanted is wanted of the real sizes
        found = [row._replace(wanted="", holds=None) for row in found]
    record = {"machine": facts, "options": dataclasses.asdict(options), "results": results}
    record["rows"] = [row._asdict() for row in found]
    folder.write_json(options.workdir / "benchmark.json", record)
    return found


def main(arguments: list[str] | None = None) -> int:
    """Runs the benchmark from the command line; returns the exit status."""
    given = sys.argv[1:] if arguments is None else arguments

    def command_line() -> int:
        options = parse(Options, given, description=__doc__)
        found = benchmark(options)
        facts = machine()
        print(f"{facts['cpu']}, {facts['cores']} cores, " + ", ".join(f"{k} {v}" for k, v in facts["versions"].items()))
        print(table(found))
        print(f"every number: {options.workdir / 'benchmark.json'}")
        return 0

    return exit_status(command_line, "stopped; benchmark.json holds what was measured until then")


if __name__ == "__main__":
    sys.exit(main())
