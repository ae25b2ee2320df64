"""`diagnose(...)`: from samples of any generator to a verdict, the modes it lost, and the evidence."""

import sys
from collections.abc import Callable, Iterator
from typing import Any, NamedTuple

import jax
import numpy as np
from tqdm import tqdm

from jaxgan import features as feature_networks
from jaxgan.data.files import Samples
from jaxgan.diagnosis.assignment import Assignment, assign
from jaxgan.diagnosis.diversity import Diversity, measure_diversity, strangeness
from jaxgan.diagnosis.inputs import Scaled, fitted
from jaxgan.diagnosis.measures import Measure, measure_all
from jaxgan.diagnosis.modes import FALSE_ALARM, Mode, judge_modes
from jaxgan.diagnosis.verdict import ENOUGH, UNTOLD, judge, too_few
from jaxgan.evaluation.chunks import in_chunks
from jaxgan.types import Verdict

COARSE = 16  # pixels along each side of what clusters are found in
CHUNK = 500  # samples whose features are computed at a time
FAR = 2.0  # a fake that is stranger belongs to no mode
Features = Callable[[jax.Array], jax.Array]


class Diagnosis(NamedTuple):
    """All that was found.

    Attributes:
      verdict: in words, with evidence and advice.
      modes: what was found about each mode; empty with too few samples.
      measures: the metrics; empty with too few samples.
      diversity: of the fakes; None with too few samples.
      odd: share of the fakes that are farther from every real than 99 % of the reals are from the next.
      assignment: the mode of every sample; None with too few samples.
      samples: in common units.
      real_features: `[n, d]`, standardised as the reals are.
      fake_features: `[m, d]`, by the same map.
      conventions: how samples, features and modes were taken.
    """

    verdict: Verdict
    modes: list[Mode]
    measures: dict[str, Measure]
    diversity: Diversity | None
    odd: float
    assignment: Assignment | None
    samples: Scaled
    real_features: np.ndarray
    fake_features: np.ndarray
    conventions: dict[str, Any]

    def summary(self) -> dict[str, Any]:
        """What goes into `diagnosis.json`."""

        def listed(state: str) -> list[dict[str, Any]]:
            return [_mode(mode) for mode in self.modes if mode.state == state]

        of_diversity = {} if self.diversity is None else self.diversity._asdict()
        of_diversity["groups"] = [[int(i) for i in group] for group in of_diversity.get("groups", [])[:20]]
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
            "metrics": {name: measure._asdict() for name, measure in self.measures.items()},
            "odd": self.odd,
            "diversity": of_diversity if self.diversity is not None else None,
            "conventions": self.conventions,
        }


def _mode(mode: Mode) -> dict[str, Any]:
    return {
        "name": mode.name,
        "expected": mode.expected,
        "seen": mode.seen,
        "ratio": mode.ratio,
        "p_value": mode.p_value,
    }


def diagnose(real: Samples, fake: Samples, *, features: str | Features = "auto", seed: int = 0) -> Diagnosis:
    """Tells whether a generator has collapsed, and which modes are gone.

    Args:
      real: from `read_samples`.
      fake: from `read_samples`.
      features: "auto" is "random" for images and nothing for vectors and sequences; "pixels"; "random" is a fixed
        random convolutional network; "inception:PATH" is Inception-v3 with the weights in a file; or a function
        `images [n, height, width, channels] in [-1, 1] -> [n, d]`.
      seed: of everything random; the same samples and seed give the same diagnosis.

    Raises:
      ValueError: the samples do not fit each other, or there are no such features.
    """
    scaled = fitted(real, fake)
    extract, description = _extractor(features, scaled)
    conventions = {
        "real": {"source": real.source, "samples": len(scaled.real), "shape": list(scaled.real.shape[1:])},
        "fake": {"source": fake.source, "samples": len(scaled.fake), "shape": list(scaled.fake.shape[1:])},
        "features": description,
        "false_alarm": FALSE_ALARM,
        "seed": seed,
    }
    if min(len(scaled.real), len(scaled.fake)) < ENOUGH:
        verdict = too_few(len(scaled.real), len(scaled.fake))
        nothing = np.zeros((0, 0), np.float32)
        return Diagnosis(verdict, [], {}, None, 0.0, None, scaled, nothing, nothing, conventions)

    with tqdm(total=4, desc="diagnosis", unit="part", disable=not sys.stderr.isatty()) as bar:

        def part(name: str) -> None:
            bar.set_postfix_str(name)

        part("features")
        raw = _of_all(extract, scaled)
        real_features, fake_features = _standardised(*raw)
        bar.update()
        part("modes")
        strange = strangeness(real_features, fake_features, seed=seed)
        # Clusters of pixels agree with what people call a mode better than those of random features.
        pixels = scaled.kind == "images" and features in ("auto", "random", "pixels")
        seen = _of_all(_coarse, scaled) if pixels else [real_features, fake_features]
        assignment = assign(scaled, *seen, seed=seed)
        # Every classifier gives noise some class; what is far from all reals is of none.
        assignment = assignment._replace(fake=np.where(strange > FAR, -1, assignment.fake))
        modes = judge_modes(
            assignment.names,
            _counts(assignment, assignment.real),
            _counts(assignment, assignment.fake),
            _counts(assignment, np.where(assignment.sure, assignment.fake, -1)),
            assignment.confusion,
            len(assignment.fake),
        )
        bar.update()
        part("diversity")
        diversity = measure_diversity(real_features, fake_features, seed=seed)
        bar.update()
        part("metrics")
        measures = measure_all(real_features, fake_features, seed=seed, progress=_progress)
        bar.update()
    conventions["modes"] = assignment.convention
    odd = float(np.mean(strange > 1))
    if odd >= UNTOLD:
        modes = [mode._replace(state="untested") for mode in modes]
    verdict = judge(modes, diversity, measures, odd, len(scaled.real))
    return Diagnosis(
        verdict, modes, measures, diversity, odd, assignment, scaled, real_features, fake_features, conventions
    )


def _of_all(extract: Features, samples: Scaled) -> list[np.ndarray]:
    """Features `[n, d]` float32 of the reals and of the fakes."""
    compiled = jax.jit(extract)
    found = (in_chunks(compiled, x, CHUNK) for x in (samples.real, samples.fake))
    return [x.reshape(len(x), -1).astype(np.float32) for x in found]


def _coarse(images: jax.Array) -> jax.Array:
    return feature_networks.pixels(None if max(images.shape[1:3]) <= COARSE else COARSE)(images)


def _progress(splits: range) -> Iterator[int]:
    return iter(tqdm(splits, desc="splits", leave=False, disable=not sys.stderr.isatty()))


def _counts(assignment: Assignment, modes: np.ndarray) -> np.ndarray:
    return np.bincount(modes[modes >= 0], minlength=len(assignment.names))


def _extractor(features: str | Features, samples: Scaled) -> tuple[Features, str]:
    if not isinstance(features, str):
        return features, f"a function of the user, {getattr(features, '__name__', type(features).__name__)}"
    if samples.kind != "images":
        if features not in ("auto", "pixels"):
            raise ValueError(f"features {features!r} are for images; all else is taken as it is (auto)")
        return lambda x: x, "the values of the sequences" if samples.kind == "sequences" else "the vectors themselves"
    name, _, path = features.partition(":")
    channels = samples.real.shape[-1]
    if name == "pixels":
        return feature_networks.pixels(), "pixels"
    if name in ("auto", "random"):
        return feature_networks.random_convolutions(channels=channels, width=32), "a fixed random convolutional network"
    if name == "inception" and path:
        return feature_networks.inception_v3(path).features, f"Inception-v3 with the weights of {path}"
    raise ValueError(f"no features {features!r}; known are auto, pixels, random and inception:PATH")


def _standardised(real: np.ndarray, fake: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Centres by the reals and divides by one number, their typical scale; directions keep their shares."""
    center = real.mean(axis=0)
    scale = float(np.sqrt(np.mean((real - center) ** 2))) or 1.0
    return (real - center) / scale, (fake - center) / scale
