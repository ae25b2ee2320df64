"""The summary of a run as a typed record: what `summary.json` holds, with its one writer and its one reader."""

import math
from pathlib import Path
from typing import Any, NamedTuple

from jaxgan.runs import folder
from jaxgan.runs.decoding import decoded
from jaxgan.types import Kind, SeedVerdict, Verdict


class Metric(NamedTuple):
    """What a number means.

    Attributes:
      convention: how it is defined, in words.
      real: what real data get at the same sample size, one number, or one for each mode; NaN where it is not known.
    """

    convention: str = ""
    real: float | tuple[float, ...] = math.nan


class MonitoredModes(NamedTuple):
    """The modes that the monitor counts while a run trains.

    Attributes:
      names: of the `k` modes.
      shares: `[k]`, share of each in the data, in [0, 1].
    """

    names: tuple[str, ...]
    shares: tuple[float, ...]


class SeedSummary(NamedTuple):
    """How one seed ended.

    Attributes:
      seed: its number.
      values: the metrics of its final samples, by name; NaN where one is not finite.
      arrays: those that are no scalars, by name: `counts` and perhaps `counts_all`, `[k]`, samples of each mode.
      missing: names of the modes without any sample; None where none are counted.
      verdict: what is said of it; None in a run of an older version.
    """

    seed: int
    values: dict[str, float] = {}
    arrays: dict[str, tuple[float, ...]] = {}
    missing: tuple[str, ...] | None = None
    verdict: SeedVerdict | None = None

    @property
    def counts(self) -> tuple[float, ...]:
        """`[k]`, samples of each mode; empty where none are counted."""
        return self.arrays.get("counts", ())


class Summary(NamedTuple):
    """How a run ended; what is not known, as of a run that is not finished, has its default.

    Attributes:
      task: what the data are.
      kind: what an example is, such as "images"; None in a run of an older version.
      experiment: its name.
      arm: of the experiment, or None.
      steps: generator updates.
      verdict: on the run; None where there is none, as in a run of an older version.
      seeds: how each of them ended.
      mean: of each metric over the seeds.
      ci95: half-width of the 95 % Student interval of that mean; NaN from a single seed.
      compile_seconds: spent on compiling.
      train_seconds: spent on training, without compiling and measuring.
      waited_share: share of the training that waited for data, in [0, 1].
      steps_per_second: generator updates of all seeds together, each counted once.
      metrics: what each of them means.
      samples: how many of each seed were measured.
      modes_total: how many modes are known; None for a task without.
      modes_expected: how many of so many real samples are in each mode, by its name.
      watched: what the monitor counted; None without it.
      silent_techniques: names of the techniques that changed nothing.
    """

    task: str = ""
    kind: Kind | None = None
    experiment: str = ""
    arm: str | None = None
    steps: int | None = None
    verdict: Verdict | None = None
    seeds: tuple[SeedSummary, ...] = ()
    mean: dict[str, float] = {}
    ci95: dict[str, float] = {}
    compile_seconds: float = math.nan
    train_seconds: float = math.nan
    waited_share: float = math.nan
    steps_per_second: float = math.nan
    metrics: dict[str, Metric] = {}
    samples: int | None = None
    modes_total: int | None = None
    modes_expected: dict[str, float] = {}
    watched: MonitoredModes | None = None
    silent_techniques: tuple[str, ...] = ()


def as_json(summary: Summary) -> dict[str, Any]:
    """What `summary.json` holds: the fields by their names, and of a seed its metrics beside its number."""

    def of_seed(seed: SeedSummary) -> dict[str, Any]:
        others = {"missing": seed.missing, "verdict": _named(seed.verdict)}
        known = {name: value for name, value in others.items() if value is not None}
        return {"seed": seed.seed, **seed.values, **seed.arrays, **known}

    return folder.plain(
        {
            **summary._asdict(),
            "verdict": _named(summary.verdict),
            "seeds": [of_seed(seed) for seed in summary.seeds],
            "metrics": {name: metric._asdict() for name, metric in summary.metrics.items()},
            "watched": _named(summary.watched),
        }
    )


def from_json(value: Any, where: str = folder.SUMMARY) -> Summary:
    """Reads what `as_json` made, also that of an older version, which held less.

    Args:
      value: what `json.loads` made of the file.
      where: what the file is called in errors.

    Raises:
      ValueError: it has another shape; one line, with what is wrong.
    """
    if not isinstance(value, dict):
        raise ValueError(f"{where} is no summary of a run: it holds no object with names")
    seeds = value.get("seeds")
    if not isinstance(seeds, list | None):
        raise ValueError(f"{where}: seeds is no list")
    nested = [_seed(seed, f"{where}: seeds[{i}]") for i, seed in enumerate(seeds or [])]
    without_null = {name: x for name, x in value.items() if name != "seeds" and x is not None}
    return decoded(Summary, without_null, where)._replace(seeds=tuple(nested))


def _seed(value: Any, where: str) -> SeedSummary:
    if not isinstance(value, dict):
        raise ValueError(f"{where} is no object with names")
    own = {name: x for name, x in value.items() if name in ("seed", "missing", "verdict")}
    measured = {name: x for name, x in value.items() if name not in own}
    arrays = {name: x for name, x in measured.items() if isinstance(x, list)}
    values = {name: x for name, x in measured.items() if name not in arrays}
    return decoded(SeedSummary, {**own, "values": values, "arrays": arrays}, where)


def write_summary(directory: Path, summary: Summary) -> None:
    """Writes `summary.json` into the folder of a run, whole or not at all."""
    folder.write_json(directory / folder.SUMMARY, as_json(summary))


def read_summary(directory: Path) -> Summary | None:
    """Reads the `summary.json` of a run; None if there is none, since the run is not finished.

    Raises:
      ValueError: the file cannot be read, or has another shape; one line.
    """
    path = directory / folder.SUMMARY
    value = folder.read_json(path)
    return None if value is None else from_json(value, str(path))


def _named(value: Any) -> dict[str, Any] | None:
    return None if value is None else value._asdict()
