"""What the evidence adds up to: a verdict in one sentence, and what to try next."""

from collections.abc import Mapping, Sequence

from jaxgan.diagnosis.diversity import Diversity
from jaxgan.diagnosis.measures import Measure
from jaxgan.diagnosis.modes import FALSE_ALARM, Mode
from jaxgan.types import Verdict

ENOUGH = 50  # samples on each side; with fewer no verdict is given
POOR = 0.6  # share of good samples, relative to that of the reals, below which quality is low
HALF = 0.5  # share of the data from which lost modes are a collapse
MUSH, NARROW = 0.1, 0.25  # spreads, relative to that of the reals
UNTOLD = 0.5  # share of odd fakes from which modes are not told any more


def too_few(reals: int, fakes: int) -> Verdict:
    """The verdict on fewer samples than could show anything."""
    sentence = (
        f"Cannot tell: {reals} real and {fakes} generated samples; at least {ENOUGH} of each are needed, "
        "and a few hundred for each mode."
    )
    return Verdict("unknown", "unknown", sentence, (), ("Draw more samples and diagnose again.",))


def judge(
    modes: Sequence[Mode], diversity: Diversity, measures: Mapping[str, Measure], odd: float, reals: int
) -> Verdict:
    """Adds the evidence up.

    It is a collapse when lost modes hold at least half of the data, when the generator seems to have fewer different
    samples than a twentieth of those that were drawn, or when its spread is below a tenth of that of the reals. It is
    partial when any mode is lost or starved, when there seem to be fewer different samples than two thirds of those
    drawn and than half of the reals, or when the spread is below a quarter. It is unknown when most fakes look like
    nothing in the data, so that their modes mean nothing, or when so few samples were drawn that the loss of most modes
    would go unnoticed.

    Args:
      modes: what was found about each.
      diversity: of the fakes.
      measures: metrics of the fakes and of reals.
      odd: share of the fakes that are farther from every real than 99 % of the reals are from the next.
      reals: how many there are.
    """
    lost, starved, untested = ([mode for mode in modes if mode.state == s] for s in ("lost", "starved", "untested"))
    everything = sum(mode.expected for mode in modes)
    share = {name: sum(m.expected for m in group) / everything for name, group in (("lost", lost), ("no", untested))}
    drawn = diversity.compared
    # A generator that only repeats the reals has their number as its support, which is no collapse.
    rare = diversity.support < min(0.25 * diversity.real_support, 0.5 * reals)
    precision, coverage = measures["precision"], measures["coverage"]
    blurred = odd >= UNTOLD or precision.value < POOR * precision.real
    quality = "low" if blurred else "good"

    few = rare and diversity.support < drawn / 20
    some = rare and diversity.support < drawn / 1.5
    uncovered = not blurred and coverage.ci95[1] < 0.5 * coverage.real_ci95[0]
    evidence = _evidence(lost, starved, untested, modes, diversity, measures, odd, few or some)
    if few or diversity.spread < MUSH:
        sentence = f"Collapse: {_narrowness(diversity, few)}."
        return Verdict("collapse", quality, sentence, evidence, advice("collapse", quality))
    if odd >= UNTOLD and not diversity.spread < NARROW:
        sentence = (
            f"Cannot tell which modes: {100 * odd:.0f} % of the fakes look like nothing in the data. "
            "This is low quality, not low diversity."
        )
        return Verdict("unknown", "low", sentence, evidence, advice("unknown", "low"))
    but = "; quality is low" if blurred else ""
    if share["lost"] >= HALF:
        sentence = (
            f"Collapse: {len(lost)} of {len(modes)} modes are lost ({_named(lost)}), "
            f"{100 * share['lost']:.0f} % of the data"
        )
        return Verdict("collapse", quality, f"{sentence}{but}.", evidence, advice("collapse", quality))
    if lost or starved or some or uncovered or diversity.spread < NARROW:
        parts = [f"{_named(group)} {word}" for group, word in ((lost, "lost"), (starved, "starved")) if group]
        if some or diversity.spread < NARROW:
            parts.append(_narrowness(diversity, some))
        if uncovered and not parts:
            parts.append(f"only {100 * coverage.value:.0f} % of the reals have a fake near them")
        return Verdict(
            "partial", quality, f"Partial collapse: {'; '.join(parts)}{but}.", evidence, advice("partial", quality)
        )
    if share["no"] > 0.5:
        sentence = (
            f"Cannot tell with this few samples: {len(untested)} of {len(modes)} modes could be missing by chance."
        )
        return Verdict("unknown", quality, sentence, evidence, ("Draw more samples and diagnose again.",))
    state = "No collapse, but low quality: " if blurred else "Healthy: "
    return Verdict(
        "healthy", quality, f"{state}all {len(modes)} modes are there.", evidence, advice("healthy", quality)
    )


def _named(modes: Sequence[Mode]) -> str:
    names = [mode.name for mode in modes]
    return ", ".join(names[:6]) + (f" and {len(names) - 6} more" if len(names) > 6 else "")


def _narrowness(diversity: Diversity, few: bool) -> str:
    if few:
        return f"the generator seems to have only about {diversity.support:.0f} different samples"
    return f"the fakes are all alike; they spread {100 * diversity.spread:.0f} % as far as the reals"


def _evidence(lost, starved, untested, modes, diversity, measures, odd, repeats) -> tuple[str, ...]:
    precision, recall = measures["precision"], measures["recall"]
    said = [
        f"Of {len(modes)} modes, {len(lost)} are lost and {len(starved)} starved; a healthy generator is given any of "
        f"these with a probability of at most {FALSE_ALARM:g}.",
        f"Precision is {precision.value:.2f} (reals: {precision.real:.2f}), recall {recall.value:.2f} "
        f"(reals: {recall.real:.2f}); the first shows quality, the second diversity.",
        f"The fakes spread {diversity.spread:.2f} times as far as the reals.",
        f"{100 * odd:.1f} % of the fakes are farther from every real than 99 % of the reals are from the next.",
    ]
    if repeats or diversity.twins > 0.01:
        said.append(
            f"{100 * diversity.twins:.1f} % of the fakes have a twin; by the birthday paradox there are about "
            f"{diversity.support:,.0f} different ones."
        )
    if odd >= UNTOLD:
        said.append("Most fakes are like no real, so no mode is said to be lost.")
    elif untested:
        said.append(f"{len(untested)} modes are so rare here that none of them could be missed: draw more samples.")
    return tuple(said)


def advice(kind: str, quality: str) -> tuple[str, ...]:
    """What to try next about a verdict's kind and quality, in order, with the reason."""
    if kind == "healthy" and quality == "good":
        return ("Nothing is wrong that these samples could show; more samples show smaller losses.",)
    if quality == "low" and kind != "collapse":
        return (
            "Train for longer, and let the learning rates fall at the end: quality comes last.",
            "Sample from a moving average of the generator (--average 0.999), which removes its wandering.",
            "Add --technique r1:1.0: a discriminator without a penalty stops giving useful gradients.",
            "Compare the images' range and size with the data once more: a wrong scale looks like noise.",
        )
    return (
        "Pack the discriminator (--pack 2 or more): it then sees that a pack has too little variety, which a single "
        "sample cannot show.",
        "Take the relativistic loss with --technique r1:1.0 r2:1.0: it compares every fake with a real, so that "
        "dropping a mode costs something.",
        "Look ahead (--unroll.steps 5) where the generator runs from mode to mode: it then sees the answer.",
        "Lower the generator's learning rate or raise the discriminator's: a generator that is too fast chases.",
        "Go back to the last checkpoint with all its modes; a lost mode seldom returns by itself.",
    )
