"""What the numbers of a run say, in words: the verdict, and the arms of a comparison as a table."""

import math
from collections.abc import Iterable, Mapping, Sequence
from typing import Any

import numpy as np

from jaxgan.runs.summary import Metric, Summary
from jaxgan.types import Verdict

_SHARES = {"high_quality", "missing_mass", "class_accuracy", "precision", "recall", "coverage"}
_SHARES |= {"different_bins", "duplicates"}
_NOT_NEGATIVE = {"reverse_kl", "reverse_kl_all", "density", "duplicate_pairs", "vendi_score"}
_NOT_NEGATIVE |= {"sliced_wasserstein", "wasserstein_distance"}
_VERBS = {
    "healthy": "keeps the modes",
    "partial": "loses modes",
    "unknown": "is not judged",
    "collapse": "collapses",
    "diverged": "diverges",
    "unfinished": "is unfinished",
}


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
    return [value(seed.values.get(metric)) for seed in summary.seeds]


def real_value(summary: Summary, metric: str) -> float:
    return value(summary.metrics.get(metric, Metric()).real)


def metric_names(*summaries: Summary) -> list[str]:
    """The names of all scalar metrics, in order of appearance."""
    return list(dict.fromkeys(name for summary in summaries for seed in summary.seeds for name in seed.values))


def spread(summary: Summary, metric: str) -> str:
    """The mean over seeds and its 95 % interval, as far as the metric can reach."""
    mean, half = value(summary.mean.get(metric)), value(summary.ci95.get(metric))
    if len(summary.seeds) == 1:
        return f"{number(mean)} (one seed)"
    if math.isnan(half):
        return number(mean)
    low, high = _range(summary, metric)
    return f"{number(mean)} ({number(max(mean - half, low))} to {number(min(mean + half, high))})"


def _range(summary: Summary, metric: str) -> tuple[float, float]:
    """Where a metric can lie; a Student interval of a few seeds knows nothing of it."""
    if metric == "modes":
        total = value(summary.modes_total)
        return 0.0, math.inf if math.isnan(total) else total
    if metric in _SHARES:
        return 0.0, 1.0
    return (0.0 if metric in _NOT_NEGATIVE else -math.inf), math.inf


def _reach(summary: Summary) -> str:
    seeds, reached = len(summary.seeds), np.nan_to_num(column(summary, "modes"))
    words = f"{between(reached)} of {number(summary.modes_total)} modes"
    if seeds == 1:
        return f"{words} (one seed)"
    return f"{words} {'in every one of' if len(set(reached)) == 1 else 'over'} {seeds} seeds"


def verdict(summary: Summary) -> Verdict:
    """The verdict that the run came to; a summary without one, of an older run, is not judged."""
    if not summary.seeds:
        return Verdict("unfinished", "unknown", "Unfinished: there are no final metrics.")
    if summary.verdict is not None:
        return summary.verdict
    reach = f": {_reach(summary)}" if summary.modes_total else ""
    return Verdict("unknown", "unknown", f"Not judged, since summary.json holds no verdict{reach}.")


def comparison_verdict(names: Sequence[str], summaries: Sequence[Summary], verdicts: Sequence[Verdict]) -> Verdict:
    """Says in one sentence which arms keep the modes and which lose them, the best first; of the kind of the best."""
    if all(arm.kind == "unknown" for arm in verdicts) and not any(s.modes_total for s in summaries):
        return Verdict("unknown", "unknown", "Not judged: no modes are known for this task.")
    texts, order = [], sorted(range(len(names)), key=lambda i: list(_VERBS).index(verdicts[i].kind))
    for i in order:
        text = f"{names[i]} {_verb(summaries[i], verdicts[i].kind)}"
        if summaries[i].modes_total and verdicts[i].kind not in ("diverged", "unfinished"):
            text += f" ({_reach(summaries[i])})"
        texts.append(text)
    best = verdicts[order[0]]
    return Verdict(best.kind, best.quality, "; ".join(texts) + ".")


def sweep_verdict(names: Sequence[str], summaries: Sequence[Summary], verdicts: Sequence[Verdict]) -> Verdict:
    """Says how many settings end in which way, and which are the best; of the kind of the best."""
    kinds = [arm.kind for arm in verdicts]
    best = min(kinds, key=list(_VERBS).index)
    words = {
        "healthy": "with all modes",
        "partial": "with modes lost",
        "unknown": "not judged",
        "collapse": "collapsed",
    }
    found = [f"{kinds.count(kind)} {words.get(kind, kind)}" for kind in _VERBS if kind in kinds]
    sentence = f"Of {len(names)} settings: {', '.join(found)}."
    modes = [min(np.nan_to_num(column(summary, "modes")), default=0.0) for summary in summaries]
    quality = [np.nan_to_num(value(summary.mean.get("high_quality"))) for summary in summaries]
    order = sorted(range(len(names)), key=lambda i: (list(_VERBS).index(kinds[i]), -modes[i], -quality[i]))
    evidence = []
    if any(modes):
        evidence = [f"{names[i]}: {verdicts[i].sentence}" for i in order[:3]]
    if len(names) > 1:
        evidence.append("The best of many settings looks better than it is: confirm it from seeds not used here.")
    return Verdict(best, verdicts[order[0]].quality, sentence, tuple(evidence))


def credit(names: Sequence[str], differing: Mapping[str, Sequence[str]]) -> tuple[str, ...]:
    """What a comparison can say of the cause: a sentence for each arm by how many options it differs from the first.

    Args:
      names: of the arms.
      differing: options that are not the same in all arms, and their value in each.
    """
    sentences = []
    for i, name in enumerate(names[1:], 1):
        changed = [option for option, values in differing.items() if values[i] != values[0]]
        if len(changed) == 1:
            sentences.append(f"{name} differs from {names[0]} in {changed[0]} alone.")
        elif changed:
            sentences.append(
                f"{name} differs from {names[0]} in {len(changed)} options, so this comparison does not say which of "
                "them makes the difference."
            )
    return tuple(sentences)


def _verb(summary: Summary, kind: str) -> str:
    low = summary.verdict is not None and summary.verdict.quality == "low"
    if kind == "partial" and not any(seed.verdict is not None and seed.verdict.lost for seed in summary.seeds):
        return "starves modes"
    if kind == "unknown" and low:
        return "is too blurred to tell"
    return _VERBS[kind] + ", at low quality" * (kind == "healthy" and low)


def alarms(rows: Iterable[Mapping[str, Any]]) -> list[dict[str, Any]]:
    """All alarms in the log lines of a run, each with its `seed`; a resumed run's later line counts."""
    lines = {(row["step"], row["seed"]): row.get("alarms") or [] for row in rows}
    return [{**alarm, "seed": seed} for (_, seed), found in sorted(lines.items()) for alarm in found]


def damaged_modes(summary: Summary) -> list[dict[str, Any]]:
    """The modes that are lost or starved in any seed: `name`, `expected`, and for each seed `(samples, state)`."""
    rows = []
    for i, (name, expected) in enumerate(summary.modes_expected.items()):
        states = [
            ""
            if seed.verdict is None
            else next((state for state in ("lost", "starved") if name in getattr(seed.verdict, state)), "")
            for seed in summary.seeds
        ]
        if any(states):
            counts = [seed.counts[i] if seed.counts else None for seed in summary.seeds]
            rows.append({"name": name, "expected": expected, "seeds": list(zip(counts, states, strict=True))})
    return rows


def comparison_table(summaries: Sequence[Summary]) -> str:
    """The arms as aligned plain text: mean (95 % interval) [smallest to largest seed] of each metric.

    Args:
      summaries: of each arm; `arm` or `experiment` names it.

    Returns:
      One line for the heading, one per arm, and one for what real data gets; one line where nothing was measured.
    """
    names = metric_names(*summaries)
    if not names:
        return "nothing was measured, as no modes are known: --metric adds numbers, jaxgan diagnose judges the samples"
    rows = [["", *names]]
    for summary in summaries:
        name = summary.arm or summary.experiment or "run"
        rows.append([name, *(f"{spread(summary, x)} [{between(column(summary, x))}]" for x in names)])
    rows.append(["real data", *(number(real_value(summaries[0], x)) for x in names)])
    widths = [max(map(len, column)) for column in zip(*rows, strict=True)]
    return "\n".join("  ".join(map(str.ljust, row, widths)).rstrip() for row in rows)
