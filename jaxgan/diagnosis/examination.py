"""All tests of a set of fakes against reals, without the verdict."""

from collections.abc import Callable, Sequence
from typing import Any, NamedTuple

import numpy as np

from jaxgan.data.files import Samples
from jaxgan.diagnosis.assignment import Assignment, assign
from jaxgan.diagnosis.comparable import check_comparable
from jaxgan.diagnosis.conditions import Condition, judge_conditions
from jaxgan.diagnosis.copies import Membership, measure_copies, measure_membership
from jaxgan.diagnosis.extraction import Features, extractor, features_of, standardised
from jaxgan.diagnosis.fidelity import Fidelity, measure_fidelity
from jaxgan.diagnosis.holes import NO_HOLES, Holes, measure_holes
from jaxgan.diagnosis.inputs import Scaled, fitted
from jaxgan.diagnosis.levels import DOOR, FALSE_ALARM
from jaxgan.diagnosis.measures import Measure, measure_against
from jaxgan.diagnosis.modes import Mode, fewest, judge_modes
from jaxgan.diagnosis.narrowness import measure_narrowness
from jaxgan.diagnosis.neighbours import NEAR
from jaxgan.diagnosis.repeats import Repeats, measure_repeats
from jaxgan.diagnosis.tails import measure_tail
from jaxgan.diagnosis.traits import judge_traits, traits_of
from jaxgan.diagnosis.verdict import ENOUGH, Findings
from jaxgan.diagnosis.views import View, view_of
from jaxgan.metrics import Moments

UNEQUAL = 10.0  # times as wide as another column, from which columns are brought to one scale
FAR = 2.0  # a fake that is stranger belongs to no mode


class Conditions(NamedTuple):
    """The prompt, class or other condition of each sample.

    Attributes:
      fake: `[m]` names.
      real: `[n]` names of the reals; None if they have no conditions.
    """

    fake: Sequence[str]
    real: Sequence[str] | None = None


class Examined(NamedTuple):
    """What the tests found, and in what.

    Attributes:
      found: by each of the tests; None with too few samples.
      assignment: the mode of every sample; None with too few samples.
      samples: in common units.
      real_features: `[n, d]`, standardised as the reals are; empty with too few samples.
      fake_features: `[m, d]`, by the same map.
      conventions: how samples, features and modes were taken.
      against: the distance to given statistics; None without any.
    """

    found: Findings | None
    assignment: Assignment | None
    samples: Scaled
    real_features: np.ndarray
    fake_features: np.ndarray
    conventions: dict[str, Any]
    against: Measure | None = None


def examine(
    real: Samples,
    fake: Samples,
    *,
    features: str | Features = "auto",
    train: Samples | None = None,
    holdout: Samples | None = None,
    conditions: Conditions | None = None,
    against: Moments | None = None,
    seed: int = 0,
    progress: Callable[[str], None] = lambda part: None,
) -> Examined:
    """Makes every test that leads to a verdict; arguments and errors are those of `diagnose`.

    Args:
      progress: is called with what is done next.
    """
    check_comparable(real, fake)
    scaled, columns = _one_scale(fitted(real, fake))
    extract, description = extractor(features, scaled)
    conventions = {
        "real": {"source": real.source, "samples": len(scaled.real), "shape": list(scaled.real.shape[1:])},
        "fake": {"source": fake.source, "samples": len(scaled.fake), "shape": list(scaled.fake.shape[1:])},
        "features": description,
        **({"columns": columns} if columns else {}),
        "false_alarm": FALSE_ALARM,
        "seed": seed,
    }
    if min(len(scaled.real), len(scaled.fake)) < ENOUGH:
        nothing = np.zeros((0, 0), np.float32)
        return Examined(None, None, scaled, nothing, nothing, conventions)
    progress("features")
    raw = features_of(extract, scaled)
    distance = None
    if against is not None:
        # Statistics of vectors are in the units of the file, not in those that are common to both sides here.
        values = raw if scaled.kind == "images" else [each.data.reshape(len(each.data), -1) for each in (real, fake)]
        distance = measure_against(against, *values, seed=seed)
    real_features, fake_features = standardised(*raw)
    del raw
    view = view_of(scaled, seed=seed)
    progress("fidelity")
    fidelity = measure_fidelity(real_features, fake_features, scaled.real, scaled.fake, seed=seed)
    progress("modes")
    traits = traits_of(real, fake)
    # Modes and traits go through one door.
    level = DOOR if traits is None else DOOR / 2
    assignment = assign(scaled, view, level=level, seed=seed)
    modes = _modes(assignment, fidelity, level)
    progress("repeats and copies")
    repeats = _repeats(view, fidelity, seed)
    holes = _holes(view, real_features, fake_features, fidelity, repeats, seed)
    found = Findings(
        modes=modes,
        noticed=_noticed(assignment, level),
        holes=_named_by_none(holes, modes, assignment, scaled),
        traits=() if traits is None or fidelity.nothing_alike else judge_traits(traits, level=level),
        fidelity=fidelity,
        repeats=repeats,
        narrowness=measure_narrowness(view.real, view.fake, view.base, view.fake_base, seed=seed),
        copies=measure_copies(view.real, view.fake, seed=seed),
        membership=_membership(train or real, holdout or real, fake, seed) if train or holdout else None,
        conditions=_conditions(conditions, view, seed) if conditions else (),
    )
    conventions["modes"] = assignment.convention
    return Examined(found, assignment, scaled, real_features, fake_features, conventions, distance)


def _one_scale(samples: Scaled) -> tuple[Scaled, str]:
    """Brings columns of very different widths to one, which would else drown the others in every distance."""
    if samples.kind != "points" or samples.real.ndim != 2:
        return samples, ""
    low, high = np.quantile(samples.real, [0.25, 0.75], axis=0)
    std = samples.real.std(axis=0)
    width = np.where(high > low, (high - low) / 1.349, std)
    used = width[width > 0]
    if not len(used) or used.max() <= UNEQUAL * used.min():
        return samples, ""
    width = np.where(width > 0, width, 1.0)
    center = np.median(samples.real, axis=0)
    real, fake = (((x - center) / width).astype(np.float32) for x in (samples.real, samples.fake))
    times = used.max() / used.min()
    words = f"their widths differ {times:.0f}-fold, so each is divided by its own, the interquartile range / 1.349"
    return samples._replace(real=real, fake=fake), words


def _modes(assignment: Assignment, fidelity: Fidelity, level: float) -> list[Mode]:
    """Tests every mode; where fidelity is low, it must also be missing once scales are made alike."""
    # Every classifier gives noise some class; what is far from all reals is of none.
    near = np.where(fidelity.strangeness > FAR, -1, assignment.fake)
    modes = _judged(assignment, near, level)
    if assignment.kind == "labels":
        return _judged(assignment, assignment.fake, level)
    if fidelity.nothing_alike:
        return [mode._replace(state="untested") for mode in modes]
    if not fidelity.low:
        return modes
    others = [_judged(assignment, fakes, level) for fakes in (assignment.fake, assignment.aligned)]
    return [max(same, key=lambda mode: mode.p_value) for same in zip(modes, *others, strict=True)]


def _judged(assignment: Assignment, fakes: np.ndarray, level: float) -> list[Mode]:
    real, fake, sure = (_counts(assignment, x) for x in (assignment.real, fakes, np.where(assignment.sure, fakes, -1)))
    return judge_modes(assignment.names, real, fake, sure, assignment.confusion, len(fakes), level=level)


def _noticed(assignment: Assignment, level: float) -> float:
    """The smallest share of the data whose loss would have been noticed."""
    reals = int((assignment.real >= 0).sum())
    return fewest(reals, len(assignment.fake), level / len(assignment.names)) / reals


def _membership(train: Samples, holdout: Samples, fake: Samples, seed: int) -> Membership:
    """Compares what was trained on with what was held out, in coordinates that favour neither."""
    parts = fitted(train, fake), fitted(train, holdout)
    together = parts[0]._replace(real=np.concatenate([parts[0].real, parts[1].fake]))
    view = view_of(_one_scale(together)[0], seed=seed)
    n = len(train.data)
    return measure_membership(view.real[:n], view.real[n:], view.fake, seed=seed)


def _conditions(conditions: Conditions, view: View, seed: int) -> list[Condition]:
    for names, samples, what in ((conditions.fake, view.fake, "fakes"), (conditions.real, view.real, "reals")):
        if names is not None and len(names) != len(samples):
            raise ValueError(f"there are {len(names)} conditions for {len(samples)} {what}")
    names, of_fakes = np.unique(np.asarray(conditions.fake, str), return_inverse=True)
    if conditions.real is None:
        return judge_conditions(names.tolist(), view.fake, of_fakes, seed=seed)
    place = {name: i for i, name in enumerate(names)}
    of_reals = np.array([place.get(str(name), -1) for name in conditions.real])
    return judge_conditions(names.tolist(), view.fake, of_fakes, view.real, of_reals, seed=seed)


def _repeats(view: View, fidelity: Fidelity, seed: int) -> Repeats:
    """Repeats, where low fidelity must not pass for them: scales are made alike, and the limit is halved."""
    if fidelity.low:
        return measure_repeats(view.real, view.aligned().fake, near=NEAR / 2, seed=seed)
    return measure_repeats(view.real, view.fake, seed=seed)


def _holes(
    view: View,
    real_features: np.ndarray,
    fake_features: np.ndarray,
    fidelity: Fidelity,
    repeats: Repeats,
    seed: int,
) -> Holes:
    """Holes, where fidelity is alike: noise and compression empty the dense places of the data, such as plain sky."""
    if fidelity.p_value <= DOOR:
        return NO_HOLES
    # Balls and the tail share a door. A judge knows repeats again, which makes all other reals a tail.
    level = DOOR / 2
    balls = _balls(view, level, seed)
    tail = NO_HOLES if repeats.found else measure_tail(real_features, fake_features, level=level, seed=seed)
    told = tail._replace(thin=balls.thin) if tail.empty and not balls.empty else balls
    return told._replace(p_value=min(1.0, 2 * min(balls.p_value, tail.p_value)))


def _balls(view: View, level: float, seed: int) -> Holes:
    found = measure_holes(view.real, view.fake, level=level, seed=seed)
    if found.p_value > level:
        return found
    # They must be there once scales are made alike too: a slight blur, which no test of fidelity sees, empties the rim.
    aligned = measure_holes(view.real, view.aligned().fake, level=level, seed=seed)
    return Holes(
        empty=found.empty if aligned.found else [],
        thin=found.thin if aligned.p_value <= level else [],
        p_value=max(found.p_value, aligned.p_value),
    )


def _named_by_none(holes: Holes, modes: list[Mode], assignment: Assignment, samples: Scaled) -> Holes:
    """Holes that say more than the names of the classes that are missing; those of clusters say less."""
    labels = samples.real_labels
    if assignment.kind == "clusters" or labels is None:
        return holes
    missing = np.isin(labels, [i for i, mode in enumerate(modes) if mode.state in ("lost", "starved")])
    return holes._replace(empty=[hole for hole in holes.empty if missing[hole.members].mean() <= 0.5])


def _counts(assignment: Assignment, modes: np.ndarray) -> np.ndarray:
    return np.bincount(modes[modes >= 0], minlength=len(assignment.names))
