"""What is measured for a task: metrics by name, the conventions behind them, and what real data would score."""

import functools
from collections.abc import Callable, Sequence
from typing import Any, NamedTuple

import jax
import numpy as np
from jax.typing import ArrayLike

from jaxgan.evaluation.catalogue import METRICS, Metric
from jaxgan.evaluation.modes import CountedModes, counted_modes
from jaxgan.evaluation.sides import Features, Side, drawn_reals, extractor, reals, side
from jaxgan.types import Batch, Classified, Finite, KnownModes, Stream, Tabular, Task, as_batch

COVERAGE = "mode_coverage"
NOTHING = Side(())  # the real side of metrics that compare with no reals


class Evaluation(NamedTuple):
    """What is measured for a task.

    Attributes:
      measure: `measure(samples) -> {metric: number}` of samples `[n, ...]`, or a `Batch` of them with the labels that
        a conditional generator was asked for; arrays `[k]` where there is one number a mode. Where modes are known it
        has `modes`, `reverse_kl` and `counts` `[k]`; with a quality (mixtures) also `high_quality`, `reverse_kl_all`
        and `counts_all` `[k]`.
      conventions: `{metric: sentence}`, how each number is defined.
      real: `real(n) -> {metric: number}`, what n real samples score, ceilings and floors; arrays where `measure` has
        arrays other than counts. Closed forms for the coverage of mixtures, which assume modes that do not overlap;
        measured on n fixed draws otherwise.
      names: what the modes are called, in the order of `counts`; empty where none are counted.
      shares: `[k]`, probability that a real sample is counted in `counts` for each mode; together at most 1. Classes
        take them from the labels, without the classifier's mistakes.
    """

    measure: Callable[[ArrayLike | Batch], dict[str, Any]]
    conventions: dict[str, str]
    real: Callable[[int], dict[str, Any]]
    names: tuple[str, ...]
    shares: np.ndarray


def evaluator(
    task: Task | Stream, *, metrics: Sequence[str] = (), threshold: float = 3.0, features: str | Features = "auto"
) -> Evaluation:
    """Makes what is measured for a task; trains a classifier, or reads it from the cache, where one tells the modes.

    Args:
      task: which says what it is (`kind`) and, where it is a `types.KnownModes` or a `types.Classified`, its modes.
      metrics: names in `catalogue.METRICS`. Mode coverage is measured without being named where a task knows its modes,
        or draws its examples with labels; of other labelled images only when a metric asks for modes.
      threshold: radius of high quality around a mean, positive, in standard deviations.
      features: that distances are measured in, see `sides.extractor`.

    Returns:
      An `Evaluation`.

    Raises:
      ValueError: there is no such metric; it does not fit the task; the threshold is not positive, or a mixture has no
        noise at all.
    """
    if not threshold > 0:
        raise ValueError(f"threshold must be positive, got {threshold}")
    for name in metrics:
        _check_name(task, name)
    chosen = {name: METRICS[name] for name in ([COVERAGE] if _counts_modes(task) else []) + list(metrics)}
    needs = frozenset().union(*(metric.needs for metric in chosen.values()))
    modes = counted_modes(task, threshold=threshold) if needs & {"modes", "logits"} else None
    _check_modes(task, chosen, modes)
    if modes is not None and COVERAGE not in chosen:
        chosen = {COVERAGE: METRICS[COVERAGE], **chosen}
        needs |= METRICS[COVERAGE].needs
    measured = tuple(chosen.values())
    extract, described = extractor(task, features) if "features" in needs else (None, "")
    rows = task if isinstance(task, Tabular) and task.kind == "tables" else None
    as_side = functools.partial(side, needs=needs, modes=modes, extract=extract, rows=rows)

    @functools.lru_cache(maxsize=1)
    def compared(n: int) -> tuple[Side, Side]:
        reference, others = reals(task, n)
        return as_side(reference), as_side(others)

    @functools.lru_cache(maxsize=1)
    def alone(n: int) -> tuple[Side, Side]:
        return NOTHING, as_side(drawn_reals(task, n))

    def measure(samples: ArrayLike | Batch) -> dict[str, Any]:
        if not chosen:
            return {}
        batch = _checked(task, as_batch(samples), needs)
        fake, n = as_side(batch), jax.tree.leaves(batch.data)[0].shape[0]
        found = [metric.measure(compared(n)[0] if "reals" in metric.needs else NOTHING, fake) for metric in measured]
        return _numbers({name: x for of_metric in found for name, x in of_metric.items()})

    def real(n: int) -> dict[str, Any]:
        found = {}
        for metric in measured:
            draw = functools.partial(compared if "reals" in metric.needs else alone, n)
            found |= metric.measure(*draw()) if metric.real is None else metric.real(modes, n, draw)
        return _numbers(found)

    conventions = {}
    for metric in measured:
        said = metric.conventions(modes)
        of = f"; {described}" if "features" in metric.needs else ""
        if "reals" in metric.needs and isinstance(task, Finite):
            of += f"; real data are compared at up to {task.size // 2} samples, half of all there are"
        conventions |= {name: sentence + of for name, sentence in said.items()}
    if modes is None:
        return Evaluation(measure, conventions, real, (), np.zeros(0))
    total = modes.shares.sum() if modes.own else 1.0
    return Evaluation(measure, conventions, real, modes.names, modes.quality * modes.shares / total)


def _counts_modes(task: Task | Stream) -> bool:
    """Whether modes are counted without being asked for: not where that would train a classifier nobody expects."""
    if isinstance(task, KnownModes):
        return True
    return isinstance(task, Classified) and (classes := task.classes) is not None and classes.by_default


def _check_name(task: Task | Stream, name: str) -> None:
    if name not in METRICS:
        raise ValueError(f"there is no metric {name!r}; known are {', '.join(METRICS)}")
    kinds = METRICS[name].kinds
    if kinds is not None and task.kind not in kinds:
        raise ValueError(f"the metric {name} is for {', '.join(sorted(kinds))}, not for {task.kind} as {task.name!r}")


def _check_modes(task: Task | Stream, chosen: dict[str, Metric], modes: CountedModes | None) -> None:
    for name, metric in chosen.items():
        if modes is None and metric.needs & {"modes", "logits"}:
            raise ValueError(f"the metric {name} needs known modes or labelled images, and {task.name!r} has neither")
        if "logits" in metric.needs and modes is not None and modes.logits_of is None:
            raise ValueError(f"the metric {name} needs a classifier of whole examples, and {task.name!r} has none")


def _checked(task: Task | Stream, batch: Batch, needs: frozenset[str]) -> Batch:
    shapes = jax.tree.map(lambda x: tuple(x.shape), batch.data)
    each = jax.tree.map(lambda x: tuple(x.shape[1:]), batch.data)
    if each != task.shape or not jax.tree.leaves(batch.data)[0].shape[0]:
        wanted = ", ".join(["n", *map(str, task.shape)]) if isinstance(task.shape, tuple) else f"n, each {task.shape}"
        raise ValueError(f"samples must be [{wanted}], got {shapes}")
    if "labels" in needs and batch.label is None:
        raise ValueError("the metric class_accuracy needs samples with labels, those of a conditional generator")
    return batch


def _numbers(found: dict[str, Any]) -> dict[str, Any]:
    """Reads what was found as Python numbers, or as numpy arrays where they are no scalars."""
    arrays = {name: np.asarray(x) for name, x in found.items()}
    return {name: array if array.ndim else array.item() for name, array in arrays.items()}
