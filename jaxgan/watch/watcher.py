"""The watcher: collects generated samples, compares them with reals, and raises alarms at a stated level."""

from collections.abc import Sequence
from typing import Any, NamedTuple

import numpy as np

from jaxgan.watch.reference import DOORS, NARROW, STARVED, Check, Function, Reference, as_array

TWINS = 0.05  # share of the fakes
STRANGE = 0.5  # share of fakes like no real, from which on no mode is said to be lost


class Alarm(NamedTuple):
    """Something went wrong.

    Attributes:
      step: at which it was noticed.
      kinds: of "few different samples", "little spread", "lost modes", "starved modes", "unlike the data" and "not
        finite" all that hold.
      reason: in words.
      modes: names of the modes that are lost or starved.
      p_value: bound on the probability that a run of a perfect generator ever has such an alarm; at most the level.
      healthy: the last checked step without an alarm, to which one can go back; None if there was none.
    """

    step: int
    kinds: tuple[str, ...]
    reason: str
    modes: tuple[str, ...]
    p_value: float
    healthy: int | None


class Watch:
    """Watches a generator while any program trains it.

        watch = Watch(real_images)
        for step in ...:
            fakes = ...                      # a training step
            if alarm := watch.update(step, fakes):
                print(alarm.reason)

    Samples are collected until there are enough for a check. It asks of them four questions. Are there modes with too
    few samples (Fisher's exact test of each)? Are more pairs of fakes than of reals closer than half of the usual
    distance (the same test, of disjoint pairs)? Do fakes have more twins among fakes than among reals (an exact
    sign-flip test)? Are more fakes than reals far from all data (Fisher's test)? An alarm needs a p-value of at most
    the level of the check, and an effect: no sample in a mode or at most half of what is expected, half of the spread,
    5 % with a twin, half of the fakes far away. Of those it is not said which modes they lack.

    Level: a generator whose samples are distributed as the reals are, independent of each other, raises any alarm in a
    whole run, however long, with a probability of at most `level`. Check t may spend `level / (t (t + 1))`, a quarter
    of it on each question; the tests are exact whatever the samples, and the bound holds although all checks share the
    reals. So a run that checks seldom, on many samples, finds smaller losses.

    Modes are clusters of one half of the reals; they, the radius of twins and what is far are found there, and the
    other half is compared with the fakes.
    """

    def __init__(
        self,
        reference: Any,
        *,
        samples: int = 500,
        level: float = 0.01,
        start: int = 0,
        features: Function | None = None,
        assign: Function | None = None,
        names: Sequence[str] = (),
        seed: int = 0,
    ):
        """Finds the modes of real examples.

        Args:
          reference: real examples `[n, ...]`, drawn at random from the data, at least 40; some thousands are good, and
            at most 10 000 are used. An array or a tensor of any library, in the units of the fakes.
          samples: how many fakes make a check, at least 20.
          level: probability of any alarm about a perfect generator, in (0, 1).
          start: step before which samples are not looked at: a generator that has learned nothing yet has no modes.
          features: `features(examples [n, ...]) -> [n, d]`, in which distances are taken; None for the values.
          assign: `assign(examples [n, ...]) -> [n]` integers, the mode of each, by a classifier for instance, which was
            not trained on the reference; None for clusters by k-means, at most 20.
          names: of the modes; empty for "cluster 0" and so on.
          seed: of the split of the reals, the clusters and the choices of the tests.

        Raises:
          ValueError: an argument is out of range, or the reals are too few, all the same, or not finite.
        """
        if samples < 20 or not 0 < level < 1:
            raise ValueError(f"samples must be at least 20 and level in (0, 1), got {samples} and {level}")
        self.samples, self.level, self.start = samples, level, start
        self.history: list[Check] = []
        self.alarms: list[Alarm] = []
        self.reference = Reference(as_array(reference), features, assign, names, seed)
        self._random = np.random.default_rng([seed, 1])
        self._waiting: list[np.ndarray] = []
        self._there: dict[str, int] = {}

    def update(self, step: int, samples: Any) -> Alarm | None:
        """Takes generated samples, and checks them once there are enough.

        Args:
          step: of training, by which alarms are told.
          samples: `[m, ...]`, one or more; an array or a tensor of any library, which may need a gradient or lie on a
            device. All since the last check are compared at once: samples of the minibatches cost nothing, and
            `samples` of them from one moment also show a generator that runs from mode to mode.

        Returns:
          An alarm, if this call completed a check that found something (again as long as it lasts), or if a sample is
          not finite; None otherwise.

        Raises:
          ValueError: the samples have another shape, or other units, than the reference.
        """
        fakes, reals = as_array(samples), self.reference.examples
        if fakes.shape[1:] != reals.shape[1:] or not len(fakes):
            raise ValueError(f"samples must be [m, ...] as the reference {reals.shape}, got {fakes.shape}")
        if (fakes.dtype.kind in "iu") != (reals.dtype.kind in "iu"):
            kinds = f"{fakes.dtype} and the reference {reals.dtype}"
            raise ValueError(f"samples and reference must be in the same units, but samples are {kinds}")
        if step < self.start:
            return None
        if not np.isfinite(fakes).all():
            return self._raised(Alarm(step, ("not finite",), "a sample is not finite", (), 0.0, self.healthy))
        self._waiting.append(np.array(fakes))  # a loop may fill the same memory again
        if sum(map(len, self._waiting)) < self.samples:
            return None
        fakes = np.concatenate(self._waiting)
        self._waiting = []
        spent = len(self.history) + 1
        level = self.level / (spent * (spent + 1) * len(DOORS))
        check = self.reference.compare(self._random, step, fakes, level)
        alarm = self._judge(check, fakes)
        self.history.append(check)
        for name, seen, expected in zip(self.reference.names, check.seen, check.expected, strict=True):
            if seen > STARVED * expected:
                self._there[name] = step
        self.latest = fakes
        return None if alarm is None else self._raised(alarm)

    @property
    def healthy(self) -> int | None:
        """The last checked step without an alarm."""
        wrong = {alarm.step for alarm in self.alarms}
        return next((check.step for check in reversed(self.history) if check.step not in wrong), None)

    def picture(self) -> Any:
        """Draws what was found so far, a matplotlib figure; `watch.picture().savefig("watch.png")` keeps it.

        Raises:
          ValueError: there was no check yet.
        """
        from jaxgan.watch.picture import draw

        if not self.history:
            raise ValueError(f"nothing to draw: there was no check yet, which takes {self.samples} samples")
        return draw(self)

    def _judge(self, check: Check, fakes: np.ndarray) -> Alarm | None:
        said: dict[str, tuple[str, str]] = {}
        p, modes = check.p_values, []
        if p["twins"] <= check.level and check.twins >= TWINS:
            told = f"{100 * check.twins:.0f} % of the fakes have a twin among {check.samples // 2} others"
            said["few different samples"] = "twins", f"{told}, much closer than two reals are"
        if p["spread"] <= check.level and check.spread <= NARROW:
            said["little spread"] = "spread", f"two fakes lie {check.spread:.2g} times as far apart as two reals"
        if p["fidelity"] <= check.level and check.strange >= STRANGE:
            ranges = f"the fakes are in {_range(fakes)}, the reference in {_range(self.reference.examples)}"
            told = f"{100 * check.strange:.0f} % of the fakes are like no real example"
            said["unlike the data"] = "fidelity", f"{told}; {ranges}"
        else:
            for state in ("lost", "starved"):
                named = [name for name, of in zip(self.reference.names, check.states, strict=True) if of == state]
                if named:
                    told = f"{len(named)} of {len(self.reference.names)} modes are {state}: {self._told(named)}"
                    said[f"{state} modes"] = "modes", told
                modes += named
        if not said:
            return None
        bound = min(p[door] for door, _ in said.values()) * self.level / check.level
        reason = "; ".join(sentence for _, sentence in said.values())
        return Alarm(check.step, tuple(said), reason, tuple(modes), bound, self.healthy)

    def _told(self, names: list[str]) -> str:
        """Names of modes with the step at which each was last there."""
        told = [f"{n} (there at step {self._there[n]})" if n in self._there else f"{n} (never there)" for n in names]
        return ", ".join(told[:6]) + (f" and {len(told) - 6} more" if len(told) > 6 else "")

    def _raised(self, alarm: Alarm) -> Alarm:
        self.alarms.append(alarm)
        return alarm


def _range(examples: np.ndarray) -> str:
    return f"[{examples.min():.4g}, {examples.max():.4g}]"
