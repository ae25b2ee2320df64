"""The verdict on a run, from the counts of modes that its evaluations make anyway: of each seed, and of all."""

import itertools
from collections import Counter
from collections.abc import Mapping, Sequence
from typing import Any, NamedTuple

import numpy as np
from scipy import stats

from jaxgan.diagnosis.modes import FALSE_ALARM, Mode, judge_counts
from jaxgan.diagnosis.verdict import HALF, POOR, UNTOLD, advice
from jaxgan.evaluation import Evaluation
from jaxgan.types import SeedVerdict, Verdict

SCARCE = 0.05  # share of the rare modes that must seem to be lost before they count as lost together
NAMED = 4  # modes in a sentence


class Judged(NamedTuple):
    """What is found about one seed.

    Attributes:
      kind: "healthy", "partial", "collapse" or "unknown", as of a diagnosis, or "diverged".
      quality: "good", "low" or "unknown".
      modes: what was found about each; empty where no modes are known.
      reached: how many have at least one sample.
      usual: how many would have one if the samples were like the data.
      rare_lost: how many of the modes that are too rare to be tested one by one seem to be lost.
      high_quality: share of the samples, in percent; None where it is not measured.
      nearest: whether each sample was counted for its nearest mode, near or far.
      broken: share of the samples that are not finite.
    """

    kind: str
    quality: str = "unknown"
    modes: Sequence[Mode] = ()
    reached: int = 0
    usual: float = 0.0
    rare_lost: float = 0.0
    high_quality: float | None = None
    nearest: bool = False
    broken: float = 0.0

    def named(self, state: str) -> list[str]:
        """Names of the modes in a state."""
        return [mode.name for mode in self.modes if mode.state == state]


def judge_seed(evaluation: Evaluation, measured: Mapping[str, Any], total: int, finite: float = 1.0) -> Judged:
    """Judges one seed by the number of its samples in each mode.

    Every mode is tested by `judge_counts`. Where quality is low, each sample is counted for its nearest mean instead,
    since a mode is not missing that the generator surrounds with samples of low quality. If nothing is missing then,
    but at least half of the samples are in no mode, the verdict is "unknown", as in a diagnosis.

    Modes too rare to be tested one by one are tested together: if they were filled like the data, the number of those
    without any sample would have a Poisson binomial law (as if they were independent; they are negatively associated,
    so the true spread is smaller). Some are lost when that has a probability of at most `FALSE_ALARM` and `SCARCE` of
    them or more seem to be.

    It is a collapse when lost modes hold at least half of the data, partial when any is lost or starved, and unknown
    when not even the loss of half of the modes would show.

    Args:
      evaluation: what was measured.
      measured: what `evaluation.measure` returned.
      total: how many samples that measured, at least 1.
      finite: share of them that hold neither NaN nor infinity.
    """
    if not evaluation.names or finite < 1:
        return Judged("unknown" if finite == 1 else "diverged", broken=1 - finite)
    counts, shares = np.asarray(measured["counts"]), evaluation.shares
    everything = shares.sum()
    good = measured.get("high_quality")
    quality = "unknown" if good is None else "good" if good >= POOR * everything else "low"
    nearest = quality == "low"
    modes = (
        judge_counts(evaluation.names, shares / everything, np.asarray(measured["counts_all"]), total, counts)
        if nearest
        else judge_counts(evaluation.names, shares, counts, total)
    )
    rare = np.array([mode.state == "untested" for mode in modes])
    of_rare = shares[rare].sum() / everything
    lost_rare, blind = _rare_modes(counts[rare], shares[rare], total)
    gone = np.array([mode.state == "lost" for mode in modes])
    if shares[gone].sum() / everything + lost_rare * of_rare / max(rare.sum(), 1) >= HALF:
        kind = "collapse"
    elif lost_rare or any(mode.state in ("lost", "starved") for mode in modes):
        kind = "partial"
    else:
        untold = nearest and counts.sum() <= (1 - UNTOLD) * total
        kind = "unknown" if untold or (blind and of_rare > HALF) else "healthy"
    return Judged(
        kind,
        quality,
        modes,
        reached=int((counts > 0).sum()),
        usual=float(np.sum(1 - (1 - shares) ** total)),
        rare_lost=lost_rare,
        high_quality=None if good is None else 100 * float(good),
        nearest=nearest,
    )


def _rare_modes(counts: np.ndarray, shares: np.ndarray, total: int) -> tuple[float, bool]:
    """How many of `k` modes seem to be lost together, and whether even the loss of half of them would not show."""
    if not len(counts):
        return 0.0, False
    empty = (1 - shares) ** total  # probability of each
    usual = float(empty.sum())
    # A lost mode is empty for certain, each other one with the usual probability.
    lost = max((int((counts == 0).sum()) - usual) / max(1 - usual / len(counts), 1e-9), 0.0)
    if_half = round(usual + HALF * (len(counts) - usual))
    by_chance, blind = (stats.poisson_binom.sf(n - 1, empty) > FALSE_ALARM for n in (int((counts == 0).sum()), if_half))
    return 0.0 if by_chance or lost < SCARCE * len(counts) else lost, bool(blind)


def judge_run(
    evaluation: Evaluation, seeds: Sequence[int], measured: Sequence[Mapping[str, Any]], samples: np.ndarray
) -> tuple[Verdict, list[SeedVerdict]]:
    """Judges a run. It has collapsed when at least half of its seeds have, and is healthy when all of them are.

    Args:
      evaluation: what was measured.
      seeds: `s` numbers.
      measured: for each seed, what `evaluation.measure` returned.
      samples: `[s, n, ...]`, what was measured.

    Returns:
      The verdict on the run, and the one on each seed.
    """
    total = samples.shape[1]
    finite = [float(np.isfinite(of_seed.reshape(total, -1)).all(axis=1).mean()) for of_seed in samples]
    judged = [judge_seed(evaluation, m, total, share) for m, share in zip(measured, finite, strict=True)]
    real = 100 * float(evaluation.shares.sum())
    kind, qualities = _together([of.kind for of in judged]), [of.quality for of in judged]
    quality = "low" if "low" in qualities else "unknown" if "unknown" in qualities else "good"
    of_seeds = [
        SeedVerdict(
            of.kind,
            of.quality,
            _sentence(of.kind, [of], real),
            tuple(of.named("lost")),
            tuple(of.named("starved")),
            len(of.named("untested")),
        )
        for of in judged
    ]
    evidence = []
    if len(seeds) > 1 and evaluation.names:
        evidence = [f"Seed {seed}: {of.sentence}" for seed, of in zip(seeds, of_seeds, strict=True)]
    verdict = Verdict(
        kind,
        quality,
        _sentence(kind, judged, real),
        (*evidence, *_evidence(judged, total)),
        _advice(kind, quality) if evaluation.names or kind == "diverged" else (),
    )
    return verdict, of_seeds


def _together(kinds: Sequence[str]) -> str:
    if "diverged" in kinds:
        return "diverged"
    if 2 * kinds.count("collapse") >= len(kinds):
        return "collapse"
    if "partial" in kinds or "collapse" in kinds:
        return "partial"
    return "unknown" if "unknown" in kinds else "healthy"


def _between(values: Sequence[float]) -> str:
    """The smallest and the largest value, in words."""
    return " to ".join(dict.fromkeys(f"{float(f'{x:.4g}'):,.6g}" for x in (min(values), max(values))))


def _listed(state: str, judged: Sequence[Judged]) -> list[str]:
    """The modes of all seeds that are in a state, those of most seeds first."""
    found = [of.named(state) for of in judged]
    counted = Counter(itertools.chain(*found)).most_common()
    names = [name if n == len(judged) else f"{name} in {n} of {len(judged)} seeds" for name, n in counted]
    more = f" and {len(names) - NAMED:,} more" if len(names) > NAMED else ""
    return [f"{_between([*map(len, found)])} {state}: {', '.join(names[:NAMED])}{more}"] if names else []


def _sentence(kind: str, judged: Sequence[Judged], real: float) -> str:
    """Says the verdict on seeds, where `real` percent of real samples are of high quality."""
    several = len(judged) > 1
    if kind == "diverged":
        broken = [100 * of.broken for of in judged if of.broken]
        where = f" of {len(broken)} of {len(judged)} seeds" if several else ""
        return f"Diverged: {_between(broken)} % of the samples{where} are not finite."
    if not judged[0].modes:
        return "Not judged: no modes are known for this task; `jaxgan diagnose` compares its samples with the data."
    low = any(of.quality == "low" for of in judged)
    heads = {"partial": "Partial collapse", "collapse": "Collapse", "unknown": "Cannot tell"}
    head = heads.get(kind, "No collapse, but low quality" if low else "Healthy")
    if 0 < (alike := sum(of.kind == kind for of in judged)) < len(judged):
        head += f" in {alike} of {len(judged)} seeds"

    modes = len(judged[0].modes)
    said = f"{_between([of.reached for of in judged])} of {modes:,} modes"
    if several:
        said += f" {'in every one of' if len({of.reached for of in judged}) == 1 else 'over'} {len(judged)} seeds"
    if round(usual := judged[0].usual) < modes:
        said += f" (real data: {usual:,.0f})"
    parts = [said, *_listed("lost", judged), *_listed("starved", judged)]
    if any(of.rare_lost for of in judged):
        guess = _between([round(of.rare_lost) for of in judged])
        parts.append(f"about {guess} of the rare modes are lost, but which ones so few samples cannot show")
    if qualities := [of.high_quality for of in judged if of.high_quality is not None]:
        only = "only " if low else ""
        parts.append(f"{only}{_between(qualities)} % of samples are of high quality (real data: {real:.1f} %)")
    if kind == "unknown":
        parts.append(
            "this is low quality, not low diversity"
            if any(of.nearest for of in judged)
            else "with so few samples most modes could be missing by chance"
        )
    return f"{head}: {'; '.join(parts)}."


def _evidence(judged: Sequence[Judged], total: int) -> list[str]:
    said = []
    if any(mode.state != "untested" for of in judged for mode in of.modes):
        said.append(
            f"Each mode is tested with {total:,} samples of each seed; a healthy generator is given any lost or "
            f"starved mode with a probability of at most {FALSE_ALARM:g}."
        )
    if any(of.nearest for of in judged):
        said.append(
            "Where quality is low, each sample is counted for its nearest mode, near or far; a mode is lost if it has "
            "no sample of high quality either."
        )
    if rare := max(len(of.named("untested")) for of in judged):
        said.append(
            f"{rare:,} modes are so rare among {total:,} samples that none of them could be missed alone; "
            "they are judged together by how many are reached. Measure more (--samples)."
        )
    return said


def _advice(kind: str, quality: str) -> tuple[str, ...]:
    if kind == "diverged":
        return (
            "Lower both learning rates: the losses and gradient norms show when it began.",
            "Add --technique r1:1.0, which keeps the discriminator's gradient from exploding.",
        )
    if kind == "unknown" and quality != "low":
        return ("Measure more samples (--samples), a few hundred for each mode.",)
    return advice(kind, quality)
