"""What the numbers of a run say, in words: the verdict, and the arms of a comparison as a table."""

import math
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from typing import Any, NamedTuple

import numpy as np

Summary = Mapping[str, Any]
# What a healthy seed reaches at least: this share of the modes of real data, and this share of its high quality and of
# its exp(-reverse KL), which is the share of modes in effective use.
_COMPLETE, _GOOD = 0.99, 0.75
_VERBS = {
    "healthy": "keeps the modes",
    "partial": "loses modes",
    "collapsed": "collapses",
    "diverged": "diverges",
    "unknown": "is not judged",
    "unfinished": "is unfinished",
}


class Verdict(NamedTuple):
    """What the numbers say.

    Attributes:
      kind: "healthy", "partial", "collapsed", "diverged", "unknown" (modes were not measured) or "unfinished".
      sentence: the same in words, with the numbers.
    """

    kind: str
    sentence: str


def value(x: Any) -> float:
    return float(x) if isinstance(x, int | float) and math.isfinite(x) else math.nan


def number(x: Any) -> str:
    if math.isnan(x := value(x)):
        return "n/a"
    return f"{x:,.0f}" if x == round(x) or abs(x) >= 10_000 else f"{x:.4g}"


def between(values: Iterable[float], scale: float = 1.0) -> str:
    """The smallest and the largest value, in words."""
    finite = [float(f"{scale * x:.4g}") for x in values if math.isfinite(x)]
    return " to ".join(dict.fromkeys(number(x) for x in (min(finite), max(finite)))) if finite else "n/a"


def column(summary: Summary, metric: str) -> list[float]:
    return [value(seed.get(metric)) for seed in summary.get("seeds") or []]


def real_value(summary: Summary, metric: str) -> float:
    return value(((summary.get("metrics") or {}).get(metric) or {}).get("real"))


def metric_names(*summaries: Summary) -> list[str]:
    """The names of all scalar metrics, in order of appearance."""
    seeds = [seed for summary in summaries for seed in summary.get("seeds") or []]
    names = dict.fromkeys(name for seed in seeds for name, x in seed.items() if x is None or isinstance(x, int | float))
    return [name for name in names if name not in ("seed", "counts", "missing")]


def spread(summary: Summary, metric: str) -> str:
    """The mean over seeds with the half-width of its 95 % interval."""
    mean = number((summary.get("mean") or {}).get(metric))
    half = value((summary.get("ci95") or {}).get(metric))
    if len(summary.get("seeds") or []) == 1:
        return f"{mean} (one seed)"
    return mean if math.isnan(half) else f"{mean} ± {half:.2g}"


def _reach(summary: Summary) -> str:
    seeds, reached = len(summary["seeds"]), np.nan_to_num(column(summary, "modes"))
    words = f"{between(reached)} of {number(summary['modes_total'])} modes"
    if seeds == 1:
        return f"{words} (one seed)"
    return f"{words} {'in every one of' if len(set(reached)) == 1 else 'over'} {seeds} seeds"


def _complete(summary: Summary) -> bool:
    """Whether every seed reaches the modes that real data reaches."""
    target = np.fmin(real_value(summary, "modes"), summary["modes_total"])
    return bool(np.min(np.nan_to_num(column(summary, "modes"))) >= _COMPLETE * target)


def verdict(summary: Summary, finite: Sequence[float] | None = None) -> Verdict:
    """Says in one sentence whether a run has collapsed.

    A run is healthy when every seed reaches the modes that real data reaches, and fills them evenly and well. It has
    collapsed when its seeds reach fewer than half of the modes on average; it is partial in between.

    Args:
      summary: what `summary.json` holds. Read are `seeds` (a list with `modes`, `high_quality`, `reverse_kl` and
        `missing`), `modes_total`, `mean`, `ci95` and what real data gets, `metrics[name]["real"]`.
      finite: for each seed, the share in [0, 1] of its samples that hold neither NaN nor infinity; 1 when None.
    """
    seeds, total = summary.get("seeds") or [], value(summary.get("modes_total"))
    if not seeds:
        return Verdict("unfinished", "Unfinished: there are no final metrics.")
    if broken := [str(seed["seed"]) for seed, share in zip(seeds, finite or [], strict=False) if share < 1]:
        which = f"seed{'s' * (len(broken) > 1)} {', '.join(broken)} (of {len(seeds)} in all)"
        return Verdict("diverged", f"Diverged: samples of {which} are not finite.")
    if math.isnan(total) or not any("modes" in seed for seed in seeds):
        names = metric_names(summary)[:3]
        found = [f"{name} {spread(summary, name)} (real data: {number(real_value(summary, name))})" for name in names]
        return Verdict("unknown", "; ".join(["No mode metric for this task", *found]) + ".")

    complete = _complete(summary)
    quality, divergence = ([x for x in column(summary, name) if x == x] for name in ("high_quality", "reverse_kl"))
    real_quality, real_divergence = real_value(summary, "high_quality"), real_value(summary, "reverse_kl")
    poor = complete and bool(quality) and min(quality) < _GOOD * np.fmin(real_quality, 1.0)
    uneven = complete and bool(divergence) and max(divergence) - np.nan_to_num(real_divergence) > -math.log(_GOOD)
    parts = [_reach(summary)]
    if uneven:
        beside = f" (real data: {number(real_divergence)})"
        parts.append(f"unevenly filled, with a reverse KL of {between(divergence)}{beside}")
    if quality:
        share = f"only {between(quality, 100)}" if poor else f"{100 * np.mean(quality):.1f}"
        beside = "" if math.isnan(real_quality) else f" (real data: {100 * real_quality:.1f} %)"
        parts.append(f"{share} % of samples are of high quality{beside}")
    lost = Counter(name for seed in seeds for name in seed.get("missing") or []).most_common()
    if lost and not complete:
        names = [name if count == len(seeds) else f"{name} in {count} of {len(seeds)} seeds" for name, count in lost]
        parts.append("lost: " + ", ".join(names[:4]) + (f" and {len(names) - 4} more" if len(names) > 4 else ""))
    kind = "healthy" if complete and not (poor or uneven) else "partial"
    if not complete and np.mean(np.nan_to_num(column(summary, "modes"))) < total / 2:
        kind = "collapsed"
    return Verdict(kind, f"{kind.capitalize()}: {'; '.join(parts)}.")


def comparison_verdict(names: Sequence[str], summaries: Sequence[Summary], verdicts: Sequence[Verdict]) -> Verdict:
    """Says in one sentence which arms keep the modes and which lose them, the best first; of the kind of the best."""
    if all(arm.kind == "unknown" for arm in verdicts):
        return Verdict("unknown", "No mode metric for this task.")
    texts, order = [], sorted(range(len(names)), key=lambda i: list(_VERBS).index(verdicts[i].kind))
    for i in order:
        text = f"{names[i]} {_VERBS[verdicts[i].kind]}"
        if verdicts[i].kind in ("healthy", "partial", "collapsed"):
            badly = verdicts[i].kind == "partial" and _complete(summaries[i])
            text = f"{names[i]} keeps the modes, but fills them badly" if badly else text
            text += f" ({_reach(summaries[i])})"
        texts.append(text)
    return Verdict(verdicts[order[0]].kind, "; ".join(texts) + ".")


def comparison_table(summaries: Sequence[Summary]) -> str:
    """The arms as aligned plain text: mean ± 95 % interval [smallest to largest seed] of each metric.

    Args:
      summaries: what each arm's `summary.json` holds; `arm` or `experiment` names it.

    Returns:
      One line for the heading, one per arm, and one for what real data gets.
    """
    names = metric_names(*summaries)
    rows = [["", *names]]
    for summary in summaries:
        name = str(summary.get("arm") or summary.get("experiment") or "run")
        rows.append([name, *(f"{spread(summary, x)} [{between(column(summary, x))}]" for x in names)])
    rows.append(["real data", *(number(real_value(summaries[0], x)) for x in names)])
    widths = [max(map(len, column)) for column in zip(*rows, strict=True)]
    return "\n".join("  ".join(map(str.ljust, row, widths)).rstrip() for row in rows)
