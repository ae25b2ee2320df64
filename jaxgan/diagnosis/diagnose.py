"""`diagnose(...)`: from samples of any generator to a verdict, the modes it lost, and the evidence."""

import sys
from collections.abc import Iterator
from typing import Any, NamedTuple

import numpy as np
from tqdm import tqdm

from jaxgan.data.files import Samples
from jaxgan.diagnosis.assignment import Assignment
from jaxgan.diagnosis.copies import Membership
from jaxgan.diagnosis.examination import Conditions, examine
from jaxgan.diagnosis.extraction import Features
from jaxgan.diagnosis.holes import Hole
from jaxgan.diagnosis.inputs import Scaled
from jaxgan.diagnosis.levels import DOOR
from jaxgan.diagnosis.measures import Measure, measure_all
from jaxgan.diagnosis.modes import Mode
from jaxgan.diagnosis.verdict import Findings, judge, too_few
from jaxgan.metrics import Moments
from jaxgan.types import Verdict

PARTS = 5  # of a diagnosis, that are shown one after the other


class Diagnosis(NamedTuple):
    """All that was found.

    Attributes:
      verdict: in words, with evidence and advice.
      measures: the metrics; empty with too few samples.
      found: by each of the tests; None with too few samples.
      assignment: the mode of every sample; None with too few samples.
      samples: in common units.
      real_features: `[n, d]`, standardised as the reals are.
      fake_features: `[m, d]`, by the same map.
      conventions: how samples, features and modes were taken.
      against: the distance to given statistics, which is among the measures too; None without any.
    """

    verdict: Verdict
    measures: dict[str, Measure]
    found: Findings | None
    assignment: Assignment | None
    samples: Scaled
    real_features: np.ndarray
    fake_features: np.ndarray
    conventions: dict[str, Any]
    against: Measure | None = None

    @property
    def modes(self) -> list[Mode]:
        """What was found about each mode; empty with too few samples."""
        return list(self.found.modes) if self.found else []

    @property
    def traits(self) -> list[Mode]:
        """What was found about each category, symbol or pair of them; empty where samples have none."""
        return list(self.found.traits) if self.found else []

    def summary(self) -> dict[str, Any]:
        """What goes into `diagnosis.json`."""

        def listed(state: str) -> list[dict[str, Any]]:
            return [_mode(mode) for mode in self.modes if mode.state == state]

        return {
            "verdict": self.verdict.kind,
            "quality": self.verdict.quality,
            "sentence": self.verdict.sentence,
            "evidence": list(self.verdict.evidence),
            "advice": list(self.verdict.advice),
            "lost_modes": listed("lost"),
            "starved_modes": listed("starved"),
            "untested_modes": [mode.name for mode in self.modes if mode.state == "untested"],
            "modes": [_mode(mode) for mode in self.modes],
            "lost_traits": [_mode(trait) for trait in self.traits if trait.state == "lost"],
            "starved_traits": [_mode(trait) for trait in self.traits if trait.state == "starved"],
            "metrics": {
                name: {**measure._asdict(), "features": self.conventions["features"]}
                for name, measure in self.measures.items()
            },
            "tests": _tests(self.found) if self.found else None,
            "conventions": self.conventions,
        }


def _mode(mode: Mode | Hole) -> dict[str, Any]:
    return {
        "name": mode.name,
        "expected": mode.expected,
        "seen": mode.seen,
        "ratio": mode.ratio,
        "p_value": mode.p_value,
    }


def _tests(found: Findings) -> dict[str, Any]:
    """The numbers of each test."""
    fidelity, repeats, narrowness, copies = found.fidelity, found.repeats, found.narrowness, found.copies
    return {
        "level": DOOR,
        "noticed": found.noticed,
        "fidelity": {name: getattr(fidelity, name) for name in ("odd", "farther", "detail", "p_value", "low")},
        "holes": {
            **{name: getattr(found.holes, name) for name in ("share", "p_value", "found")},
            "empty": [{**_mode(hole), "members": hole.members.tolist()} for hole in found.holes.empty],
            "thin": [{**_mode(hole), "members": hole.members.tolist()} for hole in found.holes.thin],
        },
        "repeats": {
            **{name: getattr(repeats, name) for name in ("share", "largest", "different", "p_value", "found")},
            "groups": [[int(i) for i in group] for group in repeats.groups[:20]],
        },
        "narrowness": {name: getattr(narrowness, name) for name in ("spread", "apart", "p_value", "found")},
        "copies": {
            **{name: getattr(copies, name) for name in ("share", "p_value", "found")},
            "pairs": copies.pairs[:100].tolist() if copies.found else [],
        },
        "membership": _of_membership(found.membership) if found.membership else None,
        "conditions": [condition._asdict() for condition in found.conditions],
    }


def _of_membership(membership: Membership) -> dict[str, Any]:
    return {**membership._asdict(), "pairs": membership.pairs[:100].tolist(), "found": membership.found}


def diagnose(
    real: Samples,
    fake: Samples,
    *,
    features: str | Features = "auto",
    train: Samples | None = None,
    holdout: Samples | None = None,
    conditions: Conditions | None = None,
    against: Moments | None = None,
    seed: int = 0,
) -> Diagnosis:
    """Tells whether a generator has collapsed, and which modes are gone.

    Args:
      real: from `read_samples`.
      fake: from `read_samples`.
      features: "auto" is "random" for images and nothing for vectors and sequences; "pixels"; "random" is a fixed
        random convolutional network; "inception:PATH", "dinov2:PATH" and "clip:PATH" are networks with the weights in
        a file; or a function `images [n, height, width, channels] in [-1, 1] -> [n, d]`.
      train: what the generator was trained on, if that is not `real`; asks for copies of it.
      holdout: of the same source, but unseen by the generator, if that is not `real`; likewise.
      conditions: of the samples; each is asked for collapse within it.
      against: mean and covariance of the same features of other data, to which the Fréchet distance is measured.
      seed: of everything random; the same samples and seed give the same diagnosis.

    Raises:
      ValueError: the samples do not fit each other or are in different units, there are no such features, not one
        condition for each sample, or statistics of other features.
    """
    with tqdm(total=PARTS, desc="diagnosis", unit="part", disable=not sys.stderr.isatty()) as bar:

        def part(name: str) -> None:
            bar.update()
            bar.set_postfix_str(name)

        examined = examine(
            real,
            fake,
            features=features,
            train=train,
            holdout=holdout,
            conditions=conditions,
            against=against,
            seed=seed,
            progress=part,
        )
        if examined.found is None:
            return Diagnosis(too_few(len(real.data), len(fake.data)), {}, *examined)
        part("metrics")
        measures = measure_all(examined.real_features, examined.fake_features, seed=seed, progress=_progress)
        if examined.against is not None:
            measures["frechet_distance_to_statistics"] = examined.against
    return Diagnosis(judge(examined.found, measures), measures, *examined)


def _progress(splits: range) -> Iterator[int]:
    return iter(tqdm(splits, desc="splits", leave=False, disable=not sys.stderr.isatty()))
