"""What all experiments share: one vocabulary of options, arms trained side by side, and errors for people."""

import contextlib
import dataclasses
import os
import sys
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Annotated, Any, Generic, NamedTuple, TypeVar

import jax
import tyro

from jaxgan.backend import processes
from jaxgan.backend.files import FileProblem
from jaxgan.commands.listing import Listed, listing
from jaxgan.commands.recording import config_of, run_options
from jaxgan.commands.reporting import BAD_INPUT, reporting
from jaxgan.commands.usage import description, differences, parse_options
from jaxgan.diagnosis import alarms
from jaxgan.evaluation import evaluator, monitored_modes
from jaxgan.runs.claiming import claim, locked, record
from jaxgan.runs.examples import example_of
from jaxgan.runs.interpolating import write_interpolations
from jaxgan.runs.loading import Described
from jaxgan.runs.needs import check_memory
from jaxgan.runs.options import Architecture, Run, Training
from jaxgan.runs.summary import Summary
from jaxgan.runs.sweeping import SWEEP, Axis, read_axes, settings
from jaxgan.training.loop import fit
from jaxgan.training.starting import described_start
from jaxgan.training.stopping import Interrupted, heeding_signals, stop_if_told

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
    sweep: tyro.conf.UseAppendAction[tuple[str, ...]] = ()
    """Train all combinations of OPTION=VALUE,VALUE,... each."""
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
        if _compares(experiment, arguments):
            page = _compare(experiment, options)
        else:
            page = train_and_report(experiment, options)
        processes.say(f"report: {page}", sys.stdout)
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
    except (ValueError, FileProblem) as error:
        if os.environ.get("JAXGAN_DEBUG"):
            raise
        _complain(f"error: {error}")
        return BAD_INPUT
    except Interrupted as stopped:
        _complain(str(stopped))
        return stopped.status
    except KeyboardInterrupt:
        _complain(when_interrupted)
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


def _complain(text: str) -> None:
    with contextlib.suppress(BrokenPipeError):  # nobody reads
        print(text, file=sys.stderr)


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
    names = ("start-from", "sweep", *fields)
    return len(experiment.arms) > 1 and not any({f"--{name}", f"--no-{name}"} & given for name in names)


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
        **_recorded(Arm(options.architecture, options.training)),
        "run": run_options(options.run),
    }
    watches = options.run.watch_modes and options.run.on_alarm != "off" and options.training.takes("techniques")
    modes = monitored_modes(task) if watches else None
    further = () if modes is None else (alarms.watch(modes.assign, len(modes.names)),)
    config = config_of(experiment.name, arm, described, example)
    return fit(
        example.model(options.architecture, options.training, further),
        task,
        evaluation,
        directory=directory,
        config=config,
        steps=options.training.steps,
        batch_size=options.training.batch_size,
        run=options.run,
        watched=modes,
        pack=options.training.pack,
        files=files,
    )


def train_and_report(experiment: Experiment, options: Options, files: Mapping[str, Any] = {}) -> Path:
    """Trains one configuration, or all settings of a sweep, and prints how it ended.

    Args:
      experiment: whose arms do not matter.
      options: all of them.
      files: further JSON files that the folder of a run gets before training, by name.

    Returns:
      The path of the report.
    """
    from jaxgan import report

    if options.sweep:
        axes = read_axes(options.sweep)
        arms = settings(axes, options.architecture, options.training)
        swept = experiment._replace(arms={name: Arm(*arm) for name, arm in arms.items()})
        return _compare(swept, options, axes, files)
    workdir = options.run.workdir
    with heeding_signals():
        task = experiment.task(options.data)
        check_memory(options.architecture, options.training, options.run, task)
        evaluation = evaluator(task, metrics=options.run.metric)
        summary = _train(experiment, options, task, evaluation, None, workdir, files)
        processes.say(report.comparison_table([summary]), sys.stdout)
        stop_if_told("stopped after its training; the same command writes the report")
        if _writable(workdir):
            write_interpolations(workdir)
            report.write_run(workdir)
    return workdir / "report.html"


def _writable(workdir: Path) -> bool:
    """Whether this process writes reports there; a run that was put on a read-only disk keeps the one that it has."""
    return processes.is_first() and (os.access(workdir, os.W_OK) or not (workdir / "report.html").exists())


def _compare(
    experiment: Experiment, options: Options, axes: Sequence[Axis] = (), files: Mapping[str, Any] = {}
) -> Path:
    """Trains the arms of an experiment, or the settings of a sweep along some axes, one after the other."""
    from jaxgan import report

    workdir = options.run.workdir
    described = {"data": dataclasses.asdict(options.data), "run": run_options(options.run)}
    if axes:
        of_all = Arm(options.architecture, options.training)
        described |= {SWEEP: {axis.name: axis.values for axis in axes}, **_recorded(of_all)}
    else:
        described |= {name: _recorded(arm) for name, arm in experiment.arms.items()}
    with heeding_signals():
        task = experiment.task(options.data)
        for arm in experiment.arms.values():
            check_memory(*arm, options.run, task)
        evaluation = evaluator(task, metrics=options.run.metric)
        config = config_of(experiment.name, None, described)
        claimed = claim(workdir, config, accept_changes=options.run.accept_changes)
        with locked(workdir) if _writable(workdir) else contextlib.nullcontext():
            if claimed.old is None and not claimed.changed:
                record(claimed, 0)
            summaries = []
            with reporting() as write_report:
                for name, arm in experiment.arms.items():
                    stop_if_told(f"{experiment.name} stopped before {name}; the same command goes on with it")
                    of_arm = dataclasses.replace(options, **arm._asdict())
                    summaries.append(_train(experiment, of_arm, task, evaluation, name, workdir / name, files))
                    if len(summaries) == 1 and claimed.changed:  # which is known to fit now
                        record(claimed, 0)
                    if not axes and _writable(workdir / name):  # of a sweep, jaxgan report writes the ones wanted
                        write_interpolations(workdir / name)
                        write_report(workdir / name)
            processes.say(report.comparison_table(summaries), sys.stdout)
            stop_if_told(f"{experiment.name} stopped after its training; the same command writes the report")
            if _writable(workdir):
                report.write_sweep(workdir) if axes else report.write_comparison(workdir, list(experiment.arms))
    return workdir / "report.html"


def _recorded(arm: Arm) -> dict[str, Any]:
    return {"architecture": arm.architecture.recorded(), "training": arm.training.recorded()}
