"""From the measurements of `benchmark.py` to its table: pairs, medians, and what each ratio should be."""

import operator
import statistics
from collections.abc import Callable, Sequence
from typing import Any, NamedTuple

from counting import unrolled_step

Results = Sequence[dict[str, Any]]


class Row(NamedTuple):
    """One line of the table.

    Attributes:
      section: the part of the benchmark.
      case: what was measured.
      value: its median.
      unit: of both numbers.
      other: what it is compared with, or None.
      against: what that is.
      ratio: median of the ratios of pairs, or None.
      low: the smallest of them.
      high: the largest.
      wanted: what the ratio should be, such as ">= 3", or nothing.
      holds: whether it is, or None.
    """

    section: str
    case: str
    value: float
    unit: str
    other: float | None = None
    against: str = ""
    ratio: float | None = None
    low: float | None = None
    high: float | None = None
    wanted: str = ""
    holds: bool | None = None


def compared(
    section: str,
    case: str,
    unit: str,
    values: Sequence[float],
    others: Sequence[float],
    against: str,
    *,
    inverse: bool = False,
    wanted: str = "",
) -> Row:
    """A row from pairs of numbers: values over others, or the other way round, as speed-ups are."""
    if not others:
        return Row(section, case, statistics.median(values), unit)
    ratios = [b / a if inverse else a / b for a, b in zip(values, others, strict=True)]
    ratio, holds = statistics.median(ratios), None
    if wanted:
        sign, limit = wanted.split()
        holds = bool({">=": operator.ge, "<=": operator.le}[sign](ratio, float(limit)))
    return Row(
        section,
        case,
        statistics.median(values),
        unit,
        statistics.median(others),
        against,
        ratio,
        min(ratios),
        max(ratios),
        wanted,
        holds,
    )


def selected(results: Results, read: Callable[[dict[str, Any]], float], **wanted: Any) -> list[float]:
    """What `read` gives for the results whose section, case or specification has these values."""
    return [
        read(each["result"])
        for each in results
        if all({**each, **each["spec"]}.get(name) == value for name, value in wanted.items())
    ]


def milliseconds(result: dict[str, Any]) -> float:
    """The median over the chunks of one process."""
    return statistics.median(result["milliseconds"])


def distinct(results: Results, name: str, **wanted: Any) -> list[Any]:
    """The different values of a name, in the order in which they came."""
    chosen = [{**each, **each["spec"]} for each in results]
    found = [each.get(name) for each in chosen if all(each.get(key) == value for key, value in wanted.items())]
    return list(dict.fromkeys(found))


def _steps(results: Results, section: str) -> list[Row]:
    baselines = [name for name in distinct(results, "baseline", section=section) if name]
    made = []
    for case in distinct(results, "case", section=section):
        k = distinct(results, "lookahead", section=section, case=case)[0]
        wanted = ">= 10" if section == "small" else ">= 1" if case.startswith("dcgan") else ">= 3" if k else ">= 1.3"
        times, *others = (
            selected(results, milliseconds, section=section, case=case, baseline=name) for name in (None, *baselines)
        )
        if not others:
            made.append(compared(section, case, "ms/step", times, [], ""))
        for name, other in zip(baselines, others, strict=True):
            against = f"{name} PyTorch"
            made.append(compared(section, case, "ms/step", times, other, against, inverse=True, wanted=wanted))
    return made


def _seeds(results: Results) -> list[Row]:
    n = max(distinct(results, "seeds", section="seeds"), default=0)
    alone = selected(results, milliseconds, case="steps", how="alone")
    made = []
    for how, name in (("turn", "side by side"), ("vmap", "in one vmapped program")):
        times = selected(results, milliseconds, case="steps", how=how)
        case = f"{n} seeds {name}, per seed"
        made.append(compared("seeds", case, "ms/step", times, alone, "one seed", inverse=True))
    for name in ("process_seconds", "train_seconds"):
        together = selected(results, lambda result, name=name: result[name], case="runs", seeds=n)
        each = selected(results, lambda result, name=name: result[name], case="runs", seeds=1)
        case = f"{n} runs of ring.py, {name.split('_')[0]} time"
        made.append(compared("seeds", case, "s", together, [sum(each)], f"{n} processes", inverse=True))
    return made


def mebibytes(result: dict[str, Any]) -> float:
    """Temporary memory."""
    return result["mebibytes"]


def _memory(results: Results) -> list[Row]:
    made = []
    for network in distinct(results, "case", section="memory"):
        of_network = {"section": "memory", "case": network}
        lookaheads = distinct(results, "lookahead", **of_network)
        short = 5 if 5 in lookaheads else lookaheads[0]
        for read, unit in ((mebibytes, "MiB"), (milliseconds, "ms/step")):
            base = selected(results, read, lookahead=short, remat=False, **of_network)
            for remat, words in ((False, ""), (True, ", remat"), ("two_level", ", remat in two levels")):
                for k in lookaheads:
                    values = selected(results, read, lookahead=k, remat=remat, **of_network)
                    wanted = "<= 2" if unit == "MiB" and remat and k == 50 else ""
                    case = f"{network}, k={k}{words}"
                    made.append(compared("memory", case, unit, values, base, f"k={short}", wanted=wanted))
    return made


def _compiling(results: Results) -> list[Row]:
    made = []
    for form in distinct(results, "case", section="compile"):
        lookaheads = distinct(results, "lookahead", section="compile", case=form)
        seconds = {
            k: selected(results, lambda result: result["seconds"], section="compile", case=form, lookahead=k)
            for k in lookaheads
        }
        for k in lookaheads:
            wanted = "<= 1.5" if form == "loop" and k == 50 else ""
            base = seconds[lookaheads[0]]
            made.append(
                compared("compile", f"{form}, k={k}", "s", seconds[k], base, f"k={lookaheads[0]}", wanted=wanted)
            )
    return made


def _devices(results: Results) -> list[Row]:
    counts = distinct(results, "devices", section="devices")
    times = {n: selected(results, milliseconds, section="devices", devices=n) for n in counts}
    case = distinct(results, "case", section="devices")[0]
    return [
        compared("devices", f"{case}, {n} forced", "ms/step", times[n], times[counts[0]], "one", inverse=True)
        for n in counts
    ]


def _flops(results: Results) -> list[Row]:
    product = selected(
        results,
        lambda result: statistics.median(result["flops_per_second"]) / 1e9,
        section="flops",
        measurement="matmul",
    )
    made = []
    for k in distinct(results, "lookahead", section="flops", measurement="flops"):
        spec = next(each["spec"] for each in results if each["section"] == "flops")
        units = [spec["width"], spec["width"]]
        counted = unrolled_step([spec["latent"], *units, 2], [2, *units, 1], spec["batch"], k)
        of_xla = selected(
            results, lambda result: result["flops"] / 1e6, section="flops", measurement="flops", lookahead=k
        )
        case = f"mlp, k={k}"
        made.append(compared("flops", case, "MFLOP", of_xla, [counted / 1e6], "count by hand", wanted="<= 1.15"))
        times = selected(results, milliseconds, section="flops", measurement="step", lookahead=k)
        speeds = [counted / each / 1e6 for each in times]
        made.append(compared("flops", f"{case}, achieved", "GFLOP/s", speeds, product, "matrix product"))
    return made


def rows(results: Results) -> list[Row]:
    """The table's rows, of the sections that were measured."""
    make: dict[str, Callable[[], list[Row]]] = {
        "step": lambda: _steps(results, "step"),
        "small": lambda: _steps(results, "small"),
        "seeds": lambda: _seeds(results),
        "memory": lambda: _memory(results),
        "compile": lambda: _compiling(results),
        "devices": lambda: _devices(results),
        "flops": lambda: _flops(results),
    }
    measured = {each["section"] for each in results}
    return [row for section, of_section in make.items() if section in measured for row in of_section()]


def table(found: Sequence[Row]) -> str:
    """The rows as text in aligned columns."""
    lines = [("section", "case", "jaxgan", "against", "", "ratio", "wanted", "")]
    for row in found:
        ratio = "" if row.ratio is None else f"{row.ratio:.2f} ({row.low:.2f} to {row.high:.2f})"
        other = "" if row.other is None else f"{row.other:.4g}"
        holds = "" if row.holds is None else "yes" if row.holds else "NO"
        value = f"{row.value:.4g} {row.unit}"
        lines.append((row.section, row.case, value, other, row.against, ratio, row.wanted, holds))
    widths = [max(map(len, column)) for column in zip(*lines, strict=True)]
    cells = [[cell.ljust(width) for cell, width in zip(line, widths, strict=True)] for line in lines]
    return "\n".join("  ".join(line).rstrip() for line in cells)
