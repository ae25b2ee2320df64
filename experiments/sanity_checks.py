"""The 15 sanity checks of Räisä et al. (2025), for jaxgan's pairs of metrics of fidelity and diversity and its verdict.

    python experiments/sanity_checks.py

Synthetic data on which it is known what a metric should say, and criteria that a program decides: near 1 for equal
distributions, near 0 for disjoint ones (both to 0.05), falling or level where it should be, independent of the number
of samples, of the scale of a feature, of an outlier. A check asks for up to two of the paper's desiderata; a metric
passes in that respect if all criteria hold in all dimensions and variants. All 15 checks are rebuilt, from what the
authors' program states of their parameters and criteria. Features are standardised by the reals, as there. Departures:
three draws of each check, averaged (10 in the paper), 7, 11 or 21 points on an axis (20 or 50), sizes of 100, 1000 and
3000 (20 sizes to 10 000), an outlier takes the place of a sample, and the metrics are those of jaxgan as it defines
them: the paper takes `<=` for density and coverage too, with a number of neighbours that depends on the sizes. Its
other three pairs (integrated alpha-precision and beta-recall, precision and recall cover, symmetric precision and
recall) are not in jaxgan. Two CPU cores that others used too, about 12 CPU minutes; all answers are in
`results/sanity_checks/table.md`:

| passed | precision | density | probabilistic precision | clipped density | verdict's fidelity |
| --- | --- | --- | --- | --- | --- |
| respects, of 30 | 13 | 16 | 14 | 18 | 18 |
| checks in every respect, of 15 | 3 | 6 | 2 | 7 | 8 |

| passed | recall | coverage | probabilistic recall | clipped coverage | verdict's diversity |
| --- | --- | --- | --- | --- | --- |
| respects, of 30 | 10 | 17 | 12 | 16 | 19 |
| checks in every respect, of 15 | 3 | 7 | 1 | 7 | 9 |

Every metric fails many checks, as the paper found of those that it tried. The two rank tests that the verdict rests on
(`of_the_verdict`) pass 37 of 60 respects; of the metrics the best pair is clipped density with coverage, 35, and with
its own partner clipped density passes 34. All fail where one of many dimensions is disjoint (with 1000 others clipped
density still says 0.36, coverage 0.61, the verdict's fidelity 0.64 and the probabilistic pair 1), on surfaces of
spheres, on rounded numbers beside unrounded ones, which a fine scale makes alike, and for the overlap of two cubes,
0.2, which is about right in one dimension and overstated in 8 and 64. Many answers lie near their criterion: with one
draw in the place of three the same pairs of metrics pass 30 and 29. What was cut was cut for time.
"""

import dataclasses
import sys
from collections.abc import Callable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any, NamedTuple

import jax
import numpy as np
import tyro
from driving import Results, kept, publish, table

from jaxgan import metrics
from jaxgan.commands.experiment import exit_status
from jaxgan.diagnosis.fidelity import measure_fidelity
from jaxgan.diagnosis.narrowness import measure_narrowness

ROWS = 1000
SPLITS = 5
SIZES = (100, 1000, 3000)
WIDTHS = (16, 128, 1024)  # features are filled up with zeros to one of these, so that few programs are compiled
MEANS = {1: 6.0, 8: 3.0, 64: 1.0}  # largest distance of the means, by dimension
CENTRES = np.array(
    [
        *([5.46794328, -4.08481523], [4.87211875, -13.64864684], [-16.39432073, 9.09802249]),
        *([-2.15447941, 12.46200019], [11.55784483, -4.96049923], [-24.60558474, 14.18020818]),
        *([16.84215967, -3.18710751], [-5.47807206, -6.77247129], [9.46726546, 1.05922347]),
        [-5.40346201, -17.29490131],
    ]
)

Verdict = bool | str
Criterion = Callable[[np.ndarray, np.ndarray], Verdict]


class Case(NamedTuple):
    """One comparison: the variant of the check, where on its axis, and the two sets `[n, d]` and `[m, d]`."""

    variant: str
    x: float
    real: np.ndarray
    fake: np.ndarray


class Demand(NamedTuple):
    """What a check asks of the values `y` of a metric over its axis `x`.

    Attributes:
      desideratum: of the paper: "purpose", "hyperparameters", "data", "bounds" or "invariance".
      holds: `holds(x, y) -> bool`, or "low" or "high" for a metric of diversity that may be either, but the same
        throughout a check: whether a wide set of fakes counts as less diverse or as more.
      of: "fidelity", "diversity" or "" for both.
      variant: of which it is asked; "" for all.
    """

    desideratum: str
    holds: Criterion
    of: str = ""
    variant: str = ""


class Check(NamedTuple):
    """A sanity check.

    Attributes:
      cases: `cases(random)`, which draws them all.
      demands: all have to hold in each variant.
    """

    cases: Callable[[np.random.Generator], Iterator[Case]]
    demands: tuple[Demand, ...]


def of_the_verdict(real: np.ndarray, fake: np.ndarray) -> tuple[float, float]:
    """What the verdict of `jaxgan diagnose` rests on, as shares: twice the probabilities of its two rank tests.

    Fidelity: that a fake is nearer to the data than a new real is. Diversity: that a real is nearer to the fakes than
    another fake is. Both are a half for a generator like the data, and what is above counts as 1. A verdict splits the
    data once, so that its level is exact; here the mean over some splits is taken.
    """
    splits = range(SPLITS)
    farther = np.mean([measure_fidelity(real, fake, real, fake, seed=seed).farther for seed in splits])
    apart = np.mean([measure_narrowness(real, fake, real, fake, seed=seed).apart for seed in splits])
    return min(1.0, 2 * (1 - float(farther))), min(1.0, 2 * (1 - float(apart)))


MEASURES: dict[tuple[str, str], Callable[[Any, Any], Any]] = {
    ("precision", "recall"): jax.jit(metrics.precision_recall),
    ("density", "coverage"): jax.jit(metrics.density_coverage),
    ("probabilistic precision", "probabilistic recall"): jax.jit(metrics.probabilistic_precision_recall),
    ("clipped density", "clipped coverage"): jax.jit(metrics.clipped_density_coverage),
    ("verdict's fidelity", "verdict's diversity"): of_the_verdict,
}


def gaussian_means(random: np.random.Generator) -> Iterator[Case]:
    for d, most in MEANS.items():
        real = random.standard_normal((ROWS, d))
        for mean in np.linspace(-most, most, 11):
            yield Case(f"{d}-D", mean, real, mean + random.standard_normal((ROWS, d)))


def gaussian_means_and_an_outlier(random: np.random.Generator) -> Iterator[Case]:
    for case in gaussian_means(random):
        outlier = np.full((1, case.real.shape[1]), MEANS[case.real.shape[1]])
        yield case._replace(variant=f"{case.variant}, real outlier", real=np.concatenate([case.real[1:], outlier]))
        yield case._replace(variant=f"{case.variant}, fake outlier", fake=np.concatenate([case.fake[1:], outlier]))


def gaussian_deviations(random: np.random.Generator) -> Iterator[Case]:
    for d, exponent in ((1, 3.0), (8, 1.0), (64, 0.5)):
        real = random.standard_normal((ROWS, d))
        for deviation in np.logspace(-exponent, exponent, 11):
            yield Case(f"{d}-D", deviation, real, deviation * random.standard_normal((ROWS, d)))


def _mixture(random: np.random.Generator, means: np.ndarray, deviation: float, shares: np.ndarray) -> np.ndarray:
    mode = random.choice(len(means), ROWS, p=shares / shares.sum())
    return means[mode] + deviation * random.standard_normal((ROWS, means.shape[1]))


def _ten_modes(random: np.random.Generator, steps: Sequence[float], shares_of: Callable[[float], np.ndarray]):
    for d, deviation in ((1, 1 / 6), (8, 1 / 3), (64, 1.0)):
        means = np.tile(np.linspace(0, 10, 10)[:, None], (1, d))
        real = _mixture(random, means, deviation, np.ones(10))
        for step in steps:
            yield Case(f"{d}-D", step, real, _mixture(random, means, deviation, shares_of(step)))


def modes_dropped_together(random: np.random.Generator) -> Iterator[Case]:
    return _ten_modes(random, np.linspace(0, 1, 21).tolist(), lambda share: np.array([1, *[1 - share] * 9]))


def modes_dropped_in_turn(random: np.random.Generator) -> Iterator[Case]:
    return _ten_modes(random, list(range(10)), lambda dropped: np.where(np.arange(10) < 10 - dropped, 1.0, 0.0))


def modes_dropped_and_invented(random: np.random.Generator) -> Iterator[Case]:
    real = _mixture(random, CENTRES, 0.25, np.where(np.arange(10) < 5, 1.0, 0.0))
    for count in range(1, 11):
        yield Case("", count, real, _mixture(random, CENTRES, 0.25, np.where(np.arange(10) < count, 1.0, 0.0)))


def spheres(random: np.random.Generator) -> Iterator[Case]:
    def surface(d: int) -> np.ndarray:
        x = random.standard_normal((ROWS, d))
        return x / np.linalg.norm(x, axis=1, keepdims=True)

    for d in (2, 16, 128):
        real = surface(d)
        for radius in np.linspace(0.1, 1.9, 11):
            yield Case(f"{d}-D", radius, real, radius * surface(d))


def cubes(random: np.random.Generator) -> Iterator[Case]:
    for d in (1, 8, 64):
        for n in SIZES:
            yield Case(f"{d}-D", n, random.random((n, d)), 1 - 0.2 ** (1 / d) + random.random((n, d)))


def cubes_of_fakes(random: np.random.Generator) -> Iterator[Case]:
    for d in (1, 8, 64):
        real = random.random((ROWS, d))
        for m in SIZES:
            yield Case(f"{d}-D", m, real, 1 - 0.2 ** (1 / d) + random.random((m, d)))


def sphere_and_torus(random: np.random.Generator) -> Iterator[Case]:
    def ball(n: int, d: int) -> np.ndarray:
        x = random.standard_normal((n, d))
        return x / np.linalg.norm(x, axis=1, keepdims=True) * random.random((n, 1)) ** (1 / d)

    def torus(n: int) -> np.ndarray:
        angle, cut = 2 * np.pi * random.random(n), 0.1 * ball(n, 2)
        return np.stack([(1 + cut[:, 0]) * np.cos(angle), (1 + cut[:, 0]) * np.sin(angle), cut[:, 1]], axis=1)

    draws = {"real ball": (lambda n: 0.8 * ball(n, 3), torus), "real torus": (torus, lambda n: 0.8 * ball(n, 3))}
    for variant, (of_reals, of_fakes) in draws.items():
        real = of_reals(ROWS)
        for m in SIZES:
            yield Case(variant, m, real, of_fakes(m))


def one_mode_for_two(random: np.random.Generator) -> Iterator[Case]:
    for d in (1, 8, 64):
        for distance in np.linspace(0, 5, 7):
            means = np.tile(np.array([[-distance / 2], [distance / 2]]), (1, d))
            fake = np.sqrt(1 + distance**2) * random.standard_normal((ROWS, d))
            yield Case(f"{d}-D", distance, _mixture(random, means, 1.0, np.ones(2)), fake)


def one_scaled_dimension(random: np.random.Generator) -> Iterator[Case]:
    for scale in np.logspace(-3, 3, 7):
        real, fake = random.standard_normal((2, ROWS, 2))
        fake[:, 0] += 6
        yield Case("", scale, real * [1, scale], fake * [1, scale])


def gaussian_means_beside_pareto(random: np.random.Generator) -> Iterator[Case]:
    def draw(mean: float) -> np.ndarray:
        return np.stack([mean + random.standard_normal(ROWS), 1 + random.pareto(1.01, ROWS)], axis=1)

    real = draw(0)
    for mean in np.linspace(-6, 6, 11):
        yield Case("", mean, real, draw(mean))


def one_disjoint_dimension(random: np.random.Generator) -> Iterator[Case]:
    for further in (1, 3, 10, 31, 100, 316, 1000):
        real, fake = random.standard_normal((2, ROWS, further + 1))
        fake[:, 0] += 6
        yield Case("", further, real, fake)


def rounded_numbers(random: np.random.Generator) -> Iterator[Case]:
    for variant in ("discrete reals", "discrete fakes"):
        for scale in np.logspace(0, 3, 7):
            real, fake = scale * random.standard_normal((2, ROWS, 1))
            rounded = variant == "discrete reals"
            yield Case(variant, scale, np.round(real) if rounded else real, fake if rounded else np.round(fake))


def _near(target: float, at: float | str) -> Criterion:
    def holds(x: np.ndarray, y: np.ndarray) -> Verdict:
        place = {"first": 0, "last": -1}.get(at) if isinstance(at, str) else int(np.abs(x - at).argmin())
        return bool(abs(y[place] - target) <= 0.05)

    return holds


def _wide(at: str) -> Criterion:
    """Near 1 for a metric by which wide fakes are diverse, and near 0 for one by which they are not."""
    return lambda x, y: "high" if _near(1, at)(x, y) else "low" if _near(0, at)(x, y) else False


def _bell(middle: float) -> Criterion:
    def holds(x: np.ndarray, y: np.ndarray) -> Verdict:
        top = y[np.abs(x - middle).argmin()]
        deep = top - max(y[0], y[-1]) >= 0.2
        return bool(deep and y.max() - top <= 0.1 and min(y[0], y[-1]) - y.min() <= 0.1)

    return holds


def _falls(x: np.ndarray, y: np.ndarray) -> Verdict:
    return bool(y[0] - y[-1] >= 0.2 and y.max() - y[0] <= 0.1 and y[-1] - y.min() <= 0.1)


def _rises(x: np.ndarray, y: np.ndarray) -> Verdict:
    return _falls(x, y[::-1])


def _falls_by(quantile: float) -> Criterion:
    """Falls, and by 0.1 at this quantile of the axis already."""
    return lambda x, y: bool(_falls(x, y) and y[0] - y[int(quantile * (len(y) - 1))] >= 0.1)


def _level(x: np.ndarray, y: np.ndarray) -> Verdict:
    return bool(np.ptp(y) <= 0.05)


def _settles(x: np.ndarray, y: np.ndarray) -> Verdict:
    return _level(x, y[x >= np.median(x)])


def _either(low: Criterion, high: Criterion) -> Criterion:
    return lambda x, y: "low" if low(x, y) else "high" if high(x, y) else False


_APART = (
    Demand("bounds", _near(1, 0.0)),
    Demand("bounds", _near(0, "first")),
    Demand("bounds", _near(0, "last")),
    Demand("purpose", _bell(0.0)),
)


def _dropping(quantile: float) -> tuple[Demand, ...]:
    return (
        Demand("bounds", _near(1, "first")),
        Demand("bounds", _near(1, "last"), "fidelity"),
        Demand("purpose", _level, "fidelity"),
        Demand("purpose", _falls_by(quantile), "diversity"),
    )


CHECKS: dict[str, Check] = {
    "Gaussian mean difference": Check(gaussian_means, _APART),
    "Gaussian mean difference, outlier": Check(gaussian_means_and_an_outlier, _APART),
    "Gaussian deviation difference": Check(
        gaussian_deviations,
        (
            Demand("bounds", _near(1, 1.0)),
            Demand("bounds", _near(1, "first"), "fidelity"),
            Demand("bounds", _near(0, "first"), "diversity"),
            Demand("bounds", _near(0, "last"), "fidelity"),
            Demand("bounds", _wide("last"), "diversity"),
            Demand("purpose", _falls, "fidelity"),
            Demand("purpose", _either(_bell(1.0), _rises), "diversity"),
        ),
    ),
    "simultaneous mode dropping": Check(modes_dropped_together, _dropping(0.95)),
    "sequential mode dropping": Check(modes_dropped_in_turn, _dropping(0.5)),
    "mode dropping and invention": Check(
        modes_dropped_and_invented,
        (
            Demand("bounds", _near(1, 5)),
            Demand("bounds", _near(1, "first"), "fidelity"),
            Demand("bounds", _near(1, "last"), "diversity"),
            Demand("purpose", _falls, "fidelity"),
            Demand("purpose", _rises, "diversity"),
        ),
    ),
    "hypersphere surface": Check(
        spheres,
        (
            Demand("bounds", _near(1, 1.0)),
            Demand("bounds", _near(0, "first")),
            Demand("bounds", _near(0, "last")),
            Demand("purpose", _bell(1.0)),
        ),
    ),
    "hypercube, sample size": Check(cubes, (Demand("data", _settles), Demand("purpose", _near(0.2, "last")))),
    "hypercube, size of the fakes": Check(
        cubes_of_fakes, (Demand("hyperparameters", _settles), Demand("purpose", _near(0.2, "last")))
    ),
    "sphere and torus": Check(sphere_and_torus, (Demand("purpose", _settles), Demand("bounds", _near(0, "last")))),
    "one mode for two": Check(
        one_mode_for_two,
        (
            Demand("bounds", _near(1, "first")),
            Demand("purpose", _falls, "fidelity"),
            Demand("purpose", _either(_falls, _level), "diversity"),
        ),
    ),
    "one scaled dimension": Check(
        one_scaled_dimension,
        (
            Demand("invariance", _level),
            Demand("bounds", _near(0, "first")),
            Demand("bounds", _near(0, "last")),
        ),
    ),
    "Gaussian mean difference, Pareto": Check(gaussian_means_beside_pareto, _APART),
    "one disjoint dimension": Check(
        one_disjoint_dimension,
        (Demand("purpose", _level), Demand("bounds", _near(0, "first")), Demand("bounds", _near(0, "last"))),
    ),
    "discrete and continuous numbers": Check(
        rounded_numbers,
        (
            Demand("purpose", _level),
            *(
                demand
                for at in ("first", "last")
                for demand in (
                    Demand("bounds", _near(0, at), "fidelity", "discrete reals"),
                    Demand("bounds", _wide(at), "diversity", "discrete reals"),
                    Demand("bounds", _near(1, at), "fidelity", "discrete fakes"),
                    Demand("bounds", _near(0, at), "diversity", "discrete fakes"),
                )
            ),
        ),
    ),
}


@dataclasses.dataclass(frozen=True)
class Options:
    """What is run, and where it is kept."""

    workdir: Path = Path("experiments/results/sanity_checks")
    """Folder of results; the same command goes on where it was stopped."""

    repeats: int = 3
    """Draws of each check, over which values are averaged; 10 in the paper."""

    checks: tuple[str, ...] = tuple(CHECKS)
    """Which checks."""


def measured(check: str, repeat: int) -> dict[str, Any]:
    """Values of each metric over the axis of a check, by variant: `{variant: {"x": [...], metric: [...]}}`.

    Both sets are standardised by the reals, as in the paper.
    """
    found: dict[str, dict[str, list[float]]] = {}
    for variant, x, real, fake in CHECKS[check].cases(np.random.default_rng([repeat, list(CHECKS).index(check)])):
        mean, deviation = real.mean(axis=0), real.std(axis=0)
        scaled = ((of - mean) / np.where(deviation > 0, deviation, 1) for of in (real, fake))
        fill = next(width for width in WIDTHS if width >= real.shape[1]) - real.shape[1]
        sets = [np.pad(of, ((0, 0), (0, fill))).astype(np.float32) for of in scaled]
        of_variant = found.setdefault(variant, {})
        of_variant.setdefault("x", []).append(float(x))
        for pair, measure in MEASURES.items():
            for name, value in zip(pair, measure(*sets), strict=True):
                of_variant.setdefault(name, []).append(float(value))
    return found


def judged(check: Check, by_repeat: Sequence[Mapping[str, Any]], metric: str, kind: str) -> dict[str, Verdict]:
    """Whether a metric satisfies each desideratum that a check asks of its kind, in all variants."""
    answers: dict[str, list[Verdict]] = {}
    for variant in by_repeat[0]:
        x = np.array(by_repeat[0][variant]["x"])
        y = np.mean([repeat[variant][metric] for repeat in by_repeat], axis=0)
        for demand in check.demands:
            if demand.of in ("", kind) and demand.variant in ("", variant):
                answers.setdefault(demand.desideratum, []).append(demand.holds(x, y))
    return {name: _together(of) for name, of in answers.items()}


def _together(answers: Sequence[Verdict]) -> Verdict:
    sides = {answer for answer in answers if isinstance(answer, str)}
    if not all(answers) or len(sides) > 1:
        return False
    return sides.pop() if sides else True


def summarised(results: Results) -> str:
    """Two tables in Markdown, of fidelity and of diversity: which check is passed in which respect, and how many."""
    written = {True: "T", False: "F", "low": "L", "high": "H"}
    texts = []
    for place, kind in enumerate(("fidelity", "diversity")):
        names = [pair[place] for pair in MEASURES]
        rows, respects, whole = [], np.zeros(len(names), int), np.zeros(len(names), int)
        for name, by_repeat in results.items():
            verdicts = [judged(CHECKS[name], list(by_repeat.values()), metric, kind) for metric in names]
            for desideratum in verdicts[0]:
                rows.append([name, desideratum, *(written[verdict[desideratum]] for verdict in verdicts)])
                respects += [bool(verdict[desideratum]) for verdict in verdicts]
            whole += [all(verdict.values()) for verdict in verdicts]
        rows.append(["respects passed", f"of {len(rows)}", *map(str, respects)])
        rows.append(["checks passed in every respect", f"of {len(results)}", *map(str, whole)])
        texts.append(table([kind, "desideratum", *names], rows))
    return "\n".join(texts)


def compare(options: Options) -> int:
    """Measures what is missing, and writes the tables."""
    if unknown := set(options.checks) - set(CHECKS):
        raise ValueError(f"there is no check {unknown.pop()!r}; known are {', '.join(CHECKS)}")
    cells = [(check, repeat) for repeat in range(options.repeats) for check in options.checks]
    settings = {"rows": ROWS, "sizes": SIZES, "metrics": [name for pair in MEASURES for name in pair]}
    results = kept(options.workdir / "results.json", settings, cells, measured)
    publish(options.workdir, summarised(results))
    return 0


def main(arguments: Sequence[str] | None = None) -> int:
    return exit_status(lambda: compare(tyro.cli(Options, args=arguments)), "stopped; the same command goes on")


if __name__ == "__main__":
    sys.exit(main())
