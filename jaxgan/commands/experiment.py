"""What all experiments share: one vocabulary of options, arms trained side by side, and errors for people."""

import contextlib
import dataclasses
import os
import platform
import shlex
import subprocess
import sys
from collections.abc import Callable, Iterator, Mapping, Sequence
from datetime import UTC, datetime
from pathlib import Path
from typing import Annotated, Any, Generic, NamedTuple, TypeVar

import jax
import tyro

from jaxgan.backend import processes
from jaxgan.commands.listing import Listed, listing
from jaxgan.commands.usage import description, differences, parse_options
from jaxgan.diagnosis import alarms
from jaxgan.evaluation import evaluator, monitored_modes
from jaxgan.runs import folder
from jaxgan.runs.building import build
from jaxgan.runs.interpolating import write_interpolations
from jaxgan.runs.loading import EXAMPLE, Described, Example, example_of
from jaxgan.runs.needs import check_memory
from jaxgan.runs.options import Architecture, Run, Training
from jaxgan.runs.summary import Summary
from jaxgan.training.loop import Interrupted, fit
from jaxgan.training.starting import described_start

Data = TypeVar("Data")
# The group without a title; the others are called after their field.
MAIN = tyro.conf.arg(name="")


@dataclasses.dataclass(frozen=True)
class Options(Generic[Data]):
    """The options of an experiment."""

    run: tyro.conf.OmitArgPrefixes[Run]
    data: Annotated[Data, MAIN]
    architecture: tyro.conf.OmitArgPrefixes[Architecture]
    training: Annotated[Training, MAIN]
    list: Listed | None = None
    """Print what can be named, with its parameters and their defaults, and end."""


class Arm(NamedTuple):
    """One of several configurations that an experiment compares."""

    architecture: Architecture
    training: Training


class Experiment(NamedTuple):
    """A record that can be run again.

    Attributes:
      name: of the experiment.
      description: what `--help` says.
      data: a frozen dataclass, the options of its data, with their defaults.
      task: `task(data) -> task`.
      run: defaults for the run.
      arms: configurations to compare when no training option is given, by name; the first one is what the options of
        the command line start from.
    """

    name: str
    description: str
    data: Any
    task: Callable[[Any], Any]
    run: Run
    arms: Mapping[str, Arm]


def main(experiment: Experiment, arguments: Sequence[str] | None = None) -> int:
    """Runs an experiment from the command line; returns the exit status.

    Bad input ends in one line on the error stream and status 2. The environment variable JAXGAN_DEBUG shows where it
    was raised.
    """
    arguments = sys.argv[1:] if arguments is None else list(arguments)

    def run() -> int:
        options = _parse(experiment, arguments)
        if options.list is not None:
            print(listing(options.list))
            return 0
        processes.initialize(options.run.coordinator, options.run.processes, options.run.process)
        page = _compare(experiment, options) if _compares(experiment, arguments) else train_one(experiment, options)
        _print(f"report: {page}")
        return 0

    return exit_status(run, "stopped; the same command continues from the last checkpoint")


def exit_status(run: Callable[[], int], when_interrupted: str) -> int:
    """Runs a command; what people can put right ends in one line on the error stream, and a status that says so.

    Args:
      run: the command, which returns its status.
      when_interrupted: what is said after control-C.
    """
    try:
        return run()
    except ValueError as error:
        if os.environ.get("JAXGAN_DEBUG"):
            raise
        print(f"error: {error}", file=sys.stderr)
        return 2
    except Interrupted as stopped:
        print(stopped, file=sys.stderr)
        return 143
    except KeyboardInterrupt:
        print(when_interrupted, file=sys.stderr)
        return 130
    except (jax.errors.JaxRuntimeError, TimeoutError) as error:
        if jax.process_count() == 1:
            raise
        first_line = str(error).split("\n")[0]
        print(
            f"error: process {jax.process_index()} lost another process of this run ({first_line}); start all of them "
            "again with the same command, and the run continues from its last checkpoint",
            file=sys.stderr,
            flush=True,
        )
        # The usual end would wait for the process that is gone.
        os._exit(1)


def _parse(experiment: Experiment, arguments: Sequence[str]) -> Options:
    first = started_from(arguments, experiment.run) or next(iter(experiment.arms.values()))
    default = Options(experiment.run, experiment.data, first.architecture, first.training)
    kind = Options[type(experiment.data)]  # pyright: ignore[reportInvalidTypeArguments]
    text = description(experiment.description, experiment.arms, experiment.data)
    return parse_options(default, arguments, description=text, kind=kind, details=differences(experiment.arms))


def started_from(arguments: Sequence[str], run: Run) -> Described | None:
    """The run that `--start-from` names, of whose networks and training options are the defaults; None without."""
    if (start := _given(arguments, "start-from")) is None:
        return None
    workdir = _given(arguments, "workdir") or run.workdir
    return described_start(dataclasses.replace(run, start_from=Path(start), workdir=Path(workdir)))


def _given(arguments: Sequence[str], name: str) -> str | None:
    """What the command line gives as an option, before the rest of it can be read."""
    for argument, following in zip(arguments, [*arguments[1:], None], strict=True):
        option, _, value = argument.partition("=")
        if option.replace("_", "-") == f"--{name}":
            return value or following
    return None


def _compares(experiment: Experiment, arguments: Sequence[str]) -> bool:
    """Whether the arms are to be compared: there are several, and no option says how a single one is trained."""
    given = {argument.split("=")[0].split(".")[0].replace("_", "-") for argument in arguments}
    fields = (field.name.replace("_", "-") for part in (Architecture, Training) for field in dataclasses.fields(part))
    names = ("start-from", *fields)
    return len(experiment.arms) > 1 and not any({f"--{name}", f"--no-{name}"} & given for name in names)


def _config(
    experiment: Experiment, arm: str | None, options: Mapping[str, Any], example: Example | None = None
) -> dict[str, Any]:
    return {
        "experiment": experiment.name,
        "arm": arm,
        "options": folder.plain(options),
        # Of a single run, whose model can be made again from it; no option, since the data decide it.
        **({} if example is None else {EXAMPLE: example.as_json()}),
        "versions": {
            "python": platform.python_version(),
            **{name: __import__(name).__version__ for name in ("jax", "flax", "optax", "jaxgan")},
        },
        "device_kind": jax.devices()[0].device_kind,
        "device_count": jax.device_count(),
        "git_revision": _revision(),
        "command": shlex.join([Path(sys.orig_argv[0]).name, *sys.orig_argv[1:]]),
        "started": datetime.now(UTC).isoformat(timespec="seconds"),
    }


def _revision() -> str | None:
    try:
        here = Path(__file__).parent
        asked = subprocess.run(["git", "rev-parse", "HEAD"], cwd=here, capture_output=True, text=True, check=True)
        return asked.stdout.strip()
    except (OSError, subprocess.CalledProcessError):
        return None


def _run_options(run: Run) -> dict[str, Any]:
    options = dataclasses.asdict(run)
    for name in ("workdir", "accept_changes", "coordinator", "processes", "process"):
        del options[name]
    return {name: value for name, value in options.items() if name != "start_from" or value is not None}


def _train(
    experiment: Experiment,
    options: Options,
    task: Any,
    evaluation: Any,
    arm: str | None,
    directory: Path,
    files: Mapping[str, Any] = {},
) -> Summary:
    example = example_of(task)
    if options.run.start_from is not None:  # its networks make and judge points in the units of its own data
        example = example._replace(scale=described_start(options.run).example.scale)
    described = {
        "data": dataclasses.asdict(options.data),
        "architecture": options.architecture.recorded(),
        "training": options.training.recorded(),
        "run": _run_options(options.run),
    }
    watches = options.run.watch_modes and options.run.on_alarm != "off" and options.training.takes("techniques")
    modes = monitored_modes(task) if watches else None
    further = () if modes is None else (alarms.watch(modes.assign, len(modes.names)),)
    config = _config(experiment, arm, described, example)
    model = build(
        options.architecture,
        options.training,
        example.shape,
        example.scale,
        further,
        kind=task.kind,
        classes=example.classes,
        widths=example.widths,
    )
    if files:
        folder.claim(directory, config, accept_changes=options.run.accept_changes)
        for name, content in files.items():
            folder.write_json(directory / name, content)
    return fit(
        model,
        task,
        evaluation,
        directory=directory,
        config=config,
        steps=options.training.steps,
        batch_size=options.training.batch_size,
        run=options.run,
        watched=modes,
        pack=options.training.pack,
    )


def train_one(experiment: Experiment, options: Options, files: Mapping[str, Any] = {}) -> Path:
    """Trains one configuration and prints how it ended.

    Args:
      experiment: whose arms do not matter.
      options: all of them.
      files: further JSON files that the folder of the run gets before training, by name.

    Returns:
      The path of the report.
    """
    from jaxgan import report

    task = experiment.task(options.data)
    check_memory(options.architecture, options.training, options.run, task)
    evaluation = evaluator(task, metrics=options.run.metric)
    summary = _train(experiment, options, task, evaluation, None, options.run.workdir, files)
    if processes.is_first():
        write_interpolations(options.run.workdir)
        report.write_run(options.run.workdir)
    _print(report.comparison_table([summary]))
    return options.run.workdir / "report.html"


def _compare(experiment: Experiment, options: Options) -> Path:
    from jaxgan import report

    task = experiment.task(options.data)
    for arm in experiment.arms.values():
        check_memory(*arm, options.run, task)
    evaluation = evaluator(task, metrics=options.run.metric)
    workdir = options.run.workdir
    described = {
        "data": dataclasses.asdict(options.data),
        "run": _run_options(options.run),
        **{
            name: {"architecture": arm.architecture.recorded(), "training": arm.training.recorded()}
            for name, arm in experiment.arms.items()
        },
    }
    folder.claim(workdir, _config(experiment, None, described), accept_changes=options.run.accept_changes)
    summaries = []
    with _reporting() as write_report:
        for name, arm in experiment.arms.items():
            of_arm = dataclasses.replace(options, **arm._asdict())
            summaries.append(_train(experiment, of_arm, task, evaluation, name, workdir / name))
            if processes.is_first():
                write_interpolations(workdir / name)
                write_report(workdir / name)
    _print(report.comparison_table(summaries))
    return report.write_comparison(workdir, list(experiment.arms)) if processes.is_first() else workdir / "report.html"


@contextlib.contextmanager
def _reporting() -> Iterator[Callable[[Path], None]]:
    """A function that has the report of a run written by a process of its own, while the next arm is compiled.

    Leaving waits for all of them; one that failed is an error then.
    """
    writing: dict[Path, subprocess.Popen] = {}

    def write(directory: Path) -> None:
        command = [sys.executable, "-m", "jaxgan", "report", str(directory)]
        writing[directory] = subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE, text=True)

    try:
        yield write
    finally:
        complaints = {directory: process.communicate()[1] for directory, process in writing.items()}
    for directory, complaint in complaints.items():
        if writing[directory].returncode:
            raise RuntimeError(f"jaxgan report {directory} failed: {complaint.strip()}")


def _print(text: str) -> None:
    if processes.is_first():
        print(text)
