"""What the evidence adds up to: a verdict in one sentence, and what to try next."""

from collections.abc import Mapping, Sequence
from typing import NamedTuple

from jaxgan.diagnosis.advice import advice
from jaxgan.diagnosis.conditions import Condition
from jaxgan.diagnosis.copies import Copies, Membership
from jaxgan.diagnosis.fidelity import Fidelity
from jaxgan.diagnosis.holes import Hole, Holes
from jaxgan.diagnosis.levels import DOOR, FALSE_ALARM
from jaxgan.diagnosis.measures import Measure
from jaxgan.diagnosis.modes import Mode, fewest
from jaxgan.diagnosis.narrowness import MUSH, NARROW, Narrowness
from jaxgan.diagnosis.repeats import Repeats
from jaxgan.types import Verdict

ENOUGH = 50  # samples on each side; with fewer no verdict is given
POOR = 0.6  # of a metric of the reals, below which that of the fakes is poor
HALF = 0.5  # share of the data from which lost modes are a collapse
FEW = 20  # samples for each different one, from which repeats are a collapse
UNTOLD = 0.5  # share of the samples of a run in no mode from which its modes are not told
COARSE = 0.2  # share of the data whose loss must show before anything is called healthy
FINE = 0.1  # share whose loss would show with as many samples as are advised
KINDS = {
    "collapse": "Collapse",
    "copies": "Copies",
    "partial": "Partial collapse",
    "low_fidelity": "Low fidelity",
}  # in order of weight


class Findings(NamedTuple):
    """What each of the tests found.

    Attributes:
      modes: what was found about each.
      noticed: share of the data whose loss would have been noticed.
      holes: parts of the data that are hardly made.
      fidelity: where the fakes lie.
      repeats: copies among the fakes.
      narrowness: how varied they are.
      copies: copies of reals.
      membership: copies of what was trained on; None if no samples were held out.
      conditions: what was found about each; empty without any.
      traits: what was found about each category of a table, symbol of a text, and pair of them; empty without any.
    """

    modes: Sequence[Mode]
    noticed: float
    holes: Holes
    fidelity: Fidelity
    repeats: Repeats
    narrowness: Narrowness
    copies: Copies
    membership: Membership | None = None
    conditions: Sequence[Condition] = ()
    traits: Sequence[Mode] = ()


def too_few(reals: int, fakes: int) -> Verdict:
    """The verdict on fewer samples than could show anything."""
    sentence = (
        f"Cannot tell: {reals} real and {fakes} generated samples; at least {ENOUGH} of each are needed, "
        f"and about {would_do():,} to notice the loss of a tenth of the data."
    )
    return Verdict("unknown", "unknown", sentence, (), ("Draw more samples and diagnose again.",))


def would_do(modes: int = 10) -> int:
    """How many samples of each side show the loss of a tenth of the data among so many clusters."""
    n = ENOUGH
    while fewest(n // 2, n, DOOR / modes) > FINE * (n // 2):
        n += ENOUGH
    return n


def judge(found: Findings, measures: Mapping[str, Measure]) -> Verdict:
    """Adds the evidence up.

    The tests of fidelity, modes, holes, repeats, narrowness and copies share a level of 0.01 evenly, so that a
    generator like the data is accused of anything with no larger probability; and what is no chance must also be large.
    It is a collapse when lost modes hold at least half of the data, when there are 20 fakes or more for each different
    one, or when they spread less than a tenth as far as the reals. Where fidelity is low, coverage says nothing of
    diversity; where most fakes are like nothing in the data, no mode is judged.

    Args:
      found: by the tests.
      measures: metrics of the fakes and of reals.
    """
    said = _said(found, measures)
    quality = "low" if "low_fidelity" in said else "good"
    evidence = _evidence(found, measures)
    for kind, heading in KINDS.items():
        if kind in said:
            order = [kind, *(other for other in KINDS if other != kind)]
            texts = [text for each in order for text in said.get(each, ())]
            return Verdict(kind, quality, f"{heading}: {'; '.join(texts)}.", evidence, advice(kind, quality))
    if sentence := untold(found):
        return Verdict("unknown", quality, sentence, evidence, ("Draw more samples and diagnose again.",))
    tested = [mode for mode in found.modes if mode.state != "untested"]
    rare = len(found.modes) - len(tested)
    some, beyond = (" that could be tested", f", {rare} are too rare") if rare else ("", "")
    there = f"all {len(tested)} modes{some} are there{beyond}"
    there += f"; the loss of {100 * found.noticed:.1f} % of the data would have shown"
    differing = _differing(found, measures)
    but = f", though not like the data in every respect ({'; '.join(differing)})" if differing else ""
    return Verdict("healthy", quality, f"Healthy: {there}{but}.", evidence, _healthy_advice(found, differing))


def untold(found: Findings) -> str | None:
    """Why so few samples do not tell whether modes are lost, in words; None if they do."""
    untested = [mode for mode in found.modes if mode.state == "untested"]
    share = sum(mode.expected for mode in untested) / max(sum(mode.expected for mode in found.modes), 1e-12)
    if share > 1 - HALF:
        what = f"{len(untested)} of {len(found.modes)} modes could be missing by chance"
    elif found.noticed > COARSE:
        what = f"the loss of {100 * found.noticed:.0f} % of the data could be chance"
    else:
        return None
    enough = would_do(max(10, len(found.modes)))
    return f"Cannot tell with this few samples: {what}. About {enough:,} of each side would show the loss of a tenth."


def _said(found: Findings, measures: Mapping[str, Measure]) -> dict[str, list[str]]:
    """What is wrong, in words, by kind of verdict."""
    said: dict[str, list[str]] = {}
    fidelity, repeats, narrowness = found.fidelity, found.repeats, found.narrowness

    def say(kind: str, text: str) -> None:
        said.setdefault(kind, []).append(text)

    def poor(name: str) -> bool:
        return measures[name].ci95[1] < POOR * measures[name].real_ci95[0]

    if repeats.found:
        kind = "collapse" if repeats.different * FEW <= repeats.compared and repeats.share >= HALF else "partial"
        say(kind, _repeated(repeats))
    if narrowness.found and narrowness.spread < NARROW:
        kind = "collapse" if narrowness.spread < MUSH else "partial"
        say(kind, f"the fakes are all alike; they spread {100 * narrowness.spread:.0f} % as far as the reals")
    lost, starved = ([mode for mode in found.modes if mode.state == state] for state in ("lost", "starved"))
    if lost or starved:
        share = sum(mode.expected for mode in lost) / sum(mode.expected for mode in found.modes)
        parts = [f"{_named(group)} {word}" for group, word in ((lost, "lost"), (starved, "starved")) if group]
        if share >= HALF:
            part = f"{100 * share:.0f} % of the data"
            parts[0] = f"{len(lost)} of {len(found.modes)} modes are lost ({_named(lost)}), {part}"
        say("collapse" if share >= HALF else "partial", "; ".join(parts))
    if found.holes.found and "collapse" not in said:
        say("partial", _empty(found.holes.empty))
    for state in ("lost", "starved"):
        if rare := sorted((x for x in found.traits if x.state == state), key=lambda x: -x.expected):
            # One that most samples have is no detail.
            common = state == "lost" and rare[0].expected >= HALF * sum(mode.expected for mode in found.modes)
            say("collapse" if common else "partial", f"{_named(rare)} {state}")
    blurred = fidelity.low or (fidelity.p_value <= DOOR and poor("precision"))
    if blurred:
        say("low_fidelity", _unlike(fidelity, measures))
    elif not said and narrowness.p_value <= DOOR:
        shares = [name for name in ("recall", "coverage") if poor(name)]
        if shares or narrowness.found:
            say("partial", f"parts of the data have no fake near them ({_uncovered(shares, narrowness, measures)})")
    if found.membership is not None and found.membership.found:
        say("copies", f"at least {100 * found.membership.share:.1f} % of the fakes are copies of the training data")
    elif found.copies.found and found.membership is None:
        say("copies", f"{100 * found.copies.share:.1f} % of the fakes are nearly the same as one of the given reals")
    if collapsed := [each for each in found.conditions if each.collapsed]:
        kind = "collapse" if len(collapsed) >= HALF * len(found.conditions) else "partial"
        worst = sorted(collapsed, key=lambda each: each.ratio)
        say(
            kind,
            f"{len(collapsed)} of {len(found.conditions)} conditions always give nearly the same sample "
            f"({_named(worst)})",
        )
    return said


def _empty(holes: Sequence[Hole]) -> str:
    return f"hardly any fakes are like {_around(holes)}, {_counted(holes)}"


def _around(holes: Sequence[Hole]) -> str:
    it = "it" if len(holes) == 1 else "them"
    return f"{_named(holes)} and the {100 * sum(hole.share for hole in holes):.1f} % of the data around {it}"


def _counted(holes: Sequence[Hole]) -> str:
    return f"{sum(hole.seen for hole in holes)} where {sum(hole.expected for hole in holes):.0f} would be"


def _repeated(repeats: Repeats) -> str:
    if repeats.share >= HALF:
        return (
            f"few different samples, about {repeats.different:,.0f} among {repeats.compared:,}; "
            f"{100 * repeats.share:.0f} % of the fakes are nearly the same as another"
        )
    return (
        f"{100 * repeats.share:.1f} % of the fakes are nearly the same as another, "
        f"{100 * repeats.largest:.1f} % are one and the same"
    )


def _unlike(fidelity: Fidelity, measures: Mapping[str, Measure]) -> str:
    if fidelity.nothing_alike:
        return f"{100 * fidelity.odd:.0f} % of the fakes are like nothing in the data; their diversity cannot be judged"
    if fidelity.detail != 0.5 and abs(fidelity.detail - 0.5) > 0.4:
        word = "less fine detail (blurred)" if fidelity.detail < 0.5 else "more fine detail (noisy)"
        return f"a fake has {word} than a real with probability {max(fidelity.detail, 1 - fidelity.detail):.2f}"
    return (
        f"a fake is farther from the data than a new real is with probability {fidelity.farther:.2f}; "
        f"precision is {measures['precision'].value:.2f} where reals get {measures['precision'].real:.2f}"
    )


def _uncovered(shares: Sequence[str], narrowness: Narrowness, measures: Mapping[str, Measure]) -> str:
    if not shares:
        return f"a real is farther from the fakes than another fake is with probability {narrowness.apart:.2f}"
    words = (f"{name} is {measures[name].value:.2f} where reals get {measures[name].real:.2f}" for name in shares)
    return ", ".join(words)


def _named(modes: Sequence[Mode] | Sequence[Condition] | Sequence[Hole]) -> str:
    names = [mode.name for mode in modes]
    return ", ".join(names[:6]) + (f" and {len(names) - 6} more" if len(names) > 6 else "")


def _differing(found: Findings, measures: Mapping[str, Measure]) -> list[str]:
    """Metrics that lie far outside of what reals get, and what is made too rarely, in words."""
    thin = found.holes.thin
    said = [f"few fakes are like {_around(thin)}, {_counted(thin)}"] if thin else []
    return said + [
        f"{name.replace('_', ' ')} is {measures[name].value:.3g} where reals get {measures[name].real:.3g}"
        for name, worse in (("frechet_distance", 1), ("precision", -1), ("recall", -1))
        if (worse > 0 and measures[name].ci95[0] > 2 * measures[name].real_ci95[1])
        or (worse < 0 and measures[name].ci95[1] < 0.9 * measures[name].real_ci95[0])
    ]


def _evidence(found: Findings, measures: Mapping[str, Measure]) -> tuple[str, ...]:
    precision, recall = measures["precision"], measures["recall"]
    lost, starved, untested = (
        [mode for mode in found.modes if mode.state == state] for state in ("lost", "starved", "untested")
    )
    fidelity, repeats, narrowness, copies = found.fidelity, found.repeats, found.narrowness, found.copies
    said = [
        f"Of {len(found.modes)} modes, {len(lost)} are lost and {len(starved)} starved; the loss of "
        f"{100 * found.noticed:.1f} % of the data would be noticed.",
        f"A generator like the data is accused of anything with a probability of at most {FALSE_ALARM:g}.",
        f"Fidelity: a fake is farther from the data than a new real is with probability {fidelity.farther:.2f} (alike: "
        f"0.50); {100 * fidelity.odd:.1f} % are farther from every real than 99 % of the reals are from the next.",
        f"Precision is {precision.value:.2f} (reals: {precision.real:.2f}), recall {recall.value:.2f} "
        f"(reals: {recall.real:.2f}); the first shows fidelity, the second diversity.",
        f"The fakes spread {narrowness.spread:.2f} times as far as the reals; a real is farther from the fakes than "
        f"another fake is with probability {narrowness.apart:.2f} (alike: 0.50).",
        "Where fidelity differs from that of the data, no holes are looked for."
        if fidelity.p_value <= DOOR
        else _about("Holes", found.holes.p_value, found.holes.found and _empty(found.holes.empty)),
        _about("Repeats", repeats.p_value, repeats.found and _repeated(repeats)),
        _about("Copies of reals", copies.p_value, copies.found and f"{100 * copies.share:.1f} % of the fakes"),
    ]
    if (membership := found.membership) is not None:
        said.append(
            f"{100 * membership.nearer:.1f} % of the fakes are nearer to a training sample than to any that was held "
            f"out; {100 * membership.expected:.1f} % would be by chance (p = {membership.p_value:.2g})."
        )
    if found.conditions:
        collapsed = sum(each.collapsed for each in found.conditions)
        said.append(
            f"Of {len(found.conditions)} conditions, {collapsed} have collapsed; at most {100 * FALSE_ALARM:g} % of "
            "those by chance."
        )
    if found.traits:
        counts = [sum(each.state == state for each in found.traits) for state in ("lost", "starved")]
        said.append(
            f"Of {len(found.traits)} categories or symbols and pairs of them that are frequent enough to be missed, "
            f"{counts[0]} are lost and {counts[1]} starved."
        )
    thin = [mode for mode in found.modes if mode.state == "kept" and mode.ratio < HALF]
    if thin:
        said.append(f"Less than half of the expected samples, which can be chance: {_named(thin)}.")
    if fidelity.nothing_alike:
        said.append("Most fakes are like no real, so no mode is said to be lost.")
    elif untested:
        said.append(f"{len(untested)} modes are so rare here that none of them could be missed: draw more samples.")
    return tuple(said)


def _about(what: str, p_value: float, found: str | bool) -> str:
    none = "too few to tell" if p_value <= DOOR else "none that could not be chance"
    return f"{what}: {found or none} (p = {p_value:.2g})."


def _healthy_advice(found: Findings, differing: Sequence[str]) -> tuple[str, ...]:
    if differing:
        return (
            "No mode is missing and nothing repeats; what differs lies within the modes: train for longer, or sample "
            "from a moving average of the generator (--average 0.999).",
        )
    return (
        f"Nothing is wrong that these samples could show: a loss of less than {100 * found.noticed:.1f} % of the data "
        "would not; more samples show smaller ones.",
    )
