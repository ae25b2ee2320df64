"""The online detector: counts modes inside the compiled step, and tells from a run's log lines what went wrong.

`watch` is a technique that changes nothing. `alarms` is a pure function of the lines of `metrics.jsonl`, so a run that
was killed and continued raises the same alarms; `Detector` reads them one by one.
"""

import bisect
import math
from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import Any, NamedTuple

import jax
import jax.numpy as jnp
import numpy as np
from scipy import stats

from jaxgan.types import Array, Batch, Info, Key, Own, Play, Technique

NAME = "monitor"
DOUBT = 1e-4  # probability of so few samples by chance, over all modes, below which a mode is missing
GONE, THERE = 0.05, 0.25  # shares of the expected samples: missing below the first, there above the second
HALF = 0.5  # share of the data whose loss is a collapse, and share of the modes at once
PATIENCE = 300  # steps for which that must last
SURE = 0.99  # accuracy of a discriminator that has won
LINES = 5  # log lines in a row that show a discriminator which has won
EXPLODED, VANISHED = 100.0, 0.01  # gradient norms, relative to their median so far


WATCHED = ("loss", "gradient_norm")  # how the names of what has to be finite end
REASONS = {
    "loss": "a logit has overflowed: penalise the discriminator (--technique r1:1.0) or lower the learning rates",
    "gradient_norm": "a root or logarithm at zero, a lookahead of many steps, or logits that overflow: clip gradients "
    "(--clip 1) or penalise the discriminator",
    "params": "the update was too large: lower the learning rate of that player",
}
# Of a GAN, and of a model that is trained by one gradient.
MAKES, JUDGES, WHOLE = "generator_gradient_norm", "discriminator_gradient_norm", "gradient_norm"
SENTENCES = {
    "not_finite": "a loss or a gradient is not finite: lower the learning rate",
    "overpowering_discriminator": "the discriminator is right nearly always: penalise it (--technique r1:1.0) or slow "
    "it down",
    "exploding_gradient": "the gradient of what makes the samples is 100 times its usual size",
    "vanishing_gradient": "the gradient of what makes the samples is a hundredth of its usual size",
    "frozen_generator": "the generator gets no gradient at all",
}


class Window(NamedTuple):
    """Counts of modes that forget what is long ago.

    Attributes:
      step: int32 scalar, steps so far.
      counts: `[k]` float32, samples of each mode, weighted by how recent they are.
      total: scalar, all samples, weighted alike.
      squares: scalar, sum of the squared weights; `total² / squares` is how many samples the window is worth.
      alike: scalar, share of the pairs within a minibatch that are of one mode, weighted and summed.
      minibatches: scalar, sum of the weights of the minibatches.
    """

    step: Array
    counts: Array
    total: Array
    squares: Array
    alike: Array
    minibatches: Array


class Alarm(NamedTuple):
    """Something that went wrong.

    Attributes:
      kind: "mode_loss", "collapse", "overpowering_discriminator", "vanishing_gradient", "exploding_gradient",
        "frozen_generator" or "not_finite".
      step: at which it was noticed.
      since: the last step before it.
      modes: names of the modes that are missing.
      p_value: of such counts by chance; None where it is no matter of chance, or minibatches alone show it.
      sentence: in words.
    """

    kind: str
    step: int
    since: int
    modes: tuple[str, ...]
    p_value: float | None
    sentence: str


def watch(assign: Callable[[Array], Array], modes: int, *, window: int = 100, every: int = 5) -> Technique:
    """A technique that changes nothing and counts the modes of the generated minibatches.

    Every few steps the fakes are assigned to modes and counted in a window that forgets exponentially. It costs no
    pass through a network and no random number.

    Args:
      assign: `assign(examples [n, ...]) -> [n]` integers in [0, modes), or -1 for none.
      modes: `k`, at least 1.
      window: steps after which a sample counts 37 %, at least `every`.
      every: steps between two counts, at least 1.

    Returns:
      A `Technique` whose state is a `Window`.

    Raises:
      ValueError: an argument out of range.
    """
    if modes < 1 or every < 1 or window < every:
        raise ValueError(f"watch takes at least 1 mode and 1 <= every <= window, not {modes}, {every} and {window}")
    keep = math.exp(-every / window)

    def init(key: Key, batch: Batch, latent_width: int) -> Own:
        del key, batch, latent_width
        zero = jnp.zeros((), jnp.float32)
        return Own(state=Window(jnp.zeros((), jnp.int32), jnp.zeros(modes, jnp.float32), zero, zero, zero, zero))

    def update(own: Own, key: Key, play: Play, info: Info) -> Window:
        del key, info

        def count(state: Window) -> Window:
            mode = assign(play.generated.data)
            counts = jnp.zeros(modes, jnp.float32).at[jnp.where(mode < 0, modes, mode)].add(1.0, mode="drop")
            n = mode.shape[0]
            return Window(
                state.step,
                keep * state.counts + counts,
                keep * state.total + n,
                keep**2 * state.squares + n,
                keep * state.alike + jnp.sum(counts * (counts - 1)) / max(n * (n - 1), 1),
                keep * state.minibatches + 1,
            )

        state = own.state
        state = jax.lax.cond(state.step % every == 0, count, lambda state: state, state)
        return state._replace(step=state.step + 1)

    return Technique(NAME, init=init, update=update)


def seen(window: Window) -> dict[str, Any]:
    """What a log line keeps of a window.

    Returns:
      `counts` `[k]`; `effective`, how many independent samples they are worth; `modes_at_once`, the number of equally
      frequent modes whose minibatches have as many pairs of one mode.
    """
    counts, total, squares, alike, minibatches = (np.asarray(x, np.float64) for x in window[1:])
    effective = float(total**2 / squares) if squares > 0 else 0.0
    shares = counts / total if total > 0 else counts
    return {
        "counts": [round(float(x), 2) for x in effective * shares],
        "effective": round(effective, 2),
        "modes_at_once": round(float(minibatches / max(alike, 1e-6)), 2) if minibatches > 0 else 0.0,
    }


def divergence(step: int, quantity: str, steps: int) -> Alarm:
    """The alarm of a number that is not finite.

    Args:
      step: the first at which it was not.
      quantity: which one, such as "generator_loss" or "generator.params"; the first to go wrong in that step.
      steps: how many such steps there were.
    """
    player, _, params = quantity.rpartition(".")
    what = f"{params} of the {player}" if player else quantity.replace("_", " ")
    reason = next((reason for end, reason in REASONS.items() if quantity.endswith(end)), REASONS["params"])
    verb = "are" if player else "is"
    often = f", in {steps} steps" if steps > 1 else ""
    sentence = f"the {what} {verb} not finite since step {step}{often}; likely {reason}"
    return Alarm("not_finite", step, step - 1, (), None, sentence)


def alarms(
    lines: Iterable[Mapping[str, Any]], names: Sequence[str] = (), expected: Sequence[float] | np.ndarray = ()
) -> list[Alarm]:
    """Tells what went wrong in a run, from the log lines of one seed, by the rules of `Detector`.

    Args:
      lines: dictionaries with `step`, the fields of the model's info, and `window` from `seen`, in order.
      names: of the modes; empty without a window.
      expected: `[k]`, share of each mode in the data.

    Returns:
      The alarms, in order.
    """
    detector = Detector(names, expected)
    return [alarm for line in lines for alarm in detector.see(line)]


class Detector:
    """Reads the log lines of one seed as they come, and raises alarms.

    A mode is missing when the window holds less than 5 % of its expected samples and so few have a probability below
    1e-4 by chance (binomial, corrected for the number of modes). It is lost when it was there before, with at least a
    quarter of what is expected: a generator that has not found a mode yet has not lost it. It is a collapse when the
    missing modes hold at least half of the data, one of them having been there; or when the minibatches have held, for
    300 steps, at most half of the modes at once that minibatches of the data hold. The second finds a generator that
    moves from mode to mode and leaves none out for long.

    Something is not finite when the line says so (`not_finite`, the arguments of `divergence`), or any number is not
    whose name ends in `loss` or `gradient_norm`. A discriminator
    overpowers when its accuracy is at least 0.99 on five lines in a row. A gradient explodes or vanishes when the norm
    of the generator's, or of a model with a single one, is 100 times above or below its median so far on two lines in a
    row. A generator is frozen when its gradient is exactly zero while the discriminator's is not. What a model does not
    log raises no alarm.

    Each kind is raised again only after it was over, or after players were taken back (`rolled_back_to`); lost modes
    are not listed while a collapse lasts.

    Args:
      names: of the modes; empty without a window.
      expected: `[k]`, share of each mode in the data.
    """

    def __init__(self, names: Sequence[str] = (), expected: Sequence[float] | np.ndarray = ()):
        self._names, self._expected = tuple(names), np.asarray(expected, float)
        self._last = np.full(len(self._names), -1)  # step at which each mode was last there
        self._lost = np.zeros(len(self._names), bool)
        self._collapsed, self._narrow_since = False, None
        self._step, self._accuracies = 0, []
        self._recent, self._before = [], []  # norms of the last two lines; sorted, those of all before that are finite
        self._going_on: set[str] = set()
        self._raised: dict[str, Alarm] = {}

    def see(self, line: Mapping[str, Any]) -> list[Alarm]:
        """Reads the next line and returns the alarms that it raises."""
        step = int(line["step"])
        found = self._of_modes(step, line["window"]) if self._names and "window" in line else []
        self._accuracies = [*self._accuracies[1 - LINES :], line.get("discriminator_accuracy")]
        self._recent.append(_number(line.get(MAKES, line.get(WHOLE))))
        if len(self._recent) > 2 and math.isfinite(older := self._recent.pop(0)):
            bisect.insort(self._before, older)
        now = {kind for kind, happens in self._failures(line).items() if happens}
        for kind, sentence in SENTENCES.items():
            if kind in now - self._going_on:
                known = line.get("not_finite") if kind == "not_finite" else None
                found.append(divergence(**known) if known else Alarm(kind, step, self._step, (), None, sentence))
        self._going_on, self._step = now, step
        self._raised |= {alarm.kind: alarm for alarm in found}
        if line.get("rolled_back_to") is not None:
            self.forget()
        return found

    def standing(self) -> list[Alarm]:
        """The alarms that were raised and are not over."""
        modes = {"collapse": self._collapsed, "mode_loss": bool(self._lost.any()) and not self._collapsed}
        return [alarm for kind, alarm in self._raised.items() if kind in self._going_on or modes.get(kind)]

    def forget(self) -> None:
        """Takes all alarms for over, since the players were taken back; what still holds is raised again."""
        self._going_on, self._collapsed, self._narrow_since = set(), False, None
        self._lost[:] = False

    def _failures(self, line: Mapping[str, Any]) -> dict[str, bool]:
        recent, n = np.array(self._recent), len(self._before)
        usual = (self._before[(n - 1) // 2] + self._before[n // 2]) / 2 if n >= LINES else math.nan
        finite = all(math.isfinite(_number(x)) for name, x in line.items() if name.endswith(WATCHED))
        return {
            "not_finite": not finite or bool(line.get("not_finite")),
            "overpowering_discriminator": len(self._accuracies) == LINES
            and all(_number(accuracy) >= SURE for accuracy in self._accuracies),
            "exploding_gradient": bool((recent > EXPLODED * usual).all()),
            "vanishing_gradient": bool(((recent < VANISHED * usual) & (recent > 0)).all()),
            "frozen_generator": line.get(MAKES) == 0 and line.get(JUDGES, 0) != 0,
        }

    def _of_modes(self, step: int, window: Mapping[str, Any]) -> list[Alarm]:
        effective, counts = float(window["effective"]), np.asarray(window["counts"])
        by_chance = stats.binom.cdf(np.round(counts), round(effective), self._expected)
        chance = np.minimum(by_chance * len(self._names), 1.0)
        ratio = counts / np.maximum(effective * self._expected, 1e-12)
        missing = (ratio < GONE) & (chance < DOUBT)
        self._lost &= ratio < THERE
        new = missing & ~self._lost & (self._last >= 0)
        self._last[ratio >= THERE] = step
        self._lost |= new
        share = float(self._expected[missing].sum())
        at_once, usual = float(window["modes_at_once"]), 1 / np.sum(self._expected**2)
        if at_once > HALF * usual:
            self._narrow_since = None
        elif self._narrow_since is None:
            self._narrow_since = step
        narrow = self._narrow_since is not None and step - self._narrow_since >= PATIENCE
        collapse = narrow or (share >= HALF and bool((missing & self._lost).any()))
        before, self._collapsed = self._collapsed, collapse
        if before or not (new.any() or collapse):
            return []
        which = tuple(name for name, gone in zip(self._names, missing if collapse else new, strict=True) if gone)
        since = step if self._narrow_since is None else self._narrow_since
        since = int(self._last[new].min()) if new.any() else since
        p_value = float(chance[missing].max()) if missing.any() else None
        sentence = f"{'collapse' if collapse else 'modes lost'} since step {since}"
        if which:
            listed = ", ".join(which[:5]) + (f" and {len(which) - 5} more" if len(which) > 5 else "")
            sentence += f", modes with {100 * share:.0f} % of the data are missing: {listed}"
        if narrow:
            sentence += f"; minibatches hold {at_once:.1f} modes at once, those of the data {usual:.1f}"
        return [Alarm("collapse" if collapse else "mode_loss", step, since, which, p_value, sentence)]


def _number(x: float | None) -> float:
    """A logged number; JSON has no NaN, so None stands for it."""
    return math.nan if x is None else float(x)
