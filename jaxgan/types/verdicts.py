"""What is said of samples: whether they have collapsed, why, and what to try."""

from typing import NamedTuple


class Verdict(NamedTuple):
    """What is said first of a set of samples, of a run, or of a comparison of runs.

    Attributes:
      kind: "healthy", "partial", "collapse" or "unknown", which is about diversity; of samples also "copies" or
        "low_fidelity", where that is all that is wrong; of a run also "diverged", or "unfinished" where there are no
        final samples.
      quality: "good", "low" or "unknown".
      sentence: both in words, with the numbers.
      evidence: what speaks for it, one sentence each.
      advice: what to try next, in order, with the reason.
    """

    kind: str
    quality: str
    sentence: str
    evidence: tuple[str, ...] = ()
    advice: tuple[str, ...] = ()


class SeedVerdict(NamedTuple):
    """What is said of one seed of a run.

    Attributes:
      kind: as of a `Verdict`.
      quality: as of a `Verdict`.
      sentence: both in words, with the numbers.
      lost: names of the modes that have no sample although they should.
      starved: names of the modes that have far too few samples.
      untested: how many modes are too rare to be tested one by one.
    """

    kind: str
    quality: str
    sentence: str
    lost: tuple[str, ...] = ()
    starved: tuple[str, ...] = ()
    untested: int = 0
